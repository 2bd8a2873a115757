// Matrix product on packed panels for one floating-point type (a template, see types.inc.h). A variant says how wide
// its vectors are (CK_VECTOR_BYTES) and how large a tile its registers hold: CK_TILE_ROWS x CK_TILE_VECTORS.

#define CK_LANES ((int)(CK_VECTOR_BYTES / sizeof(T)))
typedef T NAME(Vector) __attribute__((vector_size(CK_VECTOR_BYTES)));
typedef T NAME(Loose) __attribute__((vector_size(CK_VECTOR_BYTES), aligned(sizeof(T)), may_alias));

// One tile of c. `rows` and `vectors` are constants at every call, so that the sums live in registers.
CK_INLINE void NAME(tile)(const int rows, const int vectors, size_t depth, const T *left, const T *right, T *c,
                          ptrdiff_t cRow, size_t columns, bool accumulate) {
  NAME(Vector) sums[CK_TILE_ROWS][CK_TILE_VECTORS];
  CK_UNROLL for (int row = 0; row < rows; row++) {
    CK_UNROLL for (int v = 0; v < vectors; v++) { sums[row][v] = (NAME(Vector)){0}; }
  }
  for (size_t k = 0; k < depth; k++) {
    NAME(Vector) b[CK_TILE_VECTORS];
    CK_UNROLL for (int v = 0; v < vectors; v++) { b[v] = *(const NAME(Loose) *)(right + v * CK_LANES); }
    CK_UNROLL for (int row = 0; row < rows; row++) {
      const NAME(Vector) a = (NAME(Vector)){0} + left[row];
      CK_UNROLL for (int v = 0; v < vectors; v++) { sums[row][v] = CK_FMA(a, b[v], sums[row][v]); }
    }
    left += CK_TILE_ROWS;
    right += CK_TILE_VECTORS * CK_LANES;
  }
  const bool whole = columns == (size_t)(vectors * CK_LANES);
  CK_UNROLL for (int row = 0; row < rows; row++) {
    CK_UNROLL for (int v = 0; v < vectors; v++) {
      T *to = c + row * cRow + v * CK_LANES;
      NAME(Vector) sum = sums[row][v];
      if (v < vectors - 1 || whole) {
        if (accumulate) { sum += *(const NAME(Loose) *)to; }
        *(NAME(Loose) *)to = sum;
      } else {
        const size_t rest = (columns - (size_t)(v * CK_LANES)) * sizeof(T);
        if (accumulate) {
          NAME(Vector) old = {0};
          memcpy(&old, to, rest);
          sum += old;
        }
        memcpy(to, &sum, rest);
      }
    }
  }
}

#define CK_TILE(rows, vectors) \
  case (vectors) * 16 + (rows): \
    if (rows <= CK_TILE_ROWS && vectors <= CK_TILE_VECTORS) { \
      NAME(tile)(rows, vectors, depth, left, right, to, cRow, part, accumulate); \
    } \
    break;
#define CK_TILES(vectors) \
  CK_TILE(1, vectors) CK_TILE(2, vectors) CK_TILE(3, vectors) CK_TILE(4, vectors) CK_TILE(5, vectors) \
  CK_TILE(6, vectors) CK_TILE(7, vectors) CK_TILE(8, vectors) CK_TILE(9, vectors) CK_TILE(10, vectors) \
  CK_TILE(11, vectors) CK_TILE(12, vectors) CK_TILE(13, vectors) CK_TILE(14, vectors)

// A right panel stays in the cache while the left ones go by.
static void NAME(multiplyPanels)(size_t rows, size_t columns, size_t depth, const T *leftPanels,
                                 const T *rightPanels, T *c, ptrdiff_t cRow, bool accumulate) {
  const size_t width = CK_TILE_VECTORS * CK_LANES;
  for (size_t column = 0; column < columns; column += width) {
    const size_t part = columns - column < width ? columns - column : width;
    const T *right = rightPanels + column * depth;
    for (size_t row = 0; row < rows; row += CK_TILE_ROWS) {
      const size_t height = rows - row < CK_TILE_ROWS ? rows - row : CK_TILE_ROWS;
      const T *left = leftPanels + row * depth;
      T *to = c + (ptrdiff_t)row * cRow + column;
      switch ((part + CK_LANES - 1) / CK_LANES * 16 + height) {
      CK_TILES(1)
      CK_TILES(2)
      CK_TILES(3)
      CK_TILES(4)
      }
    }
  }
}

#undef CK_TILE
#undef CK_TILES
#undef CK_LANES
