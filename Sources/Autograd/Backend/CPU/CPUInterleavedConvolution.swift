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
    /// Sizes of the input without padding.
    var inputSize: [Int]
    /// The row of the input that the kernels see first.
    var firstInputRow = 0
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
      inputSize = window.inputSize
      (groups, batch) = (shape.groups, shape.batch)
    }

    /// Some rows of the output, computed from the rows of the input that they see.
    func band(_ rows: Range<Int>) -> InterleavedConvolution {
      var band = self
      let top = rows.lowerBound * sizes.strideY - sizes.padY
      let reach = (rows.count - 1) * sizes.strideY + (sizes.kernelHeight - 1) * sizes.dilationY + 1
      let start = min(max(0, top), sizes.height)
      band.sizes.height = max(0, min(sizes.height, top + reach) - start)
      band.sizes.firstRow = min(max(0, sizes.firstRow - start), band.sizes.height)
      band.sizes.endRow = min(max(0, sizes.endRow - start), band.sizes.height)
      band.firstInputRow = start + band.sizes.firstRow - sizes.firstRow
      band.sizes.padY = start - top
      band.sizes.outputHeight = rows.count
      return band
    }

    /// Rows of the output of a chunk: its input and output stay in L2, and few blocks make work for several threads.
    func bandRows(_ lanes: Int) -> Int {
      let parts = partCount(of: sizes.outputHeight, lanes)
      return min(fittingRows, (sizes.outputHeight + parts - 1) / parts)
    }

    /// Rows of the output that stay in L2 together with their input.
    private var fittingRows: Int {
      let rowVectors =
        sizes.channels * sizes.strideY * sizes.width + sizes.outputs * sizes.outputWidth
      return max(sizes.kernelHeight, Tuning.interleavedBand / rowVectors)
    }

    /// Whether whole blocks stay in L2 and there is one for each thread, or too little work to share.
    func suitsWholeBlocks(_ lanes: Int) -> Bool {
      fittingRows >= sizes.outputHeight
        && (blocks(of: lanes) * groups >= ThreadPool.threadCount
          || partCount(of: sizes.outputHeight, lanes) == 1)
    }

    /// Into how many parts an axis of a block's results is split, so that few blocks make work for several threads.
    func partCount(of length: Int, _ lanes: Int) -> Int {
      let multiplications = outputPixels * taps * lanes
      let wanted = Tuning.leastTiles / (blocks(of: lanes) * groups)
      return max(1, min(length, wanted, multiplications / Tuning.batchedProductGrain))
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
    let (bandRows, plane) = (convolution.bandRows(lanes), sizes.outputHeight * sizes.outputWidth)
    let bands = (sizes.outputHeight + bandRows - 1) / bandRows
    forEachPart(bands, of: convolution, lanes) { group, first, count, band in
      let rows = band * bandRows..<min((band + 1) * bandRows, sizes.outputHeight)
      let part = convolution.band(rows)
      let input = Scratch(byteCount: part.paddedPixels * lanes * size)
      let output = Scratch(byteCount: part.outputPixels * lanes * size)
      interleave(
        x.data, part, group: group, first: first, count: count, lanes, dtype, input.start)
      withUnsafePointer(to: part.sizes) { sizes in
        kernels.convolveInterleaved(
          type, sizes, input.start, panels.data + group * groupBytes,
          bias.map { UnsafeRawPointer($0.data + group * sizes.pointee.outputs * size) },
          output.start)
      }
      let pixels = rows.count * sizes.outputWidth
      let start =
        (first * convolution.groups + group) * convolution.outputPixels + rows.lowerBound
        * sizes.outputWidth
      for channel in 0..<sizes.outputs {
        let source = CKSource(
          data: output.start + channel * pixels * lanes * size, inner: lanes, outer: 1)
        kernels.copy(
          type, type, pixels, count, source, y.data + (start + channel * plane) * size, 1,
          convolution.groups * convolution.outputPixels)
      }
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
    let (taps, plane) = (convolution.taps, sizes.outputHeight * sizes.outputWidth)
    let cotangents = InterleavedConvolution.cotangents(of: convolution)
    let pixelBytes = lanes * size
    func gradients(
      _ group: Int, _ first: Int, of outputs: Range<Int>, _ input: UnsafeMutableRawPointer,
      _ cotangent: UnsafeMutableRawPointer
    ) {
      var part = sizes
      part.outputs = outputs.count
      let row = group * sizes.outputs + outputs.lowerBound
      kernels.interleavedWeightGradients(
        type, &part, input, cotangent + outputs.lowerBound * plane * pixelBytes,
        partial.data + (first / lanes * dw.count + row * taps) * size)
    }
    let parts = convolution.partCount(of: sizes.outputs, lanes)
    let blockBytes = (convolution.paddedPixels + convolution.outputPixels) * pixelBytes
    if parts == 1 {
      forEachImageBlock(convolution, lanes) { group, first, count in
        let block = Scratch(byteCount: blockBytes)
        let cotangent = block.start + convolution.paddedPixels * pixelBytes
        interleave(
          x.data, convolution, group: group, first: first, count: count, lanes, dtype, block.start)
        interleave(
          dy.data, cotangents, group: group, first: first, count: count, lanes, dtype, cotangent)
        gradients(group, first, of: 0..<sizes.outputs, block.start, cotangent)
      }
    } else {
      // All threads bring a block into lanes, a channel each, and then share its outputs.
      let memory = Scratch(byteCount: blocks * convolution.groups * blockBytes)
      let start = memory.start
      func block(_ group: Int, _ first: Int) -> UnsafeMutableRawPointer {
        start + (first / lanes * convolution.groups + group) * blockBytes
      }
      forEachPart(sizes.channels + sizes.outputs, of: convolution, lanes) {
        group, first, count, channel in
        let input = block(group, first)
        if channel < sizes.channels {
          interleave(
            x.data, convolution, group: group, first: first, count: count, lanes, dtype, input,
            channels: channel..<channel + 1)
        } else {
          let output = channel - sizes.channels
          interleave(
            dy.data, cotangents, group: group, first: first, count: count, lanes, dtype,
            input + convolution.paddedPixels * pixelBytes, channels: output..<output + 1)
        }
      }
      forEachPart(parts, of: convolution, lanes) { group, first, _, part in
        let input = block(group, first)
        gradients(
          group, first,
          of: sizes.outputs * part / parts..<sizes.outputs * (part + 1) / parts, input,
          input + convolution.paddedPixels * pixelBytes)
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
    let (outputs, plane) = (
      convolution.sizes.outputs, convolution.sizes.outputHeight * convolution.sizes.outputWidth
    )
    let parts = convolution.partCount(of: outputs, lanes)
    forEachPart(parts, of: convolution, lanes) { group, first, count, part in
      let channels = outputs * part / parts..<outputs * (part + 1) / parts
      let cotangent = Scratch(byteCount: convolution.outputPixels * lanes * dtype.byteCount)
      interleave(
        dy.data, cotangents, group: group, first: first, count: count, lanes, dtype,
        cotangent.start, channels: channels)
      var sizes = convolution.sizes
      sizes.outputs = channels.count
      kernels.interleavedBiasGradients(
        dtype.kernelType, &sizes,
        cotangent.start + channels.lowerBound * plane * lanes * dtype.byteCount,
        partial.data
          + (first / lanes * db.count + group * outputs + channels.lowerBound) * dtype.byteCount)
    }
    reduce(.sum, partial, outer: 1, reduced: partial.shape[0], inner: db.count, into: db)
    withExtendedLifetime(dy) {}
  }

  /// Calls `body` for every group and block of images, in parallel.
  static func forEachImageBlock(
    _ convolution: InterleavedConvolution, _ lanes: Int,
    _ body: (_ group: Int, _ first: Int, _ count: Int) -> Void
  ) {
    forEachPart(1, of: convolution, lanes) { group, first, count, _ in body(group, first, count) }
  }

  /// Calls `body` for every part of every group and block of images, in parallel.
  private static func forEachPart(
    _ parts: Int, of convolution: InterleavedConvolution, _ lanes: Int,
    _ body: (_ group: Int, _ first: Int, _ count: Int, _ part: Int) -> Void
  ) {
    let blocks = convolution.blocks(of: lanes)
    ThreadPool.run(blocks * convolution.groups * parts) { chunk in
      let (unit, part) = (chunk / parts, chunk % parts)
      let (block, group) = (unit / convolution.groups, unit % convolution.groups)
      body(group, block * lanes, min(lanes, convolution.batch - block * lanes), part)
    }
  }

  /// Brings one group of a block of images into the batch-interleaved layout, [channels, height, width, lanes], or some
  /// of its channels, with zeros around them and in the lanes that are left over.
  static func interleave(
    _ images: UnsafeMutableRawPointer, _ convolution: InterleavedConvolution, group: Int,
    first: Int,
    count: Int, _ lanes: Int, _ dtype: DType, _ result: UnsafeMutableRawPointer,
    channels: Range<Int>? = nil
  ) {
    let (type, size, sizes) = (dtype.kernelType, dtype.byteCount, convolution.sizes)
    let (pixels, width) = (convolution.inputPixels, convolution.inputSize[1])
    let start = images + (first * convolution.groups + group) * pixels * size
    func clear(_ from: Int, _ to: Int) {
      (result + from * lanes * size)
        .initializeMemory(as: UInt8.self, repeating: 0, count: (to - from) * lanes * size)
    }
    // Rows, or all rows of a channel where no columns lie beside them.
    let rows = sizes.endRow - sizes.firstRow
    let (runs, run) = sizes.width == width ? (1, rows * width) : (rows, width)
    let channels = channels ?? 0..<sizes.channels
    var filled = channels.lowerBound * sizes.height * sizes.width
    for channel in channels {
      for index in 0..<runs {
        let row = channel * convolution.inputSize[0] + convolution.firstInputRow + index
        let to =
          (channel * sizes.height + sizes.firstRow + index) * sizes.width + sizes.firstColumn
        clear(filled, to)
        let source = CKSource(
          data: start + row * width * size, inner: 1, outer: convolution.groups * pixels)
        kernels.pack(type, lanes, count, run, source, result + to * lanes * size)
        filled = to + run
      }
    }
    clear(filled, channels.upperBound * sizes.height * sizes.width)
  }

  /// Brings a block of images, [pixels, lanes], back out of lanes.
  static func deinterleave(
    _ x: UnsafeMutableRawPointer, _ pixels: Int, first: Int, count: Int, _ dtype: DType,
    into images: NDArray
  ) {
    kernels.copy(
      dtype.kernelType, dtype.kernelType, pixels, count,
      CKSource(data: x, inner: laneCount(dtype), outer: 1),
      images.data + first * pixels * dtype.byteCount, 1, pixels)
  }
}

extension CPU.InterleavedConvolution {
  /// The cotangents of a convolution as an input that is brought into lanes as it is.
  fileprivate static func cotangents(of convolution: CPU.InterleavedConvolution)
    -> CPU.InterleavedConvolution
  {
    var result = convolution
    result.inputSize = [convolution.sizes.outputHeight, convolution.sizes.outputWidth]
    result.sizes.channels = convolution.sizes.outputs
    (result.sizes.height, result.sizes.width) = (result.inputSize[0], result.inputSize[1])
    (result.sizes.firstRow, result.sizes.endRow) = (0, result.sizes.height)
    (result.sizes.firstColumn, result.sizes.endColumn) = (0, result.sizes.width)
    return result
  }
}
