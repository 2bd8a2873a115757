internal import GPUKernels

// Convolutions and pools on a GPU: Sources/GPUKernels/texts/convolution.inc.h.
extension CUDADevice {
  /// - Returns: Whether it ran, nil for primitives of other families.
  func runConvolution(_ primitive: Primitive, _ x: [NDArray], _ y: NDArray) -> Bool? {
    let dtype = x.first?.dtype ?? y.dtype
    let isFloat = dtype == .float32 || dtype == .float64
    switch primitive {
    case .convolution(let shape):
      guard isFloat else { return false }
      launch(
        .convolution, dtype, blocks: Self.blocks(for: y.count), [x[0], x[1], x.last!, y],
        GPUConvolution(shape, hasBias: x.count > 2))
    case .convolutionInputGradient(let shape):
      guard isFloat else { return false }
      launch(
        .convolutionInput, dtype, blocks: Self.blocks(for: y.count), x + [y], GPUConvolution(shape))
    case .convolutionWeightGradient(let shape):
      guard isFloat else { return false }
      weightGradient(x[0], x[1], shape, into: y)
    case .convolutionBiasGradient(let shape):
      guard isFloat else { return false }
      biasGradient(x[0], shape, into: y)
    case .averagePool(let shape, let planes):
      guard isFloat else { return false }
      launch(
        .averagePool, dtype, blocks: Self.blocks(for: y.count), [x[0], y], GPUPool(shape, planes))
    case .averagePoolGradient(let shape, let planes):
      guard isFloat else { return false }
      launch(
        .averagePoolGradient, dtype, blocks: Self.blocks(for: y.count), [x[0], y],
        GPUPool(shape, planes))
    case .maxPoolIndices(let shape, let planes):
      guard isFloat else { return false }
      launch(
        .maxPoolIndices, dtype, blocks: Self.blocks(for: y.count), [x[0], y],
        GPUPool(shape, planes))
    default: return nil
    }
    return true
  }

  /// Blocks that keep a large GPU busy (not measured); the parts of a sum do not depend on the card.
  private static let manyBlocks = 2048

  /// Sums over some images each, which are added in order.
  private func weightGradient(
    _ x: NDArray, _ dy: NDArray, _ shape: ConvolutionShape, into dw: NDArray
  ) {
    let pixels = shape.window.outputPixels
    if shape.batch * pixels == 0 { return clear(dw) }
    let parts = max(1, min(shape.batch, Self.manyBlocks / dw.count))
    let sums =
      parts == 1
      ? dw : NDArray.uninitialized(dtype: dw.dtype, shape: [parts, dw.count], on: dw.device)
    launch(
      .convolutionWeight, dw.dtype, blocks: parts * dw.count,
      threads: Self.threads(forRow: shape.batch / parts * pixels), [x, dy, sums],
      GPUConvolution(shape, parts: parts))
    if parts > 1 { reduce(.sum, sums, outer: 1, reduced: parts, inner: dw.count, into: dw) }
  }

  /// Sums over pixels, then over images.
  private func biasGradient(_ dy: NDArray, _ shape: ConvolutionShape, into db: NDArray) {
    if dy.count == 0 { return clear(db) }
    let planes = NDArray.uninitialized(
      dtype: dy.dtype, shape: [shape.batch, shape.outputChannels], on: dy.device)
    reduce(
      .sum, dy, outer: planes.count, reduced: shape.window.outputPixels, inner: 1, into: planes)
    reduce(.sum, planes, outer: 1, reduced: shape.batch, inner: db.count, into: db)
  }
}

extension GPUConvolution {
  fileprivate init(_ shape: ConvolutionShape, hasBias: Bool = false, parts: Int = 1) {
    let window = shape.window
    self.init(
      batch: UInt32(shape.batch), groups: UInt32(shape.groups),
      channels: UInt32(shape.inputChannels / shape.groups),
      outputs: UInt32(shape.outputChannels / shape.groups), height: UInt32(window.inputSize[0]),
      width: UInt32(window.inputSize[1]), kernelHeight: UInt32(window.kernel[0]),
      kernelWidth: UInt32(window.kernel[1]), outputHeight: UInt32(window.outputSize[0]),
      outputWidth: UInt32(window.outputSize[1]), strideY: UInt32(window.stride[0]),
      strideX: UInt32(window.stride[1]), dilationY: UInt32(window.dilation[0]),
      dilationX: UInt32(window.dilation[1]), padY: Int32(window.padding[0]),
      padX: Int32(window.padding[1]), hasBias: hasBias ? 1 : 0, parts: UInt32(parts))
  }
}

extension GPUPool {
  fileprivate init(_ shape: PoolingShape, _ planes: Int) {
    let window = shape.window
    let isTwoByTwo =
      window.kernel == [2, 2] && window.stride == [2, 2] && window.padding == [0, 0]
      && window.dilation == [1, 1]
      && zip(window.outputSize, window.inputSize).allSatisfy { $0 * 2 <= $1 }
    self.init(
      planes: UInt32(planes), height: UInt32(window.inputSize[0]),
      width: UInt32(window.inputSize[1]), kernelHeight: UInt32(window.kernel[0]),
      kernelWidth: UInt32(window.kernel[1]), outputHeight: UInt32(window.outputSize[0]),
      outputWidth: UInt32(window.outputSize[1]), strideY: UInt32(window.stride[0]),
      strideX: UInt32(window.stride[1]), dilationY: UInt32(window.dilation[0]),
      dilationX: UInt32(window.dilation[1]), padY: Int32(window.padding[0]),
      padX: Int32(window.padding[1]), countsPadding: shape.countIncludesPadding ? 1 : 0,
      isTwoByTwo: isTwoByTwo ? 1 : 0)
  }
}
