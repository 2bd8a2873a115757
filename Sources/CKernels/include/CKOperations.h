// Element types and operations: what the C kernels and the GPU kernels share.
#ifndef CKOPERATIONS_H
#define CKOPERATIONS_H

#include <stdint.h>

#define CK_ENUM(name) enum __attribute__((enum_extensibility(closed))) name : uint8_t

/// Element types; the raw values are those of Swift's `DType`.
typedef CK_ENUM(CKType) {
  CKTypeFloat32,
  CKTypeFloat64,
  CKTypeInt32,
  CKTypeInt64,
  CKTypeUInt8,
  CKTypeBool,
  CKTypeFloat16,   // stored only: `copy` alone knows it, from and to float32
  CKTypeBFloat16,  // likewise
} CKType;

/// y = f(x). Integers know negate, absolute, sign, relu and square; the rest is for floating point.
typedef CK_ENUM(CKMap) {
  CKMapNegate,
  CKMapAbsolute,
  CKMapSign,
  CKMapRelu,
  CKMapSquare,
  CKMapReciprocal,
  CKMapSquareRoot,
  CKMapExp,
  CKMapLog,
  CKMapTanh,
  CKMapSigmoid,
  CKMapErrorFunction,
  CKMapGelu,  // x times the probability that a standard normal variable is below x
  CKMapSilu,       // x * sigmoid(x)
  CKMapHardswish,  // x * (x + 3) / 6, x + 3 cut off at 0 and 6
  CKMapSin,
  CKMapCos,
  CKMapLog1p,
  CKMapExpm1,
  CKMapRound,  // ties to even
  CKMapFloor,
  CKMapCeil,
  CKMapTruncate,
} CKMap;

/// y = f(a, b). Integers know add, subtract, multiply, maximum, minimum and the remainders; the rest is for floating point.
typedef CK_ENUM(CKZip) {
  CKZipAdd,
  CKZipSubtract,
  CKZipMultiply,
  CKZipDivide,
  CKZipPower,
  CKZipMaximum,  // NaN in either operand gives NaN
  CKZipMinimum,  // likewise
  CKZipReluGradient,     // a where b > 0, else 0; a NaN in b gives a (as PyTorch)
  CKZipSigmoidGradient,  // a * b * (1 - b)
  CKZipTanhGradient,     // a * (1 - b * b)
  CKZipGeluGradient,     // a times gelu's derivative at b
  CKZipSiluGradient,       // a times silu's derivative at b
  CKZipHardswishGradient,  // a times hardswish's derivative at b: 0 at -3 and 1 at 3
  CKZipLeakyRelu,       // a where a > 0, else a * b
  CKZipLeakyReluSlope,  // 1 where a > 0, else b
  CKZipArcTangent,       // the angle of the point (b, a)
  CKZipRemainder,          // of the division rounded down: b's sign; 0 for integers where b is 0
  CKZipTruncatedRemainder, // of the division rounded towards zero: a's sign; likewise
} CKZip;

/// y = a ? b, as bool; comparisons with NaN are false, except notEqual.
typedef CK_ENUM(CKCompare) {
  CKCompareEqual,
  CKCompareNotEqual,
  CKCompareLess,
  CKCompareLessOrEqual,
  CKCompareGreater,
  CKCompareGreaterOrEqual,
} CKCompare;

/// NaN wins in maximum and minimum. Integers know all three.
typedef CK_ENUM(CKReduce) {
  CKReduceSum,
  CKReduceMaximum,
  CKReduceMinimum,
} CKReduce;

/// y = keep * y + scale * f(u, v), in place: the steps of optimizers and running averages. Floating point only.
typedef CK_ENUM(CKUpdate) {
  CKUpdateAdd,          // u
  CKUpdateAddProduct,   // u * v
  CKUpdateAddQuotient,  // u / (root * sqrt(v) + epsilon)
} CKUpdate;

#endif
