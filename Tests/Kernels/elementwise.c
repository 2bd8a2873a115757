#include "driver.h"

static const CKMap lastIntegerMap = CKMapSquare;
static const CKZip integerZips[] = {CKZipAdd, CKZipSubtract, CKZipMultiply, CKZipMaximum, CKZipMinimum, CKZipRemainder,
                                    CKZipTruncatedRemainder};
static const int rounds = 12;

static int isRounded(CKMap operation) {  // correctly, by every set
  return operation <= CKMapSquareRoot || operation >= CKMapRound;
}

static int isSmoothRelu(CKMap operation) { return operation == CKMapGelu || operation == CKMapSilu; }

static void testMaps(CKType type) {
  for (int operation = 0; operation <= (isFloat(type) ? CKMapTruncate : lastIntegerMap); operation++) {
    for (int round = 0; round < rounds; round++) {
      const size_t inner = randomSize(), outer = randomSize();
      const int isSmooth = isSmoothRelu((CKMap)operation);
      const CKSource x = randomSource(type, inner, outer, round % 2 == 1 && !isSmooth);
      const Cells found = uninitialized(type, inner * outer), expected = uninitialized(type, inner * outer);
      set->map((CKMap)operation, type, inner, outer, x, found.data);
      reference->map((CKMap)operation, type, inner, outer, x, expected.data);
      // Smooth relus cancel below zero; no element is larger than 4.
      const double slack = isSmooth ? 4 * (type == CKTypeFloat32 ? 3e-7 : 1e-15) : 0;
      compareWithin("map", (size_t)operation, found, expected, isRounded((CKMap)operation) || isSmooth ? 0 : 4, slack,
                    NULL);
      freeAll();
    }
  }
}

static void testZips(CKType type) {
  const size_t count = isFloat(type) ? CKZipTruncatedRemainder + 1 : COUNT(integerZips);
  for (size_t i = 0; i < count; i++) {
    const CKZip operation = isFloat(type) ? (CKZip)i : integerZips[i];
    const int isSmooth = operation == CKZipGeluGradient || operation == CKZipSiluGradient;
    for (int round = 0; round < rounds; round++) {
      const size_t inner = randomSize(), outer = randomSize();
      const int isWild = round % 2 == 1 && !isSmooth;
      const CKSource a = randomSource(type, inner, outer, isWild), b = randomSource(type, inner, outer, isWild);
      const Cells found = uninitialized(type, inner * outer), expected = uninitialized(type, inner * outer);
      set->zip(operation, type, inner, outer, a, b, found.data);
      reference->zip(operation, type, inner, outer, a, b, expected.data);
      const double slack = isSmooth ? 8 * (type == CKTypeFloat32 ? 3e-7 : 1e-15) : 0;
      compareWithin("zip", (size_t)operation, found, expected,
                    operation == CKZipPower || operation == CKZipArcTangent ? 2 : 0, slack, NULL);
      freeAll();
    }
  }
}

// Every pair of numbers near the ends of a type and near zero.
static void testRemainders(CKType type) {
  enum { near = 24 };
  const Cells a = uninitialized(type, near * near), b = uninitialized(type, near * near);
  for (int i = 0; i < near * near; i++) {
    const int64_t pair[] = {i / near, i % near};
    for (int side = 0; side < 2; side++) {
      const int64_t step = pair[side] % 8 - 4, start = pair[side] / 8;
      const int64_t low = type == CKTypeInt64 ? INT64_MIN : INT32_MIN, high = -(low + 1);
      // Wraps round at the ends.
      const int64_t value = (int64_t)((uint64_t)(start == 0 ? low : start == 1 ? 0 : high) + (uint64_t)step);
      void *data = side == 0 ? a.data : b.data;
      switch (type) {
      case CKTypeInt64: ((int64_t *)data)[i] = value; break;
      case CKTypeInt32: ((int32_t *)data)[i] = (int32_t)value; break;
      default: ((uint8_t *)data)[i] = (uint8_t)value;
      }
    }
  }
  for (int i = 5; i < 7; i++) {
    const Cells found = uninitialized(type, near * near), expected = uninitialized(type, near * near);
    set->zip(integerZips[i], type, found.count, 1, dense(a), dense(b), found.data);
    reference->zip(integerZips[i], type, found.count, 1, dense(a), dense(b), expected.data);
    compareExactly("zip near the ends", integerZips[i], found, expected);
  }
  freeAll();
}

