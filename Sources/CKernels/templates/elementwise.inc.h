// Element-wise loops for one element type (a template, see types.inc.h).

// Each operation gets its own loops, for the strides that the compiler can vectorize (1 and 0) and for any other.
#define CK_ROWS(body) for (size_t o = 0; o < outer; o++) { T *out = y + o * inner; body }

#define CK_MAP(operation, expression) \
  case operation: CK_ROWS( \
    const T *in = (const T *)x.data + (ptrdiff_t)o * x.outer; \
    if (x.inner == 1) { \
      CK_SIMD_CHAINS for (size_t i = 0; i < inner; i++) { const T v = in[i]; out[i] = (T)(expression); } \
    } else { \
      for (size_t i = 0; i < inner; i++) { const T v = in[(ptrdiff_t)i * x.inner]; out[i] = (T)(expression); } \
    }) break;

// Division by -1 is left out: its quotient may overflow.
CK_INLINE T NAME(truncatedRemainder)(T u, T v) {
#if IS_FLOAT
  return __builtin_elementwise_fmod(u, v);
#else
  return v == 0 || (v < 0 && v == (T)-1) ? 0 : (T)(u % v);
#endif
}

CK_INLINE T NAME(remainder)(T u, T v) {
  const T rest = NAME(truncatedRemainder)(u, v);
  return rest != 0 && (rest < 0) != (v < 0) ? (T)(rest + v) : rest;
}

#if IS_FLOAT
CK_INLINE T NAME(siluGradient)(T dy, T x) {
  // The smaller one of sigmoid and complement; the other one follows without cancellation.
  const T w = NAME(sigmoid)(x < 0 ? x : -x), s = x < 0 ? w : 1 - w;
  return dy * (s * (x * (x < 0 ? 1 - w : w) + 1));
}
#endif

#if IS_FLOAT32
// Functions whose vector code is valid within a range; outside it the C library computes. Each element takes its own
// branch, so that its result is a function of its value alone. A dense block whose elements are all in range takes the
// vector code directly. Any other block is gathered first, with 1 in place of the elements out of range.
CK_INLINE int mapsInRange(float v) { return CK_HAS_PLAIN_SINE(v); }

CK_INLINE float mapByLibrary(CKMap operation, float v) { return operation == CKMapSin ? sinf(v) : cosf(v); }

CK_INLINE int zipsInRange(CKZip operation, float u, float v) {
  switch (operation) {
  case CKZipPower: return CK_HAS_PLAIN_POWER(u, v);
  default: return CK_HAS_SHORT_QUOTIENT(u, v);
  }
}

CK_INLINE float zipByLibrary(CKZip operation, float u, float v) {
  switch (operation) {
  case CKZipPower: return powf(u, v);
  case CKZipRemainder: return remainderFloat32(u, v);
  default: return truncatedRemainderFloat32(u, v);
  }
}

#define CK_IN_RANGE(expression) \
  CK_SIMD_CHAINS for (size_t i = 0; i < count; i++) { y[i] = (expression); } \
  break;

CK_INLINE void mapInRange(CKMap operation, size_t count, const float *x, float *y) {
  switch (operation) {
  case CKMapSin: CK_IN_RANGE(sineFloat32(x[i], 0))
  default: CK_IN_RANGE(sineFloat32(x[i], 1))
  }
}

CK_INLINE void zipInRange(CKZip operation, size_t count, const float *u, const float *v, float *y) {
  switch (operation) {
  case CKZipPower: CK_IN_RANGE(powerFloat32(u[i], v[i]))
  case CKZipRemainder: CK_IN_RANGE(roundedDown(shortRemainder(u[i], v[i]), v[i]))
  default: CK_IN_RANGE(shortRemainder(u[i], v[i]))
  }
}

#undef CK_IN_RANGE

// Not inlined: the common loops keep their registers.
static __attribute__((noinline)) void mapBlock(CKMap operation, size_t count, const float *x, ptrdiff_t step,
                                               float *y) {
  float values[rangeBlock], results[rangeBlock];
  for (size_t i = 0; i < count; i++) {
    const float v = x[(ptrdiff_t)i * step];
    values[i] = mapsInRange(v) ? v : 1;
  }
  mapInRange(operation, count, values, results);
  for (size_t i = 0; i < count; i++) {
    const float v = x[(ptrdiff_t)i * step];
    y[i] = mapsInRange(v) ? results[i] : mapByLibrary(operation, v);
  }
}

