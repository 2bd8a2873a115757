// The adjoint of packing patches (col2im) for one floating-point type (a template, see types.inc.h).
//
// Every pixel is written once, with the sum of its products: those of its taps, the ones of a residue class of the
// stride. Neighboring pixels of a class see neighboring windows, so a vector of pixels is a sum of vectors of products,
// without those beyond the ends of an output's row.

#define CK_NO_UNROLL _Pragma("clang loop unroll(disable)")
#define CK_LANES ((ptrdiff_t)(CK_VECTOR_BYTES / sizeof(T)))
#if IS_FLOAT32
typedef int32_t NAME(Word);
#else
typedef int64_t NAME(Word);
#endif
typedef NAME(Word) NAME(Mask) __attribute__((ext_vector_type(CK_VECTOR_BYTES / sizeof(T)), aligned(sizeof(T)), may_alias));

#ifndef CK_REACH
#define CK_REACH
// The taps that reach a position of one axis: first, first + step ... The first one's window is number `window`, that
// of each other one windowStep lower.
typedef struct { ptrdiff_t first, count, step, window, windowStep; } CKReach;

CK_INLINE CKReach reachOf(ptrdiff_t position, ptrdiff_t stride, ptrdiff_t dilation, ptrdiff_t kernel) {
  ptrdiff_t divisor = stride;  // the greatest common one
  for (ptrdiff_t rest = dilation % divisor, next; rest > 0; rest = next) {
    next = divisor % rest;
    divisor = rest;
  }
  CKReach reach = {.step = stride / divisor, .windowStep = dilation / divisor};
  const ptrdiff_t candidates = CKMin(reach.step, kernel);
  while (reach.first < candidates && (position - reach.first * dilation) % stride != 0) { reach.first++; }
  if (reach.first == candidates) { return reach; }
  reach.count = (kernel - reach.first + reach.step - 1) / reach.step;
  reach.window = (position - reach.first * dilation) / stride;
  return reach;
}

CK_INLINE CKReach withinWindows(CKReach reach, ptrdiff_t first, ptrdiff_t end) {
  for (; reach.count > 0 && reach.window >= end; reach.count--) {
    reach.first += reach.step;
    reach.window -= reach.windowStep;
  }
  while (reach.count > 0 && reach.window - (reach.count - 1) * reach.windowStep < first) { reach.count--; }
  return reach;
}

// The products that one row of pixels sees: those of `count` rows of the kernel, `step` elements apart; of a row's
// outputs the next tap's are tapStep elements further.
typedef struct { ptrdiff_t count, step, tapStep, outputs; } CKProductRows;
#endif

// Ones for the windows of a row, with zeros around them; of long rows the middle is left out.
CK_INLINE void NAME(fillMasks)(ptrdiff_t outputs, NAME(Word) *masks) {
  for (ptrdiff_t i = 0; i < 4 * CK_LANES; i++) {
    masks[i] = i >= CK_LANES && i < CK_LANES + CKMin(outputs, 2 * CK_LANES) ? -1 : 0;
  }
}

// A vector of pixels of one residue class, the first of which is number `pixel`. `few` is a constant: the number of rows
// where that is small.
CK_INLINE NAME(Vector) NAME(sumProducts)(const int few, const CKProductRows *rows, CKReach reach, ptrdiff_t pixel,
                                         const NAME(Word) *masks, const T *from) {
  NAME(Vector) sum = (NAME(Vector)){0};
  const ptrdiff_t known = CKMin(rows->outputs, 2 * CK_LANES), count = few > 0 ? few : rows->count;
  ptrdiff_t window = reach.window + pixel;
  from += reach.first * rows->tapStep;
  for (ptrdiff_t i = 0; i < reach.count; i++, window -= reach.windowStep, from += reach.step * rows->tapStep) {
    if (window <= -CK_LANES || window >= rows->outputs) { continue; }
    const ptrdiff_t fromEnd = CKMax(known - rows->outputs + window, 0);
    const NAME(Mask) mask = *(const NAME(Mask) *)(masks + CK_LANES + (window < CK_LANES ? window : fromEnd));
    const T *row = from + window;
    CK_NO_UNROLL for (ptrdiff_t k = 0; k < count; k++, row += rows->step) {
      sum += (NAME(Vector))(*(const NAME(Mask) *)row & mask);
    }
  }
  return sum;
}

