// Rows moved by index, by the size of their elements, and checks of indices.

#define DEFINE_ROWS(T, gather, scatter) \
  KERNEL(gather, GPUIndexedRows, BUFFER(const T) x, BUFFER(const int64_t) indices, BUFFER(T) y) { \
    const uint32_t i = element(); \
    if (i >= n.count * n.width) { return; } \
    y[i] = x[(uint64_t)indices[i / n.width] * n.width + i % n.width]; \
  } \
  /* Of several rows for one index the last one stays: a block for each row. */ \
  KERNEL(scatter, GPUIndexedRows, BUFFER(const T) x, BUFFER(const int64_t) indices, BUFFER(T) y) { \
    const uint32_t row = BLOCK(); \
    const int64_t index = indices[row]; \
    for (uint32_t r = row + 1; r < n.count; r++) { \
      if (indices[r] == index) { return; } \
    } \
    for (uint32_t c = THREAD(); c < n.width; c += THREADS()) { \
      y[(uint64_t)index * n.width + c] = x[(uint64_t)row * n.width + c]; \
    } \
  }

DEFINE_ROWS(uint8_t, gatherRowsUInt8, scatterRowsUInt8)
DEFINE_ROWS(uint16_t, gatherRowsFloat16, scatterRowsFloat16)
DEFINE_ROWS(uint32_t, gatherRowsFloat32, scatterRowsFloat32)
DEFINE_ROWS(uint64_t, gatherRowsFloat64, scatterRowsFloat64)

#undef DEFINE_ROWS

// Copies indices, int32 if it narrows, with 0 for those to ignore and for wrong ones: later kernels trust them. A wrong
// one is left in the cell: its check's number and itself; of several any one.
KERNEL(checkIndices, GPUIndexCheck, BUFFER(const int64_t) x, BUFFER(void) y, BUFFER(int64_t) cell) {
  const uint32_t i = element();
  if (i >= n.count) { return; }
  int64_t index = x[i];
  const int isIgnored = n.ignores && index == n.ignored;
  if (!isIgnored && (index < 0 || index >= n.bound)) {
    cell[1] = index;
    cell[0] = n.check;
  }
  if (isIgnored || index < 0 || index >= n.bound) { index = 0; }
  if (n.narrows) {
    ((BUFFER(int32_t))y)[i] = (int32_t)index;
  } else {
    ((BUFFER(int64_t))y)[i] = index;
  }
}

// The last position along the middle axis that holds an index, else -1: a thread for each element of y.
KERNEL(lastWriters, GPUWriters, BUFFER(const int32_t) indices, BUFFER(int32_t) y) {
  const uint32_t i = element();
  if (i >= n.outer * n.size * n.inner) { return; }
  const uint32_t column = i % n.inner, row = i / n.inner / n.size;
  const int32_t own = (int32_t)(i / n.inner % n.size);
  int32_t last = -1;
  for (uint32_t k = 0; k < n.length; k++) {
    if (indices[((uint64_t)row * n.length + k) * n.inner + column] == own) { last = (int32_t)k; }
  }
  y[i] = last;
}
