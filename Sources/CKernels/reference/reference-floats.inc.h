// Reference bodies for floating point only (a template, see types.inc.h).

static void NAME(update)(CKUpdate operation, size_t count, CKUpdateFactors factors, const T *u, const T *v, T *y) {
  for (size_t i = 0; i < count; i++) {
    T added = u[i];
    if (operation == CKUpdateAddProduct) { added = u[i] * v[i]; }
    if (operation == CKUpdateAddQuotient) {
      added = u[i] / ((T)factors.root * (T)sqrt(v[i]) + (T)factors.epsilon);
    }
    y[i] = (T)factors.keep * y[i] + (T)factors.scale * added;
  }
}

static void NAME(huber)(size_t count, double width, double slope, bool isDerivative, const T *x, const T *target, T *y) {
  for (size_t i = 0; i < count; i++) {
    const T error = x[i] - target[i], quotient = error / (T)width, limit = (T)slope;
    const T derivative = quotient > limit ? limit : quotient < -limit ? -limit : quotient;
    y[i] = isDerivative ? derivative : derivative * (error - derivative * (T)(0.5 * width));
  }
}

// The sum of exp(x - shift). Softmax shifts by the largest element, so that an infinite one gives NaN, as PyTorch.
static double NAME(sumExponentials)(size_t columns, const T *x, double shift) {
  double sum = 0;
  for (size_t i = 0; i < columns; i++) { sum += exp(x[i] - shift); }
  return sum;
}

static void NAME(softmaxRows)(size_t rows, size_t columns, const T *x, T *y) {
  for (size_t row = 0; row < rows; row++, x += columns, y += columns) {
    const double largest = NAME(reduced)(CKReduceMaximum, columns, x, 1);
    const double sum = NAME(sumExponentials)(columns, x, largest);
    for (size_t i = 0; i < columns; i++) { y[i] = (T)(exp(x[i] - largest) / sum); }
  }
}

static void NAME(logSoftmaxRows)(size_t rows, size_t columns, const T *x, T *y) {
  for (size_t row = 0; row < rows; row++, x += columns, y += columns) {
    const double largest = NAME(reduced)(CKReduceMaximum, columns, x, 1);
    const double logarithm = log(NAME(sumExponentials)(columns, x, largest));
    for (size_t i = 0; i < columns; i++) { y[i] = (T)(x[i] - largest - logarithm); }
  }
}

static void NAME(logSumExpRows)(size_t rows, size_t columns, const T *x, T *y) {
  for (size_t row = 0; row < rows; row++, x += columns) {
    const double largest = NAME(reduced)(CKReduceMaximum, columns, x, 1), shift = isfinite(largest) ? largest : 0;
    y[row] = (T)(shift + log(NAME(sumExponentials)(columns, x, shift)));
  }
}

static void NAME(rowMoments)(size_t rows, size_t columns, const T *x, double *moments) {
  for (size_t row = 0; row < rows; row++, x += columns) {
    double sum = 0, squares = 0;
    for (size_t i = 0; i < columns; i++) { sum += x[i]; }
    const double mean = sum / (double)columns;
    for (size_t i = 0; i < columns; i++) { squares += (x[i] - mean) * (x[i] - mean); }
    *moments++ = mean;
    *moments++ = squares;
  }
}

static void NAME(rowProducts)(size_t rows, size_t columns, const T *dy, const T *x, const double *centers,
                              double *sums) {
  for (size_t row = 0; row < rows; row++, x += columns, dy += columns) {
    double sum = 0, products = 0;
    for (size_t i = 0; i < columns; i++) {
      sum += dy[i];
      products += dy[i] * (x[i] - centers[row]);
    }
    *sums++ = sum;
    *sums++ = products;
  }
}

static void NAME(combineRows)(size_t rows, size_t columns, const CKRowMap *maps, const T *u, const T *v,
                              const T *weight, const T *bias, T *y) {
  for (size_t i = 0; i < rows * columns; i++) {
    const CKRowMap *map = maps + i / columns;
    y[i] = (T)((u ? map->first * u[i] : 0) + map->second * (v[i] - map->center) + map->shift);
    if (weight) { y[i] = y[i] * weight[i % columns]; }
    if (bias) { y[i] = y[i] + bias[i % columns]; }
  }
}

static void NAME(pack)(size_t width, size_t count, size_t depth, CKSource source, T *panels) {
  for (size_t start = 0; start < count; start += width) {
    for (size_t k = 0; k < depth; k++) {
      for (size_t i = start; i < start + width; i++) {
        const ptrdiff_t at = (ptrdiff_t)i * source.outer + (ptrdiff_t)k * source.inner;
        *panels++ = i < count ? ((const T *)source.data)[at] : 0;
      }
    }
  }
}

