// Packing of patch matrices for one floating-point type (a template, see types.inc.h).
//
// The part of the image that some panels need is first copied to a "band" on the stack, with its padding filled
// in, and its rows in parts (see bandPart). After that no element needs a test: every tap's pixels are runs at
// an offset. Runs are copied in whole vectors, beyond their end, because what follows them in the panel is written
// later; of the transposed matrix, blocks are transposed in registers.

#ifndef CK_PATCHES_SIZES
#define CK_PATCHES_SIZES
enum {
  bandSlack = 64,  // chunks may read this far beyond a band
  runLimit = 64,   // panels are at most this wide
};

// `length` elements go to `to` in the panel's row, from `from` in the band.
typedef struct { ptrdiff_t to, from, length; } CKRun;

CK_INLINE ptrdiff_t bandColumns(const CKPatches *p) {
  return (p->outputWidth - 1) * p->strideX + (p->kernelWidth - 1) * p->dilationX + 1;
}

// Where the pixels that a column of the kernel sees begin in a row of a band, whose part is so long.
CK_INLINE ptrdiff_t columnOffset(const CKPatches *p, ptrdiff_t part, ptrdiff_t kernelX) {
  const ptrdiff_t x = kernelX * p->dilationX;
  return p->strideX == 1 ? x : x % p->strideX * part + x / p->strideX;
}

// A band's row in parts: the columns of each residue class of the stride together, so that a tap's pixels are neighbors.
CK_INLINE ptrdiff_t bandPart(const CKPatches *p) { return (bandColumns(p) + p->strideX - 1) / p->strideX; }

CK_INLINE ptrdiff_t bandRows(const CKPatches *p, ptrdiff_t outputRows) {
  return (outputRows - 1) * p->strideY + (p->kernelHeight - 1) * p->dilationY + 1;
}

// What the band of one channel holds: of each image so many rows, those that outputs from outputRow on see.
typedef struct { ptrdiff_t firstImage, images, outputRow, rows; } CKBand;

// The band for columns first ... last of the matrix: part of one image, or all of several.
CK_INLINE CKBand bandOf(const CKPatches *p, ptrdiff_t first, ptrdiff_t last) {
  const ptrdiff_t row = first / p->outputWidth, lastRow = last / p->outputWidth, height = p->outputHeight;
  const ptrdiff_t image = row / height, images = lastRow / height - image + 1;
  if (images == 1) { return (CKBand){image, 1, row % height, bandRows(p, lastRow - row + 1)}; }
  return (CKBand){image, images, 0, bandRows(p, height)};
}
#endif

// In a loop over one or two vectors: keeps the compiler from calling memmove or memset for all of them, which takes
// longer than copying.
#define CK_NO_CALL __asm__ volatile("")

// So many rows at the end of a panel are copied exactly: a vector runs over by less than a row.
enum { NAME(guardRows) = 1 };

// Copies elements in whole vectors, the last one ending with them; few elements in parts of a vector.
CK_INLINE void NAME(copyElements)(ptrdiff_t count, const T *from, T *to) {
  CK_UNROLL for (ptrdiff_t part = CK_VECTOR_BYTES / sizeof(T); part > 1; part /= 2) {
    if (count < part) { continue; }
    for (ptrdiff_t i = 0; i < count - part; i += part) {
      memcpy(to + i, from + i, (size_t)part * sizeof(T));
      CK_NO_CALL;
    }
    memcpy(to + count - part, from + count - part, (size_t)part * sizeof(T));
    return;
  }
  if (count > 0) { *to = *from; }
}

// Zeros in whole vectors, which may run over by less than one.
CK_INLINE void NAME(fillZeros)(ptrdiff_t count, T *to) {
  const NAME(Loose) zero = (NAME(Loose)){0};
  for (ptrdiff_t i = 0; i < count; i += CK_VECTOR_BYTES / (ptrdiff_t)sizeof(T)) {
    memcpy(to + i, &zero, sizeof zero);
    CK_NO_CALL;
  }
}

// Row y of the band of one channel, all the columns that outputs can see, side by side. What follows it may be
// overwritten by zeros.
CK_INLINE void NAME(fillRow)(const CKPatches *p, const T *image, ptrdiff_t y, T *row) {
  const ptrdiff_t columns = bandColumns(p);
  if (y < 0 || y >= p->height) {
    NAME(fillZeros)(columns, row);
    return;
  }
  const T *in = image + y * p->width;
  const ptrdiff_t left = CKMin(CKMax(p->padX, 0), columns), right = CKMin(p->padX + p->width, columns);
  NAME(fillZeros)(left, row);
  if (left < right) { NAME(copyElements)(right - left, in + (left - p->padX), row + left); }
  NAME(fillZeros)(columns - CKMax(left, right), row + CKMax(left, right));
}

