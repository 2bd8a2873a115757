// Reductions for one element type (a template). Sums are double (integers: 64 bits) and are added in an order that
// depends on the sizes alone. Long reductions go in parts, which a second launch reduces.

#if IS_FLOAT
#define WIDE double
#define SUM_OF_BLOCK sumOfDoubles
#else
#define WIDE uint64_t
#define SUM_OF_BLOCK sumOfIntegers
#endif

DEFINE_COMBINE(NAME(largestOfBlock), T, CK_LARGER)
DEFINE_COMBINE(NAME(smallestOfBlock), T, CK_SMALLER)

CK_INLINE uint32_t NAME(partStart)(uint32_t reduced, uint32_t part, uint32_t parts) {
  return (uint32_t)((uint64_t)reduced * part / parts);
}

// y [outer, parts] from x [outer, reduced]: a block for each element.
KERNEL(NAME(reduceRows), GPUReduction, BUFFER(const T) x, BUFFER(T) y) {
  SHARED(WIDE, sums, GPUBlock);
  SHARED(T, values, GPUBlock);
  const uint32_t row = BLOCK() / n.parts, part = BLOCK() % n.parts;
  const uint32_t start = NAME(partStart)(n.reduced, part, n.parts), end = NAME(partStart)(n.reduced, part + 1, n.parts);
  BUFFER(const T) in = x + (uint64_t)row * n.reduced;
  T result;
  if (n.operation == CKReduceSum) {
    WIDE sum = 0;
    for (uint32_t i = start + THREAD(); i < end; i += THREADS()) { sum += (WIDE)in[i]; }
    result = (T)SUM_OF_BLOCK(sums, sum);
  } else if (n.operation == CKReduceMaximum) {
    T largest = in[start];
    for (uint32_t i = start + THREAD(); i < end; i += THREADS()) { largest = CK_LARGER(largest, in[i]); }
    result = NAME(largestOfBlock)(values, largest);
  } else {
    T smallest = in[start];
    for (uint32_t i = start + THREAD(); i < end; i += THREADS()) { smallest = CK_SMALLER(smallest, in[i]); }
    result = NAME(smallestOfBlock)(values, smallest);
  }
  if (THREAD() == 0) { y[BLOCK()] = result; }
}

// y [outer, parts, inner] from x [outer, reduced, inner]: a thread for each element.
KERNEL(NAME(reduceColumns), GPUReduction, BUFFER(const T) x, BUFFER(T) y) {
  const uint32_t i = element();
  if (i >= n.outer * n.parts * n.inner) { return; }
  const uint32_t column = i % n.inner, part = i / n.inner % n.parts, row = i / n.inner / n.parts;
  const uint32_t start = NAME(partStart)(n.reduced, part, n.parts), end = NAME(partStart)(n.reduced, part + 1, n.parts);
  BUFFER(const T) in = x + ((uint64_t)row * n.reduced + start) * n.inner + column;
  if (n.operation == CKReduceSum) {
    WIDE sum = 0;
    for (uint32_t k = start; k < end; k++, in += n.inner) { sum += (WIDE)*in; }
    y[i] = (T)sum;
    return;
  }
  T result = *in;
  for (uint32_t k = start; k < end; k++, in += n.inner) {
    result = n.operation == CKReduceMaximum ? CK_LARGER(result, *in) : CK_SMALLER(result, *in);
  }
  y[i] = result;
}

// The first index of the largest element of each row, NaN counting as largest: a block for each row.
KERNEL(NAME(argmax), GPURows, BUFFER(const T) x, BUFFER(int64_t) y) {
  SHARED(T, values, GPUBlock);
  SHARED(uint32_t, indices, GPUBlock);
  const uint32_t t = THREAD();
  BUFFER(const T) in = x + (uint64_t)BLOCK() * n.columns;
  uint32_t best = t < n.columns ? t : 0;
  for (uint32_t i = best; i < n.columns; i += THREADS()) {
    const T u = in[i], v = in[best];
    if (u > v || (u != u && v == v)) { best = i; }
  }
  values[t] = in[best];
  indices[t] = best;
  BARRIER();
  for (uint32_t step = THREADS() / 2; step > 0; step /= 2) {
    if (t < step) {
      const T u = values[t + step], v = values[t];
      const int isEqual = u == v || (u != u && v != v);
      if (u > v || (u != u && v == v) || (isEqual && indices[t + step] < indices[t])) {
        values[t] = u;
        indices[t] = indices[t + step];
      }
    }
    BARRIER();
  }
  if (t == 0) { y[BLOCK()] = indices[0]; }
}

#if IS_FLOAT
// The sum of the squares of each part of x [reduced]: y [parts], a block for each.
KERNEL(NAME(squares), GPUReduction, BUFFER(const T) x, BUFFER(double) y) {
  SHARED(double, sums, GPUBlock);
  const uint32_t start = NAME(partStart)(n.reduced, BLOCK(), n.parts);
  const uint32_t end = NAME(partStart)(n.reduced, BLOCK() + 1, n.parts);
  double sum = 0;
  for (uint32_t i = start + THREAD(); i < end; i += THREADS()) { sum += (double)x[i] * x[i]; }
  sum = sumOfDoubles(sums, sum);
  if (THREAD() == 0) { y[BLOCK()] = sum; }
}
#endif

#undef WIDE
#undef SUM_OF_BLOCK
