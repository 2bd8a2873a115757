// Reductions of dense matrices for one element type (a template, see types.inc.h).
//
// Sums run in blocks, whose partial sums add up in double precision: the rounding error of float32 does not grow with
// the number of elements. The order of additions depends on the sizes only, not on the instruction set.

// One accumulator per lane, more of them than one register holds, so that additions overlap.
typedef T NAME(Lanes) __attribute__((ext_vector_type(sumLanes)));
#if IS_FLOAT
typedef double NAME(Wide);
typedef double NAME(WideLanes) __attribute__((ext_vector_type(sumLanes)));
#else
typedef uint64_t NAME(Wide);
typedef uint64_t NAME(WideLanes) __attribute__((ext_vector_type(sumLanes)));
#endif
#define CK_PLUS(u, v) ((T)((WRAP)(u) + (WRAP)(v)))
#define CK_PLUS_LANES(u, v) ((u) + (v))

#define CK_LOAD(lanes, pointer) memcpy(&(lanes), (pointer), sumLanes * sizeof(T))

// The lanes of a vector as one element: the first half with the second, until one is left.
#define CK_FOLD(lanes, scalar, vector) ({ \
    const __auto_type half = vector((lanes).lo, (lanes).hi); \
    const __auto_type quarter = vector(half.lo, half.hi); \
    const __auto_type eighth = vector(quarter.lo, quarter.hi); \
    const __auto_type pair = vector(eighth.lo, eighth.hi); \
    scalar(pair.lo, pair.hi); \
  })

// Reduces x[0 ..< count], count > 0, in lanes; short runs go one by one.
#define CK_DEFINE_RUN(name, scalar, vector) \
  CK_INLINE T NAME(name)(const T *x, size_t count) { \
    size_t i = 0; \
    T total; \
    if (count >= sumLanes) { \
      NAME(Lanes) sum, next; \
      CK_LOAD(sum, x); \
      for (i = sumLanes; i + sumLanes <= count; i += sumLanes) { \
        CK_LOAD(next, x + i); \
        sum = vector(sum, next); \
      } \
      total = CK_FOLD(sum, scalar, vector); \
    } else { \
      total = x[i++]; \
    } \
    for (; i < count; i++) { total = scalar(total, x[i]); } \
    return total; \
  }

CK_DEFINE_RUN(sumRun, CK_PLUS, CK_PLUS_LANES)
CK_DEFINE_RUN(largestRun, CK_LARGER, CK_LARGER)
CK_DEFINE_RUN(smallestRun, CK_SMALLER, CK_SMALLER)

CK_INLINE NAME(Wide) NAME(foldLanes)(const NAME(WideLanes) *lanes) {
  return CK_FOLD(*lanes, CK_PLUS_LANES, CK_PLUS_LANES);
}

static NAME(Wide) NAME(sumBlocks)(const T *x, size_t count) {
  NAME(WideLanes) totals = 0;
  size_t i = 0;
  for (; i + 2 * sumBlock <= count; i += sumBlock) {
    NAME(Lanes) sum = 0, next;
    for (size_t j = 0; j < sumBlock; j += sumLanes) {
      CK_LOAD(next, x + i + j);
      sum = CK_PLUS_LANES(sum, next);
    }
    totals += __builtin_convertvector(sum, NAME(WideLanes));
  }
  NAME(Wide) total = i > 0 ? NAME(foldLanes)(&totals) : 0;
  for (; i < count; i += sumBlock) {
    total += (NAME(Wide))NAME(sumRun)(x + i, count - i < sumBlock ? count - i : sumBlock);
  }
  return total;
}

static void NAME(reduceRows)(CKReduce operation, size_t rows, size_t columns, const T *x, T *y) {
  for (size_t row = 0; row < rows; row++, x += columns) {
    switch (operation) {
    case CKReduceSum: y[row] = (T)NAME(sumBlocks)(x, columns); break;
    case CKReduceMaximum: y[row] = NAME(largestRun)(x, columns); break;
    case CKReduceMinimum: y[row] = NAME(smallestRun)(x, columns); break;
    }
  }
}

