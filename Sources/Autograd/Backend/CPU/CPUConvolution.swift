internal import CKernels

/// Input positions with one residue modulo the stride (a polyphase component), and the taps that contribute to
/// them.
private struct StridePhase {
  /// The first pixel.
  let first: Int
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

  init(_ phase: Int, of shape: ConvolutionShape, axis: Int) {
    first = phase
    step = shape.window.stride[axis]
    let reach = phase + shape.window.padding[axis]
    let firstTap = reach % step
    pixels = (shape.window.inputSize[axis] - phase + step - 1) / step
    taps = max(0, (shape.window.kernel[axis] - firstTap + step - 1) / step)
    last = firstTap + (taps - 1) * step
    padding = taps - 1 - reach / step
  }

  init(wholeKernelOf shape: ConvolutionShape, axis: Int) {
    (first, pixels, taps, step, last, padding) = (
      0, shape.window.inputSize[axis], shape.window.kernel[axis], 1, shape.window.kernel[axis] - 1,
      0
    )
  }

  /// The cotangents that the first pixels of some phases see: how many, and how many of them lie before
  /// the first one there is.
  static func window(_ phases: [StridePhase]) -> (taps: Int, padding: Int) {
    let seeing = phases.filter { $0.taps > 0 }
    let padding = seeing.map(\.padding).max() ?? 0
    return (padding + (seeing.map { $0.taps - $0.padding }.max() ?? 0), padding)
  }
}

// Convolution and its two gradients as matrix products whose right operand, the matrix of patches,
// is never formed: its panels are packed from the image when needed.
extension CPU {
  /// y [N, O, ...] from x [N, C, ...], weight [O, C / groups, ...] and bias [O], all dense.
  static func convolution(
    _ x: NDArray, _ weight: NDArray, bias: NDArray?, _ shape: ConvolutionShape, into y: NDArray
  ) {
    let lanes = InterleavedConvolution(shape)
    if lanes.suits(x.dtype) { return convolveInterleaved(x, weight, bias: bias, lanes, into: y) }
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
    if let lanes = InterleavedConvolution(inputGradientOf: shape), lanes.suits(dy.dtype) {
      return convolveInterleaved(dy, rotated(weight, shape), bias: nil, lanes, into: dx)
    }
    let rows = shape.inputChannels / shape.groups
    let isStrided = shape.window.stride != [1, 1] && shape.window.dilation == [1, 1]
    // The products below have zeros for padding, dilation and strides: NaN beside an infinity.
    if !hasFiniteSum(weight) || isStrided && rows <= Tuning.fewChannels && !hasFiniteSum(dy) {
      return col2imInputGradient(dy, weight, shape, into: dx)
    }
    if isStrided {
      return stridedInputGradient(dy, weight, shape, rows: rows, into: dx)
    }
    multiplyPatches(
      of: dy, shape.outputPatches, by: rotated(weight, shape), rows: rows, shape, into: dx)
  }

  /// The input gradient of a strided convolution: each residue class of input positions is a stride-1
  /// convolution with its own taps.
  ///
  /// With few input channels all classes are rows of one product, whose window covers those of all; taps that
  /// do not contribute to a class are zero.
  private static func stridedInputGradient(
    _ dy: NDArray, _ weight: NDArray, _ shape: ConvolutionShape, rows: Int, into dx: NDArray
  ) {
    let verticals = (0..<min(shape.window.stride[0], shape.window.inputSize[0])).map {
      StridePhase($0, of: shape, axis: 0)
    }
    let horizontals = (0..<min(shape.window.stride[1], shape.window.inputSize[1])).map {
      StridePhase($0, of: shape, axis: 1)
    }
    if rows <= Tuning.fewChannels {
      inputGradient(phases: verticals, horizontals, dy, weight, shape, rows: rows, into: dx)
      return
    }
    for vertical in verticals {
      for horizontal in horizontals {
        inputGradient(phases: [vertical], [horizontal], dy, weight, shape, rows: rows, into: dx)
      }
    }
  }

