// Pooling and gathering over planes for one floating-point type (a template, see types.inc.h).

#ifndef CK_POOL_RANGES
#define CK_POOL_RANGES

// A window in one direction: its elements start ..< end inside the image, and its length for the average.
typedef struct { ptrdiff_t start, end, length; } CKRange;

// As PyTorch: with counted padding the length is clipped to the padded image, else to the image.
CK_INLINE CKRange windowRange(ptrdiff_t output, ptrdiff_t stride, ptrdiff_t pad, ptrdiff_t kernel, ptrdiff_t size,
                              bool countsPadding) {
  const ptrdiff_t start = output * stride - pad, end = CKMin(start + kernel, size + pad);
  const CKRange range = {CKMax(start, 0), CKMin(end, size), 0};
  return (CKRange){range.start, range.end, countsPadding ? end - start : range.end - range.start};
}

// The usual window: 2 x 2, next to each other, all inside.
CK_INLINE bool isTwoByTwo(const CKWindow *w) {
  return w->kernelHeight == 2 && w->kernelWidth == 2 && w->strideY == 2 && w->strideX == 2 && w->padY == 0
    && w->padX == 0 && w->dilationY == 1 && w->dilationX == 1 && w->outputHeight * 2 <= w->height
    && w->outputWidth * 2 <= w->width;
}
#endif

static void NAME(averagePool)(const CKWindow *w, size_t planes, const T *x, T *y) {
  const bool simple = isTwoByTwo(w);
  for (size_t plane = 0; plane < planes; plane++, x += w->height * w->width) {
    for (ptrdiff_t outputY = 0; outputY < w->outputHeight; outputY++, y += w->outputWidth) {
      if (simple) {
        const T *upper = x + 2 * outputY * w->width, *lower = upper + w->width;
        CK_SIMD for (ptrdiff_t i = 0; i < w->outputWidth; i++) {
          y[i] = ((upper[2 * i] + upper[2 * i + 1]) + (lower[2 * i] + lower[2 * i + 1])) * (T)0.25;
        }
        continue;
      }
      const CKRange rows =
        windowRange(outputY, w->strideY, w->padY, w->kernelHeight, w->height, w->countIncludesPadding);
      for (ptrdiff_t outputX = 0; outputX < w->outputWidth; outputX++) {
        const CKRange columns =
          windowRange(outputX, w->strideX, w->padX, w->kernelWidth, w->width, w->countIncludesPadding);
        T sum = 0;
        for (ptrdiff_t row = rows.start; row < rows.end; row++) {
          const T *in = x + row * w->width;
          for (ptrdiff_t column = columns.start; column < columns.end; column++) { sum += in[column]; }
        }
        y[outputX] = sum / (T)(rows.length * columns.length);
      }
    }
  }
}

static void NAME(averagePoolGradient)(const CKWindow *w, size_t planes, const T *dy, T *dx) {
  const bool simple = isTwoByTwo(w);
  const bool whole = simple && w->outputHeight * 2 == w->height && w->outputWidth * 2 == w->width;
  if (!whole) { memset(dx, 0, planes * (size_t)(w->height * w->width) * sizeof(T)); }
  for (size_t plane = 0; plane < planes; plane++, dx += w->height * w->width) {
    for (ptrdiff_t outputY = 0; outputY < w->outputHeight; outputY++, dy += w->outputWidth) {
      if (simple) {
        T *upper = dx + 2 * outputY * w->width, *lower = upper + w->width;
        CK_SIMD for (ptrdiff_t i = 0; i < w->outputWidth; i++) {
          const T part = dy[i] * (T)0.25;
          upper[2 * i] = part;
          upper[2 * i + 1] = part;
          lower[2 * i] = part;
          lower[2 * i + 1] = part;
        }
        continue;
      }
      const CKRange rows =
        windowRange(outputY, w->strideY, w->padY, w->kernelHeight, w->height, w->countIncludesPadding);
      for (ptrdiff_t outputX = 0; outputX < w->outputWidth; outputX++) {
        const CKRange columns =
          windowRange(outputX, w->strideX, w->padX, w->kernelWidth, w->width, w->countIncludesPadding);
        const T part = dy[outputX] / (T)(rows.length * columns.length);
        for (ptrdiff_t row = rows.start; row < rows.end; row++) {
          T *out = dx + row * w->width;
          for (ptrdiff_t column = columns.start; column < columns.end; column++) { out[column] += part; }
        }
      }
    }
  }
}

