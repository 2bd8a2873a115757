// Matrix product on packed panels for one floating-point type (a template, see types.inc.h). A variant says how wide
// its vectors are (CK_VECTOR_BYTES) and how large a tile its registers hold: CK_TILE_ROWS x CK_TILE_VECTORS.

#define CK_LANES ((int)(CK_VECTOR_BYTES / sizeof(T)))
typedef T NAME(Vector) __attribute__((ext_vector_type(CK_VECTOR_BYTES / sizeof(T))));
typedef T NAME(Loose) __attribute__((ext_vector_type(CK_VECTOR_BYTES / sizeof(T)), aligned(sizeof(T)), may_alias));

// The left operand: element (row, k) of a panel is at row * rowStep + k * step, the next panel at panelStep.
typedef struct { const T *data; ptrdiff_t panelStep, rowStep, step; } NAME(Left);

// The right operand: vectors at k * step, the next panel at panelStep.
typedef struct { const T *data; ptrdiff_t panelStep, step; } NAME(Right);

// One tile of whole vectors. `rows` and `vectors` are constants at every call, so that the sums live in registers.
CK_INLINE void NAME(tile)(const int rows, const int vectors, size_t depth, const T *left, ptrdiff_t rowStep,
                          ptrdiff_t step, const T *right, ptrdiff_t rightStep, T *c, ptrdiff_t cRow,
                          bool accumulate) {
  NAME(Vector) sums[CK_TILE_ROWS][CK_TILE_VECTORS];
  const T *from[CK_TILE_ROWS];
  CK_UNROLL for (int row = 0; row < rows; row++) {
    from[row] = left + row * rowStep;
    CK_UNROLL for (int v = 0; v < vectors; v++) { sums[row][v] = (NAME(Vector)){0}; }
  }
  ptrdiff_t at = 0;
  for (size_t k = 0; k < depth; k++, at += step) {
    NAME(Vector) b[CK_TILE_VECTORS];
    CK_UNROLL for (int v = 0; v < vectors; v++) { b[v] = *(const NAME(Loose) *)(right + v * CK_LANES); }
    CK_UNROLL for (int row = 0; row < rows; row++) {
      const NAME(Vector) a = from[row][at];
      CK_UNROLL for (int v = 0; v < vectors; v++) { sums[row][v] = CK_FMA(a, b[v], sums[row][v]); }
    }
    right += rightStep;
  }
  CK_UNROLL for (int row = 0; row < rows; row++) {
    CK_UNROLL for (int v = 0; v < vectors; v++) {
      NAME(Loose) *to = (NAME(Loose) *)(c + row * cRow + v * CK_LANES);
      *to = accumulate ? *to + sums[row][v] : sums[row][v];
    }
  }
}

#define CK_TILE(rows, vectors) \
  case (vectors) * 16 + (rows): \
    if (rows <= CK_TILE_ROWS && vectors <= CK_TILE_VECTORS) { \
      NAME(tile)(rows, vectors, depth, from, left.rowStep, left.step, fromRight, right.step, to, toRow, toAccumulates); \
    } \
    break;
#define CK_TILES(vectors) \
  CK_TILE(1, vectors) CK_TILE(2, vectors) CK_TILE(3, vectors) CK_TILE(4, vectors) CK_TILE(5, vectors) \
  CK_TILE(6, vectors) CK_TILE(7, vectors) CK_TILE(8, vectors) CK_TILE(9, vectors) CK_TILE(10, vectors) \
  CK_TILE(11, vectors) CK_TILE(12, vectors) CK_TILE(13, vectors) CK_TILE(14, vectors)

// A right panel stays in the cache while the left ones go by. A tile that ends within a vector goes through a buffer:
// its partial vectors in the tile's own code would cost the inner loop registers.
static void NAME(multiplyTiles)(size_t rows, size_t columns, size_t depth, NAME(Left) left, NAME(Right) right, T *c,
                                ptrdiff_t cRow, bool accumulate) {
  enum { width = CK_TILE_VECTORS * CK_VECTOR_BYTES / sizeof(T) };
  T buffer[CK_TILE_ROWS * width];
  for (size_t column = 0; column < columns; column += width) {
    const size_t part = columns - column < width ? columns - column : width;
    const bool whole = part % CK_LANES == 0;
    const T *fromRight = right.data, *from = left.data;
    right.data += right.panelStep;
    for (size_t row = 0; row < rows; row += CK_TILE_ROWS, from += left.panelStep) {
      const size_t height = rows - row < CK_TILE_ROWS ? rows - row : CK_TILE_ROWS;
      T *target = c + (ptrdiff_t)row * cRow + column, *to = whole ? target : buffer;
      const ptrdiff_t toRow = whole ? cRow : width;
      const bool toAccumulates = whole && accumulate;
      switch ((part + CK_LANES - 1) / CK_LANES * 16 + height) {
      CK_TILES(1)
      CK_TILES(2)
      CK_TILES(3)
      CK_TILES(4)
      }
      if (whole) { continue; }
      for (size_t i = 0; i < height; i++, target += cRow) {
        const T *sums = buffer + i * width;
        if (accumulate) {
          CK_SIMD for (size_t j = 0; j < part; j++) { target[j] += sums[j]; }
        } else {
          CK_SIMD for (size_t j = 0; j < part; j++) { target[j] = sums[j]; }
        }
      }
    }
  }
}

