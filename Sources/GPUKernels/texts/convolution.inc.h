// Convolutions and pools for one floating-point type (a template). A thread computes an element from the elements that
// it depends on, in a fixed order; those outside the image take no part, so that an infinity reaches its own windows
// only.

// y [batch, groups * outputs, ...] from x [batch, groups * channels, ...] and weight [groups * outputs, channels, ...].
KERNEL(NAME(convolution), GPUConvolution, BUFFER(const T) x, BUFFER(const T) weight, BUFFER(const T) bias, BUFFER(T) y) {
  const uint32_t i = element(), outputs = n.groups * n.outputs;
  if (i >= n.batch * outputs * n.outputHeight * n.outputWidth) { return; }
  const uint32_t ox = i % n.outputWidth, rest = i / n.outputWidth;
  const uint32_t oy = rest % n.outputHeight, plane = rest / n.outputHeight;
  const uint32_t output = plane % outputs, image = plane / outputs, group = output / n.outputs;
  BUFFER(const T) in = x + (uint64_t)(image * n.groups + group) * n.channels * n.height * n.width;
  BUFFER(const T) w = weight + (uint64_t)output * n.channels * n.kernelHeight * n.kernelWidth;
  T sum = n.hasBias ? bias[output] : 0;
  for (uint32_t c = 0; c < n.channels; c++, in += n.height * n.width) {
    for (uint32_t ky = 0; ky < n.kernelHeight; ky++) {
      const int32_t row = (int32_t)(oy * n.strideY + ky * n.dilationY) - n.padY;
      for (uint32_t kx = 0; kx < n.kernelWidth; kx++, w++) {
        const int32_t column = (int32_t)(ox * n.strideX + kx * n.dilationX) - n.padX;
        if (row >= 0 && row < (int32_t)n.height && column >= 0 && column < (int32_t)n.width) {
          sum = CK_FMA(*w, in[row * (int32_t)n.width + column], sum);
        }
      }
    }
  }
  y[i] = sum;
}

// dx from dy and weight.
KERNEL(NAME(convolutionInput), GPUConvolution, BUFFER(const T) dy, BUFFER(const T) weight, BUFFER(T) dx) {
  const uint32_t i = element(), channels = n.groups * n.channels;
  if (i >= n.batch * channels * n.height * n.width) { return; }
  const uint32_t ix = i % n.width, rest = i / n.width, iy = rest % n.height, plane = rest / n.height;
  const uint32_t channel = plane % channels, image = plane / channels, group = channel / n.channels;
  const uint32_t area = n.kernelHeight * n.kernelWidth, pixels = n.outputHeight * n.outputWidth;
  BUFFER(const T) from = dy + (uint64_t)(image * n.groups + group) * n.outputs * pixels;
  BUFFER(const T) w = weight + ((uint64_t)group * n.outputs * n.channels + channel % n.channels) * area;
  T sum = 0;
  for (uint32_t o = 0; o < n.outputs; o++, from += pixels, w += n.channels * area) {
    for (uint32_t ky = 0; ky < n.kernelHeight; ky++) {
      const int32_t row = (int32_t)iy + n.padY - (int32_t)(ky * n.dilationY);
      if (row < 0 || row % (int32_t)n.strideY != 0 || row / (int32_t)n.strideY >= (int32_t)n.outputHeight) { continue; }
      for (uint32_t kx = 0; kx < n.kernelWidth; kx++) {
        const int32_t column = (int32_t)ix + n.padX - (int32_t)(kx * n.dilationX);
        if (column < 0 || column % (int32_t)n.strideX != 0) { continue; }
        const int32_t at = column / (int32_t)n.strideX;
        if (at >= (int32_t)n.outputWidth) { continue; }
        sum = CK_FMA(w[ky * n.kernelWidth + kx], from[row / (int32_t)n.strideY * (int32_t)n.outputWidth + at], sum);
      }
    }
  }
  dx[i] = sum;
}

// dw [parts, groups * outputs, channels, ...], each part of it from some images: a block for each element.
KERNEL(NAME(convolutionWeight), GPUConvolution, BUFFER(const T) x, BUFFER(const T) dy, BUFFER(T) dw) {
  SHARED(double, sums, GPUBlock);
  const uint32_t area = n.kernelHeight * n.kernelWidth, outputs = n.groups * n.outputs;
  const uint32_t weights = outputs * n.channels * area, i = BLOCK() % weights, part = BLOCK() / weights;
  const uint32_t kx = i % n.kernelWidth, ky = i / n.kernelWidth % n.kernelHeight;
  const uint32_t channel = i / area % n.channels, output = i / area / n.channels, group = output / n.outputs;
  const uint32_t first = (uint32_t)((uint64_t)n.batch * part / n.parts);
  const uint32_t end = (uint32_t)((uint64_t)n.batch * (part + 1) / n.parts), pixels = n.outputHeight * n.outputWidth;
  double sum = 0;
  for (uint32_t j = THREAD(); j < (end - first) * pixels; j += THREADS()) {
    const uint32_t image = first + j / pixels, pixel = j % pixels;
    const int32_t row = (int32_t)(pixel / n.outputWidth * n.strideY + ky * n.dilationY) - n.padY;
    const int32_t column = (int32_t)(pixel % n.outputWidth * n.strideX + kx * n.dilationX) - n.padX;
    if (row < 0 || row >= (int32_t)n.height || column < 0 || column >= (int32_t)n.width) { continue; }
    const uint64_t plane = (uint64_t)(image * n.groups + group) * n.channels + channel;
    sum += (double)dy[((uint64_t)image * outputs + output) * pixels + pixel]
      * (double)x[plane * n.height * n.width + (uint32_t)row * n.width + (uint32_t)column];
  }
  sum = sumOfDoubles(sums, sum);
  if (THREAD() == 0) { dw[BLOCK()] = (T)sum; }
}

