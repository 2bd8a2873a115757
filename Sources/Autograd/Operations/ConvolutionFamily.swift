// Convolutions along one and three axes and transposed ones, all from the one along two.

/// Padding of a convolution that follows from its window: `.same` or `.valid`.
public struct WindowPadding: SpatialSizes, Equatable, CustomStringConvertible {
  fileprivate let isSame: Bool

  /// `same` or `valid`.
  public var description: String { isSame ? "same" : "valid" }

  /// Sizes are known to convolutions only, and not to transposed ones.
  public func sizes(_ axes: Int, _ name: StaticString) -> [Int] {
    fail("\(name): \(self) is for convolutions only, and not for transposed ones")
  }

  /// What is added before and behind each axis for a window, whose own padding does not count.
  package func amounts(for window: SlidingWindow) -> (before: [Int], after: [Int]) {
    if !isSame { return (window.kernel.map { _ in 0 }, window.kernel.map { _ in 0 }) }
    require(
      window.stride.allSatisfy { $0 == 1 },
      "\(window.operation): the padding same needs a stride of 1, got \(window.stride)")
    let totals = zip(window.dilation, window.kernel).map { $0 * ($1 - 1) }
    return (totals.map { $0 / 2 }, totals.map { $0 - $0 / 2 })
  }

  /// The input and the padding that is left to do, on the last axes.
  func applied(
    _ operation: String, to x: Tensor, _ kernel: [Int], _ stride: any SpatialSizes,
    _ dilation: any SpatialSizes
  ) -> (x: Tensor, padding: [Int]) {
    let (before, after) = amounts(
      for: SlidingWindow(
        operation, kernel: kernel, stride: stride, padding: 0, dilation: dilation))
    let odd = zip(before, after).reversed().flatMap { [0, $1 - $0] }
    return (odd.contains(1) ? x.pad(odd) : x, before)
  }
}

extension SpatialSizes where Self == WindowPadding {
  /// As many zeros as keep the size, the odd one behind; for a stride of 1.
  public static var same: WindowPadding { WindowPadding(isSame: true) }

  /// None.
  public static var valid: WindowPadding { WindowPadding(isSame: false) }
}

