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

// Convolution and its two gradients as matrix products whose right operand, the matrix of patches,
// is never formed: its panels are packed from the image when needed.
extension CPU {
  /// Images whose weight gradients are summed by one thread, before these sums are added in order.
  private static let imagesPerSum = 32

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
    multiplyPatches(
      of: dy, shape.outputPatches, by: turned(weight, shape),
      rows: shape.inputChannels / shape.groups, shape, into: dx)
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
    let (height, width) = (shape.kernelSize[0], shape.kernelSize[1])
    let (perGroup, channels) = (
      shape.outputChannels / shape.groups, shape.inputChannels / shape.groups
    )
    let area = height * width
    if weight.count == 0 { return weight }
    let view = weight.view(
      shape: [shape.groups, channels, perGroup, height, width],
      strides: [perGroup * channels * area, area, channels * area, -width, -1], offset: area - 1)
    return contiguous(view)
  }

  /// dw [O, C / groups, ...] from x [N, C, ...] and dy [N, O, ...], all dense.
  static func convolutionWeightGradient(
    _ x: NDArray, _ dy: NDArray, _ shape: ConvolutionShape, into dw: NDArray
  ) {
    if dw.count == 0 { return }
    let lanes = LaneConvolution(shape)
    if lanes.suits(x.dtype) { return laneWeightGradient(x, dy, lanes, into: dw) }
    let sums = (shape.batch + imagesPerSum - 1) / imagesPerSum
    if sums <= 1 {
      addWeightGradients(x, dy, shape, images: 0..<shape.batch, into: dw.data)
      return
    }
    let partial = NDArray.uninitialized(dtype: dw.dtype, shape: [sums, dw.count])
    let stride = dw.count * dw.dtype.byteCount
    ThreadPool.run(sums) { sum in
      let start = sum * imagesPerSum
      addWeightGradients(
        x, dy, shape, images: start..<min(start + imagesPerSum, shape.batch),
        into: partial.data + sum * stride)
    }
    reduce(.sum, partial, outer: 1, reduced: sums, inner: dw.count, into: dw)
  }

  /// The sum of some images' weight gradients; for every group dy [O, pixels] · patches,
  /// transposed.
  private static func addWeightGradients(
    _ x: NDArray, _ dy: NDArray, _ shape: ConvolutionShape, images: Range<Int>,
    into dw: UnsafeMutableRawPointer
  ) {
    let panels = PanelShape(x.dtype)
    let size = panels.elementSize
    let (groups, taps, pixels) = (shape.groups, shape.taps, shape.outputPixels)
    let rows = shape.outputChannels / groups
    let depthBlock = max(1, min(PanelShape.depthBlock, pixels))
    let tile = max(1, 512 / panels.rightWidth) * panels.rightWidth
    let left = Scratch(
      byteCount: max(1, panels.byteCount(rows, width: panels.leftWidth, depth: depthBlock)))
    let right = Scratch(
      byteCount: max(
        1, panels.byteCount(min(tile, taps), width: panels.rightWidth, depth: depthBlock)))
    if images.isEmpty || pixels == 0 {
      dw.initializeMemory(as: UInt8.self, repeating: 0, count: groups * rows * taps * size)
      return
    }
    let patches = shape.inputPatches
    withExtendedLifetime((x, dy)) {
      withUnsafePointer(to: patches) { patches in
        for sample in images {
          for group in 0..<groups {
            let unit = sample * groups + group
            let image = x.data + unit * patches.pointee.channels * shape.inputPixels * size
            let cotangent = dy.data + unit * rows * pixels * size
            for start in stride(from: 0, to: pixels, by: depthBlock) {
              let block = min(depthBlock, pixels - start)
              kernels.pack(
                panels.type, panels.leftWidth, rows, block,
                CKSource(data: cotangent + start * size, inner: 1, outer: pixels), left.start)
              for column in stride(from: 0, to: taps, by: tile) {
                let width = min(tile, taps - column)
                kernels.packPatchesTransposed(
                  panels.type, patches, image, start, block, column, width, right.start)
                kernels.multiplyPanels(
                  panels.type, rows, width, block, left.start, right.start,
                  dw + (group * rows * taps + column) * size, taps,
                  sample > images.lowerBound || start > 0)
              }
            }
          }
        }
      }
    }
  }
}