// Columns of sums: `lanes` of them at a time, down blocks of rows.
CK_INLINE void NAME(sumColumns)(size_t rows, size_t columns, const T *x, T *y) {
  size_t column = 0;
  for (; column + sumLanes <= columns; column += sumLanes) {
    NAME(WideLanes) total = 0;
    for (size_t start = 0; start < rows; start += sumRows) {
      const size_t end = start + sumRows < rows ? start + sumRows : rows;
      NAME(Lanes) sum, next;
      CK_LOAD(sum, x + start * columns + column);
      for (size_t row = start + 1; row < end; row++) {
        CK_LOAD(next, x + row * columns + column);
        sum = CK_PLUS_LANES(sum, next);
      }
      total += __builtin_convertvector(sum, NAME(WideLanes));
    }
    const NAME(Lanes) result = __builtin_convertvector(total, NAME(Lanes));
    memcpy(y + column, &result, sizeof result);
  }
  const size_t rest = columns - column;
  if (rest == 0) { return; }
  NAME(Wide) totals[sumLanes] = {0};
  for (size_t start = 0; start < rows; start += sumRows) {
    const size_t end = start + sumRows < rows ? start + sumRows : rows;
    T sums[sumLanes] = {0};
    for (size_t row = start; row < end; row++) {
      const T *in = x + row * columns + column;
      for (size_t i = 0; i < rest; i++) { sums[i] = CK_PLUS(sums[i], in[i]); }
    }
    for (size_t i = 0; i < rest; i++) { totals[i] += (NAME(Wide))sums[i]; }
  }
  for (size_t i = 0; i < rest; i++) { y[column + i] = (T)totals[i]; }
}

static void NAME(reduceColumns)(CKReduce operation, size_t rows, size_t columns, const T *x, T *y) {
  if (operation == CKReduceSum) { NAME(sumColumns)(rows, columns, x, y); return; }
  memcpy(y, x, columns * sizeof(T));
  for (size_t row = 1; row < rows; row++) {
    const T *in = x + row * columns;
    if (operation == CKReduceMaximum) {
      CK_SIMD for (size_t i = 0; i < columns; i++) { y[i] = CK_LARGER(y[i], in[i]); }
    } else {
      CK_SIMD for (size_t i = 0; i < columns; i++) { y[i] = CK_SMALLER(y[i], in[i]); }
    }
  }
}

static void NAME(argmaxRows)(size_t rows, size_t columns, const T *x, int64_t *y) {
  for (size_t row = 0; row < rows; row++, x += columns) {
    const T largest = NAME(largestRun)(x, columns);
    size_t i = 0;
#if IS_FLOAT
    if (largest != largest) {
      while (x[i] == x[i]) { i++; }
      y[row] = (int64_t)i;
      continue;
    }
#endif
    while (x[i] != largest) { i++; }
    y[row] = (int64_t)i;
  }
}

#if IS_FLOAT

// The sum of exp(x - shift); with y also the terms. Whole groups of 16 keep short rows in the vector unit: the last
// group is filled up with minus infinity, whose exponential is zero.
static double NAME(sumExponentials)(const T *x, T shift, size_t columns, T *y) {
  T buffer[sumBlock];
  double total = 0;
  for (size_t start = 0; start < columns; start += sumBlock) {
    const size_t count = columns - start < sumBlock ? columns - start : sumBlock;
    const size_t whole = count / exponentialGroup * exponentialGroup;
    T *terms = y ? y + start : buffer;
    CK_SIMD_CHAINS for (size_t i = 0; i < whole; i++) { terms[i] = NAME(exponential)(x[start + i] - shift); }
    if (whole < count) {
      T last[exponentialGroup];
      for (size_t i = 0; i < exponentialGroup; i++) { last[i] = -INFINITY; }
      for (size_t i = whole; i < count; i++) { last[i - whole] = x[start + i] - shift; }
      CK_SIMD for (size_t i = 0; i < exponentialGroup; i++) { last[i] = NAME(exponential)(last[i]); }
      memcpy(terms + whole, last, (count - whole) * sizeof(T));
    }
    total += (double)NAME(sumRun)(terms, count);
  }
  return total;
}

static void NAME(softmaxRows)(size_t rows, size_t columns, const T *x, T *y) {
  for (size_t row = 0; row < rows; row++, x += columns, y += columns) {
    const T factor = (T)(1 / NAME(sumExponentials)(x, NAME(largestRun)(x, columns), columns, y));
    CK_SIMD for (size_t i = 0; i < columns; i++) { y[i] *= factor; }
  }
}

static void NAME(logSoftmaxRows)(size_t rows, size_t columns, const T *x, T *y) {
  for (size_t row = 0; row < rows; row++, x += columns, y += columns) {
    const T largest = NAME(largestRun)(x, columns);
    const T logarithm = (T)log(NAME(sumExponentials)(x, largest, columns, NULL));
    CK_SIMD for (size_t i = 0; i < columns; i++) { y[i] = (x[i] - largest) - logarithm; }
  }
}

static void NAME(logSumExpRows)(size_t rows, size_t columns, const T *x, T *y) {
  for (size_t row = 0; row < rows; row++, x += columns) {
    const T largest = NAME(largestRun)(x, columns);
    const T shift = largest - largest == 0 ? largest : 0;  // infinity minus infinity would give NaN
    y[row] = (T)(shift + log(NAME(sumExponentials)(x, shift, columns, NULL)));
  }
}

#endif

#undef CK_PLUS
#undef CK_PLUS_LANES
#undef CK_LOAD
#undef CK_DEFINE_RUN
#undef CK_FOLD