// One tap of all windows takes part: outputs low ..< high, whose elements begin at `at` and
// are a stride apart. -1 among the indices tells that there is no element yet.
CK_INLINE void NAME(takeLarger)(const ptrdiff_t stride, ptrdiff_t low, ptrdiff_t high, const T *x, ptrdiff_t at,
                                T *best, int32_t *indices) {
  CK_SIMD for (ptrdiff_t i = low; i < high; i++) {
    const T v = x[at + i * stride], b = best[i];
    const int larger = (indices[i] < 0) | (v > b) | ((v != v) & (b == b));
    best[i] = larger ? v : b;
    indices[i] = larger ? (int32_t)(at + i * stride) : indices[i];
  }
}

// Outputs first ..< first + count of a row.
static void NAME(largestInRow)(const CKWindow *w, const T *x, ptrdiff_t outputY, ptrdiff_t first, ptrdiff_t count,
                               int32_t *indices) {
  T best[poolBlock];
  for (ptrdiff_t i = 0; i < count; i++) { best[i] = 0, indices[i] = -1; }
  for (ptrdiff_t kernelY = 0; kernelY < w->kernelHeight; kernelY++) {
    const ptrdiff_t row = outputY * w->strideY - w->padY + kernelY * w->dilationY;
    if (row < 0 || row >= w->height) { continue; }
    for (ptrdiff_t kernelX = 0; kernelX < w->kernelWidth; kernelX++) {
      const ptrdiff_t column = first * w->strideX - w->padX + kernelX * w->dilationX, at = row * w->width + column;
      const ptrdiff_t low = column < 0 ? (w->strideX - 1 - column) / w->strideX : 0;
      const ptrdiff_t high = column < w->width ? CKMin((w->width - 1 - column) / w->strideX + 1, count) : 0;
      switch (w->strideX) {  // constants, for the vectorizer
      case 1: NAME(takeLarger)(1, low, high, x, at, best, indices); break;
      case 2: NAME(takeLarger)(2, low, high, x, at, best, indices); break;
      default: NAME(takeLarger)(w->strideX, low, high, x, at, best, indices);
      }
    }
  }
}

static void NAME(maxPoolIndices)(const CKWindow *w, size_t planes, const T *x, int32_t *indices) {
  const bool simple = isTwoByTwo(w);
  for (size_t plane = 0; plane < planes; plane++, x += w->height * w->width) {
    for (ptrdiff_t outputY = 0; outputY < w->outputHeight; outputY++, indices += w->outputWidth) {
      if (simple) {
        const int32_t width = (int32_t)w->width, first = (int32_t)(2 * outputY) * width;
        const T *upper = x + first, *lower = upper + width;
        CK_SIMD for (int32_t i = 0; i < (int32_t)w->outputWidth; i++) {
          // A candidate replaces what is there if larger, or if a NaN where there is none.
          const T a = upper[2 * i], b = upper[2 * i + 1], c = lower[2 * i], d = lower[2 * i + 1];
          const int right = (b > a) | ((b != b) & (a == a)), lowerRight = (d > c) | ((d != d) & (c == c));
          const T top = right ? b : a, bottom = lowerRight ? d : c;
          const int below = (bottom > top) | ((bottom != bottom) & (top == top));
          indices[i] = first + 2 * i + (below ? width + lowerRight : right);
        }
        continue;
      }
      for (ptrdiff_t first = 0; first < w->outputWidth; first += poolBlock) {
        NAME(largestInRow)(w, x, outputY, first, CKMin(poolBlock, w->outputWidth - first), indices + first);
      }
    }
  }
}

// Moves an element for each index of a plane. Indices of 32 bits are known to fit; those of 64 bits are checked.
#define CK_EACH_INDEX(count, bound, move) \
  if (areWide) { \
    const uint64_t *wide = (const uint64_t *)indices + plane * (count); \
    for (size_t j = 0; j < (count); j++) { \
      const uint64_t at = wide[j]; \
      if (at >= (bound)) { return false; } \
      move; \
    } \
  } else { \
    const int32_t *narrow = (const int32_t *)indices + plane * (count); \
    for (size_t j = 0; j < (count); j++) { \
      const int32_t at = narrow[j]; \
      move; \
    } \
  }

static bool NAME(gatherPlanes)(size_t planes, size_t xCount, size_t yCount, const T *x, const void *indices,
                               bool areWide, T *y) {
  // Which elements of a plane are wanted is known too late to fetch them from memory in time.
  const bool prefetches = yCount >= xCount && xCount * sizeof(T) <= gatherPrefetch;
  for (size_t plane = 0; plane < planes; plane++, x += xCount, y += yCount) {
    for (size_t j = 0; prefetches && j < xCount; j += 64 / sizeof(T)) { __builtin_prefetch(x + j); }
    CK_EACH_INDEX(yCount, xCount, y[j] = x[at])
  }
  return true;
}

