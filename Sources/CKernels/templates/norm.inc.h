// Statistics and affine maps of rows, of which normalizations are made, for one floating-point type (a template, see
// types.inc.h; after reduce.inc.h, whose sums it uses). Sums run in blocks of lanes that add up in double precision.

// The next lanes of a row; after its end they hold `filler`.
CK_INLINE void NAME(loadLanes)(NAME(Lanes) *lanes, const T *x, size_t count, T filler) {
  *lanes = filler;
  if (count >= sumLanes) {
    memcpy(lanes, x, sizeof *lanes);
  } else {
    memcpy(lanes, x, count * sizeof(T));
  }
}

// Rows are short streams, which the processor does not foresee: the next one is fetched, to be read or written, while
// one is computed.
#define CK_FETCH_ROW(row, columns, writes) \
  for (size_t at = 0; (columns) * sizeof(T) <= rowPrefetch && at < (columns); at += 64 / sizeof(T)) { \
    __builtin_prefetch((row) + at, writes); \
  }

static void NAME(rowMoments)(size_t rows, size_t columns, const T *x, double *moments) {
  for (size_t row = 0; row < rows; row++, x += columns, moments += 2) {
    const double mean = (double)NAME(sumBlocks)(x, columns) / (double)columns;
    if (row + 1 < rows) { CK_FETCH_ROW(x + columns, columns, false) }
    const T center = (T)mean;
    NAME(WideLanes) sums = 0, squares = 0;
    for (size_t start = 0; start < columns; start += sumBlock) {
      const size_t end = columns - start < sumBlock ? columns : start + sumBlock;
      NAME(Lanes) sum = 0, square = 0;
      for (size_t i = start; i < end; i += sumLanes) {
        NAME(Lanes) deviation;
        NAME(loadLanes)(&deviation, x + i, end - i, center);
        deviation -= center;
        sum += deviation;
        square += deviation * deviation;
      }
      sums += __builtin_convertvector(sum, NAME(WideLanes));
      squares += __builtin_convertvector(square, NAME(WideLanes));
    }
    const double rest = NAME(foldLanes)(&sums);  // what rounding the mean left
    const double spread = NAME(foldLanes)(&squares) - rest * rest / (double)columns;
    moments[0] = (double)center + rest / (double)columns;
    moments[1] = spread < 0 ? 0 : spread;
  }
}

static void NAME(rowProducts)(size_t rows, size_t columns, const T *dy, const T *x, const double *centers,
                              double *sums) {
  for (size_t row = 0; row < rows; row++, x += columns, dy += columns, sums += 2) {
    const T center = (T)centers[row];
    NAME(WideLanes) totals = 0, products = 0;
    for (size_t start = 0; start < columns; start += sumBlock) {
      const size_t end = columns - start < sumBlock ? columns : start + sumBlock;
      NAME(Lanes) total = 0, product = 0;
      for (size_t i = start; i < end; i += sumLanes) {
        NAME(Lanes) d, deviation;
        NAME(loadLanes)(&d, dy + i, end - i, 0);
        NAME(loadLanes)(&deviation, x + i, end - i, center);
        total += d;
        product += d * (deviation - center);
      }
      totals += __builtin_convertvector(total, NAME(WideLanes));
      products += __builtin_convertvector(product, NAME(WideLanes));
    }
    sums[0] = NAME(foldLanes)(&totals);
    sums[1] = NAME(foldLanes)(&products) - (centers[row] - (double)center) * sums[0];
  }
}

#define CK_COMBINE(expression) \
  CK_SIMD for (size_t i = 0; i < columns; i++) { \
    const T map = second * (v[i] - center) + shift; \
    y[i] = (expression); \
  }

static void NAME(combineRows)(size_t rows, size_t columns, const CKRowMap *maps, const T *u, const T *v,
                              const T *weight, const T *bias, T *y) {
  for (size_t row = 0; row < rows; row++, v += columns, y += columns) {
    const T first = (T)maps[row].first, second = (T)maps[row].second, center = (T)maps[row].center;
    // What rounding the center left goes into the shift.
    const T shift = (T)(maps[row].shift - maps[row].second * (maps[row].center - (double)center));
    if (row + 1 < rows) { CK_FETCH_ROW(y + columns, columns, true) }
    if (u) {
      CK_COMBINE(first * u[i] + map)
      u += columns;
    } else if (weight && bias) {
      CK_COMBINE(map * weight[i] + bias[i])
    } else if (weight) {
      CK_COMBINE(map * weight[i])
    } else if (bias) {
      CK_COMBINE(map + bias[i])
    } else {
      CK_COMBINE(map)
    }
  }
}

#undef CK_COMBINE
#undef CK_FETCH_ROW

