// Statistics and affine maps of rows, of which normalizations are made, for one floating-point type (a template, see
// types.inc.h; after reduce.inc.h, whose sums it uses). Sums run in blocks of lanes that add up in double precision.

#define CK_NORM_LANES 32
typedef T NAME(NormLanes) __attribute__((ext_vector_type(CK_NORM_LANES)));
typedef double NAME(NormWide) __attribute__((ext_vector_type(CK_NORM_LANES)));

// The next lanes of a row; after its end they hold `filler`.
CK_INLINE void NAME(loadLanes)(NAME(NormLanes) *lanes, const T *x, size_t count, T filler) {
  *lanes = filler;
  if (count >= CK_NORM_LANES) {
    memcpy(lanes, x, sizeof *lanes);
  } else {
    memcpy(lanes, x, count * sizeof(T));
  }
}

CK_INLINE double NAME(foldLanes)(const NAME(NormWide) *lanes) {
  double total = 0;
  CK_UNROLL for (size_t i = 0; i < CK_NORM_LANES; i++) { total += (*lanes)[i]; }
  return total;
}

static void NAME(rowMoments)(size_t rows, size_t columns, const T *x, double *moments) {
  enum { block = 1024 };
  for (size_t row = 0; row < rows; row++, x += columns, moments += 2) {
    const double mean = (double)NAME(sumBlocks)(x, columns) / (double)columns;
    const T center = (T)mean;
    NAME(NormWide) sums = 0, squares = 0;
    for (size_t start = 0; start < columns; start += block) {
      const size_t end = columns - start < block ? columns : start + block;
      NAME(NormLanes) sum = 0, square = 0;
      for (size_t i = start; i < end; i += CK_NORM_LANES) {
        NAME(NormLanes) deviation;
        NAME(loadLanes)(&deviation, x + i, end - i, center);
        deviation -= center;
        sum += deviation;
        square += deviation * deviation;
      }
      sums += __builtin_convertvector(sum, NAME(NormWide));
      squares += __builtin_convertvector(square, NAME(NormWide));
    }
    const double rest = NAME(foldLanes)(&sums);  // what rounding the mean left
    const double spread = NAME(foldLanes)(&squares) - rest * rest / (double)columns;
    moments[0] = (double)center + rest / (double)columns;
    moments[1] = spread < 0 ? 0 : spread;
  }
}

static void NAME(rowProducts)(size_t rows, size_t columns, const T *dy, const T *x, const double *centers,
                              double *sums) {
  enum { block = 1024 };
  for (size_t row = 0; row < rows; row++, x += columns, dy += columns, sums += 2) {
    const T center = (T)centers[row];
    NAME(NormWide) totals = 0, products = 0;
    for (size_t start = 0; start < columns; start += block) {
      const size_t end = columns - start < block ? columns : start + block;
      NAME(NormLanes) total = 0, product = 0;
      for (size_t i = start; i < end; i += CK_NORM_LANES) {
        NAME(NormLanes) d, deviation;
        NAME(loadLanes)(&d, dy + i, end - i, 0);
        NAME(loadLanes)(&deviation, x + i, end - i, center);
        total += d;
        product += d * (deviation - center);
      }
      totals += __builtin_convertvector(total, NAME(NormWide));
      products += __builtin_convertvector(product, NAME(NormWide));
    }
    sums[0] = NAME(foldLanes)(&totals);
    sums[1] = NAME(foldLanes)(&products) - (centers[row] - (double)center) * sums[0];
  }
}

static void NAME(combineRows)(size_t rows, size_t columns, const CKRowMap *maps, const T *u, const T *v, T *y) {
  for (size_t row = 0; row < rows; row++, v += columns, y += columns) {
    const T first = (T)maps[row].first, second = (T)maps[row].second, center = (T)maps[row].center;
    // What rounding the center left goes into the shift.
    const T shift = (T)(maps[row].shift - maps[row].second * (maps[row].center - (double)center));
    if (u) {
      CK_SIMD for (size_t i = 0; i < columns; i++) { y[i] = first * u[i] + (second * (v[i] - center) + shift); }
      u += columns;
    } else {
      CK_SIMD for (size_t i = 0; i < columns; i++) { y[i] = second * (v[i] - center) + shift; }
    }
  }
}

#undef CK_NORM_LANES
