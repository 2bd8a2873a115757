// What every processor of the architecture has: SSE2 (16 registers of 16 bytes) or NEON (32 of them, with FMA).
#include "../templates/common.h"

#define CK_VARIANT CKKernelsBaseline
#define CK_NAME "baseline"
#define CK_VECTOR_BYTES 16
#define CK_BLOCK_BYTES 16
#if defined(__aarch64__)
#define CK_TILE_ROWS 8
#define CK_TILE_VECTORS 3
#define CK_LANE_OUTPUTS 6
#define CK_LANE_PIXELS 4
#define CK_LANE_TAPS 4
#define CK_LANE_SUMS 20
#define CK_FMA(a, b, c) __builtin_elementwise_fma(a, b, c)
#else
#ifndef CK_TILE_ROWS
#define CK_TILE_ROWS 4
#define CK_TILE_VECTORS 2
#endif
#define CK_LANE_OUTPUTS 4
#define CK_LANE_PIXELS 2
#define CK_LANE_TAPS 2
#define CK_LANE_SUMS 8
#define CK_FMA(a, b, c) ((a) * (b) + (c))
#endif
#include "../templates/kernels.inc.h"
