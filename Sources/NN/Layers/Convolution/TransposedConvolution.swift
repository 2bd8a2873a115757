import Autograd

/// The transpose of a convolution with learned kernels, which makes sequences or images larger:
/// `ConvTranspose1d` and `ConvTranspose2d`.
///
/// Sizes are one number or a list with one for each axis. Parameters, as in PyTorch: `weight`
/// [inputChannels, outputChannels / groups, kernel...], `bias` [outputChannels], both uniform in
/// ±1/sqrt(outputChannels / groups * kernel...), PyTorch's fan in for them, unless initialized
/// otherwise.
public final class TransposedConvolution<Axes: TransposableAxes>: Layer {
  /// What is added after the result along each axis.
  public let outputPadding: [Int]
  private let window: SlidingWindow
  private let kernels: ConvolutionKernels<Axes>

  /// A layer that states its input channels.
  ///
  /// - Parameters:
  ///   - inputChannels: The channels of the input.
  ///   - outputChannels: The channels of the result.
  ///   - kernelSize: The window's size.
  ///   - stride: The distance between the positions where neighboring elements are put.
  ///   - padding: What is taken off on either side of the result.
  ///   - outputPadding: What is added after the last element; below the stride or the dilation.
  ///   - dilation: The distance between the elements of a window.
  ///   - groups: Channels are split into this many groups that do not see each other.
  ///   - bias: Whether a bias is added.
  public convenience init(
    _ inputChannels: Int, _ outputChannels: Int, kernelSize: Sizes, stride: Sizes = 1,
    padding: Sizes = 0, outputPadding: Sizes = 0, dilation: Sizes = 1, groups: Int = 1,
    bias: Bool = true
  ) {
    self.init(
      inputs: inputChannels, outputChannels, kernelSize, stride, padding, outputPadding,
      dilation, groups, bias)
  }

  /// Without inputs a lazy layer, as `LazyConvTranspose2d` makes it.
  init(
    inputs: Int?, _ outputs: Int, _ kernelSize: Sizes, _ stride: Sizes, _ padding: Sizes,
    _ outputPadding: Sizes, _ dilation: Sizes, _ groups: Int, _ bias: Bool
  ) {
    window = SlidingWindow(
      Self.title, kernel: kernelSize.sizes(Axes.count, "kernelSize"), stride: stride,
      padding: .sizes(padding), dilation: dilation)
    self.outputPadding = window.checked(outputPadding: outputPadding)
    kernels = ConvolutionKernels(
      window, inputs: inputs, outputs: outputs, groups: groups, bias: bias, isTransposed: true)
  }

  /// [inputChannels, outputChannels / groups, kernel...].
  public var weight: Parameter { kernels.weight }
  /// [outputChannels], nil for a layer without bias.
  public var bias: Parameter? { kernels.bias }
  /// The number of groups that channels are split into.
  public var groups: Int { kernels.groups }
  /// The distance between the positions where neighboring elements are put, along each axis.
  public var stride: [Int] { window.stride }
  /// What is taken off on either side of the result along each axis.
  public var padding: [Int] { window.padding }
  /// The distance between the elements of a window along each axis.
  public var dilation: [Int] { window.dilation }

  /// `weight` and `bias`.
  public var members: [Member] { kernels.members }

  /// As in `ConvTranspose2d`.
  public var name: String { Self.title }

  /// The sizes, as in `6 -> 1, kernel 4x4, stride 2x2, padding 1x1`.
  public var details: String {
    let sizes = [("padding", padding), ("output padding", outputPadding)]
    return kernels.details(
      window,
      padding: sizes.filter { $0.1.contains { $0 > 0 } }.map { "\($0) \(joined($1))" })
  }

  private static var title: String { Axes.named("ConvTranspose") }

  /// - Parameter x: [batch, inputChannels, sizes...] or [inputChannels, sizes...]
  /// - Returns: [batch, outputChannels, sizes...], without `batch` for one input, each (size - 1)
  ///   stride - 2 padding + dilation (kernel - 1) + outputPadding + 1.
  public func forward(_ x: consuming Tensor) -> Tensor {
    let (weight, bias) = kernels.values(for: x)
    let convolve = Axes.count == 1 ? convTranspose1d : convTranspose2d
    return convolve(
      x, weight, bias, .each(stride), .each(padding), .each(outputPadding), .each(dilation), groups)
  }
}

/// The transpose of a convolution of sequences, [batch, channels, length].
public typealias ConvTranspose1d = TransposedConvolution<Axes1>
/// The transpose of a convolution of images, [batch, channels, height, width].
public typealias ConvTranspose2d = TransposedConvolution<Axes2>
