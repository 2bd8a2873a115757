import Autograd

/// Normalizes each channel of each image (Ulyanov and others 2016): (x - mean) / sqrt(variance +
/// epsilon) * weight + bias.
///
/// In training and evaluation alike, unless it tracks statistics: then evaluation takes running ones,
/// those of the images averaged, with the unbiased variance. Parameters and buffers, as in PyTorch, if
/// there are any: `weight`, `bias`, `running_mean`, `running_var` [channels], and `num_batches_tracked`
/// [], which nothing counts up, as in PyTorch.
public final class InstanceNorm2d: Layer, HasMode {
  /// [channels], nil without scale and shift.
  public var weight: Parameter? { norm.weight }
  /// [channels], nil without shift.
  public var bias: Parameter? { norm.bias }
  /// Added to the variance.
  public var epsilon: Double { norm.epsilon }
  /// The weight of a new batch in the running statistics.
  public let momentum: Double
  /// Whether the statistics of the images are used.
  public var isTraining: Bool {
    get { mode[self] }
    set { mode[self] = newValue }
  }
  private var mode = Mode()
  private let norm: ChannelNorm

  /// A layer that states its channels.
  ///
  /// - Parameters:
  ///   - channels: The channels of the input.
  ///   - epsilon: Added to the variance.
  ///   - momentum: The weight of a new batch in the running statistics.
  ///   - affine: Whether the result is scaled and shifted.
  ///   - trackRunningStatistics: Whether running statistics are kept, for evaluation.
  ///   - bias: Whether the result is shifted, if it is scaled.
  public convenience init(
    _ channels: Int, epsilon: Double = 1e-5, momentum: Double = 0.1, affine: Bool = false,
    trackRunningStatistics: Bool = false, bias: Bool = true
  ) {
    self.init(channels: channels, epsilon, momentum, affine, trackRunningStatistics, bias)
  }

  /// Without channels a lazy layer, as `LazyInstanceNorm2d` makes it.
  init(
    channels: Int?, _ epsilon: Double, _ momentum: Double, _ affine: Bool,
    _ trackRunningStatistics: Bool, _ bias: Bool
  ) {
    self.momentum = momentum
    norm = ChannelNorm(
      "InstanceNorm2d", channels: channels, epsilon: epsilon, momentum: momentum,
      affine: affine, trackRunningStatistics: trackRunningStatistics, bias: bias)
  }

  /// [channels], nil if no running statistics are kept.
  public var runningMean: Buffer? { norm.statistics?.mean }
  /// [channels], nil if no running statistics are kept.
  public var runningVariance: Buffer? { norm.statistics?.variance }

  /// Weight, bias and running statistics.
  public var members: [Member] { norm.members }

  /// The channels and what differs from the usual.
  public var details: String {
    var parts = norm.details(momentum: momentum)
    if weight != nil { parts.append(bias == nil ? "scale" : "scale and shift") }
    if norm.statistics != nil { parts.append("running statistics") }
    return parts.joined(separator: ", ")
  }

  /// - Parameter x: [batch, channels, height, width] or [channels, height, width]
  /// - Returns: The same shape.
  public func forward(_ x: consuming Tensor) -> Tensor {
    if x.rank == 3 { return forward(x.unsqueeze(0)).squeeze(0) }
    require(x.rank == 4, "expected images [batch, channels, height, width], got \(x.shape)")
    let (weight, bias) = norm.parameters(for: x)
    if !isTraining, let statistics = norm.statistics {
      return norm.normalized(x, by: statistics, weight: weight, bias: bias)
    }
    if isTraining, x.count > 0, let statistics = norm.statistics {
      let images = x.stoppingGradient().widened()
      statistics.add(
        mean: images.mean(axes: [0, 2, 3]),
        variance: images.variance(axes: [2, 3]).mean(axis: 0), weight: momentum)
    }
    return instanceNorm(x, weight: weight, bias: bias, epsilon: epsilon)
  }
}
