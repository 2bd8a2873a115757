// Reference bodies for every element type (a template, see types.inc.h).

#define CK_AT(source) ((const T *)source.data)[(ptrdiff_t)o * source.outer + (ptrdiff_t)i * source.inner]

static T NAME(mapped)(CKMap operation, T v) {
  switch (operation) {
  case CKMapNegate: return (T)-(WRAP)v;
  case CKMapAbsolute: return v < 0 || (double)v == 0 ? (T)(0 - (WRAP)v) : v;
  case CKMapSign: return v > 0 ? 1 : v < 0 ? (T)-1 : v;
  case CKMapRelu: return v <= 0 ? 0 : v;
  case CKMapSquare: return (T)((WRAP)v * (WRAP)v);
#if IS_FLOAT
  case CKMapReciprocal: return 1 / v;
  case CKMapSquareRoot: return (T)sqrt(v);
  case CKMapExp: return (T)exp(v);
  case CKMapLog: return (T)log(v);
  case CKMapTanh: return (T)tanh(v);
  case CKMapSigmoid: return (T)(v < 0 ? exp(v) / (1 + exp(v)) : 1 / (1 + exp(-(double)v)));
  case CKMapErrorFunction: return (T)erf(v);
  case CKMapGelu: return (T)(v * 0.5 * erfc(v * -0.70710678118654752440));
  case CKMapSilu: return (T)(v / (1 + exp(-(double)v)));
  case CKMapHardswish: return v * (T)fmin(fmax(v + 3, 0), 6) / 6;
  case CKMapSin: return (T)sin(v);
  case CKMapCos: return (T)cos(v);
  case CKMapLog1p: return (T)log1p(v);
  case CKMapExpm1: return (T)expm1(v);
  case CKMapRound: return (T)rint(v);
  case CKMapFloor: return (T)floor(v);
  case CKMapCeil: return (T)ceil(v);
  case CKMapTruncate: return (T)trunc(v);
#endif
  default: __builtin_trap();
  }
}

static void NAME(map)(CKMap operation, size_t inner, size_t outer, CKSource x, T *y) {
  for (size_t o = 0; o < outer; o++) {
    for (size_t i = 0; i < inner; i++) { y[o * inner + i] = NAME(mapped)(operation, CK_AT(x)); }
  }
}

static T NAME(zipped)(CKZip operation, T a, T b) {
  switch (operation) {
  case CKZipAdd: return (T)((WRAP)a + (WRAP)b);
  case CKZipSubtract: return (T)((WRAP)a - (WRAP)b);
  case CKZipMultiply: return (T)((WRAP)a * (WRAP)b);
  case CKZipMaximum: return a != a ? a : b != b ? b : a > b ? a : b;
  case CKZipMinimum: return a != a ? a : b != b ? b : a < b ? a : b;
#if IS_FLOAT
  case CKZipTruncatedRemainder: return (T)fmod(a, b);
  case CKZipRemainder: {
    const double rest = fmod(a, b);
    return (T)(rest < 0 != b < 0 && rest != 0 ? rest + b : rest);
  }
#elif defined(__SIZEOF_INT128__)
  case CKZipTruncatedRemainder: return b == 0 ? 0 : (T)((__int128)a % b);
  case CKZipRemainder: return b == 0 ? 0 : (T)(((__int128)a % b + b) % b);
#else
  // Division by -1 is left out: its quotient may overflow.
  case CKZipTruncatedRemainder: return b == 0 || (b < 0 && b == (T)-1) ? 0 : (T)(a % b);
  case CKZipRemainder: {
    const T rest = NAME(zipped)(CKZipTruncatedRemainder, a, b);
    return rest != 0 && (rest < 0) != (b < 0) ? (T)(rest + b) : rest;
  }
#endif
#if IS_FLOAT
  case CKZipDivide: return a / b;
  case CKZipPower: return (T)pow(a, b);
  case CKZipReluGradient: return b <= 0 ? 0 : a;
  case CKZipSigmoidGradient: return a * b * (1 - b);
  case CKZipTanhGradient: return a * (1 - b * b);
  case CKZipGeluGradient: {
    const double v = b;
    return (T)(a * (0.5 * erfc(v * -0.70710678118654752440) + v * 0.39894228040143267794 * exp(-0.5 * v * v)));
  }
  case CKZipSiluGradient: {
    const double s = 1 / (1 + exp(-(double)b));
    return (T)(a * (s * (b * (1 - s) + 1)));
  }
  case CKZipHardswishGradient: return b <= -3 ? 0 : b < 3 ? a * (b / 3 + (T)0.5) : a;
  case CKZipLeakyRelu: return a > 0 ? a : a * b;
  case CKZipLeakyReluSlope: return a > 0 ? 1 : b;
  case CKZipArcTangent: return (T)atan2(a, b);
#endif
  default: __builtin_trap();
  }
}