// The element of the patch matrix at row `tap`, column `pixel`.
static T NAME(patchElement)(const CKPatches *p, const T *image, ptrdiff_t tap, ptrdiff_t pixel) {
  const ptrdiff_t channel = tap / (p->kernelHeight * p->kernelWidth);
  const ptrdiff_t kernelY = tap / p->kernelWidth % p->kernelHeight, kernelX = tap % p->kernelWidth;
  const ptrdiff_t row = pixel / p->outputWidth;
  image += row / p->outputHeight * p->imageStep;
  const ptrdiff_t y = row % p->outputHeight * p->strideY - p->padY + kernelY * p->dilationY;
  const ptrdiff_t x = pixel % p->outputWidth * p->strideX - p->padX + kernelX * p->dilationX;
  const bool inside = y >= 0 && y < p->height && x >= 0 && x < p->width;
  return inside ? image[(channel * p->height + y) * p->width + x] : 0;
}

static void NAME(packPatches)(const CKPatches *p, const T *image, size_t depthStart, size_t depthCount,
                              size_t columnStart, size_t columnCount, T *panels) {
  for (size_t start = 0; start < columnCount; start += CK_PANEL_COLUMNS(T)) {
    for (size_t k = depthStart; k < depthStart + depthCount; k++) {
      for (size_t i = start; i < start + CK_PANEL_COLUMNS(T); i++) {
        *panels++ =
          i < columnCount ? NAME(patchElement)(p, image, (ptrdiff_t)k, (ptrdiff_t)(columnStart + i)) : 0;
      }
    }
  }
}

static void NAME(packPatchesTransposed)(const CKPatches *p, const T *image, size_t depthStart, size_t depthCount,
                                        size_t columnStart, size_t columnCount, T *panels) {
  for (size_t start = 0; start < columnCount; start += CK_PANEL_COLUMNS(T)) {
    for (size_t k = depthStart; k < depthStart + depthCount; k++) {
      for (size_t i = start; i < start + CK_PANEL_COLUMNS(T); i++) {
        *panels++ =
          i < columnCount ? NAME(patchElement)(p, image, (ptrdiff_t)(columnStart + i), (ptrdiff_t)k) : 0;
      }
    }
  }
}

static void NAME(sumPatches)(const CKPatches *p, size_t firstRow, size_t rowCount, const T *products, ptrdiff_t tapStep,
                             size_t firstOutputRow, size_t outputRows, T *image) {
  const ptrdiff_t firstY = (ptrdiff_t)firstRow, endY = firstY + (ptrdiff_t)rowCount;
  for (ptrdiff_t channel = 0; channel < p->channels; channel++, image += p->height * p->width) {
    memset(image + firstY * p->width, 0, rowCount * (size_t)p->width * sizeof(T));
    for (ptrdiff_t tap = 0; tap < p->kernelHeight * p->kernelWidth; tap++, products += tapStep) {
      for (ptrdiff_t pixel = 0; pixel < (ptrdiff_t)outputRows * p->outputWidth; pixel++) {
        const ptrdiff_t row = (ptrdiff_t)firstOutputRow + pixel / p->outputWidth;
        const ptrdiff_t y = row * p->strideY - p->padY + tap / p->kernelWidth * p->dilationY;
        const ptrdiff_t x = pixel % p->outputWidth * p->strideX - p->padX + tap % p->kernelWidth * p->dilationX;
        if (y >= firstY && y < endY && x >= 0 && x < p->width) { image[y * p->width + x] += products[pixel]; }
      }
    }
  }
}

static void NAME(multiplyVector)(size_t columns, size_t depth, const T *x, CKSource b, T *y) {
  for (size_t column = 0; column < columns; column++) {
    double sum = 0;
    for (size_t k = 0; k < depth; k++) {
      sum += (double)x[k] * (double)((const T *)b.data)[(ptrdiff_t)column * b.outer + (ptrdiff_t)k * b.inner];
    }
    y[column] = (T)sum;
  }
}

