// Convolution of a block of images, one in each lane of a vector, for one floating-point type (a template, see
// types.inc.h). With few channels the rows of a matrix product would be short; here every vector is full whatever the
// sizes are. A variant says how large a tile its registers hold: CK_LANE_OUTPUTS output channels x CK_LANE_PIXELS
// neighboring output pixels; in the gradient CK_LANE_SUMS weights and pixels, of them at most CK_LANE_TAPS along a row.

#define CK_LANES ((ptrdiff_t)(CK_VECTOR_BYTES / sizeof(T)))
#define CK_SIDE ((int)(CK_BLOCK_BYTES / sizeof(T)))

#ifndef CK_LANE_TAP_RANGE
#define CK_LANE_TAP_RANGE
// The taps first ..< end of a kernel that reach positions low ..< high of the input from some start ... last; likewise the
// outputs from which a tap reaches them.
typedef struct { ptrdiff_t first, end; } CKTaps;

CK_INLINE CKTaps reachingTaps(ptrdiff_t start, ptrdiff_t last, ptrdiff_t dilation, ptrdiff_t count, ptrdiff_t low,
                              ptrdiff_t high) {
  CKTaps taps = {0, count};
  while (taps.first < taps.end && last + taps.first * dilation < low) { taps.first++; }
  while (taps.end > taps.first && start + (taps.end - 1) * dilation >= high) { taps.end--; }
  return taps;
}
#endif

// Adds the products of one tap to the sums of a tile.
CK_INLINE void NAME(addTap)(const int outputs, const int pixels, ptrdiff_t pixelStep, const T *x, const T *weights,
                            NAME(Vector) sums[CK_LANE_OUTPUTS][CK_LANE_PIXELS]) {
  NAME(Vector) values[CK_LANE_PIXELS];
  CK_UNROLL for (int p = 0; p < pixels; p++) { values[p] = *(const NAME(Loose) *)(x + p * pixelStep); }
  CK_UNROLL for (int o = 0; o < outputs; o++) {
    const NAME(Vector) factor = weights[o];
    CK_UNROLL for (int p = 0; p < pixels; p++) { sums[o][p] = CK_FMA(factor, values[p], sums[o][p]); }
  }
}

// One tile of the output, whose first window begins at (row, column) of the input. `outputs` and `pixels` are constants
// at every call, so that the sums live in registers.
CK_INLINE void NAME(interleavedTile)(const int outputs, const int pixels, const CKInterleavedConvolution *s, ptrdiff_t row,
                              ptrdiff_t column, CKTaps rows, CKTaps columns, const T *x, const T *weights,
                              const T *bias, T *y) {
  NAME(Vector) sums[CK_LANE_OUTPUTS][CK_LANE_PIXELS];
  CK_UNROLL for (int o = 0; o < outputs; o++) {
    CK_UNROLL for (int p = 0; p < pixels; p++) { sums[o][p] = bias ? bias[o] : 0; }
  }
  const ptrdiff_t pixelStep = s->strideX * CK_LANES, tapStep = s->dilationX * CK_LANES;
  const ptrdiff_t lineStep = s->dilationY * s->width * CK_LANES, weightStep = s->kernelWidth * CK_LANE_OUTPUTS;
  const ptrdiff_t lines = rows.end - rows.first, taps = columns.end - columns.first;
  x += ((row + rows.first * s->dilationY) * s->width + column + columns.first * s->dilationX) * CK_LANES;
  weights += rows.first * weightStep + columns.first * CK_LANE_OUTPUTS;
  for (ptrdiff_t channel = 0; channel < s->channels; channel++) {
    const T *line = x, *weight = weights;
    for (ptrdiff_t ky = 0; ky < lines; ky++, line += lineStep, weight += weightStep) {
      if (taps == 3) {  // a usual number as a constant: few multiplications share the loop's other instructions
        CK_UNROLL for (int kx = 0; kx < 3; kx++) {
          NAME(addTap)(outputs, pixels, pixelStep, line + kx * tapStep, weight + kx * CK_LANE_OUTPUTS, sums);
        }
        continue;
      }
      for (ptrdiff_t kx = 0; kx < taps; kx++) {
        NAME(addTap)(outputs, pixels, pixelStep, line + kx * tapStep, weight + kx * CK_LANE_OUTPUTS, sums);
      }
    }
    x += s->height * s->width * CK_LANES;
    weights += s->kernelHeight * weightStep;
  }
  CK_UNROLL for (int o = 0; o < outputs; o++) {
    CK_UNROLL for (int p = 0; p < pixels; p++) {
      *(NAME(Loose) *)(y + (o * s->outputHeight * s->outputWidth + p) * CK_LANES) = sums[o][p];
    }
  }
}

