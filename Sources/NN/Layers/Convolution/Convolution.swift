import Autograd

/// The convolution of sequences, images or volumes with learned kernels: `Conv1d`, `Conv2d` and
/// `Conv3d`.
///
/// Sizes are one number or a list with one for each axis. Parameters, as in PyTorch: `weight`
/// [outputChannels, inputChannels / groups, kernel...], `bias` [outputChannels], both uniform in
/// ±1/sqrt(fan in) unless initialized otherwise.
public final class Convolution<Axes: SpatialAxes>: Layer {
  /// What is added before the first element along each axis; after the last it is as much, or with
  /// the padding `.same` one more where the window's span is even.
  public let padding: [Int]
  /// What the padding is made of.
  public let paddingMode: PaddingMode
  /// The window, with that padding which the operation does itself.
  let window: SlidingWindow
  /// What `pad` adds before that, for the last axis first; empty for nothing.
  let margin: [Int]
  let kernels: ConvolutionKernels<Axes>
  private let isSame: Bool

  /// A layer that states its input channels.
  ///
  /// - Parameters:
  ///   - inputChannels: The channels of the input.
  ///   - outputChannels: The channels of the result.
  ///   - kernelSize: The window's size.
  ///   - stride: The distance between neighboring windows.
  ///   - padding: What is added on either side; `.same` for as much as keeps the size.
  ///   - dilation: The distance between the elements of a window.
  ///   - groups: Channels are split into this many groups that do not see each other.
  ///   - bias: Whether a bias is added.
  ///   - paddingMode: What the padding is made of.
  public convenience init(
    _ inputChannels: Int, _ outputChannels: Int, kernelSize: Sizes,
    stride: Sizes = 1, padding: Padding = 0, dilation: Sizes = 1,
    groups: Int = 1, bias: Bool = true, paddingMode: PaddingMode = .zeros
  ) {
    self.init(
      inputs: inputChannels, outputChannels, kernelSize, stride, padding, dilation, groups, bias,
      paddingMode)
  }

  /// Without inputs a lazy layer, as `LazyConv2d` makes it.
  init(
    inputs: Int?, _ outputs: Int, _ kernelSize: Sizes, _ stride: Sizes, _ padding: Padding,
    _ dilation: Sizes, _ groups: Int, _ bias: Bool, _ paddingMode: PaddingMode
  ) {
    let stated = SlidingWindow(
      Self.title, kernel: kernelSize.sizes(Axes.count, "kernelSize"), stride: stride,
      padding: padding, dilation: dilation)
    let before = stated.padding
    // The operation does zeros itself, as many on both sides.
    let inner = paddingMode == .zeros ? before : before.map { _ in 0 }
    let outer = before.indices.reversed().flatMap {
      [before[$0] - inner[$0], before[$0] + stated.trailing[$0] - inner[$0]]
    }
    window = SlidingWindow(
      Self.title, kernel: stated.kernel, stride: stride, padding: .each(inner), dilation: dilation)
    margin = outer.allSatisfy { $0 == 0 } ? [] : outer
    self.padding = before
    self.paddingMode = paddingMode
    isSame = padding == .same
    kernels = ConvolutionKernels(
      window, inputs: inputs, outputs: outputs, groups: groups, bias: bias)
  }

  /// [outputChannels, inputChannels / groups, kernel...].
  public var weight: Parameter { kernels.weight }
  /// [outputChannels], nil for a layer without bias.
  public var bias: Parameter? { kernels.bias }
  /// The number of groups that channels are split into.
  public var groups: Int { kernels.groups }
  /// The distance between neighboring windows along each axis.
  public var stride: [Int] { window.stride }
  /// The distance between the elements of a window along each axis.
  public var dilation: [Int] { window.dilation }

  /// `weight` and `bias`.
  public var members: [Member] { kernels.members }

  /// As in `Conv2d`.
  public var name: String { Self.title }

  /// The sizes, as in `1 -> 6, kernel 5x5, padding 2x2`.
  public var details: String {
    var padded: [String] = []
    if isSame || padding.contains(where: { $0 > 0 }) {
      padded.append("padding \(isSame ? "same" : joined(padding))")
      if paddingMode != .zeros { padded.append("\(paddingMode)") }
    }
    return kernels.details(window, padding: padded)
  }

