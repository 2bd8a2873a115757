internal import CKernels

// A convolution, an activation and maybe a pool in one pass. A block of images stays batch-interleaved and in
// the L2 cache from the first to the last; only what the backward pass needs, inputs and activations, leaves
// it. As single operations they pass some megabytes through memory five times each way, and change the layout
// back and forth.
extension CPU {
  /// Whether they can run as one, and faster so: float32 or float64, both the convolution and its input gradient
  /// suit the batch-interleaved kernels, and its blocks of images need not be split.
  static func canFuse(_ shape: ConvActivationPoolShape, _ dtype: DType) -> Bool {
    guard dtype == .float32 || dtype == .float64,
      let inputGradient = InterleavedConvolution(inputGradientOf: shape.convolution)
    else { return false }
    let convolution = InterleavedConvolution(shape.convolution)
    return convolution.suits(dtype) && inputGradient.suits(dtype)
      && convolution.suitsWholeBlocks(laneCount(dtype))
  }

  /// Memory for what the backward pass needs of every block of images.
  static func state(of shape: ConvActivationPoolShape, _ dtype: DType) -> Backend.FusedState {
    let convolution = InterleavedConvolution(shape.convolution)
    let lanes = laneCount(dtype)
    let blocks = convolution.blocks(of: lanes)
    return Backend.FusedState(
      input: .uninitialized(
        dtype: dtype, rows: blocks, columns: convolution.paddedPixels * lanes, on: .cpu),
      activations: .uninitialized(
        dtype: dtype, rows: blocks, columns: convolution.outputPixels * lanes, on: .cpu))
  }

  /// y [N, O, height, width] from x [N, C, height, width], all dense.
  ///
  /// - Parameter state: Filled for the backward pass; nil if there is none.
  static func convActivationPool(
    _ x: NDArray, _ weight: NDArray, _ bias: NDArray?, _ shape: ConvActivationPoolShape,
    _ state: Backend.FusedState?, into y: NDArray
  ) {
    let (convolution, window) = (InterleavedConvolution(shape.convolution), shape.window)
    let (dtype, type, lanes) = (x.dtype, x.dtype.kernelType, laneCount(x.dtype))
    let pixelBytes = lanes * dtype.byteCount
    let (inputPixels, activationPixels) = (convolution.paddedPixels, convolution.outputPixels)
    let pooledPixels = shape.convolution.outputChannels * window.outputPixels
    let isInPlace = shape.activation.needsResultOnly || state == nil
    let panels = interleavedPanels(weight, convolution)
    forEachImageBlock(convolution, lanes) { _, first, count in
      let scratch = Scratch(
        byteCount: (pooledPixels + (state == nil ? inputPixels + activationPixels : 0)) * pixelBytes
      )
      let block = first / lanes * pixelBytes
      let pooled = scratch.start
      let input =
        state.map { $0.input.data + block * inputPixels } ?? pooled + pooledPixels * pixelBytes
      let activations =
        state.map { $0.activations.data + block * activationPixels } ?? input + inputPixels
        * pixelBytes
      interleave(x.data, convolution, group: 0, first: first, count: count, lanes, dtype, input)
      withUnsafePointer(to: convolution.sizes) {
        kernels.convolveInterleaved(type, $0, input, panels.data, bias?.data, activations)
      }
      // One channel plane at a time, so that it stays in L1 between activation and pooling.
      for output in 0..<shape.convolution.outputChannels {
        let plane = activations + output * window.inputPixels * pixelBytes
        let result = pooled + output * window.outputPixels * pixelBytes
        let target = isInPlace ? plane : result
        shape.activation.apply(dtype, window.inputPixels * lanes, plane, into: target)
        switch shape.pool {
        case .average(let pool):
          withUnsafePointer(to: pool.kernelWindow) {
            kernels.averagePoolInterleaved(type, $0, 1, target, result)
          }
        case .maximum(let pool):
          withUnsafePointer(to: pool.kernelWindow) {
            kernels.maxPoolInterleaved(type, $0, 1, target, result)
          }
        case nil: break
        }
      }
      deinterleave(
        shape.pool == nil && isInPlace ? activations : pooled, pooledPixels, first: first,
        count: count, dtype, into: y)
    }
    withExtendedLifetime((x, bias, panels, y, state)) {}
  }

