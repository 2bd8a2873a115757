// AVX-512: 32 registers of 64 bytes. The tile of 8 x 3 vectors takes 24 of them and suits few rows and columns.
#include "../templates/common.h"

#if defined(__x86_64__)
#pragma clang attribute push(__attribute__((target("avx512f,avx512bw,avx512dq,avx512vl,avx2,fma"))), \
                             apply_to = function)
#define CK_VARIANT CKKernelsAVX512
#define CK_NAME "avx512"
#define CK_VECTOR_BYTES 64
#define CK_BLOCK_BYTES 32
#ifndef CK_TILE_ROWS
#define CK_TILE_ROWS 8
#define CK_TILE_VECTORS 3
#endif
#define CK_LANE_OUTPUTS 6
#define CK_LANE_PIXELS 4
#define CK_LANE_TAPS 5
#define CK_LANE_SUMS 25
#define CK_FMA(a, b, c) __builtin_elementwise_fma(a, b, c)
#include "../templates/kernels.inc.h"
#pragma clang attribute pop
#endif
