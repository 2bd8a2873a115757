import Autograd

/// The two-dimensional convolution of images with learned kernels.
///
/// Parameters, as in PyTorch: `weight` [outputChannels, inputChannels / groups, height, width],
/// `bias` [outputChannels], both uniform in ±1/sqrt(fan in) unless initialized otherwise.
public final class Conv2d: Layer {
  /// [outputChannels, inputChannels / groups, kernelHeight, kernelWidth].
  public let weight: Parameter
  /// [outputChannels], nil for a layer without bias.
  public let bias: Parameter?
  /// The number of groups that channels are split into.
  public let groups: Int

  /// The distance between neighbouring windows along height and width.
  public var stride: [Int] { window.stride }
  /// The zeros added on either side along height and width.
  public var padding: [Int] { window.padding }
  /// The distance between the elements of a window along height and width.
  public var dilation: [Int] { window.dilation }

  let window: SlidingWindow
  private var kernel: [Int] { window.kernel }

  /// A layer that states its input channels.
  ///
  /// - Parameters:
  ///   - inputChannels: The channels of the input.
  ///   - outputChannels: The channels of the result.
  ///   - kernelSize: The window's size: one number, or [height, width]; likewise the following.
  ///   - stride: The distance between neighbouring windows.
  ///   - padding: Zeros added on either side.
  ///   - dilation: The distance between the elements of a window.
  ///   - groups: Channels are split into this many groups that do not see each other.
  ///   - bias: Whether a bias is added.
  public convenience init(
    _ inputChannels: Int, _ outputChannels: Int, kernelSize: any SpatialSizes,
    stride: any SpatialSizes = 1, padding: any SpatialSizes = 0, dilation: any SpatialSizes = 1,
    groups: Int = 1, bias: Bool = true
  ) {
    self.init(
      inputs: inputChannels, outputs: outputChannels, kernelSize, stride, padding, dilation, groups,
      bias)
  }

  /// A lazy layer: the first forward pass tells the number of input channels.
  ///
  /// - Parameters: As for a layer that states them.
  public convenience init(
    _ outputChannels: Int, kernelSize: any SpatialSizes, stride: any SpatialSizes = 1,
    padding: any SpatialSizes = 0, dilation: any SpatialSizes = 1, groups: Int = 1,
    bias: Bool = true
  ) {
    self.init(
      inputs: nil, outputs: outputChannels, kernelSize, stride, padding, dilation, groups, bias)
  }

  private init(
    inputs: Int?, outputs: Int, _ kernelSize: any SpatialSizes, _ stride: any SpatialSizes,
    _ padding: any SpatialSizes, _ dilation: any SpatialSizes, _ groups: Int, _ bias: Bool
  ) {
    let window = SlidingWindow(
      "Conv2d", kernel: kernelSize.sizes(2, "kernelSize"), stride: stride, padding: padding,
      dilation: dilation)
    require(
      outputs >= 1 && inputs ?? 1 >= 1,
      "Conv2d: needs at least 1 channel, got \(inputs.map(String.init) ?? "?") -> \(outputs)")
    require(
      groups >= 1 && outputs % groups == 0 && (inputs ?? groups) % groups == 0,
      """
      Conv2d: \(groups) groups do not divide the channels \(inputs.map(String.init) ?? "?") -> \
      \(outputs)
      """)
    self.window = window
    self.groups = groups
    weight = Parameter(shape: [outputs, inputs.map { $0 / groups }] + window.kernel)
    self.bias = bias ? Parameter(biasOf: weight) : nil
  }

  /// `weight` and `bias`.
  public var members: [Member] {
    [Member("weight", weight)] + (bias.map { [Member("bias", $0)] } ?? [])
  }

  /// The sizes, as in `1 -> 6, kernel 5x5, padding 2x2`.
  public var details: String {
    var parts = ["\(inputChannels.map(String.init) ?? "?") -> \(outputChannels)"]
    parts.append("kernel \(joined(kernel))")
    if stride != [1, 1] { parts.append("stride \(joined(stride))") }
    if padding != [0, 0] { parts.append("padding \(joined(padding))") }
    if dilation != [1, 1] { parts.append("dilation \(joined(dilation))") }
    if groups != 1 { parts.append("\(groups) groups") }
    if bias == nil { parts.append("no bias") }
    return parts.joined(separator: ", ")
  }

  /// - Parameter x: [batch, inputChannels, height, width]
  /// - Returns: [batch, outputChannels, outputHeight, outputWidth]
  public func forward(_ x: consuming Tensor) -> Tensor {
    let (weight, bias) = parameters(for: x)
    return conv2d(
      x, weight, bias: bias, stride: stride, padding: padding, dilation: dilation, groups: groups)
  }

  /// Weight and bias in the shapes that an input asks for.
  func parameters(for x: borrowing Tensor) -> (weight: Tensor, bias: Tensor?) {
    require(x.rank == 4, "expected images [batch, channels, height, width], got \(x.shape)")
    let channels = x.size(1)
    if let expected = inputChannels {
      require(channels == expected, "expected \(expected) channels in dimension 1, got \(x.shape)")
    }
    require(
      channels % groups == 0,
      "\(groups) groups do not divide the \(channels) channels of \(x.shape)")
    return (
      weight.value(shape: [outputChannels, channels / groups] + kernel),
      bias?.value(shape: [outputChannels])
    )
  }

  private var outputChannels: Int { weight.shape[0] ?? 0 }
  private var inputChannels: Int? { weight.shape[1].map { $0 * groups } }
}

/// A convolution that infers the number of its input channels: `LazyConv2d(6, kernelSize: 5)`.
public typealias LazyConv2d = Conv2d
