// Element-wise kernels for one element type (a template): one thread for each element of y. An operand's strides tell
// a dense array from a broadcast one, so there is one kernel for all layouts; `operation` is the same for all threads.

CK_INLINE T NAME(mapped)(uint32_t operation, T v) {
  switch (operation) {
  case CKMapNegate: return (T)-(WRAP)v;
  case CKMapSign: return v > 0 ? 1 : v < 0 ? (T)-1 : v;
  case CKMapRelu: return v <= 0 ? 0 : v;
  case CKMapSquare: return (T)((WRAP)v * (WRAP)v);
#if IS_FLOAT
  case CKMapAbsolute: return __builtin_elementwise_abs(v);
  case CKMapReciprocal: return 1 / v;
  case CKMapSquareRoot: return __builtin_elementwise_sqrt(v);
  case CKMapHardswish: return v * (v <= -3 ? 0 : v < 3 ? v + 3 : 6) / 6;
  case CKMapRound: return __builtin_elementwise_rint(v);
  case CKMapFloor: return __builtin_elementwise_floor(v);
  case CKMapCeil: return __builtin_elementwise_ceil(v);
  case CKMapTruncate: return __builtin_elementwise_trunc(v);
#else
  case CKMapAbsolute: return v < 0 ? (T)-(WRAP)v : v;
#endif
#if IS_FLOAT32
  case CKMapExp: return exponentialFloat32(v);
  case CKMapLog: return logarithmFloat32(v);
  case CKMapTanh: return hyperbolicTangentFloat32(v);
  case CKMapSigmoid: return sigmoidFloat32(v);
  case CKMapErrorFunction: return errorFunctionFloat32(v);
  case CKMapGelu: return v * normalDistributionFloat32(v);
  case CKMapSilu: return v * sigmoidFloat32(v);
  case CKMapSin: return anySine(v, 0);
  case CKMapCos: return anySine(v, 1);
  case CKMapLog1p: return logarithmOf1PlusFloat32(v);
  case CKMapExpm1: return exponentialMinus1Float32(v);
#endif
  default: return v;
  }
}

KERNEL(NAME(map), GPUElementwise, BUFFER(const T) x, BUFFER(T) y) {
  ELEMENT(1)
  y[i] = NAME(mapped)(n.operation, x[at[0]]);
}

#if IS_FLOAT32
CK_INLINE float siluGradient(float dy, float x) {
  const float w = sigmoidFloat32(x < 0 ? x : -x), s = x < 0 ? w : 1 - w;
  return dy * (s * (x * (x < 0 ? 1 - w : w) + 1));
}
#endif

#if !IS_FLOAT
// 0 where v is 0; division by -1 is left out, since its quotient may overflow.
CK_INLINE T NAME(wholeRemainder)(T u, T v) { return v == 0 || (v < 0 && v == (T)-1) ? 0 : (T)(u % v); }
#endif

CK_INLINE T NAME(zipped)(uint32_t operation, T u, T v) {
  switch (operation) {
  case CKZipAdd: return (T)((WRAP)u + (WRAP)v);
  case CKZipSubtract: return (T)((WRAP)u - (WRAP)v);
  case CKZipMultiply: return (T)((WRAP)u * (WRAP)v);
  case CKZipMaximum: return CK_LARGER(u, v);
  case CKZipMinimum: return CK_SMALLER(u, v);
#if IS_FLOAT
  case CKZipDivide: return u / v;
  case CKZipReluGradient: return v <= 0 ? 0 : u;
  case CKZipSigmoidGradient: return u * v * (1 - v);
  case CKZipTanhGradient: return u * (1 - v * v);
  case CKZipHardswishGradient: return v <= -3 ? 0 : v < 3 ? u * (v / 3 + (T)0.5) : u;
  case CKZipLeakyRelu: return u > 0 ? u : u * v;
  case CKZipLeakyReluSlope: return u > 0 ? 1 : v;
#else
  case CKZipTruncatedRemainder: return NAME(wholeRemainder)(u, v);
  case CKZipRemainder: {
    const T rest = NAME(wholeRemainder)(u, v);
    return rest != 0 && (rest < 0) != (v < 0) ? (T)(rest + v) : rest;
  }
#endif
#if IS_FLOAT32
  case CKZipPower: return anyPower(u, v);
  case CKZipGeluGradient: return u * (normalDistributionFloat32(v) + v * normalDensityFloat32(v));
  case CKZipSiluGradient: return siluGradient(u, v);
  case CKZipArcTangent: return arcTangentFloat32(u, v);
  case CKZipTruncatedRemainder: return anyRemainder(u, v);
  case CKZipRemainder: return roundedDown(anyRemainder(u, v), v);
#endif
  default: return u;
  }
}

