internal import CKernels

/// The sizes of a two-dimensional convolution.
struct ConvolutionShape: Sendable, Equatable {
  var batch: Int
  var inputChannels: Int
  var inputSize: [Int]
  var outputChannels: Int
  var outputSize: [Int]
  var kernelSize: [Int]
  var stride: [Int]
  var padding: [Int]
  var dilation: [Int]
  var groups: Int

  var inputShape: [Int] { [batch, inputChannels] + inputSize }
  var outputShape: [Int] { [batch, outputChannels] + outputSize }
  var weightShape: [Int] { [outputChannels, inputChannels / groups] + kernelSize }

  /// Weights that belong to one output channel.
  var taps: Int { inputChannels / groups * kernelSize[0] * kernelSize[1] }
  var outputPixels: Int { outputSize[0] * outputSize[1] }
  var inputPixels: Int { inputSize[0] * inputSize[1] }

  /// The input's patches: as many rows as taps, a column per output pixel.
  fileprivate var inputPatches: CKPatches {
    CKPatches(
      channels: inputChannels / groups, height: inputSize[0], width: inputSize[1],
      kernelHeight: kernelSize[0], kernelWidth: kernelSize[1], outputHeight: outputSize[0],
      outputWidth: outputSize[1], strideY: stride[0], strideX: stride[1], padY: padding[0],
      padX: padding[1], dilationY: dilation[0], dilationX: dilation[1], expansionY: 1,
      expansionX: 1)
  }

  /// The output's patches as the input gradient needs them: the kernel turned round, the output
  /// spread out by the stride.
  fileprivate var outputPatches: CKPatches {
    CKPatches(
      channels: outputChannels / groups, height: outputSize[0], width: outputSize[1],
      kernelHeight: kernelSize[0], kernelWidth: kernelSize[1], outputHeight: inputSize[0],
      outputWidth: inputSize[1], strideY: 1, strideX: 1,
      padY: dilation[0] * (kernelSize[0] - 1) - padding[0],
      padX: dilation[1] * (kernelSize[1] - 1) - padding[1], dilationY: dilation[0],
      dilationX: dilation[1], expansionY: stride[0], expansionX: stride[1])
  }
}

/// The pixels of an axis at one place of a stride, first + stride * n, and the weights that reach them.
private struct StridePlace {
  /// How many pixels there are.
  let pixels: Int
  /// How many weights reach them.
  let taps: Int
  /// The distance from one of these weights to the next.
  let step: Int
  /// The last of these weights.
  let last: Int
  /// By how much the first pixel's first cotangent lies before the first one there is.
  let padding: Int

  init(_ place: Int, of shape: ConvolutionShape, axis: Int) {
    step = shape.stride[axis]
    let reach = place + shape.padding[axis]
    let first = reach % step
    pixels = (shape.inputSize[axis] - place + step - 1) / step
    taps = max(0, (shape.kernelSize[axis] - first + step - 1) / step)
    last = first + (taps - 1) * step
    padding = taps - 1 - reach / step
  }

  init(wholeKernelOf shape: ConvolutionShape, axis: Int) {
    (pixels, taps, step, last, padding) = (
      shape.inputSize[axis], shape.kernelSize[axis], 1, shape.kernelSize[axis] - 1, 0
    )
  }
}

// Convolution and its two gradients as matrix products whose right operand, the matrix of patches,
// is never formed: its panels are packed from the image when needed.
extension CPU {
  /// y [N, O, ...] from x [N, C, ...], weight [O, C / groups, ...] and bias [O], all dense.
  static func convolution(
    _ x: NDArray, _ weight: NDArray, bias: NDArray?, _ shape: ConvolutionShape, into y: NDArray
  ) {
    let lanes = LaneConvolution(shape)
    if lanes.suits(x.dtype) { return convolveLanes(x, weight, bias: bias, lanes, into: y) }
    multiplyPatches(
      of: x, shape.inputPatches, by: weight, rows: shape.outputChannels / shape.groups, shape,
      into: y)
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
    if let lanes = LaneConvolution(inputGradientOf: shape), lanes.suits(dy.dtype) {
      return convolveLanes(dy, turned(weight, shape), bias: nil, lanes, into: dx)
    }
    let rows = shape.inputChannels / shape.groups
    if shape.stride != [1, 1] && shape.dilation == [1, 1] {
      return stridedInputGradient(dy, weight, shape, rows: rows, into: dx)
    }
    multiplyPatches(
      of: dy, shape.outputPatches, by: turned(weight, shape), rows: rows, shape, into: dx)
  }