  /// The gradients by input, weight and bias, unless nil, from dy [N, O, height, width].
  ///
  /// Sums over images are taken within blocks first, then over the blocks in order: the order of
  /// `convolutionWeightGradient` and `convolutionBiasGradient`.
  static func convActivationPoolGradient(
    _ dy: NDArray, _ weight: NDArray, _ shape: ConvActivationPoolShape,
    _ state: Backend.FusedState, dx: NDArray?, dw: NDArray?, db: NDArray?
  ) {
    let (convolution, window) = (InterleavedConvolution(shape.convolution), shape.window)
    guard let inputGradient = InterleavedConvolution(inputGradientOf: shape.convolution) else {
      return
    }
    let (dtype, type, size) = (dy.dtype, dy.dtype.kernelType, dy.dtype.byteCount)
    let lanes = laneCount(dtype)
    let pixelBytes = lanes * size
    let channels = shape.convolution.outputChannels
    let pooledPixels = channels * window.outputPixels
    let panels =
      dx == nil ? nil : interleavedPanels(rotated(weight, shape.convolution), inputGradient)
    let blocks = convolution.blocks(of: lanes)
    let weightSums = NDArray.uninitialized(
      dtype: dtype, rows: blocks, columns: weight.count, on: .cpu)
    let biasSums = NDArray.uninitialized(dtype: dtype, rows: blocks, columns: channels, on: .cpu)
    forEachImageBlock(convolution, lanes) { _, first, count in
      let cotangentBytes = convolution.outputPixels * pixelBytes
      let scratch = Scratch(
        byteCount: cotangentBytes + max(pooledPixels, inputGradient.outputPixels) * pixelBytes)
      let (cotangent, pooled) = (scratch.start, scratch.start + cotangentBytes)
      let block = first / lanes
      let activations = state.activations.data + block * cotangentBytes
      let sums = biasSums.data + block * channels * size
      kernels.pack(
        type, lanes, count, pooledPixels,
        CKSource(data: dy.data + first * pooledPixels * size, inner: 1, outer: pooledPixels),
        shape.pool == nil ? cotangent : pooled)
      switch shape.pool {
      case .average(let pool), .maximum(let pool):
        withUnsafePointer(to: pool.kernelWindow) {
          kernels.activationPoolInterleavedGradient(
            shape.activation.derivative, shape.hasMaximum, type, $0, channels, pooled, activations,
            cotangent, sums)
        }
      case nil:
        for channel in 0..<channels {
          let offset = channel * window.inputPixels * pixelBytes
          shape.activation.applyDerivative(
            dtype, window.inputPixels * lanes, at: activations + offset, to: cotangent + offset,
            scratch: pooled)
        }
        if db != nil {
          withUnsafePointer(to: convolution.sizes) {
            kernels.interleavedBiasGradients(type, $0, cotangent, sums)
          }
        }
      }
      if dw != nil {
        withUnsafePointer(to: convolution.sizes) {
          kernels.interleavedWeightGradients(
            type, $0, state.input.data + block * convolution.paddedPixels * pixelBytes, cotangent,
            weightSums.data + block * weight.count * size)
        }
      }
      if let dx, let panels {
        withUnsafePointer(to: inputGradient.sizes) {
          kernels.convolveInterleaved(type, $0, cotangent, panels.data, nil, pooled)
        }
        deinterleave(
          pooled, inputGradient.outputPixels, first: first, count: count, dtype, into: dx)
      }
    }
    for (sums, gradient) in [(weightSums, dw), (biasSums, db)] {
      guard let gradient else { continue }
      reduce(.sum, sums, outer: 1, reduced: blocks, inner: gradient.count, into: gradient)
    }
    withExtendedLifetime((dy, panels, state, dx)) {}
  }
}

extension FusedActivation {
  /// y = f(x) for dense memory; y may be x.
  func apply(
    _ dtype: DType, _ count: Int, _ x: UnsafeMutableRawPointer, into y: UnsafeMutableRawPointer
  ) {
    let source = CKSource(data: x, inner: 1, outer: 0)
    let operation: CKMap
    switch self {
    case .sigmoid: operation = .sigmoid
    case .tanh: operation = .tanh
    case .relu: operation = .relu
    case .silu: operation = .silu
    case .gelu: operation = .gelu
    case .leakyRelu(let slope):
      CPU.withScalar(slope, as: dtype) {
        CPU.kernels.zip(
          .leakyRelu, dtype.kernelType, count, 1, source, CKSource(data: $0, inner: 0, outer: 0), y)
      }
      return
    }
    CPU.kernels.map(operation, dtype.kernelType, count, 1, source, y)
  }

  /// What multiplies a cotangent by the derivative.
  var derivative: CKZip {
    switch self {
    case .sigmoid: .sigmoidGradient
    case .tanh: .tanhGradient
    case .relu: .reluGradient
    case .silu: .siluGradient
    case .gelu: .geluGradient
    case .leakyRelu: .leakyReluSlope
    }
  }

  /// Multiplies dense cotangents by the derivative, given the activation's results or what it was applied to.
  fileprivate func applyDerivative(
    _ dtype: DType, _ count: Int, at x: UnsafeMutableRawPointer, to dy: UnsafeMutableRawPointer,
    scratch: UnsafeMutableRawPointer
  ) {
    let (dense, sent) = (
      CKSource(data: x, inner: 1, outer: 0), CKSource(data: dy, inner: 1, outer: 0)
    )
    guard case .leakyRelu(let slope) = self else {
      CPU.kernels.zip(derivative, dtype.kernelType, count, 1, sent, dense, dy)
      return
    }
    CPU.withScalar(slope, as: dtype) {
      CPU.kernels.zip(
        derivative, dtype.kernelType, count, 1, dense, CKSource(data: $0, inner: 0, outer: 0),
        scratch)
    }
    CPU.kernels.zip(
      .multiply, dtype.kernelType, count, 1, sent, CKSource(data: scratch, inner: 1, outer: 0), dy)
  }
}