static bool NAME(scatterAddPlanes)(size_t planes, size_t xCount, size_t yCount, const T *x, const void *indices,
                                   bool areWide, T *y) {
  memset(y, 0, planes * yCount * sizeof(T));
  for (size_t plane = 0; plane < planes; plane++, x += xCount, y += yCount) {
    CK_EACH_INDEX(xCount, yCount, y[at] += x[j])
  }
  return true;
}

#undef CK_EACH_INDEX

// Average pooling with an image in each lane of a vector, in the order of `averagePool`, so that both give
// the same bits.
static void NAME(averagePoolInterleaved)(const CKWindow *w, size_t planes, const T *x, T *y) {
  const ptrdiff_t lanes = CK_VECTOR_BYTES / sizeof(T), line = w->width * lanes;
  const bool simple = isTwoByTwo(w);
  for (size_t plane = 0; plane < planes; plane++, x += w->height * line) {
    for (ptrdiff_t outputY = 0; outputY < w->outputHeight; outputY++) {
      const CKRange rows =
        windowRange(outputY, w->strideY, w->padY, w->kernelHeight, w->height, w->countIncludesPadding);
      for (ptrdiff_t outputX = 0; outputX < w->outputWidth; outputX++, y += lanes) {
        if (simple) {
          const NAME(Loose) *upper = (const NAME(Loose) *)(x + 2 * outputY * line + 2 * outputX * lanes);
          const NAME(Loose) *lower = (const NAME(Loose) *)((const T *)upper + line);
          *(NAME(Loose) *)y = ((upper[0] + upper[1]) + (lower[0] + lower[1])) * (T)0.25;
          continue;
        }
        const CKRange columns =
          windowRange(outputX, w->strideX, w->padX, w->kernelWidth, w->width, w->countIncludesPadding);
        NAME(Vector) sum = {0};
        for (ptrdiff_t row = rows.start; row < rows.end; row++) {
          for (ptrdiff_t column = columns.start; column < columns.end; column++) {
            sum += *(const NAME(Loose) *)(x + row * line + column * lanes);
          }
        }
        *(NAME(Loose) *)y = sum / (T)(rows.length * columns.length);
      }
    }
  }
}

// Max pooling with an image in each lane of a vector. Each lane takes the first largest element, as `maxPoolIndices`.
#define CK_IS_LARGER(v, best) (((v) > (best)) | (((v) != (v)) & ((best) == (best))))

// The largest element of one window, and for each lane the number of its tap.
CK_INLINE NAME(Vector) NAME(largestInWindow)(const CKWindow *w, ptrdiff_t outputY, ptrdiff_t outputX, const T *x,
                                             NAME(Vector) *tap) {
  const ptrdiff_t lanes = CK_VECTOR_BYTES / sizeof(T);
  NAME(Vector) best = {0}, index = -1;
  for (ptrdiff_t kernelY = 0; kernelY < w->kernelHeight; kernelY++) {
    const ptrdiff_t row = outputY * w->strideY - w->padY + kernelY * w->dilationY;
    if (row < 0 || row >= w->height) { continue; }
    for (ptrdiff_t kernelX = 0; kernelX < w->kernelWidth; kernelX++) {
      const ptrdiff_t column = outputX * w->strideX - w->padX + kernelX * w->dilationX;
      if (column < 0 || column >= w->width) { continue; }
      const NAME(Vector) v = *(const NAME(Loose) *)(x + (row * w->width + column) * lanes);
      const NAME(Vector) number = (T)(kernelY * w->kernelWidth + kernelX);
      const __typeof__(v < best) isLarger = (index < 0) | CK_IS_LARGER(v, best);
      best = isLarger ? v : best;
      index = isLarger ? number : index;
    }
  }
  *tap = index;
  return best;
}

