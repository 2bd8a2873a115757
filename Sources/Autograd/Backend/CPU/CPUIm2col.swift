internal import CKernels

// Products whose right operand, the matrix of patches, is never formed: its panels are packed from the
// images when needed.

extension ConvolutionShape {
  /// The inputs' patches: as many rows as taps, a column per output pixel.
  var inputPatches: CKPatches {
    CKPatches(window, channels: inputChannels / groups, groups)
  }

  /// The outputs' patches as the input gradient needs them where the stride is 1: the kernel rotated by 180 degrees.
  var outputPatches: CKPatches {
    CKPatches(window.transposed, channels: outputChannels / groups, groups)
  }
}

extension CKPatches {
  /// The patches of one group of images whose groups follow each other.
  init(_ window: WindowGeometry, channels: Int, _ groups: Int) {
    self.init(
      channels: channels, height: window.inputSize[0], width: window.inputSize[1],
      imageStep: channels * groups * window.inputPixels, kernelHeight: window.kernel[0],
      kernelWidth: window.kernel[1], outputHeight: window.outputSize[0],
      outputWidth: window.outputSize[1], strideY: window.stride[0], strideX: window.stride[1],
      padY: window.padding[0], padX: window.padding[1], dilationY: window.dilation[0],
      dilationX: window.dilation[1])
  }

  /// Whether every patch is one pixel, and they are the image's in order.
  fileprivate var arePixels: Bool {
    kernelHeight * kernelWidth == 1 && strideY * strideX == 1
      && padY == 0 && padX == 0 && outputHeight == height && outputWidth == width
  }

  fileprivate var taps: Int { channels * kernelHeight * kernelWidth }
  fileprivate var outputPixels: Int { outputHeight * outputWidth }

  /// What one image's outputs see of one channel; packing holds that of all images in a panel.
  fileprivate var bandElements: Int {
    let rows = (outputHeight - 1) * strideY + (kernelHeight - 1) * dilationY + 1
    let columns = (outputWidth - 1) * strideX + (kernelWidth - 1) * dilationX + 1
    return rows * (columns + strideX - 1)
  }
}

extension CPU {
  /// For every image and group: result [rows, pixels] = matrix [rows, taps] · patches [taps,
  /// pixels].
  static func multiplyPatches(
    of images: NDArray, _ patches: CKPatches, by matrix: NDArray, rows: Int,
    _ shape: ConvolutionShape, into result: NDArray
  ) {
    let panels = PanelShape(images.dtype)
    let (type, size) = (panels.type, panels.elementSize)
    let (groups, taps, pixels) = (shape.groups, patches.taps, patches.outputPixels)
    if result.count == 0 { return }
    let depthBlock = PanelShape.depthBlock(of: taps)
    // Pixels of one image, or counted over all images where an image fills its last panel badly and
    // the bands of a panel's images stay in the L1 cache.
    let rest = (panels.rightWidth - pixels % panels.rightWidth) % panels.rightWidth
    let imagesInPanel = panels.rightWidth / pixels + 2
    let joinsImages =
      shape.batch > 1 && rest * Tuning.panelWaste > pixels
      && imagesInPanel * patches.bandElements <= Tuning.sharedPanelElements
    let unitPixels = joinsImages ? shape.batch * pixels : pixels
    let tiles = PanelTiles(
      unitPixels, panel: panels.rightWidth, atMost: max(Tuning.patchColumns, panels.rightWidth),
      atLeast: joinsImages ? Tuning.leastTiles : 1)
    let units = joinsImages ? 1 : shape.batch
    let isPlain = patches.arePixels
    withExtendedLifetime((images, matrix, result)) {
      withUnsafePointer(to: patches) { patches in
        ThreadPool.run(units * groups * tiles.count) { chunk in
          let (unit, tile) = (chunk / tiles.count, chunk % tiles.count)
          let group = unit % groups
          let first = unit / groups * unitPixels + tile * tiles.size
          let width = min(tiles.size, unitPixels - tile * tiles.size)
          let (sample, column) = (first / pixels, first % pixels)
          let isOneImage = column + width <= pixels
          let right = Scratch(
            byteCount: panels.byteCount(
              width, width: panels.rightWidth, depth: max(1, depthBlock)))
          let source =
            images.data + group * patches.pointee.channels * patches.pointee.height
            * patches.pointee.width * size
          let joined = Scratch(byteCount: isOneImage ? 1 : rows * width * size)
          let target =
            isOneImage
            ? result.data + ((sample * groups + group) * rows * pixels + column) * size
            : joined.start
          var start = 0
          repeat {
            let block = min(depthBlock, taps - start)
            if isPlain && isOneImage {
              let plane = sample * patches.pointee.imageStep + start * pixels
              let pixel = CKSource(
                data: source + (plane + column) * size, inner: pixels, outer: 1)
              kernels.pack(type, panels.rightWidth, width, block, pixel, right.start)
            } else {
              kernels.packPatches(type, patches, source, start, block, first, width, right.start)
            }
            let left = CKSource(
              data: matrix.data + (group * rows * taps + start) * size, inner: 1, outer: taps)
            kernels.multiplyRows(
              type, rows, width, block, left, right.start, target, isOneImage ? pixels : width,
              start > 0)
            start += block
          } while start < taps
          if isOneImage { return }
          var done = 0
          while done < width {
            let (sample, column) = ((first + done) / pixels, (first + done) % pixels)
            let length = min(pixels - column, width - done)
            kernels.copy(
              type, type, length, rows,
              CKSource(data: joined.start + done * size, inner: 1, outer: width),
              result.data + ((sample * groups + group) * rows * pixels + column) * size, 1, pixels)
            done += length
          }
        }
      }
    }
  }

