#include "driver.h"

// The reference without 128-bit integers.
extern const CKKernels CKKernelsPortable;

const CKKernels *set, *reference;
const char *setName;

static size_t comparisons, elements, failures;
// Spoils one element of every result: then every comparison must fail.
static int spoils;

enum { margin = 256, canary = 0xA5 };
static struct { void *blocks[1 << 12]; size_t count; } memory;

size_t typeSize(CKType type) {
  switch (type) {
  case CKTypeFloat64:
  case CKTypeInt64: return 8;
  case CKTypeFloat32:
  case CKTypeInt32: return 4;
  case CKTypeFloat16:
  case CKTypeBFloat16: return 2;
  default: return 1;
  }
}

int isFloat(CKType type) { return type == CKTypeFloat32 || type == CKTypeFloat64; }

Cells uninitialized(CKType type, size_t count) {
  const size_t size = count * typeSize(type) + margin;
  void *data = malloc(size);
  if (!data || memory.count == COUNT(memory.blocks)) { abort(); }
  memory.blocks[memory.count++] = data;
  memset(data, canary, size);
  return (Cells){type, count, data};
}

void freeAll(void) {
  while (memory.count > 0) { free(memory.blocks[--memory.count]); }
}

uint64_t randomBits(void) {  // splitmix64
  static uint64_t state = 1;
  uint64_t z = state += 0x9E3779B97F4A7C15u;
  z = (z ^ (z >> 30)) * 0xBF58476D1CE4E5B9u;
  z = (z ^ (z >> 27)) * 0x94D049BB133111EBu;
  return z ^ (z >> 31);
}

ptrdiff_t draw(ptrdiff_t low, ptrdiff_t high) {
  return low + (ptrdiff_t)(randomBits() % (uint64_t)(high - low + 1));
}

size_t randomSize(void) {
  static const size_t borders[] = {15, 16, 17, 31, 32, 33, 63, 64, 65};
  switch (draw(0, 5)) {
  case 0: return (size_t)draw(0, 3);
  case 1: return borders[draw(0, 8)];
  default: return (size_t)draw(1, 50);
  }
}

double valueAt(Cells cells, size_t i) {
  switch (cells.type) {
  case CKTypeFloat32: return ((const float *)cells.data)[i];
  case CKTypeFloat64: return ((const double *)cells.data)[i];
  case CKTypeInt32: return ((const int32_t *)cells.data)[i];
  case CKTypeInt64: return (double)((const int64_t *)cells.data)[i];
  case CKTypeFloat16:
  case CKTypeBFloat16: return ((const uint16_t *)cells.data)[i];  // the bits
  default: return ((const uint8_t *)cells.data)[i];
  }
}

void store(Cells cells, size_t i, double value) {
  if (cells.type == CKTypeFloat32) { ((float *)cells.data)[i] = (float)value; } else { ((double *)cells.data)[i] = value; }
}

static Cells filled(CKType type, size_t count, int isWild) {
  static const double special[] = {0, -0.0, INFINITY, -INFINITY, NAN, 1e-40, -1e-40, 1, 1e30, -2};
  static const int64_t ends[] = {INT64_MIN, INT64_MAX, -1, 0, INT32_MIN, INT32_MAX};
  Cells cells = uninitialized(type, count);
  for (size_t i = 0; i < count; i++) {
    const int isSpecial = isWild && randomBits() % 4 == 0;
    const uint64_t bits = randomBits();
    const int64_t integer = isSpecial ? bits % 2 ? ends[bits / 2 % 6] : (int64_t)bits : (int64_t)(bits % 100);
    switch (type) {
    case CKTypeFloat32:
    case CKTypeFloat64: store(cells, i, isSpecial ? special[bits % 10] : (double)(int64_t)bits * 0x1p-61); break;
    case CKTypeInt32: ((int32_t *)cells.data)[i] = (int32_t)integer; break;
    case CKTypeInt64: ((int64_t *)cells.data)[i] = integer; break;
    case CKTypeFloat16:
    case CKTypeBFloat16: ((uint16_t *)cells.data)[i] = (uint16_t)bits; break;
    case CKTypeUInt8: ((uint8_t *)cells.data)[i] = (uint8_t)bits; break;
    case CKTypeBool: ((uint8_t *)cells.data)[i] = bits & 1; break;
    }
  }
  return cells;
}

Cells randomCells(CKType type, size_t count) { return filled(type, count, 0); }
Cells wildCells(CKType type, size_t count) { return filled(type, count, 1); }

Cells copied(Cells cells) {
  const Cells copy = uninitialized(cells.type, cells.count);
  memcpy(copy.data, cells.data, cells.count * typeSize(cells.type));
  return copy;
}

CKSource dense(Cells cells) { return (CKSource){cells.data, 1, (ptrdiff_t)cells.count}; }

