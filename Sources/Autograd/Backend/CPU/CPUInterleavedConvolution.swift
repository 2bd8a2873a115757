internal import CKernels

// Convolution with one image in each lane of a vector. With few channels the rows of a matrix product
// are short and packing patches costs more than multiplying them; here every vector is full. Blocks of
// images are brought into lanes, padded, and the results brought back: two transpositions, a small
// part of the work.
extension CPU {
  /// A convolution in lanes: which image it reads, and the sizes that the kernels need.
  struct InterleavedConvolution {
    /// Sizes for one group.
    ///
    /// The input is padded, since weight gradients need that. That of the input gradient is not: its
    /// products with padding, half of all, are left out.
    var sizes: CKInterleavedConvolution
    /// Sizes of the input without padding, and where it lies in the padded one.
    var inputSize: [Int]
    var padding: [Int]
    var groups: Int
    var batch: Int

    var inputPixels: Int { sizes.channels * inputSize[0] * inputSize[1] }
    var paddedPixels: Int { sizes.channels * sizes.height * sizes.width }
    var outputPixels: Int { sizes.outputs * sizes.outputHeight * sizes.outputWidth }
    var taps: Int { sizes.channels * sizes.kernelHeight * sizes.kernelWidth }

    /// How many blocks of images there are.
    func blocks(of lanes: Int) -> Int { (batch + lanes - 1) / lanes }

    /// The forward pass: images to results.
    init(_ shape: ConvolutionShape) {
      self.init(
        shape, shape.window, shape.window.padding, shape.inputChannels, shape.outputChannels)
    }

    /// The input gradient as a convolution of the cotangents with the kernel rotated by 180 degrees; nil if it is
    /// none, since the windows jump or the padding is wider than the kernel.
    init?(inputGradientOf shape: ConvolutionShape) {
      let window = shape.window.transposed
      guard shape.window.stride == [1, 1], window.padding.allSatisfy({ $0 >= 0 }) else {
        return nil
      }
      self.init(shape, window, [0, 0], shape.outputChannels, shape.inputChannels)
    }

    /// A convolution whose input contains some padding; windows leave out the rest.
    private init(
      _ shape: ConvolutionShape, _ window: WindowGeometry, _ padding: [Int], _ channels: Int,
      _ outputs: Int
    ) {
      sizes = CKInterleavedConvolution(
        channels: channels / shape.groups, height: window.inputSize[0] + 2 * padding[0],
        width: window.inputSize[1] + 2 * padding[1], kernelHeight: window.kernel[0],
        kernelWidth: window.kernel[1], outputs: outputs / shape.groups,
        outputHeight: window.outputSize[0], outputWidth: window.outputSize[1],
        strideY: window.stride[0], strideX: window.stride[1],
        padY: window.padding[0] - padding[0], padX: window.padding[1] - padding[1],
        dilationY: window.dilation[0], dilationX: window.dilation[1], firstRow: padding[0],
        endRow: padding[0] + window.inputSize[0], firstColumn: padding[1],
        endColumn: padding[1] + window.inputSize[1])
      (inputSize, self.padding) = (window.inputSize, padding)
      (groups, batch) = (shape.groups, shape.batch)
    }

    /// Whether the batch-interleaved kernel is expected to beat im2col and a matrix product: at least half a
    /// vector of images, few input channels, a kernel larger than 1x1, more than one output pixel, and input rows for one
    /// output row and weights that stay in L2.
    func suits(_ dtype: DType) -> Bool {
      let lanes = laneCount(dtype)
      let rows = sizes.channels * sizes.kernelHeight * (sizes.width + 2 * sizes.padX)
      return batch * 2 >= lanes && sizes.channels <= Tuning.interleavedChannels
        && sizes.kernelHeight * sizes.kernelWidth > 1 && rows <= Tuning.interleavedRow
        && sizes.outputs * taps <= Tuning.interleavedWeights && taps > 0
        && outputPixels > sizes.outputs
    }
  }

  static func laneCount(_ dtype: DType) -> Int {
    dtype == .float32 ? kernels.lanes.0 : kernels.lanes.1
  }