// Element (row, k) of the left operand is at row / height * panel + row % height * rowStep + k * step.
static void NAME(multiplyTiles)(size_t rows, size_t columns, size_t depth, const T *left, size_t panel,
                                ptrdiff_t rowStep, ptrdiff_t step, const T *rightPanels, T *c, ptrdiff_t cRow,
                                bool accumulate) {
  const size_t height = CK_PANEL_ROWS(T), width = CK_PANEL_COLUMNS(T);
  for (size_t row = 0; row < rows; row++) {
    for (size_t column = 0; column < columns; column++) {
      const T *from = left + row / height * panel + (ptrdiff_t)(row % height) * rowStep;
      const T *right = rightPanels + column / width * width * depth + column % width;
      T *to = c + (ptrdiff_t)row * cRow + column;
      double sum = accumulate ? *to : 0;
      for (size_t k = 0; k < depth; k++) { sum += (double)from[(ptrdiff_t)k * step] * (double)right[k * width]; }
      *to = (T)sum;
    }
  }
}

static void NAME(multiplyPanels)(size_t rows, size_t columns, size_t depth, const T *leftPanels,
                                 const T *rightPanels, T *c, ptrdiff_t cRow, bool accumulate) {
  const size_t height = CK_PANEL_ROWS(T);
  NAME(multiplyTiles)(rows, columns, depth, leftPanels, height * depth, 1, height, rightPanels, c, cRow, accumulate);
}

static void NAME(multiplyRows)(size_t rows, size_t columns, size_t depth, CKSource left, const T *rightPanels, T *c,
                               ptrdiff_t cRow, bool accumulate) {
  const ptrdiff_t panel = (ptrdiff_t)CK_PANEL_ROWS(T) * left.outer;
  NAME(multiplyTiles)(rows, columns, depth, left.data, (size_t)panel, left.outer, left.inner, rightPanels, c, cRow,
                      accumulate);
}

static void NAME(multiplyMatrices)(size_t rows, size_t columns, size_t depth, CKSource left, const T *right,
                                   ptrdiff_t rightRow, T *c, ptrdiff_t cRow, bool accumulate) {
  for (size_t row = 0; row < rows; row++) {
    for (size_t column = 0; column < columns; column++) {
      T *to = c + (ptrdiff_t)row * cRow + (ptrdiff_t)column;
      double sum = accumulate ? *to : 0;
      for (size_t k = 0; k < depth; k++) {
        sum += (double)((const T *)left.data)[(ptrdiff_t)row * left.outer + (ptrdiff_t)k * left.inner]
          * (double)right[(ptrdiff_t)k * rightRow + (ptrdiff_t)column];
      }
      *to = (T)sum;
    }
  }
}

// Calls `body` for every element `at` of the window of output (outputY, outputX) that lies inside the image.
#define CK_WINDOW(body) \
  for (ptrdiff_t kernelY = 0; kernelY < w->kernelHeight; kernelY++) { \
    for (ptrdiff_t kernelX = 0; kernelX < w->kernelWidth; kernelX++) { \
      const ptrdiff_t row = outputY * w->strideY - w->padY + kernelY * w->dilationY; \
      const ptrdiff_t column = outputX * w->strideX - w->padX + kernelX * w->dilationX; \
      if (row < 0 || row >= w->height || column < 0 || column >= w->width) { continue; } \
      const ptrdiff_t at = row * w->width + column; \
      body \
    } \
  }

#define CK_OUTPUTS \
  for (ptrdiff_t outputY = 0; outputY < w->outputHeight; outputY++) \
    for (ptrdiff_t outputX = 0; outputX < w->outputWidth; outputX++)

// How many positions of a window count in its average.
static double NAME(windowSize)(const CKWindow *w, ptrdiff_t outputY, ptrdiff_t outputX) {
  ptrdiff_t count = 0;
  for (ptrdiff_t kernelY = 0; kernelY < w->kernelHeight; kernelY++) {
    for (ptrdiff_t kernelX = 0; kernelX < w->kernelWidth; kernelX++) {
      const ptrdiff_t row = outputY * w->strideY - w->padY + kernelY, padY = w->countIncludesPadding ? w->padY : 0;
      const ptrdiff_t column = outputX * w->strideX - w->padX + kernelX, padX = w->countIncludesPadding ? w->padX : 0;
      count += row >= -padY && row < w->height + padY && column >= -padX && column < w->width + padX;
    }
  }
  return (double)count;
}

static void NAME(averagePool)(const CKWindow *w, size_t planes, const T *x, T *y) {
  for (size_t plane = 0; plane < planes; plane++, x += w->height * w->width) {
    CK_OUTPUTS {
      double sum = 0;
      CK_WINDOW(sum += x[at];)
      *y++ = (T)(sum / NAME(windowSize)(w, outputY, outputX));
    }
  }
}

