import Autograd

/// A layer that normalises each channel over the batch (Ioffe and Szegedy 2015): `BatchNorm1d`,
/// `BatchNorm2d` and `BatchNorm3d`.
///
/// y = (x - mean) / sqrt(variance + epsilon) * weight + bias. Training takes the statistics of the
/// batch and keeps running ones, with the unbiased variance; evaluation takes the running ones.
/// Parameters and buffers, as in PyTorch: `weight`, `bias`, `running_mean`, `running_var`
/// [channels], and `num_batches_tracked` [].
public final class BatchNorm<Axes: SpatialAxes>: Layer, ModeDependent {
  /// [channels], nil without scale and shift.
  public let weight: Parameter?
  /// [channels], nil without scale and shift.
  public let bias: Parameter?
  /// [channels], nil if no running statistics are kept.
  public let runningMean: Buffer?
  /// [channels], nil if no running statistics are kept.
  public let runningVariance: Buffer?
  /// The number of batches seen in training.
  public let batchCount: Buffer?
  /// Added to the variance.
  public let epsilon: Double
  /// The weight of a new batch in the running statistics; nil gives all batches the same.
  public let momentum: Double?
  /// Whether the statistics of the batch are used.
  public var isTraining = true
  private let stated: Int?

  /// A layer that states its channels.
  ///
  /// - Parameters:
  ///   - channels: The channels of the input.
  ///   - epsilon: Added to the variance.
  ///   - momentum: The weight of a new batch in the running statistics; nil gives all the same.
  ///   - isAffine: Whether the result is scaled and shifted.
  ///   - tracksStatistics: Whether running statistics are kept; else evaluation, too, uses the batch's.
  public convenience init(
    _ channels: Int, epsilon: Double = 1e-5, momentum: Double? = 0.1, isAffine: Bool = true,
    tracksStatistics: Bool = true
  ) {
    self.init(channels: channels, epsilon, momentum, isAffine, tracksStatistics)
  }

  /// A lazy layer: the first forward pass tells the number of channels.
  ///
  /// - Parameters: As for a layer that states them.
  public convenience init(
    epsilon: Double = 1e-5, momentum: Double? = 0.1, isAffine: Bool = true,
    tracksStatistics: Bool = true
  ) {
    self.init(channels: nil, epsilon, momentum, isAffine, tracksStatistics)
  }

  private init(
    channels: Int?, _ epsilon: Double, _ momentum: Double?, _ isAffine: Bool,
    _ tracksStatistics: Bool
  ) {
    let name = "BatchNorm\(Axes.count)d"
    require(channels ?? 1 >= 1, "\(name): needs at least 1 channel, got \(channels ?? 0)")
    require(
      momentum.map { $0 >= 0 && $0 <= 1 } ?? true,
      "\(name): the momentum must be between 0 and 1, got \(momentum ?? 0)")
    checkNotNegative(epsilon, name, "epsilon")
    self.epsilon = epsilon
    self.momentum = momentum
    stated = channels
    weight = isAffine ? Parameter(shape: [channels], initializer: .ones) : nil
    bias = isAffine ? Parameter(shape: [channels], initializer: .zeros) : nil
    runningMean = tracksStatistics ? Buffer(shape: [channels], initial: 0) : nil
    runningVariance = tracksStatistics ? Buffer(shape: [channels], initial: 1) : nil
    batchCount = tracksStatistics ? Buffer(shape: [], initial: 0, dtype: .int64) : nil
  }

  /// Weight, bias and running statistics.
  public var members: [Member] {
    let parameters = [("weight", weight), ("bias", bias)]
    let buffers = [
      ("running_mean", runningMean), ("running_var", runningVariance),
      ("num_batches_tracked", batchCount),
    ]
    return parameters.compactMap { name, parameter in parameter.map { Member(name, $0) } }
      + buffers.compactMap { name, buffer in buffer.map { Member(name, $0) } }
  }

  /// As in `BatchNorm2d`.
  public var name: String { "BatchNorm\(Axes.count)d" }

  /// The channels and what differs from the usual.
  public var details: String {
    var parts = [channels.map(String.init) ?? "?"]
    if epsilon != 1e-5 { parts.append("epsilon \(epsilon)") }
    if momentum != 0.1 { parts.append("momentum \(momentum.map { "\($0)" } ?? "none")") }
    if weight == nil { parts.append("no scale and shift") }
    if runningMean == nil { parts.append("no running statistics") }
    return parts.joined(separator: ", ")
  }

  private var channels: Int? { (weight?.shape ?? runningMean?.shape ?? [stated])[0] }

  /// - Parameter x: [batch, channels, sizes...], for `BatchNorm1d` also [batch, channels]
  /// - Returns: The same shape.
  public func forward(_ x: consuming Tensor) -> Tensor {
    let takesVectors = Axes.count == 1
    require(
      x.rank == Axes.count + 2 || takesVectors && x.rank == 2,
      "expected \(takesVectors ? "[batch, channels] or [batch, channels, length]" : Axes.inputs), got \(x.shape)"
    )
    let found = x.size(1)
    if let channels {
      require(found == channels, "expected \(channels) channels in dimension 1, got \(x.shape)")
    }
    let weight = weight?.value(shape: [found])
    let bias = bias?.value(shape: [found])
    if !isTraining, let runningMean, let runningVariance {
      return batchNorm(
        x, mean: runningMean.value(shape: [found]), variance: runningVariance.value(shape: [found]),
        weight: weight, bias: bias, epsilon: epsilon)
    }
    let result = batchNormWithStatistics(x, weight: weight, bias: bias, epsilon: epsilon)
    if isTraining { track(mean: result.mean, variance: result.variance) }
    return result.y
  }

  /// Takes the statistics of a batch into the running ones.
  private func track(mean: Tensor, variance: Tensor) {
    guard let runningMean, let runningVariance, let batchCount else { return }
    let count = batchCount.value.item() + 1
    batchCount.value = Tensor(scalars: [Int64(count)], shape: [])
    let share = momentum ?? 1 / count
    for (running, new) in [(runningMean, mean), (runningVariance, variance)] {
      running.value = running.value(shape: new.shape) * (1 - share) + new * share
    }
  }
}

/// The batch norm of vectors or sequences, [batch, channels] or [batch, channels, length].
public typealias BatchNorm1d = BatchNorm<Axes1>
/// The batch norm of images, [batch, channels, height, width].
public typealias BatchNorm2d = BatchNorm<Axes2>
/// The batch norm of volumes, [batch, channels, depth, height, width].
public typealias BatchNorm3d = BatchNorm<Axes3>

/// A batch norm that infers its channels: `LazyBatchNorm1d()`.
public typealias LazyBatchNorm1d = BatchNorm1d
/// A batch norm that infers its channels: `LazyBatchNorm2d()`.
public typealias LazyBatchNorm2d = BatchNorm2d
/// A batch norm that infers its channels: `LazyBatchNorm3d()`.
public typealias LazyBatchNorm3d = BatchNorm3d