static void NAME(zip)(CKZip operation, size_t inner, size_t outer, CKSource a, CKSource b, T *y) {
  for (size_t o = 0; o < outer; o++) {
    for (size_t i = 0; i < inner; i++) { y[o * inner + i] = NAME(zipped)(operation, CK_AT(a), CK_AT(b)); }
  }
}

static uint8_t NAME(compared)(CKCompare operation, T a, T b) {
  switch (operation) {
  case CKCompareEqual: return a == b;
  case CKCompareNotEqual: return a != b;
  case CKCompareLess: return a < b;
  case CKCompareLessOrEqual: return a <= b;
  case CKCompareGreater: return a > b;
  case CKCompareGreaterOrEqual: return a >= b;
  }
}

static void NAME(compare)(CKCompare operation, size_t inner, size_t outer, CKSource a, CKSource b, uint8_t *y) {
  for (size_t o = 0; o < outer; o++) {
    for (size_t i = 0; i < inner; i++) { y[o * inner + i] = NAME(compared)(operation, CK_AT(a), CK_AT(b)); }
  }
}

static void NAME(select)(size_t inner, size_t outer, CKSource condition, CKSource a, CKSource b, T *y) {
  for (size_t o = 0; o < outer; o++) {
    for (size_t i = 0; i < inner; i++) {
      const ptrdiff_t at = (ptrdiff_t)o * condition.outer + (ptrdiff_t)i * condition.inner;
      y[o * inner + i] = ((const uint8_t *)condition.data)[at] ? CK_AT(a) : CK_AT(b);
    }
  }
}

#if IS_FLOAT
#define CK_INTEGER(TO, MINIMUM, MAXIMUM) CK_TRUNCATE(T, TO, MINIMUM, MAXIMUM, v)
#else
#define CK_INTEGER(TO, MINIMUM, MAXIMUM) (TO)v
#endif

static void NAME(copy)(CKType to, size_t inner, size_t outer, CKSource x, void *y, ptrdiff_t yInner,
                       ptrdiff_t yOuter) {
  for (size_t o = 0; o < outer; o++) {
    for (size_t i = 0; i < inner; i++) {
      const ptrdiff_t at = (ptrdiff_t)o * yOuter + (ptrdiff_t)i * yInner;
      const T v = CK_AT(x);
      switch (to) {
      case CKTypeFloat32: ((float *)y)[at] = (float)v; break;
      case CKTypeFloat64: ((double *)y)[at] = (double)v; break;
      case CKTypeInt32: ((int32_t *)y)[at] = CK_INTEGER(int32_t, INT32_MIN, INT32_MAX); break;
      case CKTypeInt64: ((int64_t *)y)[at] = CK_INTEGER(int64_t, INT64_MIN, INT64_MAX); break;
      case CKTypeUInt8: ((uint8_t *)y)[at] = CK_INTEGER(uint8_t, 0, UINT8_MAX); break;
      case CKTypeBool: ((uint8_t *)y)[at] = v != 0; break;
      default: __builtin_trap();
      }
    }
  }
}

// Reduces `count` elements at a stride.
static T NAME(reduced)(CKReduce operation, size_t count, const T *x, size_t stride) {
  if (operation == CKReduceSum) {
#if IS_FLOAT
    double sum = 0, lost = 0;  // Neumaier's compensated sum
    for (size_t i = 0; i < count; i++) {
      const double v = x[i * stride], next = sum + v;
      lost += fabs(sum) >= fabs(v) ? (sum - next) + v : (v - next) + sum;
      sum = next;
    }
    return (T)(lost == lost ? sum + lost : sum);  // infinities leave no meaningful rest
#else
    WRAP sum = 0;
    for (size_t i = 0; i < count; i++) { sum += (WRAP)x[i * stride]; }
    return (T)sum;
#endif
  }
  T best = x[0];
  for (size_t i = 1; i < count; i++) {
    best = NAME(zipped)(operation == CKReduceMaximum ? CKZipMaximum : CKZipMinimum, best, x[i * stride]);
  }
  return best;
}

static void NAME(reduceRows)(CKReduce operation, size_t rows, size_t columns, const T *x, T *y) {
  for (size_t row = 0; row < rows; row++) { y[row] = NAME(reduced)(operation, columns, x + row * columns, 1); }
}

static void NAME(reduceColumns)(CKReduce operation, size_t rows, size_t columns, const T *x, T *y) {
  for (size_t column = 0; column < columns; column++) {
    y[column] = NAME(reduced)(operation, rows, x + column, columns);
  }
}

static void NAME(argmaxRows)(size_t rows, size_t columns, const T *x, int64_t *y) {
  for (size_t row = 0; row < rows; row++, x += columns) {
    size_t best = 0;
    for (size_t i = 1; i < columns; i++) {
      if (x[i] > x[best] || (x[i] != x[i] && x[best] == x[best])) { best = i; }
    }
    y[row] = (int64_t)best;
  }
}

#undef CK_AT
#undef CK_INTEGER
