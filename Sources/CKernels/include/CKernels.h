// The inner loops: pure functions on pointers, sizes and strides. No allocation, no threads, no errors.
// Callers (Sources/Autograd/CPU) check shapes, split the work and own the memory.
#ifndef CKERNELS_H
#define CKERNELS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "CKOperations.h"

/// The numbers of an update; they are rounded to the element type first.
typedef struct CKUpdateFactors {
  double keep, scale, root, epsilon;
} CKUpdateFactors;

/// An operand of a two-dimensional loop: element (o, i) is at data[o * outer + i * inner], strides in elements.
typedef struct CKSource {
  const void *_Nonnull data;
  ptrdiff_t inner, outer;
} CKSource;

/// Images [channels, height, width] seen as the matrix of their patches: row (c, ky, kx), column (n, oy, ox) is image
/// n's element at y = oy * strideY - padY + ky * dilationY (x likewise), zero outside. Images are imageStep elements
/// apart. Pads may be negative.
typedef struct CKPatches {
  ptrdiff_t channels, height, width, imageStep;
  ptrdiff_t kernelHeight, kernelWidth;
  ptrdiff_t outputHeight, outputWidth;
  ptrdiff_t strideY, strideX, padY, padX, dilationY, dilationX;
} CKPatches;

/// A convolution on a block of images that lie in the lanes of vectors: the input is [channels, height, width, lanes],
/// the output [outputs, outputHeight, outputWidth, lanes]. Only the given rows and columns of the input take part; padY
/// rows above it and padX columns before it are not even there.
typedef struct CKInterleavedConvolution {
  ptrdiff_t channels, height, width;
  ptrdiff_t kernelHeight, kernelWidth;
  ptrdiff_t outputs, outputHeight, outputWidth;
  ptrdiff_t strideY, strideX, padY, padX, dilationY, dilationX;
  ptrdiff_t firstRow, endRow, firstColumn, endColumn;
} CKInterleavedConvolution;

/// A pooling window moving over planes [height, width]; dilation for max pooling only.
typedef struct CKWindow {
  ptrdiff_t height, width;
  ptrdiff_t kernelHeight, kernelWidth;
  ptrdiff_t outputHeight, outputWidth;
  ptrdiff_t strideY, strideX, padY, padX, dilationY, dilationX;
  bool countIncludesPadding;
} CKWindow;

/// An affine map of a row: first * u + second * (v - center) + shift.
typedef struct CKRowMap {
  double first, second, center, shift;
} CKRowMap;

/// What a step of a recurrent network computes from its sums of inputs and products; `hidden` is h below.
typedef CK_ENUM(CKRecurrent) {
  CKRecurrentTanh,  // one gate; activations hold nothing
  CKRecurrentRelu,  // likewise
  CKRecurrentLSTM,  // gates i, f, g, o; activations i, f, g, o and tanh(c)
  CKRecurrentGRU,   // gates r, z, n; activations r, z, n and the n part of products + bias
} CKRecurrent;

/// Dense rows of a step. inputs and products [rows, gates * h], bias [gates * h]: W_ih x + b_ih, W_hh h and b_hh, -0 where
/// there is no bias. previous [rows, h]: the cell state before the step (LSTM), which `cell` may overwrite, or the hidden
/// state (GRU). state [rows, h]: the hidden state after it.
typedef struct CKRecurrentStep {
  const void *_Nonnull inputs, *_Nonnull products, *_Nonnull bias;
  const void *_Nullable previous;
  void *_Nullable activations, *_Nullable cell;
  void *_Nonnull state;
} CKRecurrentStep;

/// The way back. The cotangent of the state is dy + direct + product; direct becomes what reaches the hidden state
/// before the step beside what goes through products, -0 if nothing does. dcell goes from after the step to before it (LSTM).
/// dproducts is written for GRU alone: for the others it is dinputs.
typedef struct CKRecurrentStepGradient {
  const void *_Nonnull dy, *_Nonnull product, *_Nonnull state;
  const void *_Nullable activations, *_Nullable previous;
  void *_Nonnull direct, *_Nonnull dinputs;
  void *_Nullable dcell, *_Nullable dproducts;
} CKRecurrentStepGradient;