  /// The input gradient of windows that jump: every place of a stride sees weights of its own, so the
  /// places one after the other are convolutions whose windows do not jump.
  private static func stridedInputGradient(
    _ dy: NDArray, _ weight: NDArray, _ shape: ConvolutionShape, rows: Int, into dx: NDArray
  ) {
    let size = dx.dtype.byteCount
    let (height, width) = (shape.inputSize[0], shape.inputSize[1])
    let planes = shape.batch * shape.inputChannels
    for placeY in 0..<min(shape.stride[0], height) {
      for placeX in 0..<min(shape.stride[1], width) {
        let vertical = StridePlace(placeY, of: shape, axis: 0)
        let horizontal = StridePlace(placeX, of: shape, axis: 1)
        let (pixelsY, pixelsX) = (vertical.pixels, horizontal.pixels)
        let part = NDArray.uninitialized(dtype: dx.dtype, shape: [planes, pixelsY, pixelsX])
        multiplyPatches(
          of: dy,
          CKPatches(
            channels: shape.outputChannels / shape.groups, height: shape.outputSize[0],
            width: shape.outputSize[1], kernelHeight: vertical.taps,
            kernelWidth: horizontal.taps, outputHeight: pixelsY, outputWidth: pixelsX, strideY: 1,
            strideX: 1, padY: vertical.padding, padX: horizontal.padding, dilationY: 1,
            dilationX: 1, expansionY: 1, expansionX: 1),
          by: turned(weight, shape, vertical, horizontal), rows: rows, shape, into: part)
        ThreadPool.run(planes) { plane in
          for row in 0..<pixelsY {
            let line = plane * height + placeY + row * shape.stride[0]
            kernels.copy(
              dx.dtype.kernelType, dx.dtype.kernelType, pixelsX, 1,
              CKSource(
                data: part.data + (plane * pixelsY + row) * pixelsX * size, inner: 1, outer: 0),
              dx.data + (line * width + placeX) * size, shape.stride[1], 0)
          }
        }
      }
    }
    withExtendedLifetime((dy, dx)) {}
  }

  /// For every image and group: result [rows, pixels] = matrix [rows, taps] · patches [taps,
  /// pixels].
  private static func multiplyPatches(
    of image: NDArray, _ patches: CKPatches, by matrix: NDArray, rows: Int,
    _ shape: ConvolutionShape, into result: NDArray
  ) {
    let panels = PanelShape(image.dtype)
    let size = panels.elementSize
    let taps = patches.channels * patches.kernelHeight * patches.kernelWidth
    let pixels = patches.outputHeight * patches.outputWidth
    let imagePixels = patches.height * patches.width
    let groups = shape.groups
    if result.count == 0 { return }
    // The matrix is packed once: per group and block of depth.
    let depthBlock = PanelShape.depthBlock
    let groupBytes = panels.byteCount(rows, width: panels.leftWidth, depth: taps)
    let left = Scratch(byteCount: max(1, groupBytes * groups))
    let leftStart = left.start
    let paddedRows = (rows + panels.leftWidth - 1) / panels.leftWidth * panels.leftWidth
    for group in 0..<groups {
      var start = 0
      while start < taps {
        let block = min(depthBlock, taps - start)
        kernels.pack(
          panels.type, panels.leftWidth, rows, block,
          CKSource(
            data: matrix.data + (group * rows * taps + start) * size, inner: 1, outer: taps),
          leftStart + group * groupBytes + start * paddedRows * size)
        start += block
      }
    }
    // A chunk is one image and group, or some of its pixels where there are many.
    let tile = max(1, 512 / panels.rightWidth) * panels.rightWidth
    let tiles = (pixels + tile - 1) / tile
    withExtendedLifetime((image, matrix, result)) {
      withUnsafePointer(to: patches) { patches in
        ThreadPool.run(shape.batch * groups * tiles) { chunk in
          let (unit, column) = (chunk / tiles, chunk % tiles * tile)
          let (sample, group) = (unit / groups, unit % groups)
          let width = min(tile, pixels - column)
          let right = Scratch(
            byteCount: panels.byteCount(
              width, width: panels.rightWidth, depth: max(1, min(depthBlock, taps))))
          let source =
            image.data + (sample * groups + group) * patches.pointee.channels * imagePixels * size
          let target = result.data + ((sample * groups + group) * rows * pixels + column) * size
          var start = 0
          repeat {
            let block = min(depthBlock, taps - start)
            kernels.packPatches(
              panels.type, patches, source, start, block, column, width, right.start)
            kernels.multiplyPanels(
              panels.type, rows, width, block,
              leftStart + group * groupBytes + start * paddedRows * size, right.start, target,
              pixels, start > 0)
            start += block
          } while start < taps
        }
      }
    }
  }

  /// The weight as the input gradient multiplies by it: [groups, C / groups, O / groups, ...], the
  /// kernel's axes turned round.
  static func turned(_ weight: NDArray, _ shape: ConvolutionShape) -> NDArray {
    turned(
      weight, shape, StridePlace(wholeKernelOf: shape, axis: 0),
      StridePlace(wholeKernelOf: shape, axis: 1))
  }

