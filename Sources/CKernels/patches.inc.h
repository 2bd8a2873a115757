// Packing of patch matrices for one floating-point type (a template, see types.inc.h).
//
// The part of the image that some panels need is first copied to a "band" on the stack, with its padding and expansion
// filled in. After that no element needs a test: every tap's pixels are runs at an offset. Runs are copied in whole
// chunks, beyond their end, because what follows them in the panel is written later.

#ifndef CK_PATCHES_SIZES
#define CK_PATCHES_SIZES
enum {
  bandCapacity = 16384,  // elements; more is never needed unless one row of outputs is huge
  bandTarget = 4096,     // bands for several panels at once stay in the first-level cache
  bandSlack = 64,        // chunks may read this far beyond a band
  runLimit = 64,         // panels are at most this wide
};

// `length` elements go to `to` in the panel's row, from `from` in the band.
typedef struct { ptrdiff_t to, from, length; } CKRun;

CK_INLINE ptrdiff_t bandColumns(const CKPatches *p) {
  return (p->outputWidth - 1) * p->strideX + (p->kernelWidth - 1) * p->dilationX + 1;
}

CK_INLINE ptrdiff_t bandRows(const CKPatches *p, ptrdiff_t outputRows) {
  return (outputRows - 1) * p->strideY + (p->kernelHeight - 1) * p->dilationY + 1;
}
#endif

// So many rows at the end of a panel are copied exactly: chunks are at most 64 bytes or 8 elements, rows at least 4.
enum { NAME(guardRows) = 2 };

// Rows firstY ..< firstY + rows of one channel, all the columns that outputs can see.
static void NAME(fillBand)(const CKPatches *p, const T *image, ptrdiff_t firstY, ptrdiff_t rows, T *band) {
  const ptrdiff_t columns = bandColumns(p);
  const ptrdiff_t left = CKMax(p->padX, 0), right = CKMin(p->padX + p->width, columns);
  const bool covered = p->expansionX == 1 && p->expansionY == 1 && left == 0 && right == columns && firstY >= 0
    && firstY + rows <= p->height;
  if (!covered) { memset(band, 0, (size_t)(rows * columns) * sizeof(T)); }
  for (ptrdiff_t row = 0; row < rows; row++, band += columns) {
    ptrdiff_t y = firstY + row;
    if (y < 0 || y % p->expansionY != 0) { continue; }
    y /= p->expansionY;
    if (y >= p->height) { break; }
    const T *in = image + y * p->width;
    if (p->expansionX == 1) {
      if (left < right) { memcpy(band + left, in + (left - p->padX), (size_t)(right - left) * sizeof(T)); }
    } else {
      ptrdiff_t x = p->padX < 0 ? (-p->padX + p->expansionX - 1) / p->expansionX : 0;
      for (; x < p->width && x * p->expansionX + p->padX < columns; x++) { band[x * p->expansionX + p->padX] = in[x]; }
    }
  }
}

// Copies, or writes zeros, in chunks of a constant length; with `exact`, no more than `length` elements.
CK_INLINE void NAME(copyChunks)(const ptrdiff_t chunk, const bool exact, T *to, const T *from, ptrdiff_t length) {
  if (exact) {
    for (ptrdiff_t i = 0; i < length; i++) { to[i] = from[i]; }
  } else {
    // The first chunk is mostly the only one; a plain loop would be turned into a call of memcpy.
    memcpy(to, from, (size_t)chunk * sizeof(T));
    for (ptrdiff_t i = chunk; i < length; i += chunk) { memcpy(to + i, from + i, (size_t)chunk * sizeof(T)); }
  }
}

CK_INLINE void NAME(zeroChunks)(const bool exact, T *to, ptrdiff_t length) {
  const ptrdiff_t chunk = CK_VECTOR_BYTES / sizeof(T);
  if (exact) {
    for (ptrdiff_t i = 0; i < length; i++) { to[i] = 0; }
  } else {
    CK_UNROLL for (int i = 0; i < CK_TILE_VECTORS; i++) {
      if (i * chunk < length) { memset(to + i * chunk, 0, CK_VECTOR_BYTES); }
    }
  }
}

// One element by the definition, for what fits in no band.
static T NAME(patchElement)(const CKPatches *p, const T *image, ptrdiff_t tap, ptrdiff_t pixel) {
  const ptrdiff_t taps = p->kernelHeight * p->kernelWidth, channel = tap / taps, inKernel = tap % taps;
  const ptrdiff_t y = pixel / p->outputWidth * p->strideY - p->padY + inKernel / p->kernelWidth * p->dilationY;
  const ptrdiff_t x = pixel % p->outputWidth * p->strideX - p->padX + inKernel % p->kernelWidth * p->dilationX;
  if (y < 0 || x < 0 || y % p->expansionY != 0 || x % p->expansionX != 0) { return 0; }
  const ptrdiff_t row = y / p->expansionY, column = x / p->expansionX;
  if (row >= p->height || column >= p->width) { return 0; }
  return image[(channel * p->height + row) * p->width + column];
}