  /// dw [O, C / groups, ...] from x [N, C, ...] and dy [N, O, ...], all dense: for every group
  /// dy [O, pixels] · patches, transposed.
  static func multiplyPatchesTransposed(
    of x: NDArray, by dy: NDArray, _ shape: ConvolutionShape, into dw: NDArray
  ) {
    let sums = WeightGradientSums(shape, dw)
    if sums.count == 1 {
      addWeightGradients(x, dy, shape, sums, into: dw)
      return
    }
    let partial = NDArray.uninitialized(dtype: dw.dtype, shape: [sums.count, dw.count], on: .cpu)
    addWeightGradients(x, dy, shape, sums, into: partial)
    reduce(.sum, partial, outer: 1, reduced: sums.count, inner: dw.count, into: dw)
  }

  /// How the weight gradients' work is split; sizes alone decide.
  ///
  /// It is split over some sums of images, which are added in order, and over tiles of taps.
  private struct WeightGradientSums {
    /// Sums of images; as many as make work for some threads and stay small themselves.
    let count: Int
    let taps: PanelTiles

    init(_ shape: ConvolutionShape, _ dw: NDArray) {
      taps = PanelTiles(
        shape.taps, panel: PanelShape(dw.dtype).rightWidth, atMost: Tuning.tileColumns)
      let chunks = taps.count * shape.groups
      let wanted = (Tuning.weightSumChunks + chunks - 1) / chunks
      let fitting = max(1, Tuning.weightSumBytes / max(1, dw.count * dw.dtype.byteCount))
      count = max(1, min(wanted, fitting, shape.batch))
    }

    /// The images of a sum.
    func images(_ sum: Int, of batch: Int) -> Range<Int> {
      sum * batch / count..<(sum + 1) * batch / count
    }
  }

  /// Sums of some images' weight gradients.
  private static func addWeightGradients(
    _ x: NDArray, _ dy: NDArray, _ shape: ConvolutionShape, _ sums: WeightGradientSums,
    into result: NDArray
  ) {
    let panels = PanelShape(x.dtype)
    let (type, size) = (panels.type, panels.elementSize)
    let (groups, taps, pixels) = (shape.groups, shape.taps, shape.window.outputPixels)
    let rows = shape.outputChannels / groups
    if shape.batch == 0 || pixels == 0 {
      result.data.initializeMemory(as: UInt8.self, repeating: 0, count: result.count * size)
      return
    }
    // Small images are joined, [groups, rows, images, pixels]: a sum is loaded and stored less often.
    let joinsImages = shape.batch > 1 && pixels < Tuning.depthBlock
    let joined = joinsImages ? shape.batch : 1
    let cotangents =
      joinsImages
      ? dy.view(
        shape: [groups, rows, shape.batch, pixels],
        strides: [rows * pixels, pixels, groups * rows * pixels, 1]
      ).contiguous() : dy
    let patches = shape.inputPatches
    let isPlain = patches.arePixels && !joinsImages
    withExtendedLifetime((x, cotangents, result)) {
      withUnsafePointer(to: patches) { patches in
        ThreadPool.run(sums.count * groups * sums.taps.count) { chunk in
          let (unit, tile) = (chunk / sums.taps.count, chunk % sums.taps.count)
          let (sum, group) = (unit / groups, unit % groups)
          let column = tile * sums.taps.size
          let width = min(sums.taps.size, taps - column)
          let right = Scratch(
            byteCount: panels.byteCount(
              width, width: panels.rightWidth, depth: min(joined * pixels, Tuning.depthBlock)))
          let target = result.data + ((sum * groups + group) * rows * taps + column) * size
          let inputs =
            x.data + group * patches.pointee.channels * shape.window.inputPixels * size
          let images = sums.images(sum, of: shape.batch)
          for sample in stride(from: images.lowerBound, to: images.upperBound, by: joined) {
            let end = min(sample + joined, images.upperBound) * pixels
            let depthBlock = PanelShape.depthBlock(of: end - sample * pixels)
            let left =
              cotangents.data
              + (joinsImages ? group : sample * groups + group) * rows * joined * pixels * size
            for start in stride(from: sample * pixels, to: end, by: depthBlock) {
              let block = min(depthBlock, end - start)
              if isPlain {
                let first =
                  sample * patches.pointee.imageStep + column * pixels + start - sample * pixels
                let channels = CKSource(data: inputs + first * size, inner: 1, outer: pixels)
                kernels.pack(type, panels.rightWidth, width, block, channels, right.start)
              } else {
                kernels.packPatchesTransposed(
                  type, patches, inputs, start, block, column, width, right.start)
              }
              let offset = joinsImages ? start : start - sample * pixels
              kernels.multiplyRows(
                type, rows, width, block,
                CKSource(data: left + offset * size, inner: 1, outer: joined * pixels),
                right.start, target, taps, start > images.lowerBound * pixels)
            }
          }
        }
      }
    }
  }
}
