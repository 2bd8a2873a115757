// Includes the file CK_TEMPLATE once for every element type (or, with CK_FLOATS_ONLY, for the floating-point ones),
// so that a body is written once. A template sees T, the element type; WRAP, an unsigned type whose arithmetic wraps
// round (signed overflow is undefined); NAME(f), f's name for this type; IS_FLOAT. Bool shares uint8's bodies.

#define T float
#define WRAP float
#define IS_FLOAT 1
#define IS_FLOAT32 1
#define NAME(f) f##Float32
#include CK_TEMPLATE
#undef T
#undef WRAP
#undef IS_FLOAT32
#undef NAME

#define T double
#define WRAP double
#define IS_FLOAT32 0
#define NAME(f) f##Float64
#include CK_TEMPLATE
#undef T
#undef WRAP
#undef IS_FLOAT
#undef NAME

#ifndef CK_FLOATS_ONLY

#define T int32_t
#define WRAP uint32_t
#define IS_FLOAT 0
#define NAME(f) f##Int32
#include CK_TEMPLATE
#undef T
#undef WRAP
#undef NAME

#define T int64_t
#define WRAP uint64_t
#define NAME(f) f##Int64
#include CK_TEMPLATE
#undef T
#undef WRAP
#undef NAME

#define T uint8_t
#define WRAP uint32_t
#define NAME(f) f##UInt8
#include CK_TEMPLATE
#undef T
#undef WRAP
#undef IS_FLOAT
#undef NAME

#endif
#undef IS_FLOAT32
#undef CK_TEMPLATE
#undef CK_FLOATS_ONLY