  /// Weights [groups * outputs, channels, ...], packed for the kernels, a row for each group.
  static func interleavedPanels(_ weight: NDArray, _ convolution: InterleavedConvolution) -> NDArray
  {
    let (outputs, taps, groups) = (
      convolution.sizes.outputs, convolution.taps, convolution.groups
    )
    let (width, size) = (kernels.interleavedOutputs, weight.dtype.byteCount)
    let groupCount = (outputs + width - 1) / width * width * taps
    let panels = NDArray.uninitialized(
      dtype: weight.dtype, rows: groups, columns: groupCount, on: .cpu)
    for group in 0..<groups {
      kernels.pack(
        weight.dtype.kernelType, width, outputs, taps,
        CKSource(data: weight.data + group * outputs * taps * size, inner: 1, outer: taps),
        panels.data + group * groupCount * size)
    }
    withExtendedLifetime(weight) {}
    return panels
  }

  /// y [N, groups * outputs, ...] from x [N, groups * channels, ...] and weight
  /// [groups * outputs, channels, ...], all dense.
  static func convolveInterleaved(
    _ x: NDArray, _ weight: NDArray, bias: NDArray?, _ convolution: InterleavedConvolution,
    into y: NDArray
  ) {
    let dtype = x.dtype
    let (type, size, lanes) = (dtype.kernelType, dtype.byteCount, laneCount(dtype))
    let sizes = convolution.sizes
    let panels = interleavedPanels(weight, convolution)
    let groupBytes = panels.count / convolution.groups * size
    forEachImageBlock(convolution, lanes) { group, first, count in
      let input = Scratch(byteCount: convolution.paddedPixels * lanes * size)
      let output = Scratch(byteCount: convolution.outputPixels * lanes * size)
      interleave(
        x.data, convolution, group: group, first: first, count: count, lanes, dtype, input.start)
      withUnsafePointer(to: sizes) { sizes in
        kernels.convolveInterleaved(
          type, sizes, input.start, panels.data + group * groupBytes,
          bias.map { UnsafeRawPointer($0.data + group * sizes.pointee.outputs * size) },
          output.start)
      }
      deinterleave(
        output.start, convolution.outputPixels, group: group, of: convolution.groups, first: first,
        count: count, dtype, into: y)
    }
    withExtendedLifetime((x, panels, bias, y)) {}
  }

  /// dw [groups * outputs, channels, ...] from x and dy [N, groups * outputs, ...], all dense.
  ///
  /// Sums are taken over blocks of images first, then over blocks in their order.
  static func interleavedWeightGradient(
    _ x: NDArray, _ dy: NDArray, _ convolution: InterleavedConvolution, into dw: NDArray
  ) {
    let dtype = x.dtype
    let (type, size, lanes) = (dtype.kernelType, dtype.byteCount, laneCount(dtype))
    let sizes = convolution.sizes
    let blocks = convolution.blocks(of: lanes)
    let partial = NDArray.uninitialized(dtype: dtype, shape: [blocks, dw.count], on: .cpu)
    let weights = sizes.outputs * convolution.taps
    let cotangents = InterleavedConvolution.cotangents(of: convolution)
    forEachImageBlock(convolution, lanes) { group, first, count in
      let input = Scratch(byteCount: convolution.paddedPixels * lanes * size)
      let cotangent = Scratch(byteCount: convolution.outputPixels * lanes * size)
      interleave(
        x.data, convolution, group: group, first: first, count: count, lanes, dtype, input.start)
      interleave(
        dy.data, cotangents, group: group, first: first, count: count, lanes, dtype,
        cotangent.start)
      withUnsafePointer(to: sizes) {
        kernels.interleavedWeightGradients(
          type, $0, input.start, cotangent.start,
          partial.data + (first / lanes * dw.count + group * weights) * size)
      }
    }
    reduce(.sum, partial, outer: 1, reduced: blocks, inner: dw.count, into: dw)
    withExtendedLifetime((x, dy)) {}
  }

