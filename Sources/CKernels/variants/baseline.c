// What every processor of the architecture has: SSE2 (16 registers of 16 bytes) or NEON (32 of them, with FMA).
#include "../templates/common.h"

#define CK_VARIANT CKKernelsBaseline
#define CK_NAME "baseline"
#define CK_VECTOR_BYTES 16
#if defined(__aarch64__)
#define CK_FMA(a, b, c) __builtin_elementwise_fma(a, b, c)
#else
#define CK_FMA(a, b, c) ((a) * (b) + (c))
#endif
#include "../templates/kernels.inc.h"