/// One set of kernels, compiled for one instruction set.
typedef struct CKKernels {
  const char *_Nonnull name;  // "avx512", "avx2", "baseline" or "reference"

  // Element-wise. Outputs are dense, [outer, inner], and may be the same memory as a source with dense strides.
  void (*_Nonnull map)(CKMap operation, CKType type, size_t inner, size_t outer, CKSource x, void *_Nonnull y);
  void (*_Nonnull zip)(CKZip operation, CKType type, size_t inner, size_t outer, CKSource a, CKSource b,
                       void *_Nonnull y);
  void (*_Nonnull compare)(CKCompare operation, CKType type, size_t inner, size_t outer, CKSource a, CKSource b,
                           uint8_t *_Nonnull y);
  /// y = condition ? a : b; the condition's type is bool (one byte, 0 or 1).
  void (*_Nonnull select)(CKType type, size_t inner, size_t outer, CKSource condition, CKSource a, CKSource b,
                          void *_Nonnull y);
  /// Copies with a conversion; element (o, i) of y is at y[o * yOuter + i * yInner]. Floats to integers truncate,
  /// anything to bool is x != 0; halves are converted from and to float32 only.
  void (*_Nonnull copy)(CKType from, CKType to, size_t inner, size_t outer, CKSource x, void *_Nonnull y,
                        ptrdiff_t yInner, ptrdiff_t yOuter);

  /// Dense arrays; y may be the same memory as u or v. `add` does not look at v.
  void (*_Nonnull update)(CKUpdate operation, CKType type, size_t count, CKUpdateFactors factors,
                          const void *_Nonnull u, const void *_Nonnull v, void *_Nonnull y);

  /// y = d * (e - d * width / 2) with the errors e = x - target and d = e / width, but at most the slope and at least
  /// minus it; or the derivative d itself. Dense arrays, floating point only; y may be the same memory as x or target.
  void (*_Nonnull huber)(CKType type, size_t count, double width, double slope, bool isDerivative,
                         const void *_Nonnull x, const void *_Nonnull target, void *_Nonnull y);

  // Reductions of dense matrices x [rows, columns]; at least one element is reduced (columns > 0 or rows > 0).
  void (*_Nonnull reduceRows)(CKReduce operation, CKType type, size_t rows, size_t columns, const void *_Nonnull x,
                              void *_Nonnull y);  // y [rows]
  void (*_Nonnull reduceColumns)(CKReduce operation, CKType type, size_t rows, size_t columns,
                                 const void *_Nonnull x, void *_Nonnull y);  // y [columns]
  /// The first index of each row's largest element; NaN counts as largest.
  void (*_Nonnull argmaxRows)(CKType type, size_t rows, size_t columns, const void *_Nonnull x,
                              int64_t *_Nonnull y);
  // Floating point only; columns > 0.
  void (*_Nonnull softmaxRows)(CKType type, size_t rows, size_t columns, const void *_Nonnull x, void *_Nonnull y);
  void (*_Nonnull logSoftmaxRows)(CKType type, size_t rows, size_t columns, const void *_Nonnull x,
                                  void *_Nonnull y);
  void (*_Nonnull logSumExpRows)(CKType type, size_t rows, size_t columns, const void *_Nonnull x,
                                 void *_Nonnull y);

  // Normalization of dense rows [rows, columns], floating point only; columns > 0.
  /// moments [rows, 2]: the mean, and the sum of squared deviations from it.
  void (*_Nonnull rowMoments)(CKType type, size_t rows, size_t columns, const void *_Nonnull x,
                              double *_Nonnull moments);
  /// sums [rows, 2]: of dy, and of dy * (x - center), with one center per row.
  void (*_Nonnull rowProducts)(CKType type, size_t rows, size_t columns, const void *_Nonnull dy,
                               const void *_Nonnull x, const double *_Nonnull centers, double *_Nonnull sums);
  /// Each row mapped by its own map; without u its term is left out, and the result is multiplied by the weight
  /// [columns] and increased by the bias [columns], where there are any. y may be u or v.
  void (*_Nonnull combineRows)(CKType type, size_t rows, size_t columns, const CKRowMap *_Nonnull maps,
                               const void *_Nullable u, const void *_Nonnull v, const void *_Nullable weight,
                               const void *_Nullable bias, void *_Nonnull y);

  // Matrix product on packed panels, floating point only. A panel of width W over `depth` holds element (i, k) at
  // k * W + i; panels follow each other, the last one is filled up with zeros.
  size_t panelRows[2], panelColumns[2];  // width of the left and right panels, by type (float32, float64)
  /// Packs `count` vectors of length `depth` into panels of `width`; element (i, k) is at source outer i, inner k.
  void (*_Nonnull pack)(CKType type, size_t width, size_t count, size_t depth, CKSource source,
                        void *_Nonnull panels);
  /// Packs the patch matrix's columns columnStart ..< columnStart + columnCount over the rows (taps)
  /// depthStart ..< depthStart + depthCount into right panels.
  void (*_Nonnull packPatches)(CKType type, const CKPatches *_Nonnull patches, const void *_Nonnull image,
                               size_t depthStart, size_t depthCount, size_t columnStart, size_t columnCount,
                               void *_Nonnull panels);
  /// packPatches of the transposed patch matrix: the depth runs over pixels, the columns over taps.
  void (*_Nonnull packPatchesTransposed)(CKType type, const CKPatches *_Nonnull patches, const void *_Nonnull image,
                                         size_t depthStart, size_t depthCount, size_t columnStart,
                                         size_t columnCount, void *_Nonnull panels);
  /// The adjoint of packPatches for one image (col2im): rows firstRow ..< firstRow + rowCount of all channels are
  /// overwritten with sums of `products` [taps, tapStep], the matrix's columns of output rows firstOutputRow ..<
  /// firstOutputRow + outputRows; these are all that the rows see. A vector (64 bytes) before and after the products may be read.
  void (*_Nonnull sumPatches)(CKType type, const CKPatches *_Nonnull patches, size_t firstRow, size_t rowCount,
                              const void *_Nonnull products, ptrdiff_t tapStep, size_t firstOutputRow,
                              size_t outputRows, void *_Nonnull image);
  /// c [rows, columns] = or += left · right; c's row stride in elements, its column stride is 1.
  void (*_Nonnull multiplyPanels)(CKType type, size_t rows, size_t columns, size_t depth,
                                  const void *_Nonnull leftPanels, const void *_Nonnull rightPanels,
                                  void *_Nonnull c, ptrdiff_t cRow, bool accumulate);
  /// multiplyPanels with a left operand that is not packed: element (row, k) is at row * outer + k * inner.
  void (*_Nonnull multiplyRows)(CKType type, size_t rows, size_t columns, size_t depth, CKSource left,
                                const void *_Nonnull rightPanels, void *_Nonnull c, ptrdiff_t cRow, bool accumulate);
  /// multiplyPanels with neither operand packed: element (k, column) of the right one is at k * rightRow + column. There are
  /// as many columns as make whole right panels.
  void (*_Nonnull multiplyMatrices)(CKType type, size_t rows, size_t columns, size_t depth, CKSource left,
                                    const void *_Nonnull right, ptrdiff_t rightRow, void *_Nonnull c, ptrdiff_t cRow,
                                    bool accumulate);
  /// y [columns] = x [depth] · b, not packed: element (k, column) of b is at column * outer + k * inner, and one of
  /// the two is 1.
  void (*_Nonnull multiplyVector)(CKType type, size_t columns, size_t depth, const void *_Nonnull x, CKSource b,
                                  void *_Nonnull y);

  // Convolution of a block of images, one in each lane of a vector; for few channels, where panels of a matrix product
  // would be mostly packing. Floating point only.
  size_t lanes[2];       // images in a block, by type
  size_t interleavedOutputs;    // width of the weights' panels
  /// Weights are packed into left panels (`pack`) of width interleavedOutputs over the depth (channel, ky, kx). The bias has an
  /// entry per output.
  void (*_Nonnull convolveInterleaved)(CKType type, const CKInterleavedConvolution *_Nonnull shape, const void *_Nonnull x,
                                 const void *_Nonnull panels, const void *_Nullable bias, void *_Nonnull y);
  /// dw [outputs, channels, kernelHeight, kernelWidth], summed over the lanes. padY and padX are 0; columns outside the
  /// given ones are zero.
  void (*_Nonnull interleavedWeightGradients)(CKType type, const CKInterleavedConvolution *_Nonnull shape, const void *_Nonnull x,
                                       const void *_Nonnull dy, void *_Nonnull dw);
  /// db [outputs], dy summed over pixels and lanes.
  void (*_Nonnull interleavedBiasGradients)(CKType type, const CKInterleavedConvolution *_Nonnull shape, const void *_Nonnull dy,
                                     void *_Nonnull db);

  /// Average pooling over planes in lanes, [planes, height, width, lanes].
  void (*_Nonnull averagePoolInterleaved)(CKType type, const CKWindow *_Nonnull window, size_t planes,
                                    const void *_Nonnull x, void *_Nonnull y);
  /// Max pooling over such planes; every window has an element.
  void (*_Nonnull maxPoolInterleaved)(CKType type, const CKWindow *_Nonnull window, size_t planes,
                                const void *_Nonnull x, void *_Nonnull y);
  /// Back through average or max pooling and the activation before it, whose results are x and whose derivative is an operation
  /// of x: dx is overwritten, sums [planes] is the sum of each of its planes.
  void (*_Nonnull activationPoolInterleavedGradient)(CKZip derivative, bool isMaximum, CKType type,
                                               const CKWindow *_Nonnull window, size_t planes, const void *_Nonnull dy, const void *_Nonnull x,
                                               void *_Nonnull dx, void *_Nonnull sums);

  // Steps of recurrent networks, floating point only.
  void (*_Nonnull recurrentStep)(CKRecurrent kind, CKType type, size_t rows, size_t hidden,
                                 const CKRecurrentStep *_Nonnull step);
  void (*_Nonnull recurrentStepGradient)(CKRecurrent kind, CKType type, size_t rows, size_t hidden,
                                         const CKRecurrentStepGradient *_Nonnull step);

  // Pooling over `planes` planes, floating point only.
  void (*_Nonnull averagePool)(CKType type, const CKWindow *_Nonnull window, size_t planes, const void *_Nonnull x,
                               void *_Nonnull y);
  /// dx is overwritten.
  void (*_Nonnull averagePoolGradient)(CKType type, const CKWindow *_Nonnull window, size_t planes,
                                       const void *_Nonnull dy, void *_Nonnull dx);
  /// The position (y * width + x) of each window's first largest element; NaN counts as largest.
  void (*_Nonnull maxPoolIndices)(CKType type, const CKWindow *_Nonnull window, size_t planes,
                                  const void *_Nonnull x, int32_t *_Nonnull indices);

  // For every plane p: y[p, j] = x[p, indices[p, j]], and its adjoint (y is overwritten: zeros, then sums). Indices are
  // int32 and fit, or int64 if wide; the result is false if one of those is out of range (what y holds then means
  // nothing).
  bool (*_Nonnull gatherPlanes)(CKType type, size_t planes, size_t xCount, size_t yCount, const void *_Nonnull x,
                                const void *_Nonnull indices, bool areWide, void *_Nonnull y);
  bool (*_Nonnull scatterAddPlanes)(CKType type, size_t planes, size_t xCount, size_t yCount,
                                    const void *_Nonnull x, const void *_Nonnull indices, bool areWide,
                                    void *_Nonnull y);

  /// Copies indices to y, int32 if it narrows, else int64; one to ignore becomes 0. Bit 0 of the result says whether
  /// one of the others is not in 0 ..< bound (what y holds then means nothing), bit 1 whether one is ignored.
  uint8_t (*_Nonnull checkIndices)(size_t count, const int64_t *_Nonnull x, int64_t bound, bool ignores,
                                   int64_t ignored, bool narrows, void *_Nonnull y);

  // `CKPhilox` and `CKNormalPairs`, bit for bit.
  void (*_Nonnull randomWords)(uint64_t seed, uint64_t stream, uint64_t first, size_t count,
                               uint32_t *_Nonnull words);
  void (*_Nonnull normalPairs)(size_t count, const uint32_t *_Nonnull words, double mean, double deviation,
                               float *_Nonnull y);
} CKKernels;

/// The kernel sets that this build contains and this processor can run, best first; the last one is "reference":
/// plain loops that say what the others must compute. The list ends with NULL.
const CKKernels *_Nullable const *_Nonnull CKAvailableKernels(void);

/// Philox-4x32-10 (Salmon et al., "Parallel random numbers: as easy as 1, 2, 3", 2011). Word i of a stream is word
/// i % 4 of the block with counter (i / 4, stream); words first ..< first + count are written.
void CKPhilox(uint64_t seed, uint64_t stream, uint64_t first, size_t count, uint32_t *_Nonnull words);

/// Pairs of normal numbers (Box and Muller 1958) from pairs of words, computed in double precision and rounded.
void CKNormalPairs(size_t count, const uint32_t *_Nonnull words, double mean, double deviation, float *_Nonnull y);

/// How many processors the calling thread may run on; 0 where the system does not say (it does on Linux).
size_t CKAllowedProcessors(void);

/// Tells the processor that the thread is waiting in a loop.
static inline void CKSpinHint(void) {
#if defined(__x86_64__) || defined(__i386__)
  __builtin_ia32_pause();
#elif defined(__aarch64__)
  __asm__ volatile("yield");
#endif
}

#endif