static void NAME(maxPoolInterleaved)(const CKWindow *w, size_t planes, const T *x, T *y) {
  const ptrdiff_t lanes = CK_VECTOR_BYTES / sizeof(T), line = w->width * lanes;
  const bool simple = isTwoByTwo(w);
  for (size_t plane = 0; plane < planes; plane++, x += w->height * line) {
    for (ptrdiff_t outputY = 0; outputY < w->outputHeight; outputY++) {
      for (ptrdiff_t outputX = 0; outputX < w->outputWidth; outputX++, y += lanes) {
        NAME(Vector) best, tap;
        if (simple) {
          const NAME(Loose) *upper = (const NAME(Loose) *)(x + 2 * outputY * line + 2 * outputX * lanes);
          const NAME(Loose) *lower = (const NAME(Loose) *)((const T *)upper + line);
          const NAME(Vector) a = upper[0], b = upper[1], c = lower[0], d = lower[1];
          const NAME(Vector) top = CK_IS_LARGER(b, a) ? b : a, bottom = CK_IS_LARGER(d, c) ? d : c;
          best = CK_IS_LARGER(bottom, top) ? bottom : top;
        } else {
          best = NAME(largestInWindow)(w, outputY, outputX, x, &tap);
        }
        *(NAME(Loose) *)y = best;
      }
    }
  }
}

// A window of 2 x 2 at x and the line after it: its elements v, and what each gets of the cotangent.
CK_INLINE void NAME(sendToLargest)(const T *x, ptrdiff_t line, const T *dy, NAME(Vector) *v, NAME(Vector) *u) {
  const NAME(Loose) *upper = (const NAME(Loose) *)x, *lower = (const NAME(Loose) *)(x + line);
  v[0] = upper[0], v[1] = upper[1], v[2] = lower[0], v[3] = lower[1];
  const NAME(Vector) sent = *(const NAME(Loose) *)dy + 0, zero = {0};
  const __typeof__(sent < zero) right = CK_IS_LARGER(v[1], v[0]), lowerRight = CK_IS_LARGER(v[3], v[2]);
  const NAME(Vector) top = right ? v[1] : v[0], bottom = lowerRight ? v[3] : v[2];
  const __typeof__(sent < zero) below = CK_IS_LARGER(bottom, top);
  const NAME(Vector) toTop = below ? zero : sent, toBottom = below ? sent : zero;
  u[0] = right ? zero : toTop, u[1] = right ? toTop : zero;
  u[2] = lowerRight ? zero : toBottom, u[3] = lowerRight ? toBottom : zero;
}

// One plane of max pooling's gradient. Zero is added to what is sent, as where it is added to zeros: -0 becomes 0.
static void NAME(maxPoolPlaneGradient)(const CKWindow *w, const T *dy, const T *x, T *dx) {
  const ptrdiff_t lanes = CK_VECTOR_BYTES / sizeof(T), line = w->width * lanes;
  memset(dx, 0, (size_t)(w->height * line) * sizeof(T));
  for (ptrdiff_t outputY = 0; outputY < w->outputHeight; outputY++) {
    for (ptrdiff_t outputX = 0; outputX < w->outputWidth; outputX++, dy += lanes) {
      const NAME(Vector) sent = *(const NAME(Loose) *)dy + 0, zero = {0};
      NAME(Vector) tap;
      NAME(largestInWindow)(w, outputY, outputX, x, &tap);
      for (ptrdiff_t kernelY = 0; kernelY < w->kernelHeight; kernelY++) {
        const ptrdiff_t row = outputY * w->strideY - w->padY + kernelY * w->dilationY;
        if (row < 0 || row >= w->height) { continue; }
        for (ptrdiff_t kernelX = 0; kernelX < w->kernelWidth; kernelX++) {
          const ptrdiff_t column = outputX * w->strideX - w->padX + kernelX * w->dilationX;
          if (column < 0 || column >= w->width) { continue; }
          *(NAME(Loose) *)(dx + row * line + column * lanes) +=
            tap == (T)(kernelY * w->kernelWidth + kernelX) ? sent : zero;
        }
      }
    }
  }
}

// One plane of average pooling's gradient.
static void NAME(averagePoolPlaneGradient)(const CKWindow *w, const T *dy, T *dx) {
  const ptrdiff_t lanes = CK_VECTOR_BYTES / sizeof(T), line = w->width * lanes;
  memset(dx, 0, (size_t)(w->height * line) * sizeof(T));
  for (ptrdiff_t outputY = 0; outputY < w->outputHeight; outputY++) {
    const CKRange rows =
      windowRange(outputY, w->strideY, w->padY, w->kernelHeight, w->height, w->countIncludesPadding);
    for (ptrdiff_t outputX = 0; outputX < w->outputWidth; outputX++, dy += lanes) {
      const CKRange columns =
        windowRange(outputX, w->strideX, w->padX, w->kernelWidth, w->width, w->countIncludesPadding);
      const NAME(Vector) part = *(const NAME(Loose) *)dy / (T)(rows.length * columns.length);
      for (ptrdiff_t row = rows.start; row < rows.end; row++) {
        for (ptrdiff_t column = columns.start; column < columns.end; column++) {
          *(NAME(Loose) *)(dx + row * line + column * lanes) += part;
        }
      }
    }
  }
}