static __attribute__((noinline)) void zipBlock(CKZip operation, size_t count, const float *a, ptrdiff_t aStep,
                                               const float *b, ptrdiff_t bStep, float *y) {
  float us[rangeBlock], vs[rangeBlock], results[rangeBlock];
  for (size_t i = 0; i < count; i++) {
    const float u = a[(ptrdiff_t)i * aStep], v = b[(ptrdiff_t)i * bStep];
    const int inRange = zipsInRange(operation, u, v);
    us[i] = inRange ? u : 1;
    vs[i] = inRange ? v : 1;
  }
  zipInRange(operation, count, us, vs, results);
  for (size_t i = 0; i < count; i++) {
    const float u = a[(ptrdiff_t)i * aStep], v = b[(ptrdiff_t)i * bStep];
    y[i] = zipsInRange(operation, u, v) ? results[i] : zipByLibrary(operation, u, v);
  }
}

#define CK_MAP_IN_RANGE(operation, expression) \
  case operation: CK_ROWS( \
    const T *in = (const T *)x.data + (ptrdiff_t)o * x.outer; \
    for (size_t start = 0; start < inner; start += rangeBlock) { \
      const size_t end = inner - start < rangeBlock ? inner : start + rangeBlock; \
      unsigned inRange = x.inner == 1; \
      if (inRange) { for (size_t i = start; i < end; i++) { inRange &= mapsInRange(in[i]); } } \
      if (inRange) { \
        CK_SIMD_CHAINS for (size_t i = start; i < end; i++) { const T v = in[i]; out[i] = (expression); } \
      } else { \
        mapBlock(operation, end - start, in + (ptrdiff_t)start * x.inner, x.inner, out + start); \
      } \
    }) break;

#define CK_ZIP_PART(operation, expression, uElement, vElement) \
  for (size_t i = start; i < end; i++) { inRange &= zipsInRange(operation, uElement, vElement); } \
  if (inRange) { \
    CK_SIMD_CHAINS for (size_t i = start; i < end; i++) { \
      const T u = uElement; \
      const T v = vElement; \
      out[i] = (expression); \
    } \
  }

#define CK_ZIP_IN_RANGE(operation, expression) \
  case operation: CK_ROWS( \
    const T *p = (const T *)a.data + (ptrdiff_t)o * a.outer; \
    const T *q = (const T *)b.data + (ptrdiff_t)o * b.outer; \
    for (size_t start = 0; start < inner; start += rangeBlock) { \
      const size_t end = inner - start < rangeBlock ? inner : start + rangeBlock; \
      int inRange = 1; \
      const T first = p[0]; \
      const T second = q[0]; \
      if (a.inner == 1 && b.inner == 1) { CK_ZIP_PART(operation, expression, p[i], q[i]) } \
      else if (a.inner == 1 && b.inner == 0) { CK_ZIP_PART(operation, expression, p[i], second) } \
      else if (a.inner == 0 && b.inner == 1) { CK_ZIP_PART(operation, expression, first, q[i]) } \
      else { inRange = 0; } \
      if (!inRange) { \
        const ptrdiff_t at = (ptrdiff_t)start; \
        zipBlock(operation, end - start, p + at * a.inner, a.inner, q + at * b.inner, b.inner, out + start); \
      } \
    }) break;
#endif

static void NAME(map)(CKMap operation, size_t inner, size_t outer, CKSource x, T *y) {
  switch (operation) {
  CK_MAP(CKMapNegate, -(WRAP)v)
#if IS_FLOAT
  CK_MAP(CKMapAbsolute, __builtin_elementwise_abs(v))
#else
  CK_MAP(CKMapAbsolute, v < 0 ? -(WRAP)v : (WRAP)v)
#endif
  CK_MAP(CKMapSign, v > 0 ? 1 : v < 0 ? -1 : v)  // keeps NaN
  CK_MAP(CKMapRelu, v <= 0 ? 0 : v)              // likewise
  CK_MAP(CKMapSquare, (WRAP)v * (WRAP)v)
#if IS_FLOAT
  CK_MAP(CKMapReciprocal, 1 / v)
  CK_MAP(CKMapSquareRoot, __builtin_elementwise_sqrt(v))
  CK_MAP(CKMapExp, NAME(exponential)(v))
  CK_MAP(CKMapLog, NAME(logarithm)(v))
  CK_MAP(CKMapTanh, NAME(hyperbolicTangent)(v))
  CK_MAP(CKMapSigmoid, NAME(sigmoid)(v))
  CK_MAP(CKMapErrorFunction, NAME(errorFunction)(v))
  CK_MAP(CKMapGelu, v * NAME(normalDistribution)(v))
#if IS_FLOAT32
  CK_MAP_IN_RANGE(CKMapSin, sineFloat32(v, 0))
  CK_MAP_IN_RANGE(CKMapCos, sineFloat32(v, 1))
#else
  CK_MAP(CKMapSin, sin(v))
  CK_MAP(CKMapCos, cos(v))
#endif
  CK_MAP(CKMapSilu, v * NAME(sigmoid)(v))
  CK_MAP(CKMapHardswish, v * (v <= -3 ? 0 : v < 3 ? v + 3 : 6) / 6)
  CK_MAP(CKMapLog1p, NAME(logarithmOf1Plus)(v))
  CK_MAP(CKMapExpm1, NAME(exponentialMinus1)(v))
  CK_MAP(CKMapRound, __builtin_elementwise_rint(v))
  CK_MAP(CKMapFloor, __builtin_elementwise_floor(v))
  CK_MAP(CKMapCeil, __builtin_elementwise_ceil(v))
  CK_MAP(CKMapTruncate, __builtin_elementwise_trunc(v))
#endif
  default: __builtin_trap();
  }
}

