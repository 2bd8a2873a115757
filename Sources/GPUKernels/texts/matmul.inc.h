// Products of matrices of any strides for one floating-point type (a template): a block of 16 x 16 threads makes a tile
// of y, each thread WIDTH x WIDTH elements 16 apart. Each element adds its products in the order of the depth.

#define SIDE 16
#define DEPTH 16

// A tile of an operand, [DEPTH][tile], zeros outside: threads that follow each other read along the shorter stride.
#define LOAD(cells, TILE, data, first, limit, stride, depthStride) \
  for (uint32_t e = t; e < TILE * DEPTH; e += SIDE * SIDE) { \
    const int isAlongDepth = depthStride == 1; \
    const uint32_t k = isAlongDepth ? e % DEPTH : e / TILE, r = isAlongDepth ? e / DEPTH : e % TILE; \
    const int isInside = first + r < limit && start + k < n.depth; \
    cells[k * (TILE + 1) + r] = \
      isInside ? data[(int64_t)(first + r) * stride + (int64_t)(start + k) * depthStride] : 0; \
  }

#define DEFINE_PRODUCT(name, WIDTH) \
  KERNEL(name, GPUProduct, BUFFER(const T) a, BUFFER(const T) b, BUFFER(T) y) { \
    enum { tile = SIDE * WIDTH }; \
    SHARED(T, left, DEPTH * (tile + 1)); \
    SHARED(T, right, DEPTH * (tile + 1)); \
    const uint32_t t = THREAD(), tileRows = (n.rows + tile - 1) / tile, tileColumns = (n.columns + tile - 1) / tile; \
    const uint32_t column = BLOCK() % tileColumns * tile, row = BLOCK() / tileColumns % tileRows * tile; \
    const uint32_t product = BLOCK() / tileColumns / tileRows; \
    uint32_t rest = product; \
    for (uint32_t axis = n.batchRank; axis-- > 0;) { \
      const uint32_t next = rest / n.sizes[axis], index = rest - next * n.sizes[axis]; \
      a += (int64_t)index * n.strides[axis]; \
      b += (int64_t)index * n.strides[GPUAxes + axis]; \
      rest = next; \
    } \
    const uint32_t ownRow = t / SIDE, ownColumn = t % SIDE; \
    T sum[WIDTH][WIDTH]; \
    UNROLL for (int i = 0; i < WIDTH; i++) { \
      UNROLL for (int j = 0; j < WIDTH; j++) { sum[i][j] = 0; } \
    } \
    for (uint32_t start = 0; start < n.depth; start += DEPTH) { \
      LOAD(left, tile, a, row, n.rows, n.aRow, n.aColumn) \
      LOAD(right, tile, b, column, n.columns, n.bColumn, n.bRow) \
      BARRIER(); \
      UNROLL for (int k = 0; k < DEPTH; k++) { \
        T p[WIDTH], q[WIDTH]; \
        UNROLL for (int i = 0; i < WIDTH; i++) { p[i] = left[k * (tile + 1) + ownRow + i * SIDE]; } \
        UNROLL for (int j = 0; j < WIDTH; j++) { q[j] = right[k * (tile + 1) + ownColumn + j * SIDE]; } \
        UNROLL for (int i = 0; i < WIDTH; i++) { \
          UNROLL for (int j = 0; j < WIDTH; j++) { sum[i][j] = CK_FMA(p[i], q[j], sum[i][j]); } \
        } \
      } \
      BARRIER(); \
    } \
    UNROLL for (int i = 0; i < WIDTH; i++) { \
      UNROLL for (int j = 0; j < WIDTH; j++) { \
        const uint32_t r = row + ownRow + i * SIDE, c = column + ownColumn + j * SIDE; \
        if (r < n.rows && c < n.columns) { \
          y[((uint64_t)product * n.rows + r) * n.columns + c] = sum[i][j]; \
        } \
      } \
    } \
  }

DEFINE_PRODUCT(NAME(matmul), 4)
// For products with too few tiles of that size to keep a GPU busy.
DEFINE_PRODUCT(NAME(smallMatmul), 1)

#undef SIDE
#undef DEPTH
#undef LOAD
#undef DEFINE_PRODUCT