// Rows firstY ..< firstY + rows.
static void NAME(fillBand)(const CKPatches *p, const T *image, ptrdiff_t firstY, ptrdiff_t rows, T *band) {
  const ptrdiff_t columns = bandColumns(p), part = bandPart(p), stride = p->strideX;
  T row[bandCapacity + bandSlack];
  for (ptrdiff_t y = firstY; y < firstY + rows; y++) {
    if (stride == 1) {
      NAME(fillRow)(p, image, y, band);
      band += columns;
      continue;
    }
    NAME(fillRow)(p, image, y, row);
    for (ptrdiff_t phase = 0; phase < stride; phase++, band += part) {
      const ptrdiff_t count = (columns - phase + stride - 1) / stride;
      if (stride == 2) {  // a constant, for the vectorizer
        CK_SIMD for (ptrdiff_t i = 0; i < count; i++) { band[i] = row[phase + 2 * i]; }
      } else {
        for (ptrdiff_t i = 0; i < count; i++) { band[i] = row[phase + stride * i]; }
      }
    }
  }
}

// One row of a panel: `count` vectors, then zeros; with `exact`, nothing beyond the row.
CK_INLINE void NAME(copyChunks)(const bool exact, const CKRun *chunks, size_t count, T *to, const T *from,
                                ptrdiff_t used) {
  const ptrdiff_t width = CK_TILE_VECTORS * CK_VECTOR_BYTES / sizeof(T);
  CK_UNROLL for (size_t c = 0; c < count; c++) {
    if (exact) {
      for (ptrdiff_t i = 0; i < chunks[c].length; i++) { to[chunks[c].to + i] = from[chunks[c].from + i]; }
    } else {
      memcpy(to + chunks[c].to, from + chunks[c].from, CK_VECTOR_BYTES);
    }
  }
  for (ptrdiff_t i = used; i < width; i++) { to[i] = 0; }
}

// Calls `body` with the number of chunks as a constant where they are few, so that its inner loop has no branches.
#define CK_FEW_CHUNKS(count, body) \
  switch (count) { \
  case 1: { enum { few = 1 }; body; break; } \
  case 2: { enum { few = 2 }; body; break; } \
  case 3: { enum { few = 3 }; body; break; } \
  case 4: { enum { few = 4 }; body; break; } \
  case 5: { enum { few = 5 }; body; break; } \
  case 6: { enum { few = 6 }; body; break; } \
  default: { const size_t few = count; body; } \
  }

// One element by the definition, for what fits in no band.
static T NAME(patchElement)(const CKPatches *p, const T *image, ptrdiff_t tap, ptrdiff_t pixel) {
  const ptrdiff_t taps = p->kernelHeight * p->kernelWidth, channel = tap / taps, inKernel = tap % taps;
  const ptrdiff_t outputRow = pixel / p->outputWidth;
  image += outputRow / p->outputHeight * p->imageStep;
  const ptrdiff_t y =
    outputRow % p->outputHeight * p->strideY - p->padY + inKernel / p->kernelWidth * p->dilationY;
  const ptrdiff_t x = pixel % p->outputWidth * p->strideX - p->padX + inKernel % p->kernelWidth * p->dilationX;
  if (y < 0 || x < 0 || y >= p->height || x >= p->width) { return 0; }
  return image[(channel * p->height + y) * p->width + x];
}

// Taps tap ..< tap + taps, counted from the band's first channel, into the rows of one panel.
CK_INLINE void NAME(packTaps)(const CKPatches *p, const bool exact, ptrdiff_t tap, ptrdiff_t taps, const CKRun *chunks,
                              const size_t count, const T *band, ptrdiff_t bandSize, ptrdiff_t used, T *to) {
  const ptrdiff_t width = CK_TILE_VECTORS * CK_VECTOR_BYTES / sizeof(T), kernel = p->kernelHeight * p->kernelWidth;
  const ptrdiff_t kernelHeight = p->kernelHeight, kernelWidth = p->kernelWidth, part = bandPart(p);
  const ptrdiff_t rowStep = p->dilationY * part * p->strideX, dilation = p->dilationX;
  const bool isJumping = p->strideX > 1;
  ptrdiff_t kernelY = tap % kernel / kernelWidth, kernelX = tap % kernelWidth;
  const T *plane = band + tap / kernel * bandSize, *row = plane + kernelY * rowStep;
  for (ptrdiff_t k = 0; k < taps; k++, to += width) {
    const T *from = row + (isJumping ? columnOffset(p, part, kernelX) : kernelX * dilation);
    NAME(copyChunks)(exact, chunks, count, to, from, used);
    if (++kernelX < kernelWidth) { continue; }
    kernelX = 0;
    row += rowStep;
    if (++kernelY < kernelHeight) { continue; }
    kernelY = 0;
    row = plane += bandSize;
  }
}