// One plane, with the derivative in v, the activation's result, of u. Returns the plane's sum, lane by lane: a row's
// first, so that rounding errors stay small.
#define CK_DERIVATIVE(operation, expression) \
  case operation: \
    for (ptrdiff_t row = 0; isWholeMaximum && row < w->outputHeight; row++, x += 2 * line, dx += 2 * line) { \
      NAME(Vector) sums[2] = {{0}, {0}}; \
      for (ptrdiff_t column = 0; column < w->outputWidth; column++, dy += lanes) { \
        NAME(Vector) vs[4], us[4]; \
        NAME(sendToLargest)(x + 2 * column * lanes, line, dy, vs, us); \
        CK_UNROLL for (int i = 0; i < 4; i++) { \
          const NAME(Vector) v = vs[i], u = us[i], result = (expression); \
          *(NAME(Loose) *)(dx + i / 2 * line + (2 * column + i % 2) * lanes) = result; \
          sums[i / 2] += result; \
        } \
      } \
      total += sums[0]; \
      total += sums[1]; \
    } \
    if (isWholeMaximum) { break; } \
    for (ptrdiff_t row = 0; row < w->height; row++, x += line, dx += line) { \
      NAME(Vector) sum = {0}; \
      const T *from = dy + row / 2 * w->outputWidth * lanes; \
      CK_UNROLL2 for (ptrdiff_t column = 0; column < w->width; column++) { \
        NAME(Loose) *to = (NAME(Loose) *)(dx + column * lanes); \
        const NAME(Vector) v = *(const NAME(Loose) *)(x + column * lanes); \
        const NAME(Vector) u = isWhole ? *(const NAME(Loose) *)(from + column / 2 * lanes) * (T)0.25 : *to; \
        const NAME(Vector) result = (expression); \
        *to = result; \
        sum += result; \
      } \
      total += sum; \
    } \
    break;
#define CK_UNROLL2 _Pragma("clang loop unroll_count(2)")

CK_INLINE NAME(Vector) NAME(activationPoolPlaneGradient)(const bool isWhole, const bool isWholeMaximum,
                                                         CKZip derivative, const CKWindow *w, const T *dy, const T *x,
                                                         T *dx) {
  const ptrdiff_t lanes = CK_VECTOR_BYTES / sizeof(T), line = w->width * lanes;
  NAME(Vector) total = {0};
  switch (derivative) {
  CK_DERIVATIVE(CKZipReluGradient, v <= 0 ? (NAME(Vector)){0} : u)
  CK_DERIVATIVE(CKZipSigmoidGradient, u * v * (1 - v))
  CK_DERIVATIVE(CKZipTanhGradient, u * (1 - v * v))
  default: __builtin_trap();
  }
  return total;
}

static void NAME(activationPoolInterleavedGradient)(CKZip derivative, bool isMaximum, const CKWindow *w, size_t planes,
                                                    const T *dy, const T *x, T *dx, T *sums) {
  const ptrdiff_t lanes = CK_VECTOR_BYTES / sizeof(T), line = w->width * lanes;
  const bool isWhole = isTwoByTwo(w) && w->outputHeight * 2 == w->height && w->outputWidth * 2 == w->width;
  for (size_t plane = 0; plane < planes; plane++) {
    NAME(Vector) total;
    if (isWhole && isMaximum) {
      total = NAME(activationPoolPlaneGradient)(false, true, derivative, w, dy, x, dx);
    } else if (isWhole) {
      total = NAME(activationPoolPlaneGradient)(true, false, derivative, w, dy, x, dx);
    } else {
      if (isMaximum) { NAME(maxPoolPlaneGradient)(w, dy, x, dx); } else { NAME(averagePoolPlaneGradient)(w, dy, dx); }
      total = NAME(activationPoolPlaneGradient)(false, false, derivative, w, dy, x, dx);
    }
    double sum = 0;
    for (ptrdiff_t lane = 0; lane < lanes; lane++) { sum += total[lane]; }
    sums[plane] = (T)sum;
    dy += w->outputHeight * w->outputWidth * lanes;
    x += w->height * line;
    dx += w->height * line;
  }
}

#undef CK_DERIVATIVE
#undef CK_UNROLL2
#undef CK_IS_LARGER
