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
  overBatch("conv2d", x, weight, axes: 2) { x in
    let window = SlidingWindow(
      "conv2d", kernel: Array(weight.shape[2...]), stride: stride, padding: padding,
      dilation: dilation)
    return convolved(x, weight, bias, window, groups)
  }
}

/// `conv2d` by a window.
func convolved(
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
    [convolutionValue(inputs[0], inputs[1], bias: inputs[2], shape)]
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

private func convolutionValue(
  _ x: Tensor, _ weight: Tensor, bias: Tensor?, _ shape: ConvolutionShape
) -> Tensor {
  let y = NDArray.uninitialized(
    dtype: x.dtype, shape: shape.outputShape,
    on: NDArray.commonDevice(of: x.array, weight.array, "convolution"))
  Backend.convolution(
    x.array.contiguous(), weight.array.contiguous(),
    bias: bias.map { $0.array.contiguous() }, shape, into: y)
  return Tensor(y)
}

// The convolution and its two gradients are bilinear, and each one's gradients are the other two:
// the three are closed under differentiation.

private func convolution(_ x: Tensor, _ weight: Tensor, _ shape: ConvolutionShape) -> Tensor {
  differentiable(x, weight) { x, weight in
    convolutionValue(x, weight, bias: nil, shape)
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
    let dx = NDArray.uninitialized(dtype: dy.dtype, shape: shape.inputShape, on: dy.device)
    Backend.convolutionInputGradient(
      dy.array.contiguous(), weight.array.contiguous(), shape, into: dx)
    return Tensor(dx)
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
    let dw = NDArray.uninitialized(dtype: x.dtype, shape: shape.weightShape, on: x.device)
    Backend.convolutionWeightGradient(
      x.array.contiguous(), dy.array.contiguous(), shape, into: dw)
    return Tensor(dw)
  } first: { _, dy, _ in
    { d in convolutionInputGradient(dy, d, shape) }
  } second: { x, _, _ in
    { d in convolution(x, d, shape) }
  }
}

/// The sum over images and pixels, [outputChannels].
private func convolutionBiasGradient(_ dy: Tensor, _ shape: ConvolutionShape) -> Tensor {
  differentiable(dy) { dy in
    let db = NDArray.uninitialized(
      dtype: dy.dtype, shape: [shape.outputChannels], on: dy.device)
    Backend.convolutionBiasGradient(dy.array.contiguous(), shape, into: db)
    return Tensor(db)
  } pullback: { _, _ in
    { d in d.reshape([1, shape.outputChannels, 1, 1]).expand(shape.outputShape) }
  }
}
