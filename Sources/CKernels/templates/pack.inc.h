// Packing into panels for one floating-point type (a template, see types.inc.h).

// Transposes blocks of CK_SIDE x CK_SIDE elements in registers: log2(CK_SIDE) rounds, each of which interleaves the
// first half of the vectors with the second.
#define CK_SIDE ((int)(CK_BLOCK_BYTES / sizeof(T)))
typedef T NAME(Side) __attribute__((vector_size(CK_BLOCK_BYTES)));

CK_INLINE void NAME(interleave)(NAME(Side) a, NAME(Side) b, NAME(Side) *low, NAME(Side) *high) {
#if CK_BLOCK_BYTES == 32 && IS_FLOAT32
  *low = __builtin_shufflevector(a, b, 0, 8, 1, 9, 2, 10, 3, 11);
  *high = __builtin_shufflevector(a, b, 4, 12, 5, 13, 6, 14, 7, 15);
#elif CK_BLOCK_BYTES == 32 || IS_FLOAT32
  *low = __builtin_shufflevector(a, b, 0, 4, 1, 5);
  *high = __builtin_shufflevector(a, b, 2, 6, 3, 7);
#else
  *low = __builtin_shufflevector(a, b, 0, 2);
  *high = __builtin_shufflevector(a, b, 1, 3);
#endif
}

CK_INLINE void NAME(transpose)(NAME(Side) *x) {
  NAME(Side) y[CK_SIDE];
  CK_UNROLL for (int distance = 1; distance < CK_SIDE; distance *= 2) {
    CK_UNROLL for (int i = 0; i < CK_SIDE / 2; i++) {
      NAME(interleave)(x[i], x[i + CK_SIDE / 2], &y[2 * i], &y[2 * i + 1]);
    }
    CK_UNROLL for (int i = 0; i < CK_SIDE; i++) { x[i] = y[i]; }
  }
}

// to[k * width + i] = from[i * stride + k] for a block of i < count and all k of a side.
CK_INLINE void NAME(transposeBlock)(int count, const T *from, ptrdiff_t stride, T *to, size_t width) {
  NAME(Side) x[CK_SIDE];
  CK_UNROLL for (int i = 0; i < CK_SIDE; i++) {
    x[i] = (NAME(Side)){0};
    if (i < count) { memcpy(&x[i], from + i * stride, sizeof x[i]); }
  }
  NAME(transpose)(x);
  CK_UNROLL for (int k = 0; k < CK_SIDE; k++) {
    if (count == CK_SIDE) {
      memcpy(to + (size_t)k * width, &x[k], sizeof x[k]);
    } else {
      memcpy(to + (size_t)k * width, &x[k], (size_t)count * sizeof(T));
    }
  }
}

// The vectors lie next to each other in memory: every k is one run.
CK_INLINE void NAME(packRuns)(size_t width, size_t count, size_t depth, const T *from, ptrdiff_t stride, T *to) {
  for (size_t k = 0; k < depth; k++, to += width, from += stride) {
    if (count == width) {
      memcpy(to, from, width * sizeof(T));
    } else {
      memcpy(to, from, count * sizeof(T));
      memset(to + count, 0, (width - count) * sizeof(T));
    }
  }
}

// Each vector's elements lie next to each other: blocks are transposed.
static void NAME(packTransposed)(size_t width, size_t count, size_t depth, const T *from, ptrdiff_t stride, T *to) {
  size_t k = 0;
  while (depth >= CK_SIDE && k < depth) {
    if (k + CK_SIDE > depth) { k = depth - CK_SIDE; }  // the last block overlaps the one before
    T *block = to + k * width;
    size_t i = 0;
    for (; i + CK_SIDE <= count; i += CK_SIDE) {
      NAME(transposeBlock)(CK_SIDE, from + (ptrdiff_t)i * stride + k, stride, block + i, width);
    }
    if (i < count) {
      const T *rest = from + (ptrdiff_t)i * stride + k;
      switch (count - i) {
      case 1: NAME(transposeBlock)(1, rest, stride, block + i, width); break;
      case 2: NAME(transposeBlock)(CK_SIDE > 2 ? 2 : 1, rest, stride, block + i, width); break;
      case 3: NAME(transposeBlock)(CK_SIDE > 2 ? 3 : 1, rest, stride, block + i, width); break;
      case 4: NAME(transposeBlock)(CK_SIDE > 4 ? 4 : 1, rest, stride, block + i, width); break;
      case 5: NAME(transposeBlock)(CK_SIDE > 4 ? 5 : 1, rest, stride, block + i, width); break;
      case 6: NAME(transposeBlock)(CK_SIDE > 4 ? 6 : 1, rest, stride, block + i, width); break;
      case 7: NAME(transposeBlock)(CK_SIDE > 4 ? 7 : 1, rest, stride, block + i, width); break;
      }
    }
    if (count < width) {
      for (int row = 0; row < CK_SIDE; row++) {
        memset(block + (size_t)row * width + count, 0, (width - count) * sizeof(T));
      }
    }
    k += CK_SIDE;
  }
  for (; k < depth; k++) {
    T *row = to + k * width;
    for (size_t i = 0; i < width; i++) { row[i] = i < count ? from[(ptrdiff_t)i * stride + k] : 0; }
  }
}