  private static var title: String { Axes.named("Conv") }

  /// - Parameter x: [batch, inputChannels, sizes...] or [inputChannels, sizes...]
  /// - Returns: [batch, outputChannels, sizes...], without `batch` for one input, each (size + padding
  ///   on both sides - dilation (kernel - 1) - 1) / stride + 1.
  public func forward(_ x: consuming Tensor) -> Tensor {
    let (weight, bias) = kernels.values(for: x)
    let convolve =
      switch Axes.count {
      case 1: conv1d
      case 2: conv2d
      default: conv3d
      }
    return convolve(
      margin.isEmpty ? x : x.pad(margin, mode: paddingMode), weight, bias,
      .each(window.stride), .each(window.padding), .each(window.dilation), groups)
  }
}

/// The convolution of sequences, [batch, channels, length].
public typealias Conv1d = Convolution<Axes1>
/// The convolution of images, [batch, channels, height, width].
public typealias Conv2d = Convolution<Axes2>
/// The convolution of volumes, [batch, channels, depth, height, width].
public typealias Conv3d = Convolution<Axes3>

/// The weight and bias of a convolution, plain or transposed, and the channels that they fit.
struct ConvolutionKernels<Axes: SpatialAxes> {
  /// [outputs, inputs / groups, kernel...], or transposed [inputs, outputs / groups, kernel...].
  let weight: Parameter
  /// [outputs].
  let bias: Parameter?
  let groups: Int
  private let outputs: Int
  private let kernel: [Int]
  private let isTransposed: Bool

  init(
    _ window: SlidingWindow, inputs: Int?, outputs: Int, groups: Int, bias: Bool,
    isTransposed: Bool = false
  ) {
    let channels = "\(inputs.map(String.init) ?? "?") -> \(outputs)"
    require(
      outputs >= 1 && inputs ?? 1 >= 1,
      "\(window.operation): needs at least 1 channel, got \(channels)")
    require(
      groups >= 1 && outputs % groups == 0 && (inputs ?? groups) % groups == 0,
      "\(window.operation): \(groups) groups do not divide the channels \(channels)")
    self.groups = groups
    self.outputs = outputs
    self.isTransposed = isTransposed
    kernel = window.kernel
    let shape = isTransposed ? [inputs, outputs / groups] : [outputs, inputs.map { $0 / groups }]
    weight = Parameter(shape: shape + kernel)
    self.bias = bias ? Parameter(biasOf: weight, outputs: outputs) : nil
  }

  var members: [Member] { membersOf(weight, bias) }

  /// How many input channels it expects; nil where the first input decides.
  var inputs: Int? {
    isTransposed ? weight.shape[0] : weight.shape[1].map { $0 * groups }
  }

  /// The sizes, and what differs from the usual.
  func details(_ window: SlidingWindow, padding: [String]) -> String {
    var parts = ["\(inputs.map(String.init) ?? "?") -> \(outputs)", "kernel \(joined(kernel))"]
    if window.stride.contains(where: { $0 != 1 }) {
      parts.append("stride \(joined(window.stride))")
    }
    parts += padding
    if window.dilation.contains(where: { $0 != 1 }) {
      parts.append("dilation \(joined(window.dilation))")
    }
    if groups != 1 { parts.append("\(groups) groups") }
    if bias == nil { parts.append("no bias") }
    return parts.joined(separator: ", ")
  }

  /// Weight and bias in the shapes that an input asks for.
  func values(for x: borrowing Tensor) -> (weight: Tensor, bias: Tensor?) {
    let axis = x.rank - Axes.count - 1
    require(axis == 0 || axis == 1, "expected \(Axes.inputs), also without batch, got \(x.shape)")
    let channels = x.size(axis)
    if let inputs { checkChannels(of: x, inputs, axis: axis) }
    require(
      channels % groups == 0,
      "\(groups) groups do not divide the \(channels) channels of \(x.shape)")
    return values(channels: channels)
  }

  /// Weight and bias for a number of input channels.
  func values(channels: Int) -> (weight: Tensor, bias: Tensor?) {
    let sizes = isTransposed ? [channels, outputs / groups] : [outputs, channels / groups]
    return (weight.value(shape: sizes + kernel), bias?.value(shape: [outputs]))
  }
}