#define CK_ZIP_LOOP(expression, aIndex, bIndex) \
  CK_SIMD for (size_t i = 0; i < inner; i++) { const T u = p[aIndex], v = q[bIndex]; out[i] = (expression); }

#define CK_ZIP(operation, expression) \
  case operation: CK_ROWS( \
    const T *p = (const T *)a.data + (ptrdiff_t)o * a.outer; \
    const T *q = (const T *)b.data + (ptrdiff_t)o * b.outer; \
    if (a.inner == 1 && b.inner == 1) { CK_ZIP_LOOP(expression, i, i) } \
    else if (a.inner == 1 && b.inner == 0) { CK_ZIP_LOOP(expression, i, 0) } \
    else if (a.inner == 0 && b.inner == 1) { CK_ZIP_LOOP(expression, 0, i) } \
    else { CK_ZIP_LOOP(expression, (ptrdiff_t)i * a.inner, (ptrdiff_t)i * b.inner) }) break;

static void NAME(zip)(CKZip operation, size_t inner, size_t outer, CKSource a, CKSource b, T *y) {
  switch (operation) {
  CK_ZIP(CKZipAdd, (T)((WRAP)u + (WRAP)v))
  CK_ZIP(CKZipSubtract, (T)((WRAP)u - (WRAP)v))
  CK_ZIP(CKZipMultiply, (T)((WRAP)u * (WRAP)v))
  CK_ZIP(CKZipMaximum, CK_LARGER(u, v))
  CK_ZIP(CKZipMinimum, CK_SMALLER(u, v))
#if IS_FLOAT32
  CK_ZIP_IN_RANGE(CKZipRemainder, roundedDown(shortRemainder(u, v), v))
  CK_ZIP_IN_RANGE(CKZipTruncatedRemainder, shortRemainder(u, v))
  CK_ZIP_IN_RANGE(CKZipPower, powerFloat32(u, v))
#else
  CK_ZIP(CKZipRemainder, NAME(remainder)(u, v))
  CK_ZIP(CKZipTruncatedRemainder, NAME(truncatedRemainder)(u, v))
#if IS_FLOAT
  CK_ZIP(CKZipPower, pow(u, v))
#endif
#endif
#if IS_FLOAT
  CK_ZIP(CKZipDivide, u / v)
  CK_ZIP(CKZipArcTangent, NAME(arcTangent)(u, v))
  CK_ZIP(CKZipReluGradient, v <= 0 ? 0 : u)
  CK_ZIP(CKZipSigmoidGradient, u * v * (1 - v))
  CK_ZIP(CKZipTanhGradient, u * (1 - v * v))
  CK_ZIP(CKZipGeluGradient, u * (NAME(normalDistribution)(v) + v * NAME(normalDensity)(v)))
  CK_ZIP(CKZipSiluGradient, NAME(siluGradient)(u, v))
  CK_ZIP(CKZipHardswishGradient, v <= -3 ? 0 : v < 3 ? u * (v / 3 + (T)0.5) : u)
  CK_ZIP(CKZipLeakyRelu, u > 0 ? u : u * v)
  CK_ZIP(CKZipLeakyReluSlope, u > 0 ? 1 : v)
#endif
  default: __builtin_trap();
  }
}

