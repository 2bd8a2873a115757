// Functions of rows, float32: a block for each row.

// The largest element; the sum of exp(x - shift), added in double precision.
CK_INLINE float largestOfRow(LOCAL(float) values, BUFFER(const float) x, uint32_t columns) {
  float largest = x[0];
  for (uint32_t i = THREAD(); i < columns; i += THREADS()) { largest = CK_LARGER(largest, x[i]); }
  return largestOfBlockFloat32(values, largest);
}

CK_INLINE double sumOfExponentials(LOCAL(double) sums, BUFFER(const float) x, float shift, uint32_t columns) {
  double sum = 0;
  for (uint32_t i = THREAD(); i < columns; i += THREADS()) { sum += exponentialFloat32(x[i] - shift); }
  return sumOfDoubles(sums, sum);
}

KERNEL(rowsFloat32, GPURows, BUFFER(const float) x, BUFFER(float) y) {
  SHARED(float, values, GPUBlock);
  SHARED(double, sums, GPUBlock);
  const uint32_t row = BLOCK();
  BUFFER(const float) in = x + (uint64_t)row * n.columns;
  BUFFER(float) out = y + (uint64_t)row * n.columns;
  const float largest = largestOfRow(values, in, n.columns);
  // Infinity minus infinity would give NaN: right for softmax, but not for its logarithm's sum.
  const float shift = n.operation == GPURowLogSumExp && largest - largest != 0 ? 0 : largest;
  const double sum = sumOfExponentials(sums, in, shift, n.columns);
  if (n.operation == GPURowLogSumExp) {
    if (THREAD() == 0) { y[row] = shift + logarithmFloat32((float)sum); }
    return;
  }
  const float logarithm = logarithmFloat32((float)sum), factor = (float)(1 / sum);
  const int isHidden = n.operation == GPURowMaskedSoftmax && largest == -INFINITY;
  for (uint32_t i = THREAD(); i < n.columns; i += THREADS()) {
    out[i] = n.operation == GPURowLogSoftmax ? in[i] - largest - logarithm
             : isHidden ? 0 : exponentialFloat32(in[i] - largest) * factor;
  }
}