// a0 b0 a1 b1 ... of which the first `count` are stored.
CK_INLINE void NAME(storePairs)(NAME(Vector) a, NAME(Vector) b, ptrdiff_t count, T *to) {
  T pairs[2 * CK_LANES];
  CK_UNROLL for (ptrdiff_t i = 0; i < CK_LANES; i++) {
    pairs[2 * i] = a[i];
    pairs[2 * i + 1] = b[i];
  }
  if (count >= 2 * CK_LANES) { memcpy(to, pairs, sizeof pairs); } else { NAME(copyElements)(count, pairs, to); }
}

// One row of pixels of all channels. `few` and `stride` are constants where they are small.
CK_INLINE void NAME(sumRow)(const int few, const ptrdiff_t stride, const CKPatches *p, const CKProductRows *rows,
                            const NAME(Word) *masks, const T *products, T *row) {
  const ptrdiff_t classes = CKMin(stride, p->width), group = stride == 2 ? 2 : 1;
  for (ptrdiff_t first = 0; first < classes; first += group) {
    const CKReach reach = reachOf(first + p->padX, stride, p->dilationX, p->kernelWidth);
    const CKReach next = reachOf(first + 1 + p->padX, stride, p->dilationX, p->kernelWidth);
    const ptrdiff_t pixels = (p->width - first + stride - 1) / stride;
    for (ptrdiff_t channel = 0; channel < p->channels; channel++) {
      const T *from = products + channel * p->kernelHeight * p->kernelWidth * rows->tapStep;
      T *to = row + channel * p->height * p->width + first;
      for (ptrdiff_t pixel = 0; pixel < pixels; pixel += CK_LANES) {
        const NAME(Vector) sum = NAME(sumProducts)(few, rows, reach, pixel, masks, from);
        const ptrdiff_t count = CKMin(CK_LANES, pixels - pixel);
        if (stride == 1) {
          T sums[CK_LANES];
          memcpy(sums, &sum, sizeof sums);
          NAME(copyElements)(count, sums, to + pixel);
        } else if (stride == 2) {
          const NAME(Vector) other = NAME(sumProducts)(few, rows, next, pixel, masks, from);
          NAME(storePairs)(sum, other, p->width - 2 * pixel, to + 2 * pixel);
        } else {
          for (ptrdiff_t i = 0; i < count; i++) { to[(pixel + i) * stride] = sum[i]; }
        }
      }
    }
  }
}

static void NAME(sumPatches)(const CKPatches *p, size_t firstRow, size_t rowCount, const T *products, ptrdiff_t tapStep,
                             size_t firstOutputRow, size_t outputRows, T *image) {
  NAME(Word) masks[4 * CK_LANES];
  NAME(fillMasks)(p->outputWidth, masks);
  const ptrdiff_t firstOutput = (ptrdiff_t)firstOutputRow, outputs = (ptrdiff_t)outputRows;
  for (ptrdiff_t y = (ptrdiff_t)firstRow; y < (ptrdiff_t)(firstRow + rowCount); y++) {
    const CKReach reach = withinWindows(reachOf(y + p->padY, p->strideY, p->dilationY, p->kernelHeight), firstOutput,
                                        firstOutput + outputs);
    const ptrdiff_t step = reach.step * p->kernelWidth * tapStep - reach.windowStep * p->outputWidth;
    const CKProductRows rows = {reach.count, step, tapStep, p->outputWidth};
    const T *from =
      products + reach.first * p->kernelWidth * tapStep + (reach.window - firstOutput) * p->outputWidth;
    T *row = image + y * p->width;
    if (p->strideX == 2 && reach.count == 1) {
      NAME(sumRow)(1, 2, p, &rows, masks, from, row);
    } else if (p->strideX == 2 && reach.count == 2) {
      NAME(sumRow)(2, 2, p, &rows, masks, from, row);
    } else if (p->strideX == 2) {
      NAME(sumRow)(0, 2, p, &rows, masks, from, row);
    } else if (p->strideX == 1) {
      NAME(sumRow)(0, 1, p, &rows, masks, from, row);
    } else {
      NAME(sumRow)(0, p->strideX, p, &rows, masks, from, row);
    }
  }
}

#undef CK_LANES
#undef CK_NO_UNROLL