CK_INLINE NAME(Right) NAME(packed)(const T *panels, size_t depth) {
  const ptrdiff_t width = CK_TILE_VECTORS * CK_LANES;
  return (NAME(Right)){panels, width * (ptrdiff_t)depth, width};
}

static void NAME(multiplyPanels)(size_t rows, size_t columns, size_t depth, const T *leftPanels,
                                 const T *rightPanels, T *c, ptrdiff_t cRow, bool accumulate) {
  const NAME(Left) left = {leftPanels, CK_TILE_ROWS * (ptrdiff_t)depth, 1, CK_TILE_ROWS};
  NAME(multiplyTiles)(rows, columns, depth, left, NAME(packed)(rightPanels, depth), c, cRow, accumulate);
}

static void NAME(multiplyRows)(size_t rows, size_t columns, size_t depth, CKSource source, const T *rightPanels, T *c,
                               ptrdiff_t cRow, bool accumulate) {
  const NAME(Left) left = {source.data, CK_TILE_ROWS * source.outer, source.outer, source.inner};
  NAME(multiplyTiles)(rows, columns, depth, left, NAME(packed)(rightPanels, depth), c, cRow, accumulate);
}

static void NAME(multiplyMatrices)(size_t rows, size_t columns, size_t depth, CKSource source, const T *b,
                                   ptrdiff_t bRow, T *c, ptrdiff_t cRow, bool accumulate) {
  const NAME(Left) left = {source.data, CK_TILE_ROWS * source.outer, source.outer, source.inner};
  const NAME(Right) right = {b, CK_TILE_VECTORS * CK_LANES, bRow};
  NAME(multiplyTiles)(rows, columns, depth, left, right, c, cRow, accumulate);
}

// A few columns, each contiguous in memory: dot products, a vector of partial sums for each column.
CK_INLINE void NAME(dotColumns)(const int columns, size_t depth, const T *x, const T *b, ptrdiff_t outer, T *y) {
  NAME(Vector) sums[4];
  CK_UNROLL for (int j = 0; j < columns; j++) { sums[j] = (NAME(Vector)){0}; }
  size_t k = 0;
  for (; k + CK_LANES <= depth; k += CK_LANES) {
    const NAME(Vector) value = *(const NAME(Loose) *)(x + k);
    CK_UNROLL for (int j = 0; j < columns; j++) {
      sums[j] = CK_FMA(value, *(const NAME(Loose) *)(b + j * outer + k), sums[j]);
    }
  }
  CK_UNROLL for (int j = 0; j < columns; j++) {
    T lanes[CK_LANES];
    memcpy(lanes, &sums[j], sizeof lanes);
    CK_UNROLL for (int width = CK_LANES / 2; width > 0; width /= 2) {
      CK_UNROLL for (int lane = 0; lane < width; lane++) { lanes[lane] += lanes[lane + width]; }
    }
    T total = lanes[0];
    for (size_t rest = k; rest < depth; rest++) { total += x[rest] * b[j * outer + (ptrdiff_t)rest]; }
    y[j] = total;
  }
}

// Some vectors of neighboring columns, whose elements of one depth are contiguous.
CK_INLINE void NAME(sumVectors)(const int vectors, size_t depth, const T *x, const T *b, ptrdiff_t inner, T *y) {
  NAME(Vector) sums[4];
  CK_UNROLL for (int v = 0; v < vectors; v++) { sums[v] = (NAME(Vector)){0}; }
  for (size_t k = 0; k < depth; k++, b += inner) {
    const NAME(Vector) value = x[k];
    CK_UNROLL for (int v = 0; v < vectors; v++) {
      sums[v] = CK_FMA(value, *(const NAME(Loose) *)(b + v * CK_LANES), sums[v]);
    }
  }
  CK_UNROLL for (int v = 0; v < vectors; v++) { *(NAME(Loose) *)(y + v * CK_LANES) = sums[v]; }
}

static void NAME(multiplyVector)(size_t columns, size_t depth, const T *x, CKSource source, T *y) {
  const T *b = (const T *)source.data;
  size_t j = 0;
  if (source.inner == 1) {
    for (; j + 4 <= columns; j += 4) {
      NAME(dotColumns)(4, depth, x, b + (ptrdiff_t)j * source.outer, source.outer, y + j);
    }
    for (; j < columns; j++) {
      NAME(dotColumns)(1, depth, x, b + (ptrdiff_t)j * source.outer, source.outer, y + j);
    }
    return;
  }
  for (; j + 4 * CK_LANES <= columns; j += 4 * CK_LANES) {
    NAME(sumVectors)(4, depth, x, b + j, source.inner, y + j);
  }
  for (; j + CK_LANES <= columns; j += CK_LANES) { NAME(sumVectors)(1, depth, x, b + j, source.inner, y + j); }
  for (; j < columns; j++) {
    T sum = 0;
    for (size_t k = 0; k < depth; k++) { sum += x[k] * b[(ptrdiff_t)k * source.inner + (ptrdiff_t)j]; }
    y[j] = sum;
  }
}

#undef CK_TILE
#undef CK_TILES
#undef CK_LANES