KERNEL(NAME(zip), GPUElementwise, BUFFER(const T) a, BUFFER(const T) b, BUFFER(T) y) {
  ELEMENT(2)
  // A scalar's array is the other operand again: without a branch, compilers do not move the numbers into memory.
  const T scalar = (T)n.factors[0], p = a[at[0]], q = b[at[1]];
  y[i] = NAME(zipped)(n.operation, n.scalarOperand == 1 ? scalar : p, n.scalarOperand == 2 ? scalar : q);
}

KERNEL(NAME(compare), GPUElementwise, BUFFER(const T) a, BUFFER(const T) b, BUFFER(uint8_t) y) {
  ELEMENT(2)
  const T u = a[at[0]], v = b[at[1]];
  switch (n.operation) {
  case CKCompareEqual: y[i] = u == v; break;
  case CKCompareNotEqual: y[i] = u != v; break;
  case CKCompareLess: y[i] = u < v; break;
  case CKCompareLessOrEqual: y[i] = u <= v; break;
  case CKCompareGreater: y[i] = u > v; break;
  default: y[i] = u >= v; break;
  }
}

KERNEL(NAME(select), GPUElementwise, BUFFER(const uint8_t) c, BUFFER(const T) a, BUFFER(const T) b, BUFFER(T) y) {
  ELEMENT(3)
  y[i] = c[at[0]] ? a[at[1]] : b[at[2]];
}

KERNEL(NAME(fill), GPUElementwise, BUFFER(T) y) {
  const uint32_t i = element();
  if (i < n.count) { y[i] = (T)n.factors[0]; }
}

#if IS_FLOAT
KERNEL(NAME(update), GPUElementwise, BUFFER(const T) u, BUFFER(const T) v, BUFFER(T) y) {
  const uint32_t i = element();
  if (i >= n.count) { return; }
  const T keep = (T)n.factors[0], scale = (T)n.factors[1], root = (T)n.factors[2], epsilon = (T)n.factors[3];
  T step = u[i];
  if (n.operation == CKUpdateAddProduct) { step = step * v[i]; }
  if (n.operation == CKUpdateAddQuotient) { step = step / (root * __builtin_elementwise_sqrt(v[i]) + epsilon); }
  y[i] = keep * y[i] + scale * step;
}
#define WHOLE(TO, MINIMUM, MAXIMUM) CK_TRUNCATE(T, TO, MINIMUM, MAXIMUM, v)
#else
#define WHOLE(TO, MINIMUM, MAXIMUM) (TO)v
#endif

// y may have gaps: its strides are the second operand's.
KERNEL(NAME(copy), GPUElementwise, BUFFER(const T) x, BUFFER(void) y) {
  ELEMENT(2)
  const T v = x[at[0]];
  switch (n.operation) {
  case CKTypeFloat32: ((BUFFER(float))y)[at[1]] = (float)v; break;
  case CKTypeFloat64: ((BUFFER(double))y)[at[1]] = (double)v; break;
  case CKTypeInt32: ((BUFFER(int32_t))y)[at[1]] = WHOLE(int32_t, INT32_MIN, INT32_MAX); break;
  case CKTypeInt64: ((BUFFER(int64_t))y)[at[1]] = WHOLE(int64_t, INT64_MIN, INT64_MAX); break;
  case CKTypeUInt8: ((BUFFER(uint8_t))y)[at[1]] = WHOLE(uint8_t, 0, UINT8_MAX); break;
  case CKTypeBool: ((BUFFER(uint8_t))y)[at[1]] = v != 0; break;
#if IS_FLOAT32
  case CKTypeFloat16: ((BUFFER(uint16_t))y)[at[1]] = floatToFloat16(v); break;
  case CKTypeBFloat16: ((BUFFER(uint16_t))y)[at[1]] = floatToBFloat16(v); break;
#endif
  }
}

#undef WHOLE

#if IS_FLOAT32
#define COPY_HALVES(name, own, widened) \
  KERNEL(name, GPUElementwise, BUFFER(const uint16_t) x, BUFFER(void) y) { \
    ELEMENT(2) \
    const uint16_t v = x[at[0]]; \
    if (n.operation == own) { \
      ((BUFFER(uint16_t))y)[at[1]] = v; \
    } else { \
      ((BUFFER(float))y)[at[1]] = widened(v); \
    } \
  }

COPY_HALVES(copyFloat16, CKTypeFloat16, float16ToFloat)
COPY_HALVES(copyBFloat16, CKTypeBFloat16, bfloat16ToFloat)

#undef COPY_HALVES
#endif
