internal import CKernels

// A convolution, an activation and an average pool in one go. A block of images stays in lanes and in
// the second-level cache from the first to the last; only what the backward pass needs, the activations,
// leaves it. One at a time the three pass some megabytes through the memory five times each way.
extension CPU {
  /// The three steps; the convolution has one group.
  struct LaneBlock {
    let convolution: LaneConvolution
    let activation: CKMap
    /// The activation's derivative, from its result.
    let gradient: CKZip
    let pool: PoolingShape

    fileprivate var outputs: Int { convolution.sizes.outputs }
    fileprivate var activations: Int { convolution.outputPixels }
    fileprivate var pooled: Int { outputs * pool.outputPixels }
  }

  /// What the backward pass needs, block by block in lanes: the padded input and the activations.
  struct LaneBlockState {
    let input: NDArray
    let activations: NDArray

    init(_ block: LaneBlock, _ dtype: DType) {
      let lanes = laneCount(dtype)
      let blocks = (block.convolution.batch + lanes - 1) / lanes
      input = NDArray.uninitialized(
        dtype: dtype, shape: [blocks, block.convolution.paddedPixels * lanes])
      activations = NDArray.uninitialized(dtype: dtype, shape: [blocks, block.activations * lanes])
    }

    init(input: NDArray, activations: NDArray) {
      self.input = input
      self.activations = activations
    }
  }

  /// y [N, O, pooledHeight, pooledWidth] from x [N, C, height, width], all dense.
  ///
  /// - Parameter state: Filled for the backward pass; nil if there is none.
  static func laneBlock(
    _ x: NDArray, _ weight: NDArray, bias: NDArray, _ block: LaneBlock, state: LaneBlockState?,
    into y: NDArray
  ) {
    let dtype = x.dtype
    let (type, size, lanes) = (dtype.kernelType, dtype.byteCount, laneCount(dtype))
    let convolution = block.convolution
    let panels = LanePanels(weight, convolution)
    let panelStart = panels.start
    let (inputBytes, activationBytes) = (
      convolution.paddedPixels * lanes * size, block.activations * lanes * size
    )
    let (planeBytes, pooledPlaneBytes) = (
      activationBytes / block.outputs, block.pool.outputPixels * lanes * size
    )
    withExtendedLifetime((x, weight, bias, y, state)) {
      forEachLaneBlock(convolution, lanes) { _, first, count in
        let scratch = Scratch(byteCount: state == nil ? inputBytes + activationBytes : 64)
        let input = state.map { $0.input.data + first / lanes * inputBytes } ?? scratch.start
        let activations =
          state.map { $0.activations.data + first / lanes * activationBytes }
          ?? scratch.start + inputBytes
        let pooled = Scratch(byteCount: block.pooled * lanes * size)
        intoLanes(x.data, convolution, group: 0, first: first, count: count, lanes, dtype, input)
        withUnsafePointer(to: convolution.sizes) {
          kernels.convolveLanes(type, $0, input, panelStart, bias.data, activations)
        }
        // A plane at a time: its second and third visit find it in the first-level cache.
        for output in 0..<block.outputs {
          let plane = activations + output * planeBytes
          let source = CKSource(data: plane, inner: 1, outer: 0)
          kernels.map(block.activation, type, planeBytes / size, 1, source, plane)
          withUnsafePointer(to: block.pool.window) {
            kernels.averagePoolLanes(type, $0, 1, plane, pooled.start + output * pooledPlaneBytes)
          }
        }
        kernels.copy(
          type, type, block.pooled, count, CKSource(data: pooled.start, inner: lanes, outer: 1),
          y.data + first * block.pooled * size, 1, block.pooled)
      }
    }
  }