static void NAME(packPatches)(const CKPatches *p, const T *image, size_t depthStart, size_t depthCount,
                              size_t columnStart, size_t columnCount, T *panels) {
  const ptrdiff_t width = CK_TILE_VECTORS * CK_VECTOR_BYTES / sizeof(T), kernel = p->kernelHeight * p->kernelWidth;
  const ptrdiff_t depth = (ptrdiff_t)depthCount, columns = (ptrdiff_t)(columnStart + columnCount);
  const ptrdiff_t outputWidth = p->outputWidth, bandRow = bandPart(p) * p->strideX;
  T band[bandCapacity + bandSlack];
  ptrdiff_t end;
  for (ptrdiff_t start = (ptrdiff_t)columnStart; start < columns; start = end, panels += width * depth) {
    CKBand held = {0};  // for as many panels as are good for the cache
    T *const group = panels;
    for (end = start; end < columns; end = CKMin(end + width, columns)) {
      const CKBand needed = bandOf(p, start, CKMin(end + width, columns) - 1);
      if (end > start && needed.images * needed.rows * bandRow > bandTarget) { break; }
      if (end > start) { panels += width * depth; }
      held = needed;
    }
    const ptrdiff_t imageSize = held.rows * bandRow, bandSize = held.images * imageSize;
    if (bandSize > bandCapacity) {
      for (ptrdiff_t k = 0; k < depth; k++) {
        for (ptrdiff_t i = 0; i < width; i++) {
          group[k * width + i] =
            start + i < end ? NAME(patchElement)(p, image, (ptrdiff_t)depthStart + k, start + i) : 0;
        }
      }
      continue;
    }
    // Bands of several channels, where they are small.
    const ptrdiff_t most = CKMax(bandTarget / bandSize, 1) * kernel;
    ptrdiff_t channel = (ptrdiff_t)depthStart / kernel, tap = (ptrdiff_t)depthStart % kernel, taps;
    for (ptrdiff_t k = 0; k < depth; k += taps, channel += most / kernel, tap = 0) {
      taps = CKMin(most - tap, depth - k);
      for (ptrdiff_t c = 0; c * kernel < tap + taps; c++) {
        for (ptrdiff_t i = 0; i < held.images; i++) {
          NAME(fillBand)(p, image + (held.firstImage + i) * p->imageStep + (channel + c) * p->height * p->width,
                         held.outputRow * p->strideY - p->padY, held.rows, band + c * bandSize + i * imageSize);
        }
      }
      T *to = group + k * width;
      for (ptrdiff_t column = start; column < end; column += width, to += width * depth) {
        const ptrdiff_t count = CKMin(width, end - column), vector = CK_VECTOR_BYTES / sizeof(T);
        CKRun chunks[runLimit];
        size_t chunkCount = 0;
        const ptrdiff_t row = column / outputWidth;
        ptrdiff_t at = row / p->outputHeight - held.firstImage, outputY = row % p->outputHeight;
        ptrdiff_t outputX = column % outputWidth, run;
        for (ptrdiff_t i = 0; i < count; i += run, outputX = 0, outputY++) {
          if (outputY == p->outputHeight) { outputY = 0, at++; }
          run = CKMin(outputWidth - outputX, count - i);
          const ptrdiff_t from = at * imageSize + (outputY - held.outputRow) * p->strideY * bandRow + outputX;
          for (ptrdiff_t j = 0; j < run; j += vector) {
            chunks[chunkCount++] = (CKRun){i + j, from + j, CKMin(vector, run - j)};
          }
        }
        // Vectors may run over into the panel's next rows, which the last ones do not have.
        const ptrdiff_t free = CKMax(CKMin(taps, depth - k - NAME(guardRows)), 0);
        CK_FEW_CHUNKS(chunkCount, NAME(packTaps)(p, false, tap, free, chunks, few, band, bandSize, count, to))
        NAME(packTaps)(p, true, tap + free, taps - free, chunks, chunkCount, band, bandSize, count,
                       to + free * width);
      }
    }
  }
}

#undef CK_FEW_CHUNKS
#undef CK_NO_CALL