  /// The input gradient of the pixels of some phases of the strides.
  private static func inputGradient(
    phases verticals: [StridePhase], _ horizontals: [StridePhase], _ dy: NDArray,
    _ weight: NDArray, _ shape: ConvolutionShape, rows: Int, into dx: NDArray
  ) {
    let size = dx.dtype.byteCount
    let (height, width) = (shape.window.inputSize[0], shape.window.inputSize[1])
    let planes = shape.batch * shape.inputChannels
    let phases = verticals.flatMap { vertical in horizontals.map { (vertical, $0) } }
    let (window, perGroup) = (StridePhase.window(verticals), shape.outputChannels / shape.groups)
    let across = StridePhase.window(horizontals)
    let matrix = NDArray.filled(
      shape: [shape.groups, rows, phases.count, perGroup, window.taps, across.taps], value: 0,
      dtype: weight.dtype, on: .cpu)
    for (index, (vertical, horizontal)) in phases.enumerated() where matrix.count > 0 {
      let taps = rotated(weight, shape, vertical, horizontal)
      if taps.count == 0 { continue }
      let area = perGroup * window.taps * across.taps
      let target = matrix.view(
        shape: taps.shape,
        strides: [
          rows * phases.count * area, phases.count * area, window.taps * across.taps, across.taps,
          1,
        ],
        offset: index * area + (window.padding - vertical.padding) * across.taps
          + across.padding - horizontal.padding)
      copy(taps, into: target)
    }
    let (pixelsY, pixelsX) = (
      verticals.map(\.pixels).max() ?? 0, horizontals.map(\.pixels).max() ?? 0
    )
    func copyPart(_ part: NDArray) {
      ThreadPool.run(planes) { plane in
        for (index, (vertical, horizontal)) in phases.enumerated() {
          for row in 0..<vertical.pixels {
            let line = plane * height + vertical.first + row * shape.window.stride[0]
            let source = ((plane * phases.count + index) * pixelsY + row) * pixelsX
            kernels.copy(
              dx.dtype.kernelType, dx.dtype.kernelType, horizontal.pixels, 1,
              CKSource(data: part.data + source * size, inner: 1, outer: 0),
              dx.data + (line * width + horizontal.first) * size, shape.window.stride[1], 0)
          }
        }
      }
      withExtendedLifetime((dx, part)) {}
    }
    let partShape = [planes, phases.count, pixelsY, pixelsX]
    if matrix.count == 0 {  // no window reaches these pixels
      copyPart(NDArray.filled(shape: partShape, value: 0, dtype: dx.dtype, on: .cpu))
      return
    }
    let part = NDArray.uninitialized(dtype: dx.dtype, shape: partShape, on: .cpu)
    multiplyPatches(
      of: dy,
      CKPatches(
        WindowGeometry(
          inputSize: shape.window.outputSize, outputSize: [pixelsY, pixelsX],
          kernel: [window.taps, across.taps], padding: [window.padding, across.padding]),
        channels: perGroup, shape.groups),
      by: matrix, rows: rows * phases.count, shape, into: part)
    copyPart(part)
    withExtendedLifetime(dy) {}
  }

  /// The weight as the input gradient multiplies by it: [groups, C / groups, O / groups, ...], rotated by
  /// 180 degrees.
  static func rotated(_ weight: NDArray, _ shape: ConvolutionShape) -> NDArray {
    rotated(
      weight, shape, StridePhase(wholeKernelOf: shape, axis: 0),
      StridePhase(wholeKernelOf: shape, axis: 1))
  }

  /// The rotated weight with only the taps that contribute to one phase of the stride.
  private static func rotated(
    _ weight: NDArray, _ shape: ConvolutionShape, _ vertical: StridePhase,
    _ horizontal: StridePhase
  ) -> NDArray {
    let (height, width) = (shape.window.kernel[0], shape.window.kernel[1])
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
    return view.contiguous()
  }

  /// dw [O, C / groups, ...] from x [N, C, ...] and dy [N, O, ...], all dense.
  static func convolutionWeightGradient(
    _ x: NDArray, _ dy: NDArray, _ shape: ConvolutionShape, into dw: NDArray
  ) {
    if dw.count == 0 { return }
    let lanes = InterleavedConvolution(shape)
    if lanes.suits(x.dtype) { return interleavedWeightGradient(x, dy, lanes, into: dw) }
    multiplyPatchesTransposed(of: x, by: dy, shape, into: dw)
  }
  /// db [O] from dy [N, O, ...], dense.
  static func convolutionBiasGradient(
    _ dy: NDArray, _ shape: ConvolutionShape, into db: NDArray
  ) {
    if dy.count == 0 { return fill(db, with: 0) }
    let lanes = InterleavedConvolution(shape)
    if lanes.suits(dy.dtype) { return interleavedBiasGradient(dy, lanes, into: db) }
    let planes = NDArray.uninitialized(
      dtype: dy.dtype, shape: [shape.batch, shape.outputChannels], on: .cpu)
    reduce(
      .sum, dy, outer: planes.count, reduced: shape.window.outputPixels, inner: 1, into: planes)
    reduce(.sum, planes, outer: 1, reduced: shape.batch, inner: db.count, into: db)
  }
}