extension SlidingWindow {
  /// Sizes that a transposed convolution adds behind its result: below the stride or the dilation.
  ///
  /// A batch without images may have larger ones, as in PyTorch.
  package func checked(outputPadding: any SpatialSizes, hasImages: Bool = true) -> [Int] {
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

/// The convolution of sequences, as PyTorch's `conv1d`.
///
/// - Parameters:
///   - x: [batch, channels, length], or [channels, length] for one sequence.
///   - weight: [outputChannels, channels / groups, kernelLength]
///   - bias: [outputChannels]
///   - stride: The distance between neighboring windows.
///   - padding: Zeros added on either side, or a `WindowPadding`.
///   - dilation: The distance between the elements of a window.
///   - groups: Channels are split into this many groups that do not see each other.
/// - Returns: [batch, outputChannels, outputLength]
public func conv1d(
  _ x: Tensor, _ weight: Tensor, bias: Tensor? = nil, stride: any SpatialSizes = 1,
  padding: any SpatialSizes = 0, dilation: any SpatialSizes = 1, groups: Int = 1
) -> Tensor {
  let single = ofBatch(x, weight, axes: 1) {
    conv1d(
      $0, weight, bias: bias, stride: stride, padding: padding, dilation: dilation,
      groups: groups)
  }
  if let single { return single }
  checkRanks("conv1d", x, weight, axes: 1)
  var (x, padding) = (x, padding)
  if let known = padding as? WindowPadding {
    (x, padding) = known.applied("conv1d", to: x, [weight.size(2)], stride, dilation)
  }
  return conv2d(
    x.unsqueeze(2), weight.unsqueeze(2), bias: bias, stride: [1] + stride.sizes(1, "stride"),
    padding: [0] + padding.sizes(1, "padding"), dilation: [1] + dilation.sizes(1, "dilation"),
    groups: groups
  ).squeeze(2)
}

/// The convolution of volumes, as PyTorch's `conv3d`: a sum of convolutions of their slices.
///
/// - Parameters:
///   - x: [batch, channels, depth, height, width], or [channels, depth, height, width] for one volume.
///   - weight: [outputChannels, channels / groups, kernelDepth, kernelHeight, kernelWidth]
///   - bias: [outputChannels]
///   - stride: The distance between neighboring windows.
///   - padding: Zeros added on either side, or a `WindowPadding`.
///   - dilation: The distance between the elements of a window.
///   - groups: Channels are split into this many groups that do not see each other.
/// - Returns: [batch, outputChannels, outputDepth, outputHeight, outputWidth]
public func conv3d(
  _ x: Tensor, _ weight: Tensor, bias: Tensor? = nil, stride: any SpatialSizes = 1,
  padding: any SpatialSizes = 0, dilation: any SpatialSizes = 1, groups: Int = 1
) -> Tensor {
  let single = ofBatch(x, weight, axes: 3) {
    conv3d(
      $0, weight, bias: bias, stride: stride, padding: padding, dilation: dilation,
      groups: groups)
  }
  if let single { return single }
  checkRanks("conv3d", x, weight, axes: 3)
  let kernel = Array(weight.shape[2...])
  var (x, padding) = (x, padding)
  if let known = padding as? WindowPadding {
    (x, padding) = known.applied("conv3d", to: x, kernel, stride, dilation)
  }
  let window = SlidingWindow(
    "conv3d", kernel: kernel, stride: stride, padding: padding, dilation: dilation)
  let depth = window.outputSize(Array(x.shape[2...]))[0]
  let batch = x.size(0)
  let slices = x.pad([0, 0, 0, 0, window.padding[0], window.padding[0]]).transpose(1, 2)
  var sum: Tensor?
  for place in 0..<kernel[0] {
    let first = place * window.dilation[0]
    let part = slices.slice(
      axis: 1, from: first, to: first + (depth - 1) * window.stride[0] + 1, step: window.stride[0])
    let y = conv2d(
      part.reshape([batch * depth] + part.shape[2...]), weight.select(axis: 2, at: place),
      bias: place == 0 ? bias : nil, stride: Array(window.stride[1...]),
      padding: Array(window.padding[1...]), dilation: Array(window.dilation[1...]), groups: groups)
    sum = sum.map { $0 + y } ?? y
  }
  let y = sum!
  return y.reshape([batch, depth] + y.shape[1...]).transpose(1, 2).contiguous()
}

/// The transpose of a convolution of images, as PyTorch's `conv_transpose2d`: what the gradient of
/// `conv2d` does to an image.
///
/// - Parameters:
///   - x: [batch, channels, height, width], or [channels, height, width] for one image.
///   - weight: [channels, outputChannels / groups, kernelHeight, kernelWidth]
///   - bias: [outputChannels]
///   - stride: The distance between the places where neighboring elements are put.
///   - padding: What is taken off on either side of the result.
///   - outputPadding: What is added behind; below the stride or the dilation.
///   - dilation: The distance between the elements of a window.
///   - groups: Channels are split into this many groups that do not see each other.
/// - Returns: [batch, outputChannels, outputHeight, outputWidth], where outputHeight = (height - 1)
///   stride - 2 padding + dilation (kernelHeight - 1) + outputPadding + 1.
public func convTranspose2d(
  _ x: Tensor, _ weight: Tensor, bias: Tensor? = nil, stride: any SpatialSizes = 1,
  padding: any SpatialSizes = 0, outputPadding: any SpatialSizes = 0,
  dilation: any SpatialSizes = 1, groups: Int = 1
) -> Tensor {
  let single = ofBatch(x, weight, axes: 2) {
    convTranspose2d(
      $0, weight, bias: bias, stride: stride, padding: padding,
      outputPadding: outputPadding, dilation: dilation, groups: groups)
  }
  if let single { return single }
  checkRanks("convTranspose2d", x, weight, axes: 2)
  require(
    x.dtype.isFloatingPoint && x.dtype == weight.dtype,
    "convTranspose2d: images and weights must be of one floating-point type, got \(x.summary) and \(weight.summary)"
  )
  require(
    groups >= 1 && x.size(1) % groups == 0 && weight.size(0) == x.size(1),
    "convTranspose2d: weights \(weight.summary) do not fit images \(x.summary) with \(groups) groups"
  )
  let window = SlidingWindow(
    "convTranspose2d", kernel: Array(weight.shape[2...]), stride: stride, padding: padding,
    dilation: dilation)
  let extra = window.checked(outputPadding: outputPadding, hasImages: x.size(0) > 0)
  let size = (0..<2).map {
    (x.size(2 + $0) - 1) * window.stride[$0] - 2 * window.padding[$0]
      + window.dilation[$0] * (window.kernel[$0] - 1) + extra[$0] + 1
  }
  require(
    size.allSatisfy { $0 >= 0 },
    "convTranspose2d: less than nothing is left of \(x.summary), size \(size)")
  let outputs = weight.size(1) * groups
  if size.contains(0) {
    return .zeros([x.size(0), outputs] + size, dtype: x.dtype, device: x.device)
  }
  let y = convolutionInputGradient(
    x, weight,
    ConvolutionShape(
      batch: x.size(0), inputChannels: outputs, inputSize: size, outputChannels: x.size(1),
      outputSize: Array(x.shape[2...]), kernelSize: window.kernel, stride: window.stride,
      padding: window.padding, dilation: window.dilation, groups: groups))
  guard let bias else { return y }
  require(
    bias.shape == [outputs],
    "convTranspose2d: the bias must be [\(outputs)], got \(bias.summary)")
  return y + bias.reshape([outputs, 1, 1])
}

/// The transpose of a convolution of sequences, as PyTorch's `conv_transpose1d`.
///
/// - Parameters:
///   - x: [batch, channels, length], or [channels, length] for one sequence.
///   - weight: [channels, outputChannels / groups, kernelLength]
///   - bias: [outputChannels]
///   - stride: The distance between the places where neighboring elements are put.
///   - padding: What is taken off on either side of the result.
///   - outputPadding: What is added behind; below the stride or the dilation.
///   - dilation: The distance between the elements of a window.
///   - groups: Channels are split into this many groups that do not see each other.
/// - Returns: [batch, outputChannels, outputLength]
public func convTranspose1d(
  _ x: Tensor, _ weight: Tensor, bias: Tensor? = nil, stride: any SpatialSizes = 1,
  padding: any SpatialSizes = 0, outputPadding: any SpatialSizes = 0,
  dilation: any SpatialSizes = 1, groups: Int = 1
) -> Tensor {
  let single = ofBatch(x, weight, axes: 1) {
    convTranspose1d(
      $0, weight, bias: bias, stride: stride, padding: padding,
      outputPadding: outputPadding, dilation: dilation, groups: groups)
  }
  if let single { return single }
  checkRanks("convTranspose1d", x, weight, axes: 1)
  return convTranspose2d(
    x.unsqueeze(2), weight.unsqueeze(2), bias: bias, stride: [1] + stride.sizes(1, "stride"),
    padding: [0] + padding.sizes(1, "padding"),
    outputPadding: [0] + outputPadding.sizes(1, "outputPadding"),
    dilation: [1] + dilation.sizes(1, "dilation"), groups: groups
  ).squeeze(2)
}

/// An input without a batch axis as a batch of one; nil for any other.
func ofBatch(
  _ x: Tensor, _ weight: Tensor, axes: Int, _ convolve: (Tensor) -> Tensor
) -> Tensor? {
  guard x.rank == axes + 1 && weight.rank == axes + 2 else { return nil }
  return convolve(x.unsqueeze(0)).squeeze(0)
}

private func checkRanks(_ operation: String, _ x: Tensor, _ weight: Tensor, axes: Int) {
  require(
    x.rank == axes + 2 && weight.rank == axes + 2,
    """
    \(operation): needs an input and weights with \(axes + 2) axes, batch and channels first, got \(x.summary) and \
    \(weight.summary)
    """)
}
