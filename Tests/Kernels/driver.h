// Kernel sets against the plain reference, without Swift: for processors that the tests in Swift do not reach.
#ifndef DRIVER_H
#define DRIVER_H

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "CKernels.h"

// The set under test, and what it is compared with.
extern const CKKernels *set, *reference;
extern const char *setName;

// Elements of one type with a margin after them that must not change. They live until `freeAll`.
typedef struct {
  CKType type;
  size_t count;
  void *data;
} Cells;

size_t typeSize(CKType type);
int isFloat(CKType type);
Cells uninitialized(CKType type, size_t count);
Cells randomCells(CKType type, size_t count);
// With zeros, infinities, NaN, denormals and the ends of integers among them.
Cells wildCells(CKType type, size_t count);
Cells copied(Cells cells);
void freeAll(void);

double valueAt(Cells cells, size_t index);
void store(Cells cells, size_t index, double value);

uint64_t randomBits(void);
// From low to high, both included.
ptrdiff_t draw(ptrdiff_t low, ptrdiff_t high);
// Sizes around the borders of vectors and their multiples.
size_t randomSize(void);
// Strides of every kind, over cells of their own; [outer, inner].
CKSource randomSource(CKType type, size_t inner, size_t outer, int isWild);
CKSource dense(Cells cells);

// Counts a comparison: the same bits (any NaN is NaN), or, with a tolerance, so many units in the last place apart, or so
// much, for all elements alike or for each its own.
void compareWithin(const char *what, size_t detail, Cells found, Cells expected, double ulps, double slack,
                   const double *slacks);
void compareExactly(const char *what, size_t detail, Cells found, Cells expected);
// The same for what lies after the elements, where these are compared in another order.
void checkMargin(const char *what, Cells cells);

void testElementwise(void);
void testReductions(void);
void testProducts(void);
void testConvolutions(void);
void testRecurrent(void);

static const CKType allTypes[] = {CKTypeFloat32, CKTypeFloat64, CKTypeInt32, CKTypeInt64, CKTypeUInt8, CKTypeBool};
static const CKType floatTypes[] = {CKTypeFloat32, CKTypeFloat64};
#define COUNT(array) (sizeof(array) / sizeof *(array))

#endif