// What a window sees in one direction: the elements start ..< end of the image, and its length in an average.
#ifndef GPU_WINDOWS
#define GPU_WINDOWS
typedef struct { int32_t start, end, length; } GPURange;

CK_INLINE GPURange windowOf(uint32_t output, uint32_t stride, int32_t pad, uint32_t size, uint32_t length,
                            uint32_t countsPadding) {
  const int32_t start = (int32_t)(output * stride) - pad, whole = start + (int32_t)size;
  const int32_t end = whole < (int32_t)length + pad ? whole : (int32_t)length + pad;
  const GPURange range = {start > 0 ? start : 0, end < (int32_t)length ? end : (int32_t)length, 0};
  return (GPURange){range.start, range.end, countsPadding ? end - start : range.end - range.start};
}
#endif

// In the order of CKernels/templates/pool.inc.h, so that the bits are the CPU's.
KERNEL(NAME(averagePool), GPUPool, BUFFER(const T) x, BUFFER(T) y) {
  const uint32_t i = element();
  if (i >= n.planes * n.outputHeight * n.outputWidth) { return; }
  const uint32_t ox = i % n.outputWidth, rest = i / n.outputWidth, oy = rest % n.outputHeight;
  BUFFER(const T) in = x + (uint64_t)(rest / n.outputHeight) * n.height * n.width;
  if (n.isTwoByTwo) {
    BUFFER(const T) upper = in + 2 * oy * n.width + 2 * ox;
    y[i] = ((upper[0] + upper[1]) + (upper[n.width] + upper[n.width + 1])) * (T)0.25;
    return;
  }
  const GPURange rows = windowOf(oy, n.strideY, n.padY, n.kernelHeight, n.height, n.countsPadding);
  const GPURange columns = windowOf(ox, n.strideX, n.padX, n.kernelWidth, n.width, n.countsPadding);
  T sum = 0;
  for (int32_t row = rows.start; row < rows.end; row++) {
    for (int32_t column = columns.start; column < columns.end; column++) {
      sum += in[row * (int32_t)n.width + column];
    }
  }
  y[i] = sum / (T)(rows.length * columns.length);
}

// The first window that ends after an element, and the first that begins after it.
CK_INLINE uint32_t NAME(firstWindow)(uint32_t at, int32_t pad, uint32_t size, uint32_t stride) {
  const int32_t before = (int32_t)at + pad - (int32_t)size + 1;
  return before <= 0 ? 0 : ((uint32_t)before + stride - 1) / stride;
}

KERNEL(NAME(averagePoolGradient), GPUPool, BUFFER(const T) dy, BUFFER(T) dx) {
  const uint32_t i = element();
  if (i >= n.planes * n.height * n.width) { return; }
  const uint32_t ix = i % n.width, rest = i / n.width, iy = rest % n.height;
  BUFFER(const T) from = dy + (uint64_t)(rest / n.height) * n.outputHeight * n.outputWidth;
  if (n.isTwoByTwo) {
    const uint32_t oy = iy / 2, ox = ix / 2;
    dx[i] = oy < n.outputHeight && ox < n.outputWidth ? from[oy * n.outputWidth + ox] * (T)0.25 : 0;
    return;
  }
  T sum = 0;
  for (uint32_t oy = NAME(firstWindow)(iy, n.padY, n.kernelHeight, n.strideY); oy < n.outputHeight; oy++) {
    const GPURange rows = windowOf(oy, n.strideY, n.padY, n.kernelHeight, n.height, n.countsPadding);
    if (rows.start > (int32_t)iy) { break; }
    for (uint32_t ox = NAME(firstWindow)(ix, n.padX, n.kernelWidth, n.strideX); ox < n.outputWidth; ox++) {
      const GPURange columns = windowOf(ox, n.strideX, n.padX, n.kernelWidth, n.width, n.countsPadding);
      if (columns.start > (int32_t)ix) { break; }
      sum += from[oy * n.outputWidth + ox] / (T)(rows.length * columns.length);
    }
  }
  dx[i] = sum;
}

// The index of each window's first largest element, NaN counting as largest; -1 where it sees none.
KERNEL(NAME(maxPoolIndices), GPUPool, BUFFER(const T) x, BUFFER(int32_t) y) {
  const uint32_t i = element();
  if (i >= n.planes * n.outputHeight * n.outputWidth) { return; }
  const uint32_t ox = i % n.outputWidth, rest = i / n.outputWidth, oy = rest % n.outputHeight;
  BUFFER(const T) in = x + (uint64_t)(rest / n.outputHeight) * n.height * n.width;
  int32_t best = -1;
  T largest = 0;
  for (uint32_t ky = 0; ky < n.kernelHeight; ky++) {
    const int32_t row = (int32_t)(oy * n.strideY + ky * n.dilationY) - n.padY;
    if (row < 0 || row >= (int32_t)n.height) { continue; }
    for (uint32_t kx = 0; kx < n.kernelWidth; kx++) {
      const int32_t column = (int32_t)(ox * n.strideX + kx * n.dilationX) - n.padX;
      if (column < 0 || column >= (int32_t)n.width) { continue; }
      const T v = in[row * (int32_t)n.width + column];
      if (best < 0 || v > largest || (v != v && largest == largest)) {
        best = row * (int32_t)n.width + column;
        largest = v;
      }
    }
  }
  y[i] = best;
}