  /// The same with only those weights that the pixels at one place of the stride see.
  private static func turned(
    _ weight: NDArray, _ shape: ConvolutionShape, _ vertical: StridePlace,
    _ horizontal: StridePlace
  ) -> NDArray {
    let (height, width) = (shape.kernelSize[0], shape.kernelSize[1])
    let (perGroup, channels) = (
      shape.outputChannels / shape.groups, shape.inputChannels / shape.groups
    )
    let area = height * width
    if weight.count == 0 { return weight }
    let view = weight.view(
      shape: [shape.groups, channels, perGroup, vertical.taps, horizontal.taps],
      strides: [
        perGroup * channels * area, area, channels * area, -vertical.step * width,
        -horizontal.step,
      ], offset: max(0, vertical.last) * width + max(0, horizontal.last))
    return contiguous(view)
  }

  /// dw [O, C / groups, ...] from x [N, C, ...] and dy [N, O, ...], all dense.
  static func convolutionWeightGradient(
    _ x: NDArray, _ dy: NDArray, _ shape: ConvolutionShape, into dw: NDArray
  ) {
    if dw.count == 0 { return }
    let lanes = LaneConvolution(shape)
    if lanes.suits(x.dtype) { return laneWeightGradient(x, dy, lanes, into: dw) }
    let sums = WeightGradientSums(shape, dw)
    if sums.count == 1 {
      addWeightGradients(x, dy, shape, sums, into: dw)
      return
    }
    let partial = NDArray.uninitialized(dtype: dw.dtype, shape: [sums.count, dw.count])
    addWeightGradients(x, dy, shape, sums, into: partial)
    reduce(.sum, partial, outer: 1, reduced: sums.count, inner: dw.count, into: dw)
  }

  /// How the weight gradients' work is split; sizes alone decide.
  ///
  /// It is split over some sums of images, which are added in order, and over tiles of taps.
  private struct WeightGradientSums {
    /// Sums of images; as many as make work for some threads and stay small themselves.
    let count: Int
    /// Taps of a tile: whole panels, about equally many in each.
    let tile: Int
    let tiles: Int

    private static let bytesOfSums = 1 << 23

    init(_ shape: ConvolutionShape, _ dw: NDArray) {
      let width = PanelShape(dw.dtype).rightWidth
      let panels = (shape.taps + width - 1) / width
      let tileCount = (panels * width + 255) / 256
      tile = (panels + tileCount - 1) / tileCount * width
      tiles = (shape.taps + tile - 1) / tile
      let wanted = (16 + tiles * shape.groups - 1) / (tiles * shape.groups)
      let fitting = max(1, Self.bytesOfSums / max(1, dw.count * dw.dtype.byteCount))
      count = max(1, min(wanted, fitting, shape.batch))
    }

    /// The images of a sum.
    func images(_ sum: Int, of batch: Int) -> Range<Int> {
      sum * batch / count..<(sum + 1) * batch / count
    }
  }

  /// Sums of some images' weight gradients; for every group dy [O, pixels] · patches, transposed.
  private static func addWeightGradients(
    _ x: NDArray, _ dy: NDArray, _ shape: ConvolutionShape, _ sums: WeightGradientSums,
    into result: NDArray
  ) {
    let panels = PanelShape(x.dtype)
    let size = panels.elementSize
    let (groups, taps, pixels) = (shape.groups, shape.taps, shape.outputPixels)
    let rows = shape.outputChannels / groups
    if shape.batch == 0 || pixels == 0 {
      result.data.initializeMemory(as: UInt8.self, repeating: 0, count: result.count * size)
      return
    }
    let depthBlock = min(PanelShape.depthBlock, pixels)
    let leftBytes = panels.byteCount(rows, width: panels.leftWidth, depth: depthBlock)
    let rightBytes = panels.byteCount(sums.tile, width: panels.rightWidth, depth: depthBlock)
    let patches = shape.inputPatches
    withExtendedLifetime((x, dy, result)) {
      withUnsafePointer(to: patches) { patches in
        ThreadPool.run(sums.count * groups * sums.tiles) { chunk in
          let (unit, column) = (chunk / sums.tiles, chunk % sums.tiles * sums.tile)
          let (sum, group) = (unit / groups, unit % groups)
          let width = min(sums.tile, taps - column)
          let left = Scratch(byteCount: leftBytes)
          let right = Scratch(byteCount: rightBytes)
          let target = result.data + ((sum * groups + group) * rows * taps + column) * size
          let images = sums.images(sum, of: shape.batch)
          for sample in images {
            let unit = sample * groups + group
            let image = x.data + unit * patches.pointee.channels * shape.inputPixels * size
            let cotangent = dy.data + unit * rows * pixels * size
            for start in stride(from: 0, to: pixels, by: depthBlock) {
              let block = min(depthBlock, pixels - start)
              kernels.pack(
                panels.type, panels.leftWidth, rows, block,
                CKSource(data: cotangent + start * size, inner: 1, outer: pixels), left.start)
              kernels.packPatchesTransposed(
                panels.type, patches, image, start, block, column, width, right.start)
              kernels.multiplyPanels(
                panels.type, rows, width, block, left.start, right.start, target, taps,
                sample > images.lowerBound || start > 0)
            }
          }
        }
      }
    }
  }
}
