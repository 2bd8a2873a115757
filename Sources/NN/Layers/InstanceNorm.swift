import Autograd

/// Normalises each channel of each image (Ulyanov and others 2016): (x - mean) / sqrt(variance +
/// epsilon) * weight + bias.
///
/// In training and evaluation alike, unless it tracks statistics: then evaluation takes running ones,
/// those of the images averaged, with the unbiased variance. Parameters and buffers, as in PyTorch, if
/// there are any: `weight`, `bias`, `running_mean`, `running_var` [channels], and `num_batches_tracked`
/// [], which nothing counts up, as in PyTorch.
public final class InstanceNorm2d: Layer, ModeDependent {
  /// [channels], nil without scale and shift.
  public let weight: Parameter?
  /// [channels], nil without shift.
  public let bias: Parameter?
  /// Added to the variance.
  public let epsilon: Double
  /// The weight of a new batch in the running statistics.
  public let momentum: Double
  /// Whether the statistics of the images are used.
  public var isTraining = true
  private let stated: Int?
  private let statistics: RunningStatistics?

  /// A layer that states its channels.
  ///
  /// - Parameters:
  ///   - channels: The channels of the input.
  ///   - epsilon: Added to the variance.
  ///   - momentum: The weight of a new batch in the running statistics.
  ///   - isAffine: Whether the result is scaled and shifted.
  ///   - tracksStatistics: Whether running statistics are kept, for evaluation.
  ///   - bias: Whether the result is shifted, if it is scaled.
  public convenience init(
    _ channels: Int, epsilon: Double = 1e-5, momentum: Double = 0.1, isAffine: Bool = false,
    tracksStatistics: Bool = false, bias: Bool = true
  ) {
    self.init(channels: channels, epsilon, momentum, isAffine, tracksStatistics, bias)
  }

  /// A lazy layer: the first forward pass tells the number of channels.
  ///
  /// PyTorch's lazy layer scales, shifts and tracks statistics unless told otherwise, other than the
  /// layer that it becomes and its own documentation; this one does not.
  ///
  /// - Parameters: As for a layer that states them.
  public convenience init(
    epsilon: Double = 1e-5, momentum: Double = 0.1, isAffine: Bool = false,
    tracksStatistics: Bool = false, bias: Bool = true
  ) {
    self.init(channels: nil, epsilon, momentum, isAffine, tracksStatistics, bias)
  }

  private init(
    channels: Int?, _ epsilon: Double, _ momentum: Double, _ isAffine: Bool,
    _ tracksStatistics: Bool, _ bias: Bool
  ) {
    require(
      channels ?? 1 >= 1, "InstanceNorm2d: needs at least 1 channel, got \(channels ?? 0)")
    checkNotNegative(epsilon, "InstanceNorm2d", "epsilon")
    checkFraction(momentum, "InstanceNorm2d", "the momentum", includingOne: true)
    stated = channels
    self.epsilon = epsilon
    self.momentum = momentum
    weight = isAffine ? Parameter(shape: [channels], initializer: .ones) : nil
    self.bias = isAffine && bias ? Parameter(shape: [channels], initializer: .zeros) : nil
    statistics = tracksStatistics ? RunningStatistics(channels: channels) : nil
  }

  /// [channels], nil if no running statistics are kept.
  public var runningMean: Buffer? { statistics?.mean }
  /// [channels], nil if no running statistics are kept.
  public var runningVariance: Buffer? { statistics?.variance }

  /// Weight, bias and running statistics.
  public var members: [Member] { membersOf(weight, bias) + (statistics?.members ?? []) }

  /// The channels and what differs from the usual.
  public var details: String {
    var parts = [channels.map(String.init) ?? "?"]
    if epsilon != 1e-5 { parts.append("epsilon \(epsilon)") }
    if momentum != 0.1 { parts.append("momentum \(momentum)") }
    if weight != nil { parts.append(bias == nil ? "scale" : "scale and shift") }
    if statistics != nil { parts.append("running statistics") }
    return parts.joined(separator: ", ")
  }

  private var channels: Int? { (weight?.shape ?? runningMean?.shape ?? [stated])[0] }

  /// - Parameter x: [batch, channels, height, width] or [channels, height, width]
  /// - Returns: The same shape.
  public func forward(_ x: consuming Tensor) -> Tensor {
    if x.rank == 3 { return forward(x.unsqueeze(0)).squeeze(0) }
    require(x.rank == 4, "expected images [batch, channels, height, width], got \(x.shape)")
    let found = x.size(1)
    if let channels {
      require(found == channels, "expected \(channels) channels in dimension 1, got \(x.shape)")
    }
    let weight = weight?.value(shape: [found])
    let bias = bias?.value(shape: [found])
    if !isTraining, let statistics {
      return batchNorm(
        x, mean: statistics.mean.value(shape: [found]),
        variance: statistics.variance.value(shape: [found]), weight: weight, bias: bias,
        epsilon: epsilon)
    }
    if isTraining, let statistics {
      let images = x.stoppingGradient()
      statistics.add(
        mean: images.mean(axes: [0, 2, 3]),
        variance: images.variance(axes: [2, 3]).mean(axis: 0), share: momentum)
    }
    return instanceNorm(x, weight: weight, bias: bias, epsilon: epsilon)
  }
}

/// An instance norm that infers its channels: `LazyInstanceNorm2d()`.
public typealias LazyInstanceNorm2d = InstanceNorm2d