#define CK_CASE(outputs, pixels) \
  case (outputs) * 8 + (pixels): \
    if (outputs <= CK_LANE_OUTPUTS && pixels <= CK_LANE_PIXELS) { \
      NAME(interleavedTile)(outputs, pixels, s, row, column, rows, columns, x, weights, biases, to); \
    } \
    break;
#define CK_CASES(outputs) CK_CASE(outputs, 1) CK_CASE(outputs, 2) CK_CASE(outputs, 3) CK_CASE(outputs, 4)

// Rows of the output outside, so that the input rows they need stay in the L1 cache for all channels.
static void NAME(convolveInterleaved)(const CKInterleavedConvolution *s, const T *x, const T *panels, const T *bias, T *y) {
  const ptrdiff_t taps = s->channels * s->kernelHeight * s->kernelWidth;
  for (ptrdiff_t oy = 0; oy < s->outputHeight; oy++) {
    const ptrdiff_t row = oy * s->strideY - s->padY;
    const CKTaps rows = reachingTaps(row, row, s->dilationY, s->kernelHeight, s->firstRow, s->endRow);
    for (ptrdiff_t output = 0; output < s->outputs; output += CK_LANE_OUTPUTS) {
      const ptrdiff_t outputs = CKMin(CK_LANE_OUTPUTS, s->outputs - output);
      const T *weights = panels + output * taps, *biases = bias ? bias + output : 0;
      for (ptrdiff_t ox = 0, pixels; ox < s->outputWidth; ox += pixels) {
        T *to = y + ((output * s->outputHeight + oy) * s->outputWidth + ox) * CK_LANES;
        // Where windows leave the input, each pixel is a tile of its own, with the taps that it needs.
        const ptrdiff_t column = ox * s->strideX - s->padX, reach = (s->kernelWidth - 1) * s->dilationX;
        pixels = CKMin(CK_LANE_PIXELS, s->outputWidth - ox);
        if (column < s->firstColumn || column + (pixels - 1) * s->strideX + reach >= s->endColumn) { pixels = 1; }
        const CKTaps columns =
          reachingTaps(column, column, s->dilationX, s->kernelWidth, s->firstColumn, s->endColumn);
        switch (outputs * 8 + pixels) {
        CK_CASES(1)
        CK_CASES(2)
        CK_CASES(3)
        CK_CASES(4)
        CK_CASES(5)
        CK_CASES(6)
        }
      }
    }
  }
}
#undef CK_CASE
#undef CK_CASES

// The gradients of some outputs' weights along one row of the kernel, from output rows that reach the input: a sum in
// each lane, and then the sum over the lanes.
CK_INLINE void NAME(interleavedGradientTile)(const int outputs, const int taps, const CKInterleavedConvolution *s, CKTaps rows,
                                      const T *x, const T *dy, T *dw, ptrdiff_t dwStep) {
  enum { most = (5 * CK_LANE_TAPS + CK_SIDE - 1) / CK_SIDE * CK_SIDE };
  NAME(Vector) sums[most];
  CK_UNROLL for (int i = 0; i < most; i++) { sums[i] = (NAME(Vector)){0}; }
  const ptrdiff_t plane = s->outputHeight * s->outputWidth * CK_LANES;
  const ptrdiff_t pixelStep = s->strideX * CK_LANES, tapStep = s->dilationX * CK_LANES;
  for (ptrdiff_t oy = rows.first; oy < rows.end; oy++) {
    const T *from = x + oy * s->strideY * s->width * CK_LANES, *cotangents = dy + oy * s->outputWidth * CK_LANES;
    for (ptrdiff_t ox = 0; ox < s->outputWidth; ox++) {
      NAME(Vector) values[CK_LANE_TAPS];
      CK_UNROLL for (int t = 0; t < taps; t++) { values[t] = *(const NAME(Loose) *)(from + t * tapStep); }
      CK_UNROLL for (int o = 0; o < outputs; o++) {
        const NAME(Vector) cotangent = *(const NAME(Loose) *)(cotangents + o * plane);
        CK_UNROLL for (int t = 0; t < taps; t++) {
          sums[o * taps + t] = CK_FMA(cotangent, values[t], sums[o * taps + t]);
        }
      }
      from += pixelStep;
      cotangents += CK_LANES;
    }
  }
  T totals[most];
  CK_UNROLL for (int i = 0; i < (outputs * taps + CK_SIDE - 1) / CK_SIDE * CK_SIDE; i += CK_SIDE) {
    NAME(sumLanes)(sums + i, totals + i);
  }
  CK_UNROLL for (int o = 0; o < outputs; o++) {
    CK_UNROLL for (int t = 0; t < taps; t++) { dw[o * dwStep + t] = totals[o * taps + t]; }
  }
}

