internal import CKernels

extension CPU {
  /// dx [N, C, ...] from dy [N, O, ...] and weight [O, C / groups, ...], all dense, for every group of some images one
  /// product of weights and cotangents, whose elements are added to the pixels they belong to.
  ///
  /// No zeros stand in for weights or cotangents that a pixel does not see: an infinity reaches its own pixels only.
  static func col2imInputGradient(
    _ dy: NDArray, _ weight: NDArray, _ shape: ConvolutionShape, into dx: NDArray
  ) {
    let panels = PanelShape(dx.dtype)
    let (type, size) = (panels.type, panels.elementSize)
    let (pixels, taps, groups) = (shape.window.outputPixels, shape.taps, shape.groups)
    let (outputs, channels) = (shape.outputChannels / groups, shape.inputChannels / groups)
    let chunks = Col2imChunks(shape)
    let weights = weight.view(
      shape: [groups, taps, outputs], strides: [taps * outputs, 1, taps]
    ).contiguous()
    // Small images side by side, [groups, outputs, images, pixels].
    let joined = chunks.images > 1
    let cotangents =
      joined
      ? dy.view(
        shape: [groups, outputs, shape.batch, pixels],
        strides: [outputs * pixels, pixels, groups * outputs * pixels, 1]
      ).contiguous() : dy
    let rowStride = joined ? shape.batch * pixels : pixels
    let width = shape.window.outputSize[1]
    withExtendedLifetime((weights, cotangents, dx)) {
      chunks.run { group, channel, image, row in
        let windows = joined ? 0..<shape.window.outputSize[0] : chunks.windows(of: row, shape)
        let columns = image.count * windows.count * width
        let rows = channel.count * taps / channels
        let slack = 64  // bytes that the kernel may read before and after the products
        let products = Scratch(byteCount: rows * columns * size + 2 * slack)
        let first =
          joined
          ? group * outputs * rowStride + image.lowerBound * pixels
          : (image.lowerBound * groups + group) * outputs * pixels + windows.lowerBound * width
        multiplyInOneGo(
          panels, rows: rows, columns: columns, depth: outputs,
          MatrixView(
            data: weights.data
              + (group * channels + channel.lowerBound) * taps / channels * outputs * size,
            rowStride: outputs, columnStride: 1),
          MatrixView(data: cotangents.data + first * size, rowStride: rowStride, columnStride: 1),
          into: products.start + slack, rowStride: columns)
        var patches = shape.inputPatches
        patches.channels = channel.count
        for index in image {
          let plane = index * shape.inputChannels + group * channels + channel.lowerBound
          kernels.sumPatches(
            type, &patches, row.lowerBound, row.count,
            products.start + slack + (index - image.lowerBound) * pixels * size, columns,
            windows.lowerBound, windows.count, dx.data + plane * shape.window.inputPixels * size)
        }
      }
    }
  }
}

/// How the work of `col2imInputGradient` is split, so that a chunk's products stay in L2; sizes alone decide.
private struct Col2imChunks {
  /// Images side by side, where one has few pixels.
  let images: Int
  private let channels: Int
  private let rows: Int
  private let limits: (groups: Int, channels: Int, images: Int, rows: Int)

  init(_ shape: ConvolutionShape) {
    let (pixels, window) = (max(1, shape.window.outputPixels), shape.window)
    limits = (
      shape.groups, shape.inputChannels / shape.groups, shape.batch, window.inputSize[0]
    )
    images = min(max(1, Tuning.col2imColumns / pixels), max(1, shape.batch))
    let area = window.kernel[0] * window.kernel[1]
    channels = max(1, min(limits.channels, Tuning.col2imProducts / (area * images * pixels)))
    // Rows see some of the same windows, so parts of an image are not too small.
    let reach = window.dilation[0] * (window.kernel[0] - 1) + 1
    let seen = Tuning.col2imProducts / max(1, area * window.outputSize[1]) * window.stride[0]
    rows = channels == 1 && images == 1 ? max(2 * reach, seen) : limits.rows
  }

  /// Calls `body` for every chunk, in parallel.
  ///
  /// Images that share weights follow each other.
  func run(
    _ body: (
      _ group: Int, _ channels: Range<Int>, _ images: Range<Int>, _ rows: Range<Int>
    ) -> Void
  ) {
    func parts(_ limit: Int, _ size: Int) -> Int { (limit + size - 1) / size }
    func part(_ index: Int, _ limit: Int, _ size: Int) -> Range<Int> {
      index * size..<min(limit, (index + 1) * size)
    }
    let (channelParts, imageParts) = (
      parts(limits.channels, channels), parts(limits.images, images)
    )
    let rowParts = parts(limits.rows, rows)
    ThreadPool.run(limits.groups * channelParts * imageParts * rowParts) { chunk in
      let (rest, row) = (chunk / rowParts, chunk % rowParts)
      let (unit, image) = (rest / imageParts, rest % imageParts)
      body(
        unit / channelParts, part(unit % channelParts, limits.channels, channels),
        part(image, limits.images, images), part(row, limits.rows, rows))
    }
  }

  /// The output rows that some rows of the input see.
  func windows(of rows: Range<Int>, _ shape: ConvolutionShape) -> Range<Int> {
    let window = shape.window
    let (stride, padding) = (window.stride[0], window.padding[0])
    let reach = window.dilation[0] * (window.kernel[0] - 1)
    let first = max(0, (rows.lowerBound + padding - reach + stride - 1) / stride)
    let end = min(window.outputSize[0], (rows.upperBound - 1 + padding) / stride + 1)
    return min(first, max(0, end))..<max(0, end)
  }
}
