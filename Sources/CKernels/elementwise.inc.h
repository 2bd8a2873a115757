// Element-wise loops for one element type (a template, see types.inc.h).

// Each operation gets its own loops, for the strides that the compiler can vectorise (1 and 0) and for any other.
#define CK_ROWS(body) for (size_t o = 0; o < outer; o++) { T *out = y + o * inner; body }

#define CK_MAP(operation, expression) \
  case operation: CK_ROWS( \
    const T *in = (const T *)x.data + (ptrdiff_t)o * x.outer; \
    if (x.inner == 1) { \
      CK_SIMD_CHAINS for (size_t i = 0; i < inner; i++) { const T v = in[i]; out[i] = (T)(expression); } \
    } else { \
      for (size_t i = 0; i < inner; i++) { const T v = in[(ptrdiff_t)i * x.inner]; out[i] = (T)(expression); } \
    }) break;

// The same for an expression that holds between bounds only: blocks with other elements take the C library's function.
#define CK_MAP_WITHIN(operation, limit, expression, other) \
  case operation: CK_ROWS( \
    const T *in = (const T *)x.data + (ptrdiff_t)o * x.outer; \
    for (size_t start = 0; start < inner; start += 256) { \
      const size_t end = inner - start < 256 ? inner : start + 256; \
      unsigned isWithin = x.inner == 1; \
      if (isWithin) { for (size_t i = start; i < end; i++) { isWithin &= fabsf(in[i]) <= (limit); } } \
      if (isWithin) { \
        CK_SIMD_CHAINS for (size_t i = start; i < end; i++) { const T v = in[i]; out[i] = (expression); } \
      } else { \
        for (size_t i = start; i < end; i++) { const T v = in[(ptrdiff_t)i * x.inner]; out[i] = (other); } \
      } \
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
  CK_MAP_WITHIN(CKMapSin, CK_SINE_LIMIT, sineFloat32(v, 0), sinf(v))
  CK_MAP_WITHIN(CKMapCos, CK_SINE_LIMIT, sineFloat32(v, 1), cosf(v))
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

// As CK_MAP_WITHIN, where `guard` holds for all of a block.
#define CK_ZIP_PART(guard, expression, aIndex, bIndex) \
  for (size_t i = start; i < end; i++) { const T u = p[aIndex], v = q[bIndex]; isWithin &= (guard); } \
  if (isWithin) { \
    CK_SIMD_CHAINS for (size_t i = start; i < end; i++) { \
      const T u = p[aIndex], v = q[bIndex]; \
      out[i] = (expression); \
    } \
  }

#define CK_ZIP_WITHIN(operation, guard, expression, other) \
  case operation: CK_ROWS( \
    const T *p = (const T *)a.data + (ptrdiff_t)o * a.outer; \
    const T *q = (const T *)b.data + (ptrdiff_t)o * b.outer; \
    for (size_t start = 0; start < inner; start += 256) { \
      const size_t end = inner - start < 256 ? inner : start + 256; \
      int isWithin = 1; \
      if (a.inner == 1 && b.inner == 1) { CK_ZIP_PART(guard, expression, i, i) } \
      else if (a.inner == 1 && b.inner == 0) { CK_ZIP_PART(guard, expression, i, 0) } \
      else if (a.inner == 0 && b.inner == 1) { CK_ZIP_PART(guard, expression, 0, i) } \
      else { isWithin = 0; } \
      for (size_t i = start; !isWithin && i < end; i++) { \
        const T u = p[(ptrdiff_t)i * a.inner]; \
        const T v = q[(ptrdiff_t)i * b.inner]; \
        out[i] = (other); \
      } \
    }) break;

static void NAME(zip)(CKZip operation, size_t inner, size_t outer, CKSource a, CKSource b, T *y) {
  switch (operation) {
  CK_ZIP(CKZipAdd, (T)((WRAP)u + (WRAP)v))
  CK_ZIP(CKZipSubtract, (T)((WRAP)u - (WRAP)v))
  CK_ZIP(CKZipMultiply, (T)((WRAP)u * (WRAP)v))
  CK_ZIP(CKZipMaximum, CK_LARGER(u, v))
  CK_ZIP(CKZipMinimum, CK_SMALLER(u, v))
#if IS_FLOAT32
  CK_ZIP_WITHIN(CKZipRemainder, CK_HAS_SHORT_QUOTIENT(u, v), roundedDown(shortRemainder(u, v), v),
                remainderFloat32(u, v))
  CK_ZIP_WITHIN(CKZipTruncatedRemainder, CK_HAS_SHORT_QUOTIENT(u, v), shortRemainder(u, v),
                truncatedRemainderFloat32(u, v))
  CK_ZIP_WITHIN(CKZipArcTangent, CK_HAS_PLAIN_ANGLE(u, v), arcTangentFloat32(u, v), atan2f(u, v))
  CK_ZIP_WITHIN(CKZipPower, CK_HAS_PLAIN_POWER(u, v), powerFloat32(u, v), powf(u, v))
#else
  CK_ZIP(CKZipRemainder, NAME(remainder)(u, v))
  CK_ZIP(CKZipTruncatedRemainder, NAME(truncatedRemainder)(u, v))
#if IS_FLOAT
  CK_ZIP(CKZipArcTangent, atan2(u, v))
  CK_ZIP(CKZipPower, pow(u, v))
#endif
#endif
#if IS_FLOAT
  CK_ZIP(CKZipDivide, u / v)
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
#undef CK_MAP_WITHIN
#undef CK_ZIP
#undef CK_ZIP_LOOP
#undef CK_ZIP_PART
#undef CK_ZIP_WITHIN

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