// Blocks of pixels that are neighbors in an output's row: the taps' vectors are transposed. Where fewer than a
// block's pixels are left, it starts earlier. `offsets` are the taps'; those beyond `used` repeat one.
#define CK_SIDE ((ptrdiff_t)(CK_BLOCK_BYTES / sizeof(T)))
static void NAME(packPixels)(ptrdiff_t pixels, const ptrdiff_t *offsets, const T *from, ptrdiff_t used, T *to) {
  const ptrdiff_t width = CK_TILE_VECTORS * CK_VECTOR_BYTES / sizeof(T);
  for (ptrdiff_t tap = 0; tap < used; tap += CK_SIDE) {
    const T *taps[CK_SIDE];
    for (ptrdiff_t i = 0; i < CK_SIDE; i++) { taps[i] = from + offsets[tap + i]; }
    if (pixels < CK_SIDE) {
      for (ptrdiff_t pixel = 0; pixel < pixels; pixel++) {
        CK_UNROLL for (ptrdiff_t i = 0; i < CK_SIDE; i++) { to[pixel * width + tap + i] = taps[i][pixel]; }
      }
      continue;
    }
    for (ptrdiff_t pixel = 0; pixel < pixels; pixel += CK_SIDE) {
      pixel = CKMin(pixel, pixels - CK_SIDE);
      NAME(Side) x[CK_SIDE];
      CK_UNROLL for (ptrdiff_t i = 0; i < CK_SIDE; i++) { memcpy(&x[i], taps[i] + pixel, sizeof x[i]); }
      NAME(transpose)(x);
      CK_UNROLL for (ptrdiff_t k = 0; k < CK_SIDE; k++) {
        memcpy(to + (pixel + k) * width + tap, &x[k], sizeof x[k]);
      }
    }
  }
  if (used == width) { return; }
  for (ptrdiff_t pixel = 0; pixel < pixels; pixel++) {
    for (ptrdiff_t i = used; i < width; i++) { to[pixel * width + i] = 0; }
  }
}

static void NAME(packPatchesTransposed)(const CKPatches *p, const T *image, size_t depthStart, size_t depthCount,
                                        size_t columnStart, size_t columnCount, T *panels) {
  const ptrdiff_t width = CK_TILE_VECTORS * CK_VECTOR_BYTES / sizeof(T), kernel = p->kernelHeight * p->kernelWidth;
  const ptrdiff_t depth = (ptrdiff_t)depthCount, columns = (ptrdiff_t)(columnStart + columnCount);
  const ptrdiff_t firstPixel = (ptrdiff_t)depthStart, bandRow = bandPart(p) * p->strideX;
  T band[bandCapacity + bandSlack];
  for (ptrdiff_t column = (ptrdiff_t)columnStart; column < columns; column += width, panels += width * depth) {
    const ptrdiff_t count = CKMin(width, columns - column);
    const ptrdiff_t channel = column / kernel, channels = (column + count - 1) / kernel - channel + 1;
    ptrdiff_t outputRows = p->outputHeight;  // as many as the band holds
    while (outputRows > 1 && channels * bandRows(p, outputRows) * bandRow > bandTarget) { outputRows /= 2; }
    const ptrdiff_t rows = bandRows(p, outputRows), bandSize = rows * bandRow;
    if (channels * bandSize > bandCapacity) {
      for (ptrdiff_t k = 0; k < depth; k++) {
        for (ptrdiff_t i = 0; i < width; i++) {
          panels[k * width + i] = i < count ? NAME(patchElement)(p, image, column + i, firstPixel + k) : 0;
        }
      }
      continue;
    }
    ptrdiff_t offsets[runLimit];
    for (ptrdiff_t i = 0; i < width; i++) {
      const ptrdiff_t tap = column % kernel + CKMin(i, count - 1);
      offsets[i] = tap / kernel * bandSize + tap % kernel / p->kernelWidth * p->dilationY * bandRow
        + columnOffset(p, bandPart(p), tap % p->kernelWidth);
    }
    const ptrdiff_t firstOutputRow = firstPixel / p->outputWidth;
    const T *from = image + firstOutputRow / p->outputHeight * p->imageStep;
    ptrdiff_t outputY = firstOutputRow % p->outputHeight, outputX = firstPixel % p->outputWidth, pixels;
    ptrdiff_t firstRow = outputY - outputRows;  // the first row of outputs in the band: none yet
    for (ptrdiff_t k = 0; k < depth; k += pixels, outputX = 0, outputY++) {
      if (outputY == p->outputHeight) {
        from += p->imageStep;
        outputY = 0;
        firstRow = -outputRows;
      }
      pixels = CKMin(p->outputWidth - outputX, depth - k);
      if (outputY == firstRow + outputRows) {
        firstRow = outputY;
        for (ptrdiff_t c = 0; c < channels; c++) {
          NAME(fillBand)(p, from + (channel + c) * p->height * p->width, firstRow * p->strideY - p->padY, rows,
                         band + c * bandSize);
        }
      }
      NAME(packPixels)(pixels, offsets, band + (outputY - firstRow) * p->strideY * bandRow + outputX, count,
                       panels + k * width);
    }
  }
}

#undef CK_SIDE
