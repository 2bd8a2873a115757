internal import CKernels

// Blocks of a convolution, an activation and an average pool, one after the other in one go. A block of
// images stays in lanes and in the L2 cache from the first to the last; only what the
// backward pass needs, inputs and activations, leaves it. One at a time the steps pass some megabytes
// through the memory five times each way, and turn images into lanes and back.
extension CPU {
  /// One block; its convolution has one group and an input gradient in lanes.
  struct LaneBlock {
    let convolution: LaneConvolution
    let inputGradient: LaneConvolution
    let shape: ConvolutionShape
    let pool: PoolingShape
    let activation: UnaryOp
    /// The activation's derivative, from its result.
    let gradient: BinaryOp

    /// The block in lanes; nil if its input gradient is no convolution.
    init?(_ block: ConvolutionBlockShape) {
      guard let inputGradient = LaneConvolution(inputGradientOf: block.convolution) else {
        return nil
      }
      convolution = LaneConvolution(block.convolution)
      self.inputGradient = inputGradient
      (shape, pool) = (block.convolution, block.pool)
      (activation, gradient) = (block.activation, block.derivative)
    }

    fileprivate var activations: Int { convolution.outputPixels }
    fileprivate var pooled: Int { shape.outputChannels * pool.outputPixels }
  }

  /// Memory for a block's state, for every block of images in lanes.
  static func state(of block: LaneBlock, _ dtype: DType) -> Backend.BlockState {
    let lanes = laneCount(dtype)
    let rows = (block.shape.batch + lanes - 1) / lanes
    return Backend.BlockState(
      input: .uninitialized(
        dtype: dtype, rows: rows, columns: block.convolution.paddedPixels * lanes, on: .cpu),
      activations: .uninitialized(
        dtype: dtype, rows: rows, columns: block.activations * lanes, on: .cpu))
  }

  /// The sums of one block's parameter gradients over the images, first within blocks of them.
  private struct LaneParameterSums {
    let weights: NDArray
    let biases: NDArray

    init(_ block: LaneBlock, _ dtype: DType) {
      let lanes = laneCount(dtype)
      let rows = (block.shape.batch + lanes - 1) / lanes
      let outputs = block.shape.outputChannels
      weights = .uninitialized(
        dtype: dtype, rows: rows, columns: outputs * block.convolution.taps, on: .cpu)
      biases = .uninitialized(dtype: dtype, rows: rows, columns: outputs, on: .cpu)
    }

    func add(into dw: NDArray, _ db: NDArray) {
      for (sums, result) in [(weights, dw), (biases, db)] {
        let count = result.count
        reduce(.sum, sums, outer: 1, reduced: sums.count / count, inner: count, into: result)
      }
    }
  }

  /// y [N, O, pooledHeight, pooledWidth] of the last block from x [N, C, height, width] of the first,
  /// all dense.
  ///
  /// - Parameters:
  ///   - parameters: Each block's weight and bias.
  ///   - states: Filled for the backward pass; empty if there is none.
  static func laneBlocks(
    _ x: NDArray, _ parameters: [(weight: NDArray, bias: NDArray)], _ blocks: [LaneBlock],
    states: [Backend.BlockState], into y: NDArray
  ) {
    let dtype = x.dtype
    let (type, lanes) = (dtype.kernelType, laneCount(dtype))
    let pixelBytes = lanes * dtype.byteCount
    let panels = Swift.zip(parameters, blocks).map { lanePanels($0.weight, $1.convolution) }
    // Without a backward pass all blocks use the same memory: a block's input is read before its
    // result, the next block's input, is written.
    let pooledBytes = blocks.map(\.pooled).max()! * pixelBytes
    let inputBytes = blocks.map(\.convolution.paddedPixels).max()! * pixelBytes
    let activationBytes = blocks.map(\.activations).max()! * pixelBytes
    let scratchBytes = pooledBytes + (states.isEmpty ? inputBytes + activationBytes : 0)
    forEachLaneBlock(blocks[0].convolution, lanes) { _, first, count in
      let scratch = Scratch(byteCount: scratchBytes)
      func input(_ index: Int) -> UnsafeMutableRawPointer {
        states.isEmpty
          ? scratch.start + pooledBytes
          : states[index].input.data
            + first * blocks[index].convolution.paddedPixels * dtype.byteCount
      }
      for (index, block) in blocks.enumerated() {
        if index == 0 {
          intoLanes(
            x.data, block.convolution, group: 0, first: first, count: count, lanes, dtype, input(0))
        }
        let activations =
          states.isEmpty
          ? scratch.start + pooledBytes + inputBytes
          : states[index].activations.data + first * block.activations * dtype.byteCount
        withUnsafePointer(to: block.convolution.sizes) {
          kernels.convolveLanes(
            type, $0, input(index), panels[index].data, parameters[index].bias.data, activations)
        }
        // The result is the next block's input, where no zeros lie around that.
        let next = index + 1 < blocks.count ? blocks[index + 1].convolution : nil
        let isInput = next.map { $0.padding == [0, 0] } ?? false
        let pooled = isInput ? input(index + 1) : scratch.start
        activateAndPool(block, type, pixelBytes, activations, into: pooled)
        if let next, !isInput {
          let rowBytes = next.inputSize[1] * pixelBytes
          forEachPaddedRow(next, pixelBytes, input(index + 1)) { row, place in
            place.copyMemory(from: pooled + row * rowBytes, byteCount: rowBytes)
          }
        } else if next == nil {
          outOfLanes(pooled, block.pooled, first: first, count: count, dtype, into: y)
        }
      }
    }
    withExtendedLifetime((x, parameters, panels, y, states)) {}
  }

