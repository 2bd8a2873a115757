// AVX2 and FMA: 16 registers of 32 bytes; the tile of 6 x 2 vectors takes 12 of them.
#include "../templates/common.h"

#if defined(__x86_64__)
#pragma clang attribute push(__attribute__((target("avx2,fma"))), apply_to = function)
#define CK_VARIANT CKKernelsAVX2
#define CK_NAME "avx2"
#define CK_VECTOR_BYTES 32
#define CK_BLOCK_BYTES 32
#ifndef CK_TILE_ROWS
#define CK_TILE_ROWS 6
#define CK_TILE_VECTORS 2
#endif
#define CK_LANE_OUTPUTS 6
#define CK_LANE_PIXELS 2
#define CK_LANE_TAPS 5
#define CK_LANE_SUMS 12
#define CK_FMA(a, b, c) __builtin_elementwise_fma(a, b, c)
#include "../templates/kernels.inc.h"
#pragma clang attribute pop
#endif
