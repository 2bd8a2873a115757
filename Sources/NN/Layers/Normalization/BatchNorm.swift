import Autograd

/// A layer that normalizes each channel over the batch (Ioffe and Szegedy 2015): `BatchNorm1d`,
/// `BatchNorm2d` and `BatchNorm3d`.
///
/// y = (x - mean) / sqrt(variance + epsilon) * weight + bias. Training takes the statistics of the
/// batch and keeps running ones, with the unbiased variance; evaluation takes the running ones. Running
/// statistics stay float32 in a model of 16 bits, and an empty batch leaves them as they are.
/// Parameters and buffers, as in PyTorch: `weight`, `bias`, `running_mean`, `running_var`
/// [channels], and `num_batches_tracked` [].
public final class BatchNorm<Axes: SpatialAxes>: Layer, HasMode {
  /// [channels], nil without scale and shift.
  public var weight: Parameter? { norm.weight }
  /// [channels], nil without shift.
  public var bias: Parameter? { norm.bias }
  /// Added to the variance.
  public var epsilon: Double { norm.epsilon }
  /// The weight of a new batch in the running statistics; nil gives all batches the same.
  public let momentum: Double?
  /// Whether the statistics of the batch are used.
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
  ///   - momentum: The weight of a new batch in the running statistics; nil gives all the same.
  ///   - affine: Whether the result is scaled and shifted.
  ///   - trackRunningStatistics: Whether running statistics are kept; else evaluation, too, uses the
  ///     batch's.
  ///   - bias: Whether the result is shifted, if it is scaled.
  public convenience init(
    _ channels: Int, epsilon: Double = 1e-5, momentum: Double? = 0.1, affine: Bool = true,
    trackRunningStatistics: Bool = true, bias: Bool = true
  ) {
    self.init(channels: channels, epsilon, momentum, affine, trackRunningStatistics, bias)
  }

  /// Without channels a lazy layer, as `LazyBatchNorm2d` makes it.
  init(
    channels: Int?, _ epsilon: Double, _ momentum: Double?, _ affine: Bool,
    _ trackRunningStatistics: Bool, _ bias: Bool
  ) {
    self.momentum = momentum
    norm = ChannelNorm(
      "BatchNorm\(Axes.count)d", channels: channels, epsilon: epsilon, momentum: momentum,
      affine: affine, trackRunningStatistics: trackRunningStatistics, bias: bias)
  }

  /// [channels], nil if no running statistics are kept.
  public var runningMean: Buffer? { norm.statistics?.mean }
  /// [channels], nil if no running statistics are kept.
  public var runningVariance: Buffer? { norm.statistics?.variance }
  /// The number of batches seen in training.
  public var batchCount: Buffer? { norm.statistics?.batchCount }

  /// Weight, bias and running statistics.
  public var members: [Member] { norm.members }

  /// As in `BatchNorm2d`.
  public var name: String { "BatchNorm\(Axes.count)d" }

  /// The channels and what differs from the usual.
  public var details: String {
    var parts = norm.details(momentum: momentum)
    if weight == nil || bias == nil {
      parts.append(weight == nil ? "no scale and shift" : "no bias")
    }
    if norm.statistics == nil { parts.append("no running statistics") }
    return parts.joined(separator: ", ")
  }

  /// - Parameter x: [batch, channels, sizes...], for `BatchNorm1d` also [batch, channels]
  /// - Returns: The same shape.
  public func forward(_ x: consuming Tensor) -> Tensor {
    let takesVectors = Axes.count == 1
    require(
      x.rank == Axes.count + 2 || takesVectors && x.rank == 2,
      "expected \(takesVectors ? "[batch, channels] or [batch, channels, length]" : Axes.inputs), got \(x.shape)"
    )
    let (weight, bias) = norm.parameters(for: x)
    if !isTraining, let statistics = norm.statistics {
      return norm.normalized(x, by: statistics, weight: weight, bias: bias)
    }
    let result = batchNormWithStatistics(x, weight: weight, bias: bias, epsilon: epsilon)
    if x.count > 0 { update(result.mean, result.variance) }
    return result.y
  }

  /// The result of the layer and of those that a fused operation has after it; nil where it cannot run as one.
  func fused(_ x: Tensor, _ fused: NormActivationPool) -> Tensor? {
    let (weight, bias) = norm.parameters(for: x)
    if !isTraining, let statistics = norm.statistics {
      let channels = [x.size(1)]
      return fused(
        x, mean: statistics.mean.value(shape: channels),
        variance: statistics.variance.value(shape: channels), weight: weight, bias: bias,
        epsilon: epsilon)
    }
    guard let result = fused(x, weight: weight, bias: bias, epsilon: epsilon) else { return nil }
    update(result.mean, result.variance)
    return result.y
  }

  /// Blends the statistics of a batch into the running ones, in training.
  private func update(_ mean: Tensor, _ variance: Tensor) {
    guard isTraining, let statistics = norm.statistics else { return }
    // A file may state any count.
    let count = min(max(0, statistics.batchCount.value.scalars(as: Int.self)[0]), .max - 1) + 1
    statistics.batchCount.value = Tensor(scalars: [count], shape: [])
    statistics.add(mean: mean, variance: variance, weight: momentum ?? 1 / Double(count))
  }
}

/// The batch norm of vectors or sequences, [batch, channels] or [batch, channels, length].
public typealias BatchNorm1d = BatchNorm<Axes1>
/// The batch norm of images, [batch, channels, height, width].
public typealias BatchNorm2d = BatchNorm<Axes2>
/// The batch norm of volumes, [batch, channels, depth, height, width].
public typealias BatchNorm3d = BatchNorm<Axes3>
