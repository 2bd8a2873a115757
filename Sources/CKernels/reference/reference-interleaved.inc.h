// Reference bodies of the convolution in lanes for one floating-point type (a template, see types.inc.h).

#define CK_LANES CK_LANE_COUNT(T)

// Calls BODY for every output, pixel, tap and lane that reaches the input, with the offsets in x, y and the panels or
// sums.
#define CK_LANE_LOOPS(BODY) \
  const ptrdiff_t area = s->kernelHeight * s->kernelWidth, taps = s->channels * area; \
  for (ptrdiff_t output = 0; output < s->outputs; output++) { \
    for (ptrdiff_t oy = 0; oy < s->outputHeight; oy++) { \
      for (ptrdiff_t ox = 0; ox < s->outputWidth; ox++) { \
        const ptrdiff_t pixel = (output * s->outputHeight + oy) * s->outputWidth + ox; \
        for (ptrdiff_t tap = 0; tap < taps; tap++) { \
          const ptrdiff_t iy = oy * s->strideY - s->padY + tap % area / s->kernelWidth * s->dilationY; \
          const ptrdiff_t ix = ox * s->strideX - s->padX + tap % s->kernelWidth * s->dilationX; \
          const ptrdiff_t at = (tap / area * s->height + iy) * s->width + ix; \
          if (iy < s->firstRow || iy >= s->endRow || ix < s->firstColumn || ix >= s->endColumn) { continue; } \
          for (ptrdiff_t lane = 0; lane < CK_LANES; lane++) { BODY } \
        } \
      } \
    } \
  }

static void NAME(convolveInterleaved)(const CKInterleavedConvolution *s, const T *x, const T *panels, const T *bias, T *y) {
  for (ptrdiff_t i = 0; i < s->outputs * s->outputHeight * s->outputWidth * CK_LANES; i++) {
    y[i] = bias ? bias[i / (s->outputHeight * s->outputWidth * CK_LANES)] : 0;
  }
  CK_LANE_LOOPS(
    const T weight = panels[(output / CK_LANE_OUTPUTS * taps + tap) * CK_LANE_OUTPUTS + output % CK_LANE_OUTPUTS];
    y[pixel * CK_LANES + lane] += weight * x[at * CK_LANES + lane];
  )
}

static void NAME(interleavedWeightGradients)(const CKInterleavedConvolution *s, const T *x, const T *dy, T *dw) {
  for (ptrdiff_t i = 0; i < s->outputs * s->channels * s->kernelHeight * s->kernelWidth; i++) { dw[i] = 0; }
  CK_LANE_LOOPS(dw[output * taps + tap] += dy[pixel * CK_LANES + lane] * x[at * CK_LANES + lane];)
}

static void NAME(interleavedBiasGradients)(const CKInterleavedConvolution *s, const T *dy, T *db) {
  for (ptrdiff_t output = 0; output < s->outputs; output++) {
    double sum = 0;
    for (ptrdiff_t i = 0; i < s->outputHeight * s->outputWidth * CK_LANES; i++) { sum += *dy++; }
    db[output] = (T)sum;
  }
}

#undef CK_LANE_LOOPS
#undef CK_LANES
