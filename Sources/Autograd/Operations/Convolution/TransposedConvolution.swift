// Transposed convolutions: the input gradients of convolutions as operations of their own.

extension SlidingWindow {
  /// Sizes that a transposed convolution adds after its result: below the stride or the dilation.
  ///
  /// A batch without images may have larger ones, as in PyTorch.
  package func checked(outputPadding: Sizes, hasImages: Bool = true) -> [Int] {
    let extra = outputPadding.sizes(kernel.count, "outputPadding")
    require(
      extra.indices.allSatisfy {
        extra[$0] >= 0 && (extra[$0] < max(stride[$0], dilation[$0]) || !hasImages)
      },
      """
      \(operation): the output padding \(extra) must be at least 0 and below the stride \(stride) or the dilation \
      \(dilation)
      """)
    return extra
  }
}

/// The transpose of a convolution of images, as PyTorch's `conv_transpose2d`: what the gradient of
/// `conv2d` does to an image.
///
/// - Parameters:
///   - x: [batch, channels, height, width], or [channels, height, width] for one image.
///   - weight: [channels, outputChannels / groups, kernelHeight, kernelWidth]
///   - bias: [outputChannels]
///   - stride: The distance between the positions where neighboring elements are put.
///   - padding: What is taken off on either side of the result.
///   - outputPadding: What is added after the last element; below the stride or the dilation.
///   - dilation: The distance between the elements of a window.
///   - groups: Channels are split into this many groups that do not see each other.
/// - Returns: [batch, outputChannels, outputHeight, outputWidth], where outputHeight = (height - 1)
///   stride - 2 padding + dilation (kernelHeight - 1) + outputPadding + 1.
public func convTranspose2d(
  _ x: Tensor, _ weight: Tensor, bias: Tensor? = nil, stride: Sizes = 1, padding: Sizes = 0,
  outputPadding: Sizes = 0, dilation: Sizes = 1, groups: Int = 1
) -> Tensor {
  transposedConvolution(
    "convTranspose2d", axes: 2, x, weight, bias, stride, padding, outputPadding, dilation, groups)
}

/// The transpose of a convolution of sequences, as PyTorch's `conv_transpose1d`.
///
/// - Parameters:
///   - x: [batch, channels, length], or [channels, length] for one sequence.
///   - weight: [channels, outputChannels / groups, kernelLength]
///   - bias: [outputChannels]
///   - stride: The distance between the positions where neighboring elements are put.
///   - padding: What is taken off on either side of the result.
///   - outputPadding: What is added after the last element; below the stride or the dilation.
///   - dilation: The distance between the elements of a window.
///   - groups: Channels are split into this many groups that do not see each other.
/// - Returns: [batch, outputChannels, outputLength]
public func convTranspose1d(
  _ x: Tensor, _ weight: Tensor, bias: Tensor? = nil, stride: Sizes = 1, padding: Sizes = 0,
  outputPadding: Sizes = 0, dilation: Sizes = 1, groups: Int = 1
) -> Tensor {
  transposedConvolution(
    "convTranspose1d", axes: 1, x, weight, bias, stride, padding, outputPadding, dilation, groups)
}

/// The transposed convolution along one or two axes.
private func transposedConvolution(
  _ operation: String, axes: Int, _ x: Tensor, _ weight: Tensor, _ bias: Tensor?, _ stride: Sizes,
  _ padding: Sizes, _ outputPadding: Sizes, _ dilation: Sizes, _ groups: Int
) -> Tensor {
  overBatch(operation, x, weight, axes: axes) { x in
    let window = SlidingWindow(
      operation, kernel: Array(weight.shape[2...]), stride: stride, padding: .sizes(padding),
      dilation: dilation)
    let extra = window.checked(outputPadding: outputPadding, hasImages: x.size(0) > 0)
    return axes == 2
      ? transposeConvolved(x, weight, bias, window, extra, groups)
      : planar(x, weight, window) { transposeConvolved($0, $1, bias, $2, [0] + extra, groups) }
  }
}

/// `convTranspose2d` by a window and its output padding.
private func transposeConvolved(
  _ x: Tensor, _ weight: Tensor, _ bias: Tensor?, _ window: SlidingWindow, _ extra: [Int],
  _ groups: Int
) -> Tensor {
  let operation = window.operation
  checkTypes(operation, x, weight)
  require(
    groups >= 1 && x.size(1) % groups == 0 && weight.size(0) == x.size(1),
    "\(operation): weights \(weight.summary) do not fit images \(x.summary) with \(groups) groups")
  let size = (0..<2).map {
    (x.size(2 + $0) - 1) * window.stride[$0] - 2 * window.padding[$0]
      + window.dilation[$0] * (window.kernel[$0] - 1) + extra[$0] + 1
  }
  require(
    size.allSatisfy { $0 >= 0 },
    "\(operation): the result would have a negative size: \(x.summary), size \(size)")
  let outputs = weight.size(1) * groups
  if size.contains(0) {
    return .zeros([x.size(0), outputs] + size, dtype: x.dtype, device: x.device)
  }
  let y = convolutionInputGradient(
    x, weight,
    ConvolutionShape(
      batch: x.size(0), inputChannels: outputs, outputChannels: x.size(1), groups: groups,
      window: window.geometry(size, Array(x.shape[2...]))))
  guard let bias else { return y }
  require(
    bias.shape == [outputs], "\(operation): the bias must be [\(outputs)], got \(bias.summary)")
  return y + bias.reshape([outputs, 1, 1])
}

/// Calls `convolve` with a batch: an input without a batch axis is a batch of one.
func overBatch(
  _ operation: String, _ x: Tensor, _ weight: Tensor, axes: Int, _ convolve: (Tensor) -> Tensor
) -> Tensor {
  if x.rank == axes + 1 && weight.rank == axes + 2 {
    return convolve(x.unsqueeze(0)).squeeze(0)
  }
  require(
    x.rank == axes + 2 && weight.rank == axes + 2,
    """
    \(operation): needs an input [batch, channels, \(spatialNames(axes))] and weights with \(axes + 2) axes, got \
    \(x.summary) and \(weight.summary)
    """)
  return convolve(x)
}

func checkTypes(_ operation: String, _ x: Tensor, _ weight: Tensor) {
  require(
    x.dtype.isFloatingPoint && x.dtype == weight.dtype,
    """
    \(operation): images and weights must be of one floating-point type, got \(x.summary) and \(weight.summary)
    """)
}
