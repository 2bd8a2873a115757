// Every constant by which the kernels are tuned, with its unit and what is known of it; "not measured" marks an estimate.
// The thresholds of the Swift side are in Sources/Autograd/Backend/CPU/Tuning.swift. A variant sets CK_VECTOR_BYTES first.
//
// All of them decide sizes of blocks and tiles. Those of sums also decide the order of additions: changing one changes
// bits.

enum {
  sumLanes = 32,          // accumulators of a sum, more than one register holds, so that additions overlap (not measured)
  sumBlock = 1024,        // elements added in their own type before float64 takes over: bounds the rounding error
  sumRows = 128,          // likewise rows of a sum over columns
  exponentialGroup = 16,  // exponentials at a time at the end of a short row: a vector of AVX-512 (not measured)
  rangeBlock = 256,       // elements whose range is tested before vector code runs on them (not measured)
  poolBlock = 64,         // outputs of a max pool whose candidates stay in registers and L1 (not measured)
  normalPairsBlock = 64,  // pairs of normal numbers between two looks at open roundings (not measured)
  gatherPrefetch = 16384, // bytes of a plane that a gather fetches first; 0.6 ms instead of 0.8 with 1024 floats a plane
  rowPrefetch = 16384,    // bytes of the next row that a normalization fetches; 0.80 of the time at 4096 rows of 512 floats
  bandTarget = 4096,      // elements of the bands of several panels of im2col: a part of the L1 cache (not measured)
  bandCapacity = 16384,   // elements of one band on the stack; beyond it patches are read one by one
};

// Tiles of matrix products: CK_TILE_ROWS x CK_TILE_VECTORS sums in registers. Of the batch-interleaved convolution:
// CK_LANE_OUTPUTS channels x CK_LANE_PIXELS pixels; of its weight gradient CK_LANE_SUMS weights and pixels, at most CK_LANE_TAPS
// of them along a row. CK_BLOCK_BYTES are the vectors of transpositions. GFLOP/s are of one core.
#if CK_VECTOR_BYTES == 64  // AVX-512, 32 registers
#define CK_BLOCK_BYTES 32
#define CK_LANE_OUTPUTS 6
#define CK_LANE_PIXELS 4
#define CK_LANE_TAPS 5
#define CK_LANE_SUMS 30
#define CK_TILE_ROWS 8  // 98 to 116 GFLOP/s; tiles of 14 x 2 and 12 x 2 103 to 105
#define CK_TILE_VECTORS 3
#elif CK_VECTOR_BYTES == 32  // AVX2, 16 registers: 76 to 95 GFLOP/s
#define CK_BLOCK_BYTES 32
#define CK_LANE_OUTPUTS 6
#define CK_LANE_PIXELS 2
#define CK_LANE_TAPS 5
#define CK_LANE_SUMS 15  // two outputs of four taps: 81 to 94 GFLOP/s, three 46
#define CK_TILE_ROWS 6
#define CK_TILE_VECTORS 2
#elif defined(__aarch64__)  // NEON, 32 registers (not measured)
#define CK_BLOCK_BYTES 16
#define CK_LANE_OUTPUTS 6
#define CK_LANE_PIXELS 4
#define CK_LANE_TAPS 4
#define CK_LANE_SUMS 24
#define CK_TILE_ROWS 8
#define CK_TILE_VECTORS 3
#else  // SSE2, 16 registers (not measured)
#define CK_BLOCK_BYTES 16
#define CK_LANE_OUTPUTS 4
#define CK_LANE_PIXELS 2
#define CK_LANE_TAPS 2
#define CK_LANE_SUMS 10
#define CK_TILE_ROWS 4
#define CK_TILE_VECTORS 2
#endif
