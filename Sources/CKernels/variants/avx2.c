// AVX2 and FMA: 16 registers of 32 bytes.
#include "../templates/common.h"

#if defined(__x86_64__)
#pragma clang attribute push(__attribute__((target("avx2,fma"))), apply_to = function)
#define CK_VARIANT CKKernelsAVX2
#define CK_NAME "avx2"
#define CK_VECTOR_BYTES 32
#define CK_FMA(a, b, c) __builtin_elementwise_fma(a, b, c)
#include "../templates/kernels.inc.h"
#pragma clang attribute pop
#endif
