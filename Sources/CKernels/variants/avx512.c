// AVX-512: 32 registers of 64 bytes.
#include "../templates/common.h"

#if defined(__x86_64__)
#pragma clang attribute push(__attribute__((target("avx512f,avx512bw,avx512dq,avx512vl,avx2,fma"))), \
                             apply_to = function)
#define CK_VARIANT CKKernelsAVX512
#define CK_NAME "avx512"
#define CK_VECTOR_BYTES 64
#define CK_FMA(a, b, c) __builtin_elementwise_fma(a, b, c)
#include "../templates/kernels.inc.h"
#pragma clang attribute pop
#endif
