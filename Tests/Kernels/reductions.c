#include "driver.h"

static void testReduce(CKType type) {
  for (int round = 0; round < 90; round++) {
    const CKReduce operation = (CKReduce)(round % 3);
    const int isSum = operation == CKReduceSum && isFloat(type);
    const size_t rows = randomSize() + 1, columns = round % 10 == 0 ? 5000 : randomSize() + 1;
    const Cells x = round % 2 && !isSum ? wildCells(type, rows * columns) : randomCells(type, rows * columns);
    const double epsilon = type == CKTypeFloat32 ? 0x1p-22 : 0x1p-51;
    double *rowSlack = calloc(rows, sizeof(double)), *columnSlack = calloc(columns, sizeof(double));
    for (size_t i = 0; i < x.count; i++) {
      rowSlack[i / columns] += epsilon * fabs(valueAt(x, i));
      columnSlack[i % columns] += epsilon * fabs(valueAt(x, i));
    }
    Cells byRow[2], byColumn[2], largest[2];
    for (int i = 0; i < 2; i++) {
      const CKKernels *kernels = i ? reference : set;
      byRow[i] = uninitialized(type, rows);
      byColumn[i] = uninitialized(type, columns);
      largest[i] = uninitialized(CKTypeInt64, rows);
      kernels->reduceRows(operation, type, rows, columns, x.data, byRow[i].data);
      kernels->reduceColumns(operation, type, rows, columns, x.data, byColumn[i].data);
      kernels->argmaxRows(type, rows, columns, x.data, largest[i].data);
    }
    compareWithin("reduceRows", operation, byRow[0], byRow[1], 0, 0, isSum ? rowSlack : NULL);
    compareWithin("reduceColumns", operation, byColumn[0], byColumn[1], 0, 0, isSum ? columnSlack : NULL);
    compareExactly("argmaxRows", 0, largest[0], largest[1]);
    free(rowSlack);
    free(columnSlack);
    freeAll();
  }
}

static void testSoftmax(CKType type) {
  const double slack = type == CKTypeFloat32 ? 2e-6 : 1e-14;
  for (int round = 0; round < 60; round++) {
    const size_t rows = randomSize() + 1, columns = round == 0 ? 3000 : randomSize() + 1, count = rows * columns;
    const Cells x = round % 4 == 3 ? wildCells(type, count) : randomCells(type, count);
    Cells soft[2], logs[2], sums[2];
    for (int i = 0; i < 2; i++) {
      const CKKernels *kernels = i ? reference : set;
      soft[i] = uninitialized(type, count);
      logs[i] = uninitialized(type, count);
      sums[i] = uninitialized(type, rows);
      kernels->softmaxRows(type, rows, columns, x.data, soft[i].data);
      kernels->logSoftmaxRows(type, rows, columns, x.data, logs[i].data);
      kernels->logSumExpRows(type, rows, columns, x.data, sums[i].data);
    }
    compareWithin("softmaxRows", 0, soft[0], soft[1], 8, slack, NULL);
    compareWithin("logSoftmaxRows", 0, logs[0], logs[1], 8, slack, NULL);
    compareWithin("logSumExpRows", 0, sums[0], sums[1], 8, slack, NULL);
    freeAll();
  }
}

static void testNorms(CKType type) {
  static const size_t widths[] = {1, 2, 9, 31, 32, 33, 100, 1023, 1024, 1025, 2304, 5000};
  const double epsilon = type == CKTypeFloat32 ? 0x1p-20 : 0x1p-49;
  for (size_t i = 0; i < COUNT(widths); i++) {
    enum { rows = 3 };
    const size_t columns = widths[i];
    const Cells x = randomCells(type, rows * columns), dy = randomCells(type, rows * columns);
    const double centers[rows] = {0.1, -2, 0.7};
    CKRowMap maps[rows];
    for (int row = 0; row < rows; row++) { maps[row] = (CKRowMap){0.5, row - 1.25, 0.3, 2}; }
    Cells moments[2], sums[2], both[2], one[2], affine[2][3];
    for (int j = 0; j < 2; j++) {
      const CKKernels *kernels = j ? reference : set;
      moments[j] = uninitialized(CKTypeFloat64, 2 * rows);
      sums[j] = uninitialized(CKTypeFloat64, 2 * rows);
      both[j] = uninitialized(type, rows * columns);
      one[j] = uninitialized(type, rows * columns);
      kernels->rowMoments(type, rows, columns, x.data, moments[j].data);
      kernels->rowProducts(type, rows, columns, dy.data, x.data, centers, sums[j].data);
      kernels->combineRows(type, rows, columns, maps, dy.data, x.data, NULL, NULL, both[j].data);
      kernels->combineRows(type, rows, columns, maps, NULL, x.data, NULL, NULL, one[j].data);
      for (int k = 0; k < 3; k++) {  // with a weight, a bias, or both
        affine[j][k] = uninitialized(type, rows * columns);
        kernels->combineRows(type, rows, columns, maps, NULL, x.data, k == 1 ? NULL : x.data, k == 0 ? NULL : dy.data,
                             affine[j][k].data);
      }
    }
    // No element is larger than 4; neither are differences from centers above 6.
    double slacks[2 * rows];
    for (int j = 0; j < 2 * rows; j++) { slacks[j] = epsilon * (j % 2 == 0 ? 4 : 40 * (double)columns); }
    compareWithin("rowMoments", columns, moments[0], moments[1], 0, 0, slacks);
    compareWithin("rowProducts", columns, sums[0], sums[1], 0, epsilon * 40 * (double)columns, NULL);
    compareWithin("combineRows", 2, both[0], both[1], 0, epsilon * 10, NULL);
    compareWithin("combineRows", 1, one[0], one[1], 0, epsilon * 10, NULL);
    for (size_t k = 0; k < 3; k++) {
      compareWithin("combineRows with parameters", k, affine[0][k], affine[1][k], 0, epsilon * 40, NULL);
    }
    freeAll();
  }
}

static void testRandom(void) {
  for (int round = 0; round < 60; round++) {
    const size_t count = randomSize() * (size_t)draw(1, 9);
    const uint64_t seed = randomBits(), stream = randomBits(), first = randomBits() >> draw(1, 60);
    const Cells found = uninitialized(CKTypeInt32, 2 * count), expected = uninitialized(CKTypeInt32, 2 * count);
    set->randomWords(seed, stream, first, 2 * count, found.data);
    CKPhilox(seed, stream, first, 2 * count, expected.data);
    const Cells normal = uninitialized(CKTypeFloat32, 2 * count), plain = uninitialized(CKTypeFloat32, 2 * count);
    set->normalPairs(count, expected.data, 0.5, 2, normal.data);
    CKNormalPairs(count, expected.data, 0.5, 2, plain.data);
    compareExactly("normalPairs", 0, normal, plain);
    compareExactly("randomWords", 0, found, expected);
    freeAll();
  }
}

void testReductions(void) {
  for (size_t i = 0; i < COUNT(allTypes); i++) { testReduce(allTypes[i]); }
  for (size_t i = 0; i < COUNT(floatTypes); i++) {
    testSoftmax(floatTypes[i]);
    testNorms(floatTypes[i]);
  }
  testRandom();
}
