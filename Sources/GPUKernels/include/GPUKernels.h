// What the GPU kernels and those who launch them share: the kernels as PTX, and the numbers that each one takes
// beside its arrays. No host code.
#ifndef GPUKERNELS_H
#define GPUKERNELS_H

#include <stdint.h>

/// The kernels as text for the driver's compiler, made by Scripts/make-ptx from texts/; the first line holds their hash.
const char *_Nonnull GPUKernelsPTX(void);

/// The most threads of a block that kernels are compiled for.
enum { GPUBlock = 256 };
/// The most axes of an element-wise loop, neighboring ones merged.
enum { GPUAxes = 8 };

/// An element-wise loop over a shape, outermost axis first. Operand o moves by strides[o * GPUAxes + axis] elements;
/// outputs that are dense have none.
typedef struct GPUElementwise {
  uint32_t operation;  // a CKMap, CKZip, CKCompare or CKUpdate, or the CKType that is copied to
  uint32_t count, rank;
  /// Which operand is factors[0] instead of an array: 1 or 2, or 0 for none.
  uint32_t scalarOperand;
  uint32_t sizes[GPUAxes];
  int32_t strides[3 * GPUAxes];
  /// The scalar, the value to fill with, or keep, scale, root and epsilon.
  double factors[4];
} GPUElementwise;

/// x [outer, reduced, inner], each sum in `parts` parts of about the same size.
typedef struct GPUReduction {
  uint32_t operation;  // a CKReduce
  uint32_t outer, reduced, inner, parts;
} GPUReduction;

/// A function of each row.
typedef struct GPURows {
  uint32_t operation;  // a GPURowOperation
  uint32_t rows, columns;
} GPURows;

enum { GPURowSoftmax, GPURowMaskedSoftmax, GPURowLogSoftmax, GPURowLogSumExp };

/// Products of matrices in up to GPUAxes batch axes; strides in elements.
typedef struct GPUProduct {
  uint32_t rows, columns, depth, batchRank;
  int32_t aRow, aColumn, bRow, bColumn;
  uint32_t sizes[GPUAxes];
  int32_t strides[2 * GPUAxes];  // a's, then b's
} GPUProduct;

/// Elements picked by int32 indices; see `Primitive`.
typedef struct GPUPlanes {
  uint32_t planes, xCount, yCount;
} GPUPlanes;

/// Rows of `width` elements at `count` int64 indices.
typedef struct GPUIndexedRows {
  uint32_t count, width;
  uint32_t skips;  // whether rows at the index `skipped` do not count
  int64_t skipped;
} GPUIndexedRows;

/// A check of indices; a wrong one is written into the cell with the check's number.
typedef struct GPUIndexCheck {
  uint32_t count, narrows, ignores;
  int64_t bound, ignored, check;
} GPUIndexCheck;

/// A convolution of groups: sizes of one group, `batch` images. `parts` of them make a sum of weight gradients each.
typedef struct GPUConvolution {
  uint32_t batch, groups, channels, outputs;
  uint32_t height, width, kernelHeight, kernelWidth, outputHeight, outputWidth;
  uint32_t strideY, strideX, dilationY, dilationX;
  int32_t padY, padX;
  uint32_t hasBias, parts;
} GPUConvolution;

/// A window that moves over planes [height, width]; dilation for max pools only.
typedef struct GPUPool {
  uint32_t planes, height, width, kernelHeight, kernelWidth, outputHeight, outputWidth;
  uint32_t strideY, strideX, dilationY, dilationX;
  int32_t padY, padX;
  uint32_t countsPadding;
  /// Whether windows of 2 x 2 lie next to each other, all inside.
  uint32_t isTwoByTwo;
} GPUPool;

/// Indices [outer, length, inner] into a middle axis of `size`.
typedef struct GPUWriters {
  uint32_t outer, length, inner, size;
} GPUWriters;

#endif