static void NAME(pack)(size_t width, size_t count, size_t depth, CKSource source, T *panels) {
  const size_t tileRows = CK_TILE_ROWS, tileColumns = CK_TILE_VECTORS * CK_VECTOR_BYTES / sizeof(T);
  for (size_t start = 0; start < count; start += width, panels += width * depth) {
    const size_t part = count - start < width ? count - start : width;
    const T *from = (const T *)source.data + (ptrdiff_t)start * source.outer;
    if (source.outer == 1) {
      // The usual widths as constants, so that the copies need no call.
      if (part == tileColumns && width == tileColumns) {
        NAME(packRuns)(tileColumns, tileColumns, depth, from, source.inner, panels);
      } else if (part == tileRows && width == tileRows) {
        NAME(packRuns)(tileRows, tileRows, depth, from, source.inner, panels);
      } else {
        NAME(packRuns)(width, part, depth, from, source.inner, panels);
      }
    } else if (source.inner == 1) {
      NAME(packTransposed)(width, part, depth, from, source.outer, panels);
    } else {
      for (size_t k = 0; k < depth; k++) {
        for (size_t i = 0; i < width; i++) {
          const ptrdiff_t at = (ptrdiff_t)i * source.outer + (ptrdiff_t)k * source.inner;
          panels[k * width + i] = i < part ? from[at] : 0;
        }
      }
    }
  }
}

// y[o * yOuter + i] = x[o * xOuter - i].
static void NAME(copyReversed)(size_t inner, size_t outer, const T *x, ptrdiff_t xOuter, T *y, ptrdiff_t yOuter) {
  for (size_t o = 0; o < outer; o++, x += xOuter, y += yOuter) {
    CK_SIMD for (ptrdiff_t i = 0; i < (ptrdiff_t)inner; i++) { y[i] = x[-i]; }
  }
}

// Copies with both matrices contiguous in different directions: blocks are transposed, so that no cache line is
// fetched for one element. y[o * yOuter + i] = x[i * xInner + o].
static void NAME(copyTransposed)(size_t inner, size_t outer, const T *x, ptrdiff_t xInner, T *y, ptrdiff_t yOuter) {
  const size_t wholeInner = inner / CK_SIDE * CK_SIDE, wholeOuter = outer / CK_SIDE * CK_SIDE;
  for (size_t o = 0; o < wholeOuter; o += CK_SIDE) {
    for (size_t i = 0; i < wholeInner; i += CK_SIDE) {
      NAME(transposeBlock)(CK_SIDE, x + (ptrdiff_t)i * xInner + o, xInner, y + (ptrdiff_t)o * yOuter + i,
                           (size_t)yOuter);
    }
  }
  for (size_t o = 0; o < outer; o++) {
    for (size_t i = o < wholeOuter ? wholeInner : 0; i < inner; i++) {
      y[(ptrdiff_t)o * yOuter + (ptrdiff_t)i] = x[(ptrdiff_t)i * xInner + (ptrdiff_t)o];
    }
  }
}

// The sum over the lanes of each of CK_SIDE vectors.
CK_INLINE void NAME(sumLanes)(const NAME(Vector) *x, T *sums) {
  NAME(Side) rows[CK_SIDE], total = {0};
  CK_UNROLL for (int i = 0; i < CK_SIDE; i++) {
    NAME(Side) parts[CK_VECTOR_BYTES / CK_BLOCK_BYTES];
    memcpy(parts, &x[i], sizeof parts);
    rows[i] = parts[0];
    CK_UNROLL for (int part = 1; part < CK_VECTOR_BYTES / CK_BLOCK_BYTES; part++) { rows[i] += parts[part]; }
  }
  NAME(transpose)(rows);
  CK_UNROLL for (int lane = 0; lane < CK_SIDE; lane++) { total += rows[lane]; }
  memcpy(sums, &total, sizeof total);
}

#undef CK_SIDE