static void NAME(compare)(CKCompare operation, size_t inner, size_t outer, CKSource a, CKSource b, uint8_t *y) {
#undef CK_ROWS
#define CK_ROWS(body) for (size_t o = 0; o < outer; o++) { uint8_t *out = y + o * inner; body }
  switch (operation) {
  CK_ZIP(CKCompareEqual, u == v)
  CK_ZIP(CKCompareNotEqual, u != v)
  CK_ZIP(CKCompareLess, u < v)
  CK_ZIP(CKCompareLessOrEqual, u <= v)
  CK_ZIP(CKCompareGreater, u > v)
  CK_ZIP(CKCompareGreaterOrEqual, u >= v)
  }
}

#undef CK_ROWS
#undef CK_MAP
#undef CK_MAP_IN_RANGE
#undef CK_ZIP
#undef CK_ZIP_LOOP
#undef CK_ZIP_PART
#undef CK_ZIP_IN_RANGE

#define CK_SELECT_LOOP(aIndex, bIndex) \
  CK_SIMD for (size_t i = 0; i < inner; i++) { const T u = p[aIndex], v = q[bIndex]; out[i] = c[i] ? u : v; }

static void NAME(select)(size_t inner, size_t outer, CKSource condition, CKSource a, CKSource b, T *y) {
  for (size_t o = 0; o < outer; o++) {
    const uint8_t *c = (const uint8_t *)condition.data + (ptrdiff_t)o * condition.outer;
    const T *p = (const T *)a.data + (ptrdiff_t)o * a.outer, *q = (const T *)b.data + (ptrdiff_t)o * b.outer;
    T *out = y + o * inner;
    if (condition.inner == 1 && a.inner == 1 && b.inner == 1) {
      CK_SELECT_LOOP(i, i)
    } else if (condition.inner == 1 && a.inner == 1 && b.inner == 0) {
      CK_SELECT_LOOP(i, 0)
    } else if (condition.inner == 1 && a.inner == 0 && b.inner == 1) {
      CK_SELECT_LOOP(0, i)
    } else if (condition.inner == 1 && a.inner == 0 && b.inner == 0) {
      CK_SELECT_LOOP(0, 0)
    } else {
      for (size_t i = 0; i < inner; i++) {
        const ptrdiff_t at = (ptrdiff_t)i;
        out[i] = c[at * condition.inner] ? p[at * a.inner] : q[at * b.inner];
      }
    }
  }
}

#undef CK_SELECT_LOOP

#define CK_COPY(type, TO, expression) \
  case type: \
    for (size_t o = 0; o < outer; o++) { \
      const T *in = (const T *)x.data + (ptrdiff_t)o * x.outer; \
      TO *out = (TO *)y + (ptrdiff_t)o * yOuter; \
      if (x.inner == 1 && yInner == 1) { \
        CK_SIMD for (size_t i = 0; i < inner; i++) { const T v = in[i]; out[i] = (TO)(expression); } \
      } else if (x.inner == 0 && yInner == 1 && inner > 0) { \
        const T v = in[0]; \
        const TO value = (TO)(expression); \
        CK_SIMD for (size_t i = 0; i < inner; i++) { out[i] = value; } \
      } else { \
        for (ptrdiff_t i = 0; i < (ptrdiff_t)inner; i++) { \
          const T v = in[i * x.inner]; \
          out[i * yInner] = (TO)(expression); \
        } \
      } \
    } \
    break;

#if IS_FLOAT
#define CK_INTEGER(TO, MINIMUM, MAXIMUM) CK_TRUNCATE(T, TO, MINIMUM, MAXIMUM, v)
#else
#define CK_INTEGER(TO, MINIMUM, MAXIMUM) v
#endif

static void NAME(copy)(CKType to, size_t inner, size_t outer, CKSource x, void *y, ptrdiff_t yInner,
                       ptrdiff_t yOuter) {
  switch (to) {
  CK_COPY(CKTypeFloat32, float, v)
  CK_COPY(CKTypeFloat64, double, v)
  CK_COPY(CKTypeInt32, int32_t, CK_INTEGER(int32_t, INT32_MIN, INT32_MAX))
  CK_COPY(CKTypeInt64, int64_t, CK_INTEGER(int64_t, INT64_MIN, INT64_MAX))
  CK_COPY(CKTypeUInt8, uint8_t, CK_INTEGER(uint8_t, 0, UINT8_MAX))
  CK_COPY(CKTypeBool, uint8_t, v != 0)
  default: __builtin_trap();
  }
}

#undef CK_COPY
#undef CK_INTEGER