// One channel's taps tap ..< tap + taps into the rows of one panel.
CK_INLINE void NAME(packTaps)(const CKPatches *p, const bool exact, ptrdiff_t tap, ptrdiff_t taps, const CKRun *runs,
                              size_t runCount, const T *band, ptrdiff_t count, T *to) {
  const ptrdiff_t width = CK_TILE_VECTORS * CK_VECTOR_BYTES / sizeof(T), chunk = CK_VECTOR_BYTES / sizeof(T);
  ptrdiff_t kernelY = tap / p->kernelWidth, kernelX = tap % p->kernelWidth;
  const ptrdiff_t columns = bandColumns(p), stride = p->strideX;
  for (ptrdiff_t k = 0; k < taps; k++, to += width) {
    const T *from = band + kernelY * p->dilationY * columns + kernelX * p->dilationX;
    if (++kernelX == p->kernelWidth) { kernelX = 0; kernelY++; }
    for (const CKRun *run = runs; run < runs + runCount; run++) {
      if (stride == 1) {
        NAME(copyChunks)(chunk, exact, to + run->to, from + run->from, run->length);
      } else {
        for (ptrdiff_t i = 0; i < run->length; i++) { to[run->to + i] = from[run->from + i * stride]; }
      }
    }
    NAME(zeroChunks)(exact, to + count, width - count);
  }
}

static void NAME(packPatches)(const CKPatches *p, const T *image, size_t depthStart, size_t depthCount,
                              size_t columnStart, size_t columnCount, T *panels) {
  const ptrdiff_t width = CK_TILE_VECTORS * CK_VECTOR_BYTES / sizeof(T), kernel = p->kernelHeight * p->kernelWidth;
  const ptrdiff_t depth = (ptrdiff_t)depthCount, columns = (ptrdiff_t)(columnStart + columnCount);
  const ptrdiff_t outputWidth = p->outputWidth;
  T band[bandCapacity + bandSlack];
  ptrdiff_t end;
  for (ptrdiff_t start = (ptrdiff_t)columnStart; start < columns; start = end, panels += width * depth) {
    const ptrdiff_t firstRow = start / outputWidth;
    ptrdiff_t rows = 0;  // of the band, for as many panels as are good for the cache
    T *const group = panels;
    for (end = start; end < columns; end = CKMin(end + width, columns)) {
      const ptrdiff_t last = CKMin(end + width, columns) - 1;
      const ptrdiff_t needed = bandRows(p, last / outputWidth - firstRow + 1);
      if (end > start && needed * bandColumns(p) > bandTarget) { break; }
      if (end > start) { panels += width * depth; }
      rows = needed;
    }
    if (rows * bandColumns(p) > bandCapacity) {
      for (ptrdiff_t k = 0; k < depth; k++) {
        for (ptrdiff_t i = 0; i < width; i++) {
          group[k * width + i] =
            start + i < end ? NAME(patchElement)(p, image, (ptrdiff_t)depthStart + k, start + i) : 0;
        }
      }
      continue;
    }
    ptrdiff_t channel = (ptrdiff_t)depthStart / kernel, tap = (ptrdiff_t)depthStart % kernel, taps;
    for (ptrdiff_t k = 0; k < depth; k += taps, channel++, tap = 0) {
      taps = CKMin(kernel - tap, depth - k);
      NAME(fillBand)(p, image + channel * p->height * p->width, firstRow * p->strideY - p->padY, rows, band);
      T *panel = group;
      for (ptrdiff_t column = start; column < end; column += width, panel += width * depth) {
        const ptrdiff_t count = CKMin(width, end - column);
        CKRun runs[runLimit];
        size_t runCount = 0;
        ptrdiff_t outputY = column / outputWidth, outputX = column % outputWidth, length;
        for (ptrdiff_t i = 0; i < count; i += length, outputX = 0, outputY++) {
          length = CKMin(outputWidth - outputX, count - i);
          const ptrdiff_t from = (outputY - firstRow) * p->strideY * bandColumns(p) + outputX * p->strideX;
          runs[runCount++] = (CKRun){i, from, length};
        }
        // Chunks may run over into the panel's next rows, which the last ones do not have.
        const ptrdiff_t free = CKMax(CKMin(taps, depth - k - NAME(guardRows)), 0);
        NAME(packTaps)(p, false, tap, free, runs, runCount, band, count, panel + k * width);
        NAME(packTaps)(p, true, tap + free, taps - free, runs, runCount, band, count, panel + (k + free) * width);
      }
    }
  }
}

