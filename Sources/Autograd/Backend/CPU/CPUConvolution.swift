internal import CKernels

extension ConvolutionShape {
  /// Whether one window sees all of an image: then a convolution is a product [batch, taps] x [taps, outputs].
  fileprivate var isMatrixProduct: Bool {
    groups == 1 && window.outputPixels == 1 && window.padding == [0, 0]
      && window.kernel == window.inputSize
  }
}

// Convolution and its two gradients as matrix products whose right operand, the matrix of patches,
// is never formed: its panels are packed from the image when needed.
extension CPU {
  /// y [N, O, ...] from x [N, C, ...], weight [O, C / groups, ...] and bias [O], all dense.
  static func convolution(
    _ x: NDArray, _ weight: NDArray, bias: NDArray?, _ shape: ConvolutionShape, into y: NDArray
  ) {
    let lanes = InterleavedConvolution(shape)
    if lanes.suits(x.dtype) { return convolveInterleaved(x, weight, bias: bias, lanes, into: y) }
    if shape.isMatrixProduct {
      multiply(
        x.dtype, rows: shape.batch, columns: shape.outputChannels, depth: shape.taps,
        MatrixView(data: x.data, rowStride: shape.taps, columnStride: 1),
        MatrixView(data: weight.data, rowStride: 1, columnStride: shape.taps), into: y.data,
        rowStride: shape.outputChannels)
      keepAlive(x, weight, y)
    } else {
      multiplyPatches(
        of: x, shape.inputPatches, by: weight, rows: shape.outputChannels / shape.groups, shape,
        into: y)
    }
    if let bias {
      zip(
        .add, broadcast: y, bias.view(shape: [shape.outputChannels, 1, 1], strides: [1, 0, 0]),
        into: y)
    }
  }

  /// dx [N, C, ...] from dy [N, O, ...] and weight [O, C / groups, ...], all dense.
  static func convolutionInputGradient(
    _ dy: NDArray, _ weight: NDArray, _ shape: ConvolutionShape, into dx: NDArray
  ) {
    if shape.isMatrixProduct {
      multiply(
        dy.dtype, rows: shape.batch, columns: shape.taps, depth: shape.outputChannels,
        MatrixView(data: dy.data, rowStride: shape.outputChannels, columnStride: 1),
        MatrixView(data: weight.data, rowStride: shape.taps, columnStride: 1), into: dx.data,
        rowStride: shape.taps)
      keepAlive(dy, weight, dx)
      return
    }
    if let lanes = InterleavedConvolution(inputGradientOf: shape), lanes.suits(dy.dtype) {
      return convolveInterleaved(dy, rotated(weight, shape), bias: nil, lanes, into: dx)
    }
    // Products with padding and dilation have zeros as factors: NaN beside an infinity.
    if shape.window.stride != [1, 1] || !hasFiniteSum(weight) {
      return col2imInputGradient(dy, weight, shape, into: dx)
    }
    multiplyPatches(
      of: dy, shape.outputPatches, by: rotated(weight, shape),
      rows: shape.inputChannels / shape.groups, shape, into: dx)
  }

  /// The weight as the input gradient multiplies by it: [groups, C / groups, O / groups, ...], rotated by
  /// 180 degrees.
  static func rotated(_ weight: NDArray, _ shape: ConvolutionShape) -> NDArray {
    if weight.count == 0 { return weight }
    let (outputs, channels) = (
      shape.outputChannels / shape.groups, shape.inputChannels / shape.groups
    )
    let area = shape.window.kernel[0] * shape.window.kernel[1]
    return weight.view(
      shape: [shape.groups, channels, outputs, area],
      strides: [outputs * channels * area, area, channels * area, -1], offset: area - 1
    ).contiguous()
  }

  /// dw [O, C / groups, ...] from x [N, C, ...] and dy [N, O, ...], all dense.
  static func convolutionWeightGradient(
    _ x: NDArray, _ dy: NDArray, _ shape: ConvolutionShape, into dw: NDArray
  ) {
    if dw.count == 0 { return }
    let lanes = InterleavedConvolution(shape)
    if lanes.suits(x.dtype) { return interleavedWeightGradient(x, dy, lanes, into: dw) }
    if shape.isMatrixProduct {
      multiply(
        x.dtype, rows: shape.outputChannels, columns: shape.taps, depth: shape.batch,
        MatrixView(data: dy.data, rowStride: 1, columnStride: shape.outputChannels),
        MatrixView(data: x.data, rowStride: shape.taps, columnStride: 1), into: dw.data,
        rowStride: shape.taps)
      keepAlive(x, dy, dw)
      return
    }
    multiplyPatchesTransposed(of: x, by: dy, shape, into: dw)
  }
  /// db [O] from dy [N, O, ...], dense.
  static func convolutionBiasGradient(
    _ dy: NDArray, _ shape: ConvolutionShape, into db: NDArray
  ) {
    if dy.count == 0 { return fill(db, with: 0) }
    let lanes = InterleavedConvolution(shape)
    if lanes.suits(dy.dtype) { return interleavedBiasGradient(dy, lanes, into: db) }
    let planes = NDArray.uninitialized(
      dtype: dy.dtype, shape: [shape.batch, shape.outputChannels], on: .cpu)
    reduce(
      .sum, dy, outer: planes.count, reduced: shape.window.outputPixels, inner: 1, into: planes)
    reduce(.sum, planes, outer: 1, reduced: shape.batch, inner: db.count, into: db)
  }
}
