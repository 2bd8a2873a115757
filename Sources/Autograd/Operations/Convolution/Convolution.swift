/// The two-dimensional convolution of images (cross-correlation, as in PyTorch).
///
/// - Parameters:
///   - x: [batch, channels, height, width], or [channels, height, width] for one image.
///   - weight: [outputChannels, channels / groups, kernelHeight, kernelWidth]
///   - bias: [outputChannels]
///   - stride: The distance between neighboring windows.
///   - padding: Zeros added on either side, `.same` or `.valid`.
///   - dilation: The distance between the elements of a window.
///   - groups: Channels are split into this many groups that do not see each other.
/// - Returns: [batch, outputChannels, outputHeight, outputWidth], without `batch` for one image, where
///   outputHeight = (height + 2 padding - dilation (kernelHeight - 1) - 1) / stride + 1.
public func conv2d(
  _ x: Tensor, _ weight: Tensor, bias: Tensor? = nil, stride: Sizes = 1, padding: Padding = 0,
  dilation: Sizes = 1, groups: Int = 1
) -> Tensor {
  convolution("conv2d", axes: 2, x, weight, bias, stride, padding, dilation, groups)
}

/// The convolution of sequences, as PyTorch's `conv1d`.
///
/// - Parameters:
///   - x: [batch, channels, length], or [channels, length] for one sequence.
///   - weight: [outputChannels, channels / groups, kernelLength]
///   - bias: [outputChannels]
///   - stride: The distance between neighboring windows.
///   - padding: Zeros added on either side, `.same` or `.valid`.
///   - dilation: The distance between the elements of a window.
///   - groups: Channels are split into this many groups that do not see each other.
/// - Returns: [batch, outputChannels, outputLength]
public func conv1d(
  _ x: Tensor, _ weight: Tensor, bias: Tensor? = nil, stride: Sizes = 1, padding: Padding = 0,
  dilation: Sizes = 1, groups: Int = 1
) -> Tensor {
  convolution("conv1d", axes: 1, x, weight, bias, stride, padding, dilation, groups)
}

/// The convolution of volumes, as PyTorch's `conv3d`: a sum of convolutions of their slices.
///
/// - Parameters:
///   - x: [batch, channels, depth, height, width], or [channels, depth, height, width] for one volume.
///   - weight: [outputChannels, channels / groups, kernelDepth, kernelHeight, kernelWidth]
///   - bias: [outputChannels]
///   - stride: The distance between neighboring windows.
///   - padding: Zeros added on either side, `.same` or `.valid`.
///   - dilation: The distance between the elements of a window.
///   - groups: Channels are split into this many groups that do not see each other.
/// - Returns: [batch, outputChannels, outputDepth, outputHeight, outputWidth]
public func conv3d(
  _ x: Tensor, _ weight: Tensor, bias: Tensor? = nil, stride: Sizes = 1, padding: Padding = 0,
  dilation: Sizes = 1, groups: Int = 1
) -> Tensor {
  convolution("conv3d", axes: 3, x, weight, bias, stride, padding, dilation, groups)
}

/// The convolution along one, two or three axes.
private func convolution(
  _ operation: String, axes: Int, _ x: Tensor, _ weight: Tensor, _ bias: Tensor?, _ stride: Sizes,
  _ padding: Padding, _ dilation: Sizes, _ groups: Int
) -> Tensor {
  overBatch(operation, x, weight, axes: axes) { x in
    let window = SlidingWindow(
      operation, kernel: Array(weight.shape[2...]), stride: stride, padding: padding,
      dilation: dilation)
    switch axes {
    case 1: return planar(x, weight, window) { convolved($0, $1, bias, $2, groups) }
    case 2: return convolved(x, weight, bias, window, groups)
    default: return convolvedSlices(x, weight, bias, window, groups)
    }
  }
}

/// Calls `convolve` with sequences as images of one row.
func planar(
  _ x: Tensor, _ weight: Tensor, _ window: SlidingWindow,
  _ convolve: (Tensor, Tensor, SlidingWindow) -> Tensor
) -> Tensor {
  convolve(x.unsqueeze(2), weight.unsqueeze(2), window.mapped { [$1] + $0 }).squeeze(2)
}