// The pixels of one row of outputs, one row of the panel each.
CK_INLINE void NAME(packPixels)(const ptrdiff_t chunk, const bool exact, ptrdiff_t pixels, ptrdiff_t stride,
                                const CKRun *runs, size_t runCount, const T *from, ptrdiff_t count, T *to) {
  const ptrdiff_t width = CK_TILE_VECTORS * CK_VECTOR_BYTES / sizeof(T);
  for (ptrdiff_t pixel = 0; pixel < pixels; pixel++, from += stride, to += width) {
    for (const CKRun *run = runs; run < runs + runCount; run++) {
      NAME(copyChunks)(chunk, exact, to + run->to, from + run->from, run->length);
    }
    NAME(zeroChunks)(exact, to + count, width - count);
  }
}

static void NAME(packPatchesTransposed)(const CKPatches *p, const T *image, size_t depthStart, size_t depthCount,
                                        size_t columnStart, size_t columnCount, T *panels) {
  const ptrdiff_t width = CK_TILE_VECTORS * CK_VECTOR_BYTES / sizeof(T), kernel = p->kernelHeight * p->kernelWidth;
  const ptrdiff_t depth = (ptrdiff_t)depthCount, columns = (ptrdiff_t)(columnStart + columnCount);
  const ptrdiff_t firstPixel = (ptrdiff_t)depthStart;
  T band[bandCapacity + bandSlack];
  for (ptrdiff_t column = (ptrdiff_t)columnStart; column < columns; column += width, panels += width * depth) {
    const ptrdiff_t count = CKMin(width, columns - column);
    const ptrdiff_t channel = column / kernel, channels = (column + count - 1) / kernel - channel + 1;
    ptrdiff_t outputRows = p->outputHeight;  // as many as the band holds
    while (outputRows > 1 && channels * bandRows(p, outputRows) * bandColumns(p) > bandTarget) { outputRows /= 2; }
    const ptrdiff_t rows = bandRows(p, outputRows), bandSize = rows * bandColumns(p);
    if (channels * bandSize > bandCapacity) {
      for (ptrdiff_t k = 0; k < depth; k++) {
        for (ptrdiff_t i = 0; i < width; i++) {
          panels[k * width + i] = i < count ? NAME(patchElement)(p, image, column + i, firstPixel + k) : 0;
        }
      }
      continue;
    }
    CKRun runs[runLimit];
    size_t runCount = 0;
    ptrdiff_t length, inBand = 0, tap = column % kernel;
    for (ptrdiff_t i = 0; i < count; i += length) {
      const ptrdiff_t kernelY = tap / p->kernelWidth, kernelX = tap % p->kernelWidth;
      length = p->dilationX == 1 ? CKMin(p->kernelWidth - kernelX, count - i) : 1;
      const ptrdiff_t from = kernelY * p->dilationY * bandColumns(p) + kernelX * p->dilationX;
      runs[runCount++] = (CKRun){i, inBand + from, length};
      tap += length;
      if (tap == kernel) { tap = 0; inBand += bandSize; }
    }
    ptrdiff_t outputY = firstPixel / p->outputWidth, outputX = firstPixel % p->outputWidth, pixels;
    ptrdiff_t bandRow = outputY - outputRows;  // the first row of outputs in the band: none yet
    for (ptrdiff_t k = 0; k < depth; k += pixels, outputX = 0, outputY++) {
      pixels = CKMin(p->outputWidth - outputX, depth - k);
      if (outputY == bandRow + outputRows) {
        bandRow = outputY;
        for (ptrdiff_t c = 0; c < channels; c++) {
          NAME(fillBand)(p, image + (channel + c) * p->height * p->width, bandRow * p->strideY - p->padY, rows,
                         band + c * bandSize);
        }
      }
      const T *from = band + (outputY - bandRow) * p->strideY * bandColumns(p) + outputX * p->strideX;
      T *to = panels + k * width;
      const ptrdiff_t free = CKMax(CKMin(pixels, depth - k - NAME(guardRows)), 0), stride = p->strideX;
      if (p->kernelWidth > 4) {
        NAME(packPixels)(8, false, free, stride, runs, runCount, from, count, to);
      } else {
        NAME(packPixels)(4, false, free, stride, runs, runCount, from, count, to);
      }
      NAME(packPixels)(1, true, pixels - free, stride, runs, runCount, from + free * stride, count,
                       to + free * width);
    }
  }
}
