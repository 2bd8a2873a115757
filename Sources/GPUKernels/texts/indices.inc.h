// Elements and rows picked by index, for one floating-point type (a template); integers of the same size move as
// floats. Indices were checked. Where elements meet, they are added in the order of the indices.

KERNEL(NAME(gatherPlanes), GPUPlanes, BUFFER(const T) x, BUFFER(const int32_t) indices, BUFFER(T) y) {
  const uint32_t i = element();
  if (i >= n.planes * n.yCount) { return; }
  y[i] = x[(uint64_t)(i / n.yCount) * n.xCount + (uint32_t)indices[i]];
}

// The adjoint, for few elements: each one's thread looks through the indices of its plane.
KERNEL(NAME(scatterPlanes), GPUPlanes, BUFFER(const T) x, BUFFER(const int32_t) indices, BUFFER(T) y) {
  const uint32_t i = element();
  if (i >= n.planes * n.yCount) { return; }
  const uint64_t start = (uint64_t)(i / n.yCount) * n.xCount;
  const int32_t own = (int32_t)(i % n.yCount);
  T sum = 0;
  for (uint32_t j = 0; j < n.xCount; j++) {
    if (indices[start + j] == own) { sum += x[start + j]; }
  }
  y[i] = sum;
}

// The same for many: y is zero before, and a thread for each plane goes through its indices.
KERNEL(NAME(scatterManyPlanes), GPUPlanes, BUFFER(const T) x, BUFFER(const int32_t) indices, BUFFER(T) y) {
  const uint32_t plane = element();
  if (plane >= n.planes) { return; }
  for (uint32_t j = 0; j < n.xCount; j++) {
    const uint64_t i = (uint64_t)plane * n.xCount + j;
    y[(uint64_t)plane * n.yCount + (uint32_t)indices[i]] += x[i];
  }
}

// Adds row r of x, and the later ones of the same index, to that row of y: a block for each row whose index comes for
// the first time, a thread for each column.
KERNEL(NAME(scatterAddRows), GPUIndexedRows, BUFFER(const T) x, BUFFER(const int64_t) indices, BUFFER(T) y) {
  const uint32_t row = BLOCK();
  const int64_t index = indices[row];
  if (n.skips && index == n.skipped) { return; }
  for (uint32_t r = 0; r < row; r++) {
    if (indices[r] == index) { return; }
  }
  for (uint32_t c = THREAD(); c < n.width; c += THREADS()) {
    T sum = y[(uint64_t)index * n.width + c];
    for (uint32_t r = row; r < n.count; r++) {
      if (indices[r] == index) { sum += x[(uint64_t)r * n.width + c]; }
    }
    y[(uint64_t)index * n.width + c] = sum;
  }
}