#define CK_CASE(outputs, taps) \
  case (outputs) * 8 + (taps): \
    if ((outputs + 1) * (taps) <= CK_LANE_SUMS && taps <= CK_LANE_TAPS) { \
      NAME(interleavedGradientTile)(outputs, taps, s, rows, from, cotangents, to, all); \
    } \
    break;
#define CK_CASES(outputs) \
  CK_CASE(outputs, 1) CK_CASE(outputs, 2) CK_CASE(outputs, 3) CK_CASE(outputs, 4) CK_CASE(outputs, 5)

static void NAME(interleavedWeightGradients)(const CKInterleavedConvolution *s, const T *x, const T *dy, T *dw) {
  const ptrdiff_t all = s->channels * s->kernelHeight * s->kernelWidth;
  const ptrdiff_t plane = s->outputHeight * s->outputWidth * CK_LANES;
  for (ptrdiff_t kx = 0; kx < s->kernelWidth; kx += CK_LANE_TAPS) {
    const ptrdiff_t taps = CKMin(CK_LANE_TAPS, s->kernelWidth - kx);
    // Blocks of equal size rather than full ones and a small rest.
    const ptrdiff_t limit = CKMin(CK_LANE_SUMS / taps - 1, 5), blocks = (s->outputs + limit - 1) / limit;
    for (ptrdiff_t block = 0; block < blocks; block++) {
      const ptrdiff_t output = s->outputs * block / blocks, outputs = s->outputs * (block + 1) / blocks - output;
      const T *cotangents = dy + output * plane;
      for (ptrdiff_t row = 0; row < s->channels * s->kernelHeight; row++) {
        const ptrdiff_t tapRow = row % s->kernelHeight * s->dilationY;
        const CKTaps rows = reachingTaps(tapRow, tapRow, s->strideY, s->outputHeight, s->firstRow, s->endRow);
        const ptrdiff_t y = row / s->kernelHeight * s->height + tapRow;
        const T *from = x + (y * s->width + kx * s->dilationX) * CK_LANES;
        T *to = dw + output * all + row * s->kernelWidth + kx;
        switch (outputs * 8 + taps) {
        CK_CASES(1)
        CK_CASES(2)
        CK_CASES(3)
        CK_CASES(4)
        CK_CASES(5)
        }
      }
    }
  }
}

// A plane's sum in the order of activationPoolInterleavedGradient: within rows, over rows, over lanes.
static void NAME(interleavedBiasGradients)(const CKInterleavedConvolution *s, const T *dy, T *db) {
  for (ptrdiff_t output = 0; output < s->outputs; output++) {
    NAME(Vector) total = {0};
    for (ptrdiff_t row = 0; row < s->outputHeight; row++) {
      NAME(Vector) sum = {0};
      for (ptrdiff_t column = 0; column < s->outputWidth; column++, dy += CK_LANES) {
        sum += *(const NAME(Loose) *)dy;
      }
      total += sum;
    }
    double sum = 0;
    for (ptrdiff_t lane = 0; lane < CK_LANES; lane++) { sum += total[lane]; }
    db[output] = (T)sum;
  }
}

#undef CK_CASE
#undef CK_CASES
#undef CK_LANES
#undef CK_SIDE