CKSource randomSource(CKType type, size_t inner, size_t outer, int isWild) {
  ptrdiff_t innerStride = 1, outerStride = (ptrdiff_t)inner;
  switch (draw(0, 6)) {
  case 0: break;
  case 1: innerStride = outerStride = 0; break;
  case 2: innerStride = 0; outerStride = 1; break;
  case 3: outerStride = 0; break;
  case 4: innerStride = (ptrdiff_t)outer; outerStride = 1; break;
  case 5: innerStride = -1; outerStride = -(ptrdiff_t)inner - 2; break;
  default: innerStride = draw(-3, 3); outerStride = draw(-40, 40);
  }
  const ptrdiff_t innerReach = inner > 0 ? (ptrdiff_t)(inner - 1) * innerStride : 0;
  const ptrdiff_t outerReach = outer > 0 ? (ptrdiff_t)(outer - 1) * outerStride : 0;
  const Cells cells = filled(type, (size_t)(labs(innerReach) + labs(outerReach) + 1), isWild);
  const ptrdiff_t start = (innerReach < 0 ? -innerReach : 0) + (outerReach < 0 ? -outerReach : 0);
  return (CKSource){(uint8_t *)cells.data + start * (ptrdiff_t)typeSize(type), innerStride, outerStride};
}

static int isMarginIntact(Cells cells) {
  const uint8_t *end = (const uint8_t *)cells.data + cells.count * typeSize(cells.type);
  for (size_t i = 0; i < margin; i++) {
    if (end[i] != canary) { return 0; }
  }
  return 1;
}

static int areClose(CKType type, double a, double b, double ulps, double slack) {
  if (a != a || b != b) { return a != a && b != b; }
  if (a == b) { return !signbit(a) == !signbit(b) || ulps > 0 || slack > 0; }
  if (isinf(a) || isinf(b)) { return 0; }
  const double size = fabs(b);
  const double unit = type == CKTypeFloat32 ? (double)(nextafterf((float)size, INFINITY) - (float)size)
                                            : nextafter(size, INFINITY) - size;
  return fabs(a - b) <= ulps * unit + slack;
}

static void spoil(Cells cells) {
  const size_t i = randomBits() % cells.count;
  const double value = valueAt(cells, i);
  if (isFloat(cells.type)) {
    store(cells, i, value - value == 0 ? 2 * value + 1000 : 0);
  } else {
    ((uint8_t *)cells.data)[i * typeSize(cells.type)] ^= 1;
  }
}

void compareWithin(const char *what, size_t detail, Cells found, Cells expected, double ulps, double slack,
                   const double *slacks) {
  if (found.count == 0) { return; }
  comparisons++;
  elements += found.count;
  if (spoils) { spoil(found); }
  const char *problem = !isMarginIntact(found) ? "writes beyond its end" : NULL;
  size_t i = 0;
  while (!problem && i < found.count) {
    const int isRight = isFloat(found.type)
      ? areClose(found.type, valueAt(found, i), valueAt(expected, i), ulps, slacks ? slacks[i] : slack)
      : memcmp((const uint8_t *)found.data + i * typeSize(found.type),
               (const uint8_t *)expected.data + i * typeSize(found.type), typeSize(found.type)) == 0;
    if (!isRight) { problem = "differs"; } else { i++; }
  }
  if (!problem) {
    if (spoils) { printf("%s: %s %zu, type %d: a wrong element is overlooked\n", setName, what, detail, found.type); }
    return;
  }
  failures++;
  if (spoils || failures > 20) { return; }
  printf("%s: %s %zu, type %d, %zu elements: %s", setName, what, detail, found.type, found.count, problem);
  if (i < found.count) { printf(" at %zu: %.17g, not %.17g", i, valueAt(found, i), valueAt(expected, i)); }
  printf("\n");
}

void checkMargin(const char *what, Cells cells) {
  comparisons++;
  uint8_t *end = (uint8_t *)cells.data + cells.count * typeSize(cells.type);
  *end ^= (uint8_t)spoils;
  if (!isMarginIntact(cells)) {
    failures++;
    if (!spoils) { printf("%s: %s writes beyond its end\n", setName, what); }
  }
  *end ^= (uint8_t)spoils;
}

void compareExactly(const char *what, size_t detail, Cells found, Cells expected) {
  compareWithin(what, detail, found, expected, 0, 0, NULL);
}

int main(int count, char **arguments) {
  spoils = count > 1 && strcmp(arguments[1], "--spoil") == 0;
  const CKKernels *const *sets = CKAvailableKernels();
  size_t last = 0;
  while (sets[last + 1]) { last++; }
  reference = sets[last];
  for (size_t i = 0; i <= last; i++) {
    set = i < last ? sets[i] : &CKKernelsPortable;
    setName = i < last ? set->name : "the reference without 128-bit integers";
    const size_t before = comparisons;
    testElementwise();
    testReductions();
    testProducts();
    testConvolutions();
    testRecurrent();
    freeAll();
    printf("%s: %zu comparisons\n", setName, comparisons - before);
  }
  printf("%zu comparisons of %zu elements, %zu failures\n", comparisons, elements, failures);
  return comparisons == 0 || failures != (spoils ? comparisons : 0);
}