  /// A plane at a time: its second and third visit find it in L1.
  private static func activateAndPool(
    _ block: LaneBlock, _ type: CKType, _ pixelBytes: Int, _ activations: UnsafeMutableRawPointer,
    into pooled: UnsafeMutableRawPointer
  ) {
    let (pixels, pooledPixels) = (block.pool.inputPixels, block.pool.outputPixels)
    let lanes = pixelBytes / (type == .float32 ? 4 : 8)
    for output in 0..<block.shape.outputChannels {
      let plane = activations + output * pixels * pixelBytes
      kernels.map(
        block.activation.kernel, type, pixels * lanes, 1, CKSource(data: plane, inner: 1, outer: 0),
        plane)
      withUnsafePointer(to: block.pool.window) {
        kernels.averagePoolLanes(type, $0, 1, plane, pooled + output * pooledPixels * pixelBytes)
      }
    }
  }

  /// The gradients of input (unless nil) and of each block's weight and bias (unless nil), from dy in
  /// the shape of the last block's result.
  ///
  /// Sums over images are taken within blocks of them first, then over these in their order.
  static func laneBlocksGradient(
    _ dy: NDArray, _ weights: [NDArray], _ blocks: [LaneBlock], _ states: [Backend.BlockState],
    dx: NDArray?, _ gradients: [(dw: NDArray, db: NDArray)?]
  ) {
    let dtype = dy.dtype
    let (type, size, lanes) = (dtype.kernelType, dtype.byteCount, laneCount(dtype))
    let pixelBytes = lanes * size
    guard let lowest = dx == nil ? gradients.firstIndex(where: { $0 != nil }) : 0 else { return }
    /// Whether cotangents pass through a block's convolution.
    func isPassed(_ index: Int) -> Bool { index > lowest || dx != nil }
    let panels = blocks.indices.map { index in
      isPassed(index)
        ? lanePanels(rotated(weights[index], blocks[index].shape), blocks[index].inputGradient)
        : nil
    }
    let sums = blocks.map { LaneParameterSums($0, dtype) }
    let pooledBytes =
      blocks.map { max($0.pooled, $0.inputGradient.outputPixels) }.max()! * pixelBytes
    let scratchBytes = pooledBytes + blocks.map(\.activations).max()! * pixelBytes
    let last = blocks[blocks.count - 1]
    forEachLaneBlock(blocks[0].convolution, lanes) { _, first, count in
      let scratch = Scratch(byteCount: scratchBytes)
      let (pooled, cotangent) = (scratch.start, scratch.start + pooledBytes)
      kernels.pack(
        type, lanes, count, last.pooled,
        CKSource(data: dy.data + first * last.pooled * size, inner: 1, outer: last.pooled), pooled)
      for index in (lowest..<blocks.count).reversed() {
        let (block, state, sums) = (blocks[index], states[index], sums[index])
        withUnsafePointer(to: block.pool.window) {
          kernels.activationPoolLanesGradient(
            block.gradient.kernel, type, $0, block.shape.outputChannels, pooled,
            state.activations.data + first * block.activations * size, cotangent,
            sums.biases.data + first / lanes * block.shape.outputChannels * size)
        }
        if gradients[index] != nil {
          withUnsafePointer(to: block.convolution.sizes) {
            kernels.laneWeightGradients(
              type, $0, state.input.data + first * block.convolution.paddedPixels * size, cotangent,
              sums.weights.data + first / lanes * weights[index].count * size)
          }
        }
        if let panels = panels[index] {
          withUnsafePointer(to: block.inputGradient.sizes) {
            kernels.convolveLanes(type, $0, cotangent, panels.data, nil, pooled)
          }
        }
      }
      if let dx {
        outOfLanes(
          pooled, blocks[0].inputGradient.outputPixels, first: first, count: count, dtype, into: dx)
      }
    }
    for (sums, gradient) in Swift.zip(sums, gradients) {
      if let gradient { sums.add(into: gradient.dw, gradient.db) }
    }
    withExtendedLifetime((dy, panels, states, dx)) {}
  }
}