/// The convolution of volumes as a sum of convolutions of their slices.
private func convolvedSlices(
  _ x: Tensor, _ weight: Tensor, _ bias: Tensor?, _ window: SlidingWindow, _ groups: Int
) -> Tensor {
  let depth = window.outputSize(Array(x.shape[2...]))[0]
  let batch = x.size(0)
  let (before, step) = (window.padding[0], window.stride[0])
  let slices = x.pad([0, 0, 0, 0, before, before + window.trailing[0]]).transpose(1, 2)
  let planar = window.mapped { sizes, _ in Array(sizes[1...]) }
  var sum: Tensor?
  for index in 0..<window.kernel[0] {
    let first = index * window.dilation[0]
    let part = slices.slice(
      axis: 1, from: first, to: first + (depth - 1) * step + 1, step: step)
    let y = convolved(
      part.reshape([batch * depth] + part.shape[2...]), weight.select(axis: 2, at: index),
      index == 0 ? bias : nil, planar, groups)
    sum = sum.map { $0 + y } ?? y
  }
  let y = sum!
  return y.reshape([batch, depth] + y.shape[1...]).transpose(1, 2).contiguous()
}

/// `conv2d` by a window.
private func convolved(
  _ x: Tensor, _ weight: Tensor, _ bias: Tensor?, _ window: SlidingWindow, _ groups: Int
) -> Tensor {
  let operation = window.operation
  checkTypes(operation, x, weight)
  require(
    groups >= 1 && x.size(1) % groups == 0 && weight.size(0) % groups == 0
      && weight.size(1) == x.size(1) / groups,
    "\(operation): weights \(weight.summary) do not fit images \(x.summary) with \(groups) groups")
  if window.trailing.contains(1) {
    let padded = x.pad([0, window.trailing[1], 0, window.trailing[0]])
    return convolved(padded, weight, bias, window.withoutTrailing, groups)
  }
  let shape = ConvolutionShape(
    batch: x.size(0), inputChannels: x.size(1), outputChannels: weight.size(0), groups: groups,
    window: window.geometry(Array(x.shape[2...])))
  guard let bias else { return convolution(x, weight, shape) }
  require(
    bias.shape == [shape.outputChannels] && bias.dtype == x.dtype,
    "\(operation): the bias must be \(x.dtype) [\(shape.outputChannels)], got \(bias.summary)")
  return differentiable([x, weight, bias]) { inputs in
    [.result(of: .convolution(shape), inputs, shape: shape.outputShape)]
  } pullbacks: { inputs, _ in
    { cotangents, wanted in
      guard let dy = cotangents[0] else { return [nil, nil, nil] }
      return [
        wanted[0] ? convolutionInputGradient(dy, inputs[1], shape) : nil,
        wanted[1] ? convolutionWeightGradient(inputs[0], dy, shape) : nil,
        wanted[2] ? convolutionBiasGradient(dy, shape) : nil,
      ]
    }
  }[0]
}

// The convolution and its two gradients are bilinear, and each one's gradients are the other two:
// the three are closed under differentiation.

private func convolution(_ x: Tensor, _ weight: Tensor, _ shape: ConvolutionShape) -> Tensor {
  differentiable(x, weight) { x, weight in
    .result(of: .convolution(shape), [x, weight], shape: shape.outputShape)
  } first: { _, weight, _ in
    { dy in convolutionInputGradient(dy, weight, shape) }
  } second: { x, _, _ in
    { dy in convolutionWeightGradient(x, dy, shape) }
  }
}

func convolutionInputGradient(
  _ dy: Tensor, _ weight: Tensor, _ shape: ConvolutionShape
) -> Tensor {
  differentiable(dy, weight) { dy, weight in
    .result(of: .convolutionInputGradient(shape), [dy, weight], shape: shape.inputShape)
  } first: { _, weight, _ in
    { d in convolution(d, weight, shape) }
  } second: { dy, _, _ in
    { d in convolutionWeightGradient(d, dy, shape) }
  }
}

private func convolutionWeightGradient(
  _ x: Tensor, _ dy: Tensor, _ shape: ConvolutionShape
) -> Tensor {
  differentiable(x, dy) { x, dy in
    .result(of: .convolutionWeightGradient(shape), [x, dy], shape: shape.weightShape)
  } first: { _, dy, _ in
    { d in convolutionInputGradient(dy, d, shape) }
  } second: { x, _, _ in
    { d in convolution(x, d, shape) }
  }
}

/// The sum over images and pixels, [outputChannels].
private func convolutionBiasGradient(_ dy: Tensor, _ shape: ConvolutionShape) -> Tensor {
  differentiable(dy) { dy in
    .result(of: .convolutionBiasGradient(shape), [dy], shape: [shape.outputChannels])
  } pullback: { _, _ in
    { d in d.reshape([1, shape.outputChannels, 1, 1]).expand(shape.outputShape) }
  }
}