  /// The gradients of input (unless nil), weight and bias, from dy in y's shape.
  ///
  /// Sums over images are taken within blocks first, then over the blocks in their order.
  static func laneBlockGradient(
    _ dy: NDArray, _ weight: NDArray, _ block: LaneBlock, _ inputGradient: LaneConvolution,
    _ state: LaneBlockState, dx: NDArray?, dw: NDArray, db: NDArray, _ shape: ConvolutionShape
  ) {
    let dtype = dy.dtype
    let (type, size, lanes) = (dtype.kernelType, dtype.byteCount, laneCount(dtype))
    let convolution = block.convolution
    let turnedWeight = dx == nil ? weight : turned(weight, shape)
    let panels = LanePanels(turnedWeight, dx == nil ? convolution : inputGradient)
    let panelStart = panels.start
    let blocks = (convolution.batch + lanes - 1) / lanes
    let weights = dw.count
    let partialWeights = NDArray.uninitialized(dtype: dtype, shape: [blocks, weights])
    let partialBiases = NDArray.uninitialized(dtype: dtype, shape: [blocks, block.outputs])
    let (inputBytes, activationBytes) = (
      convolution.paddedPixels * lanes * size, block.activations * lanes * size
    )
    let (planeBytes, pooledPlaneBytes) = (
      activationBytes / block.outputs, block.pool.outputPixels * lanes * size
    )
    withExtendedLifetime((dy, turnedWeight, state, dx)) {
      forEachLaneBlock(convolution, lanes) { _, first, count in
        let index = first / lanes
        let input = state.input.data + index * inputBytes
        let activations = state.activations.data + index * activationBytes
        let pooled = Scratch(byteCount: block.pooled * lanes * size)
        let cotangent = Scratch(byteCount: activationBytes)
        kernels.pack(
          type, lanes, count, block.pooled,
          CKSource(data: dy.data + first * block.pooled * size, inner: 1, outer: block.pooled),
          pooled.start)
        for output in 0..<block.outputs {
          let plane = cotangent.start + output * planeBytes
          withUnsafePointer(to: block.pool.window) {
            kernels.averagePoolLanesGradient(
              type, $0, 1, pooled.start + output * pooledPlaneBytes, plane)
          }
          kernels.zip(
            block.gradient, type, planeBytes / size, 1, CKSource(data: plane, inner: 1, outer: 0),
            CKSource(data: activations + output * planeBytes, inner: 1, outer: 0), plane)
          kernels.reduceRows(
            .sum, type, 1, planeBytes / size, plane,
            partialBiases.data + (index * block.outputs + output) * size)
        }
        addWeightGradients(
          type, convolution, input, cotangent.start, lanes, size,
          into: partialWeights.data + index * weights * size)
        if let dx {
          convolveBlock(
            cotangent.start, inputGradient, panelStart, type, lanes, size, count,
            into: dx.data + first * shape.inputChannels * shape.inputPixels * size)
        }
      }
    }
    reduce(.sum, partialWeights, outer: 1, reduced: blocks, inner: weights, into: dw)
    reduce(.sum, partialBiases, outer: 1, reduced: blocks, inner: block.outputs, into: db)
  }

  /// Convolves what lies in lanes without padding, and brings the result back to images.
  private static func convolveBlock(
    _ cotangent: UnsafeMutableRawPointer, _ convolution: LaneConvolution,
    _ panels: UnsafeMutableRawPointer, _ type: CKType, _ lanes: Int, _ size: Int, _ count: Int,
    into dx: UnsafeMutableRawPointer
  ) {
    let pixels = convolution.outputPixels
    let padded = Scratch(byteCount: convolution.paddedPixels * lanes * size)
    let output = Scratch(byteCount: pixels * lanes * size)
    forEachPaddedRow(convolution, lanes * size, padded.start) { row, place in
      let length = convolution.inputSize[1] * lanes * size
      place.copyMemory(from: cotangent + row * length, byteCount: length)
    }
    withUnsafePointer(to: convolution.sizes) {
      kernels.convolveLanes(type, $0, padded.start, panels, nil, output.start)
    }
    kernels.copy(
      type, type, pixels, count, CKSource(data: output.start, inner: lanes, outer: 1), dx, 1, pixels
    )
  }
}