  /// db [groups * outputs] from dy [N, groups * outputs, ...], dense, in the order of the weight gradient's sums.
  static func interleavedBiasGradient(
    _ dy: NDArray, _ convolution: InterleavedConvolution, into db: NDArray
  ) {
    let (dtype, lanes) = (dy.dtype, laneCount(dy.dtype))
    let partial = NDArray.uninitialized(
      dtype: dtype, shape: [convolution.blocks(of: lanes), db.count], on: .cpu)
    let cotangents = InterleavedConvolution.cotangents(of: convolution)
    forEachImageBlock(convolution, lanes) { group, first, count in
      let cotangent = Scratch(byteCount: convolution.outputPixels * lanes * dtype.byteCount)
      interleave(
        dy.data, cotangents, group: group, first: first, count: count, lanes, dtype,
        cotangent.start)
      withUnsafePointer(to: convolution.sizes) {
        kernels.interleavedBiasGradients(
          dtype.kernelType, $0, cotangent.start,
          partial.data
            + (first / lanes * db.count + group * convolution.sizes.outputs) * dtype.byteCount)
      }
    }
    reduce(.sum, partial, outer: 1, reduced: partial.shape[0], inner: db.count, into: db)
    withExtendedLifetime(dy) {}
  }

  /// Calls `body` for every group and block of images, in parallel.
  static func forEachImageBlock(
    _ convolution: InterleavedConvolution, _ lanes: Int,
    _ body: (_ group: Int, _ first: Int, _ count: Int) -> Void
  ) {
    let blocks = convolution.blocks(of: lanes)
    ThreadPool.run(blocks * convolution.groups) { chunk in
      let (block, group) = (chunk / convolution.groups, chunk % convolution.groups)
      body(group, block * lanes, min(lanes, convolution.batch - block * lanes))
    }
  }

  /// Brings one group of a block of images into the batch-interleaved layout, [channels, height, width, lanes], with zeros
  /// around them and in the lanes that are left over.
  static func interleave(
    _ images: UnsafeMutableRawPointer, _ convolution: InterleavedConvolution, group: Int,
    first: Int,
    count: Int, _ lanes: Int, _ dtype: DType, _ result: UnsafeMutableRawPointer
  ) {
    let (type, size) = (dtype.kernelType, dtype.byteCount)
    let pixels = convolution.inputPixels
    let stride = convolution.groups * pixels
    let start = images + (first * convolution.groups + group) * pixels * size
    if convolution.padding == [0, 0] {
      let source = CKSource(data: start, inner: 1, outer: stride)
      kernels.pack(type, lanes, count, pixels, source, result)
      return
    }
    let width = convolution.inputSize[1]
    forEachPaddedRow(convolution, lanes * size, result) { row, padded in
      let source = CKSource(data: start + row * width * size, inner: 1, outer: stride)
      kernels.pack(type, lanes, count, width, source, padded)
    }
  }

  /// Brings one group of a block of images, [pixels, lanes], back out of lanes.
  static func deinterleave(
    _ x: UnsafeMutableRawPointer, _ pixels: Int, group: Int = 0, of groups: Int = 1, first: Int,
    count: Int, _ dtype: DType, into images: NDArray
  ) {
    kernels.copy(
      dtype.kernelType, dtype.kernelType, pixels, count,
      CKSource(data: x, inner: laneCount(dtype), outer: 1),
      images.data + (first * groups + group) * pixels * dtype.byteCount, 1, groups * pixels)
  }

  /// Calls `body` for every row of the input with its address among the padded ones, and makes zero what
  /// lies around them.
  static func forEachPaddedRow(
    _ convolution: InterleavedConvolution, _ pixelBytes: Int, _ padded: UnsafeMutableRawPointer,
    _ body: (_ row: Int, _ start: UnsafeMutableRawPointer) -> Void
  ) {
    func clear(_ from: Int, _ to: Int) {
      (padded + from * pixelBytes)
        .initializeMemory(as: UInt8.self, repeating: 0, count: (to - from) * pixelBytes)
    }
    let (height, width) = (convolution.inputSize[0], convolution.inputSize[1])
    var filled = 0
    for row in 0..<convolution.sizes.channels * height {
      let line =
        row / height * convolution.sizes.height + convolution.padding[0] + row % height
      let first = line * convolution.sizes.width + convolution.padding[1]
      clear(filled, first)
      body(row, padded + first * pixelBytes)
      filled = first + width
    }
    clear(filled, convolution.paddedPixels)
  }
}

extension CPU.InterleavedConvolution {
  /// The cotangents of a convolution as an input that is brought into lanes as it is.
  fileprivate static func cotangents(of convolution: CPU.InterleavedConvolution)
    -> CPU.InterleavedConvolution
  {
    var result = convolution
    result.inputSize = [convolution.sizes.outputHeight, convolution.sizes.outputWidth]
    result.padding = [0, 0]
    result.sizes.channels = convolution.sizes.outputs
    return result
  }
}