static void NAME(averagePoolGradient)(const CKWindow *w, size_t planes, const T *dy, T *dx) {
  for (size_t plane = 0; plane < planes; plane++, dx += w->height * w->width) {
    for (ptrdiff_t i = 0; i < w->height * w->width; i++) { dx[i] = 0; }
    CK_OUTPUTS {
      const double part = *dy++ / NAME(windowSize)(w, outputY, outputX);
      CK_WINDOW(dx[at] = (T)(dx[at] + part);)
    }
  }
}

#define CK_EACH_LANE for (ptrdiff_t lane = 0, lanes = CK_LANE_COUNT(T); lane < lanes; lane++)

static void NAME(averagePoolInterleaved)(const CKWindow *w, size_t planes, const T *x, T *y) {
  for (size_t plane = 0; plane < planes; plane++, x += w->height * w->width * CK_LANE_COUNT(T)) {
    CK_OUTPUTS {
      CK_EACH_LANE {
        double sum = 0;
        CK_WINDOW(sum += x[at * lanes + lane];)
        *y++ = (T)(sum / NAME(windowSize)(w, outputY, outputX));
      }
    }
  }
}

// The position of one lane's first largest element; NaN counts as largest.
#define CK_LARGEST \
  ptrdiff_t best = -1; \
  CK_WINDOW( \
    const T v = x[at * lanes + lane]; \
    if (best < 0 || v > x[best * lanes + lane] || (v != v && x[best * lanes + lane] == x[best * lanes + lane])) { \
      best = at; \
    })

static void NAME(maxPoolInterleaved)(const CKWindow *w, size_t planes, const T *x, T *y) {
  for (size_t plane = 0; plane < planes; plane++, x += w->height * w->width * CK_LANE_COUNT(T)) {
    CK_OUTPUTS {
      CK_EACH_LANE {
        CK_LARGEST
        *y++ = x[best * lanes + lane];
      }
    }
  }
}

static void NAME(activationPoolInterleavedGradient)(CKZip derivative, bool isMaximum, const CKWindow *w, size_t planes,
                                                    const T *dy, const T *x, T *dx, T *sums) {
  const ptrdiff_t count = w->height * w->width * CK_LANE_COUNT(T);
  for (size_t plane = 0; plane < planes; plane++, x += count, dx += count) {
    for (ptrdiff_t i = 0; i < count; i++) { dx[i] = 0; }
    CK_OUTPUTS {
      CK_EACH_LANE {
        if (isMaximum) {
          CK_LARGEST
          dx[best * lanes + lane] += *dy++;
          continue;
        }
        const double part = *dy++ / NAME(windowSize)(w, outputY, outputX);
        CK_WINDOW(dx[at * lanes + lane] = (T)(dx[at * lanes + lane] + part);)
      }
    }
    const CKSource gradient = {dx, 1, 0}, results = {x, 1, 0};
    NAME(zip)(derivative, (size_t)count, 1, gradient, results, dx);
    double sum = 0;
    for (ptrdiff_t i = 0; i < count; i++) { sum += dx[i]; }
    sums[plane] = (T)sum;
  }
}

#undef CK_LARGEST

static void NAME(maxPoolIndices)(const CKWindow *w, size_t planes, const T *x, int32_t *indices) {
  for (size_t plane = 0; plane < planes; plane++, x += w->height * w->width) {
    CK_OUTPUTS {
      ptrdiff_t best = -1;
      CK_WINDOW(if (best < 0 || x[at] > x[best] || (x[at] != x[at] && x[best] == x[best])) { best = at; })
      *indices++ = (int32_t)best;
    }
  }
}

#define CK_INDEX(i) (areWide ? ((const int64_t *)indices)[i] : ((const int32_t *)indices)[i])

static bool NAME(gatherPlanes)(size_t planes, size_t xCount, size_t yCount, const T *x, const void *indices,
                               bool areWide, T *y) {
  for (size_t i = 0; i < planes * yCount; i++) {
    if (CK_INDEX(i) < 0 || CK_INDEX(i) >= (int64_t)xCount) { return false; }
    y[i] = x[i / yCount * xCount + (size_t)CK_INDEX(i)];
  }
  return true;
}

static bool NAME(scatterAddPlanes)(size_t planes, size_t xCount, size_t yCount, const T *x, const void *indices,
                                   bool areWide, T *y) {
  for (size_t i = 0; i < planes * yCount; i++) { y[i] = 0; }
  for (size_t i = 0; i < planes * xCount; i++) {
    if (CK_INDEX(i) < 0 || CK_INDEX(i) >= (int64_t)yCount) { return false; }
    y[i / xCount * yCount + (size_t)CK_INDEX(i)] += x[i];
  }
  return true;
}

#undef CK_INDEX

#undef CK_EACH_LANE
#undef CK_WINDOW
#undef CK_OUTPUTS