// Elements of the vector code's range beside others, alone and in company: the same bits.
static void testNeighbors(void) {
  static const double odd[] = {0, -0.0, INFINITY, -INFINITY, NAN, 1e6, 2e6, 1e10, 1e30, 1e-40, -1e9};
  for (size_t count = 1; count <= 300; count++) {
    const Cells x = randomCells(CKTypeFloat32, count), y = randomCells(CKTypeFloat32, count);
    for (size_t i = 0; i < count; i += 7) { store(draw(0, 1) ? x : y, (i * 5) % count, odd[draw(0, COUNT(odd) - 1)]); }
    static const CKMap maps[] = {CKMapSin, CKMapCos};
    static const CKZip zips[] = {CKZipPower, CKZipArcTangent, CKZipRemainder, CKZipTruncatedRemainder};
    for (size_t operation = 0; operation < 6; operation++) {
      const Cells together = uninitialized(CKTypeFloat32, count), alone = uninitialized(CKTypeFloat32, count);
      for (size_t i = 0; i <= count; i++) {  // each alone, then all
        const size_t length = i < count ? 1 : count, at = i < count ? i : 0;
        const CKSource u = {(float *)x.data + at, 1, 0}, v = {(float *)y.data + at, 1, 0};
        float *to = (float *)(i < count ? alone : together).data + at;
        if (operation < 2) { set->map(maps[operation], CKTypeFloat32, length, 1, u, to); }
        else { set->zip(zips[operation - 2], CKTypeFloat32, length, 1, u, v, to); }
      }
      compareExactly("alone and beside others", operation, together, alone);
    }
    freeAll();
  }
}

static void testComparisons(CKType type) {
  for (int round = 0; round < 6 * rounds; round++) {
    const size_t inner = randomSize(), outer = randomSize(), count = inner * outer;
    const CKSource a = randomSource(type, inner, outer, 1), b = randomSource(type, inner, outer, 1);
    const CKSource condition = randomSource(CKTypeBool, inner, outer, 0);
    const Cells found = uninitialized(CKTypeBool, count), expected = uninitialized(CKTypeBool, count);
    set->compare((CKCompare)(round % 6), type, inner, outer, a, b, found.data);
    reference->compare((CKCompare)(round % 6), type, inner, outer, a, b, expected.data);
    compareExactly("compare", (size_t)round % 6, found, expected);
    const Cells chosen = uninitialized(type, count), right = uninitialized(type, count);
    set->select(type, inner, outer, condition, a, b, chosen.data);
    reference->select(type, inner, outer, condition, a, b, right.data);
    compareExactly("select", 0, chosen, right);
    freeAll();
  }
}

static void testCopy(CKType from, CKType to) {
  for (int round = 0; round < rounds; round++) {
    const int isLarge = round == 0;
    const size_t inner = isLarge ? 129 : randomSize(), outer = isLarge ? 65 : randomSize();
    const CKSource x = randomSource(from, inner, outer, 1);
    const ptrdiff_t strides[][2] = {
      {1, (ptrdiff_t)inner}, {1, (ptrdiff_t)inner + 3}, {(ptrdiff_t)outer, 1}, {2, 2 * (ptrdiff_t)inner}};
    const ptrdiff_t *stride = strides[draw(0, 3)];
    // Gaps between the elements keep their bytes.
    const Cells found = uninitialized(to, (inner + 3) * (outer + 3) * 2), expected = copied(found);
    set->copy(from, to, inner, outer, x, found.data, stride[0], stride[1]);
    reference->copy(from, to, inner, outer, x, expected.data, stride[0], stride[1]);
    compareExactly("copy from", from, found, expected);
    freeAll();
  }
}

