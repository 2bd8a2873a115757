// What every kernel file needs. Not part of the module's interface.
#ifndef CK_COMMON_H
#define CK_COMMON_H

#include <limits.h>
#include <math.h>
#include <string.h>

#include "CKernels.h"

extern const CKKernels CKKernelsAVX512, CKKernelsAVX2, CKKernelsBaseline, CKKernelsReference;

// Results must not depend on what the compiler happens to fuse; where a fused operation is wanted, it says CK_FMA.
#pragma STDC FP_CONTRACT OFF

// An output may be the very memory of a source, element by element: independent iterations, but no `restrict`. Where
// a loop cannot be vectorized (libm calls), that is known and no warning is wanted.
#define CK_SIMD _Pragma("clang loop vectorize(assume_safety)")
// A function is one long chain of operations: four vectors of them at a time keep the processor busy.
#define CK_SIMD_CHAINS _Pragma("clang loop vectorize(assume_safety) interleave_count(4)")
#define CK_UNROLL _Pragma("clang loop unroll(full)")
#define CK_INLINE static inline __attribute__((always_inline, unused))
#pragma clang diagnostic ignored "-Wpass-failed"
#pragma clang diagnostic ignored "-Wtautological-compare"  // x != x, in bodies shared with integers

#define CK_DISPATCH_FLOATS(type, function, ...) \
  switch (type) { \
  case CKTypeFloat32: function##Float32(__VA_ARGS__); break; \
  case CKTypeFloat64: function##Float64(__VA_ARGS__); break; \
  default: __builtin_trap(); \
  }

#define CK_DISPATCH(type, function, ...) \
  switch (type) { \
  case CKTypeFloat32: function##Float32(__VA_ARGS__); break; \
  case CKTypeFloat64: function##Float64(__VA_ARGS__); break; \
  case CKTypeInt32: function##Int32(__VA_ARGS__); break; \
  case CKTypeInt64: function##Int64(__VA_ARGS__); break; \
  case CKTypeUInt8: \
  case CKTypeBool: function##UInt8(__VA_ARGS__); break; \
  default: __builtin_trap(); \
  }

CK_INLINE ptrdiff_t CKMin(ptrdiff_t a, ptrdiff_t b) { return a < b ? a : b; }
CK_INLINE ptrdiff_t CKMax(ptrdiff_t a, ptrdiff_t b) { return a > b ? a : b; }

// Of scalars or vectors; NaN wins, in either operand.
#define CK_LARGER(u, v) ((((u) > (v)) | ((u) != (u))) ? (u) : (v))
#define CK_SMALLER(u, v) ((((u) < (v)) | ((u) != (u))) ? (u) : (v))

// Truncates like a C cast, but is defined for every value: out of range gives the nearest integer, NaN gives zero.
#define CK_TRUNCATE(FROM, TO, MINIMUM, MAXIMUM, x) \
  ((x) >= (FROM)((double)(MAXIMUM) + 1) ? (TO)(MAXIMUM) \
   : (x) > (FROM)(MINIMUM) ? (TO)(x) : (x) != (x) ? (TO)0 : (TO)(MINIMUM))

#endif
