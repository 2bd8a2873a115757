import Autograd

/// Normalizes the last axes of each example (Ba and others 2016): (x - mean) / sqrt(variance +
/// epsilon) * weight + bias.
///
/// Parameters, as in PyTorch: `weight` and `bias` in the normalized shape.
public final class LayerNorm: Layer {
  /// In the normalized shape, nil without scale and shift.
  public let weight: Parameter?
  /// In the normalized shape, nil without shift.
  public let bias: Parameter?
  /// The sizes of the axes over which statistics are taken.
  public let normalizedShape: [Int]
  /// Added to the variance.
  public let epsilon: Double

  /// A layer for inputs whose last axes have the given sizes.
  ///
  /// - Parameters:
  ///   - normalizedShape: One size, or a list for several axes.
  ///   - epsilon: Added to the variance.
  ///   - affine: Whether the result is scaled and shifted.
  ///   - bias: Whether it is shifted, if it is scaled.
  public init(
    _ normalizedShape: Sizes, epsilon: Double = 1e-5, affine: Bool = true, bias: Bool = true
  ) {
    let shape = checkedShape("LayerNorm", normalizedShape)
    checkNotNegative(epsilon, "LayerNorm", "epsilon")
    self.normalizedShape = shape
    self.epsilon = epsilon
    weight = affine ? Parameter(shape: shape, initializer: .ones) : nil
    self.bias = affine && bias ? Parameter(shape: shape, initializer: .zeros) : nil
  }

  /// `weight` and `bias`.
  public var members: [Member] { membersOf(weight, bias) }

  /// The normalized shape and what differs from the usual.
  public var details: String {
    joined(normalizedShape) + deviations(epsilon: epsilon, weight, bias)
  }

  /// - Parameter x: [..., normalizedShape...]
  /// - Returns: The same shape.
  public func forward(_ x: consuming Tensor) -> Tensor {
    layerNorm(
      x, normalizedShape: normalizedShape, weight: weight?.value(shape: normalizedShape),
      bias: bias?.value(shape: normalizedShape), epsilon: epsilon)
  }
}

/// Divides by the root mean square over the last axes (Zhang and Sennrich 2019): x / sqrt(mean(x²) +
/// epsilon) * weight.
///
/// Parameter, as in PyTorch: `weight` in the normalized shape.
public final class RMSNorm: Layer {
  /// In the normalized shape, nil without scale.
  public let weight: Parameter?
  /// The sizes of the axes over which the mean is taken.
  public let normalizedShape: [Int]
  /// Added to the mean square; nil for the machine epsilon of the type computed in (float32 for halves).
  public let epsilon: Double?

  /// A layer for inputs whose last axes have the given sizes.
  ///
  /// - Parameters:
  ///   - normalizedShape: One size, or a list for several axes.
  ///   - epsilon: Added to the mean square; nil for the machine epsilon of the type computed in (float32 for halves).
  ///   - affine: Whether the result is scaled.
  public init(_ normalizedShape: Sizes, epsilon: Double? = nil, affine: Bool = true) {
    let shape = checkedShape("RMSNorm", normalizedShape)
    checkNotNegative(epsilon ?? 0, "RMSNorm", "epsilon")
    self.normalizedShape = shape
    self.epsilon = epsilon
    weight = affine ? Parameter(shape: shape, initializer: .ones) : nil
  }

  /// `weight`.
  public var members: [Member] { membersOf(weight, nil) }

  /// The normalized shape and what differs from the usual.
  public var details: String {
    joined(normalizedShape) + (epsilon.map { ", epsilon \($0)" } ?? "")
      + (weight == nil ? ", no scale" : "")
  }

  /// - Parameter x: [..., normalizedShape...]
  /// - Returns: The same shape.
  public func forward(_ x: consuming Tensor) -> Tensor {
    rmsNorm(
      x, normalizedShape: normalizedShape, weight: weight?.value(shape: normalizedShape),
      epsilon: epsilon)
  }
}

/// Normalizes groups of channels of each example (Wu and He 2018).
///
/// Parameters, as in PyTorch: `weight` and `bias` [channels].
public final class GroupNorm: Layer {
  /// [channels], nil without scale and shift.
  public let weight: Parameter?
  /// [channels], nil without shift.
  public let bias: Parameter?
  /// How many groups the channels are split into.
  public let groups: Int
  /// The channels of the input.
  public let channels: Int
  /// Added to the variance.
  public let epsilon: Double

  /// - Parameters:
  ///   - groups: How many groups the channels are split into.
  ///   - channels: The channels of the input.
  ///   - epsilon: Added to the variance.
  ///   - affine: Whether the result is scaled and shifted.
  ///   - bias: Whether it is shifted, if it is scaled.
  public init(
    _ groups: Int, _ channels: Int, epsilon: Double = 1e-5, affine: Bool = true, bias: Bool = true
  ) {
    require(
      groups >= 1 && channels >= 1 && channels % groups == 0,
      "GroupNorm: \(groups) groups do not divide the \(channels) channels")
    checkNotNegative(epsilon, "GroupNorm", "epsilon")
    self.groups = groups
    self.channels = channels
    self.epsilon = epsilon
    weight = affine ? Parameter(shape: [channels], initializer: .ones) : nil
    self.bias = affine && bias ? Parameter(shape: [channels], initializer: .zeros) : nil
  }

  /// `weight` and `bias`.
  public var members: [Member] { membersOf(weight, bias) }

  /// Groups and channels and what differs from the usual.
  public var details: String {
    "\(groups) groups of \(channels / groups)" + deviations(epsilon: epsilon, weight, bias)
  }

  /// - Parameter x: [batch, channels, ...]
  /// - Returns: The same shape.
  public func forward(_ x: consuming Tensor) -> Tensor {
    checkChannels(of: x, channels)
    return groupNorm(
      x, groups: groups, weight: weight?.value(shape: [channels]),
      bias: bias?.value(shape: [channels]), epsilon: epsilon)
  }
}

/// How a norm whose statistics are always taken anew differs from the usual.
private func deviations(epsilon: Double, _ weight: Parameter?, _ bias: Parameter?) -> String {
  (epsilon == 1e-5 ? "" : ", epsilon \(epsilon)")
    + (weight == nil ? ", no scale and shift" : bias == nil ? ", no bias" : "")
}

private func checkedShape(_ name: String, _ sizes: Sizes) -> [Int] {
  let shape = sizes.stated
  require(
    !shape.isEmpty && shape.allSatisfy { $0 >= 1 },
    "\(name): the normalized shape needs sizes of at least 1, got \(shape)")
  return shape
}