// Every half, and every upper half of a float with lower halves at and beside ties.
static void testHalves(CKType half) {
  static const uint32_t ends[] = {0, 1, 0x0fff, 0x1000, 0x1001, 0x1fff, 0x2000, 0x3000, 0x7fff, 0x8000, 0x8001, 0xffff};
  const size_t all = 1 << 16;
  const Cells halves = uninitialized(half, all), floats = uninitialized(CKTypeFloat32, all * COUNT(ends));
  for (size_t i = 0; i < all; i++) { ((uint16_t *)halves.data)[i] = (uint16_t)i; }
  for (size_t i = 0; i < floats.count; i++) {
    const uint32_t bits = (uint32_t)(i / COUNT(ends)) << 16 | ends[i % COUNT(ends)];
    // A NaN keeps no bits that are agreed upon.
    ((uint32_t *)floats.data)[i] = (bits & 0x7fffffff) > 0x7f800000 ? 0 : bits;
  }
  for (int isFrom = 0; isFrom < 2; isFrom++) {
    const Cells x = isFrom ? halves : floats;
    const CKType to = isFrom ? CKTypeFloat32 : half;
    const Cells found = uninitialized(to, x.count), expected = uninitialized(to, x.count);
    set->copy(x.type, to, x.count, 1, dense(x), found.data, 1, 0);
    reference->copy(x.type, to, x.count, 1, dense(x), expected.data, 1, 0);
    compareExactly("halves from", x.type, found, expected);
  }
  freeAll();
}

static void testUpdates(CKType type) {
  for (int round = 0; round < 3 * rounds; round++) {
    const size_t count = randomSize() * 3;
    const CKUpdateFactors factors = {0.9, -0.3, 1.1, 1e-8};
    const Cells u = randomCells(type, count), v = randomCells(type, count);
    for (size_t i = 0; i < count; i++) { store(v, i, fabs(valueAt(v, i))); }
    const Cells found = randomCells(type, count), expected = copied(found);
    set->update((CKUpdate)(round % 3), type, count, factors, u.data, v.data, found.data);
    reference->update((CKUpdate)(round % 3), type, count, factors, u.data, v.data, expected.data);
    compareExactly("update", (size_t)round % 3, found, expected);
    const double width = round % 2 ? 1 : 0.7, slope = round % 3 ? 1 : 1.3;
    for (int isDerivative = 0; isDerivative < 2; isDerivative++) {
      set->huber(type, count, width, slope, isDerivative, u.data, v.data, found.data);
      reference->huber(type, count, width, slope, isDerivative, u.data, v.data, expected.data);
      compareExactly("huber", (size_t)isDerivative, found, expected);
    }
    freeAll();
  }
}

void testElementwise(void) {
  for (size_t i = 0; i < COUNT(allTypes); i++) {
    testMaps(allTypes[i]);
    testZips(allTypes[i]);
    testComparisons(allTypes[i]);
    for (size_t j = 0; j < COUNT(allTypes); j++) { testCopy(allTypes[i], allTypes[j]); }
    if (!isFloat(allTypes[i]) && allTypes[i] != CKTypeBool) { testRemainders(allTypes[i]); }
  }
  testNeighbors();
  for (CKType half = CKTypeFloat16; half <= CKTypeBFloat16; half++) {
    testHalves(half);
    testCopy(half, half);
    testCopy(half, CKTypeFloat32);
  }
  for (size_t i = 0; i < COUNT(floatTypes); i++) { testUpdates(floatTypes[i]); }
}
