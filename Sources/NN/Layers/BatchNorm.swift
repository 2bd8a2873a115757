import Autograd

/// A layer that normalises each channel over the batch (Ioffe and Szegedy 2015).
///
/// y = (x - mean) / sqrt(variance + epsilon) * weight + bias. Training takes the statistics of the
/// batch and keeps running ones, with the unbiased variance; evaluation takes the running ones.
/// Parameters and buffers, as in PyTorch: `weight`, `bias`, `running_mean`, `running_var`
/// [channels], and `num_batches_tracked` [].
public protocol BatchNormalization: Layer, ModeDependent {
  /// Parameters, running statistics and options.
  var state: BatchNormState { get }
  /// The ranks of inputs that the layer takes, and how to say it.
  static var inputs: (ranks: ClosedRange<Int>, names: String) { get }
}

/// What batch norms of any number of axes hold.
public struct BatchNormState {
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
  /// [channels] or [nil].
  let shape: [Int?]

  init(
    _ name: String, _ channels: Int?, _ epsilon: Double, _ momentum: Double?, _ isAffine: Bool,
    _ tracksStatistics: Bool
  ) {
    require(channels ?? 1 >= 1, "\(name): needs at least 1 channel, got \(channels ?? 0)")
    require(
      epsilon >= 0 && (momentum.map { $0 >= 0 && $0 <= 1 } ?? true),
      """
      \(name): epsilon must not be negative and the momentum must be between 0 and 1, got \
      \(epsilon) and \(momentum ?? 0)
      """)
    self.epsilon = epsilon
    self.momentum = momentum
    shape = [channels]
    weight = isAffine ? Parameter(shape: [channels], initializer: .ones) : nil
    bias = isAffine ? Parameter(shape: [channels], initializer: .zeros) : nil
    runningMean = tracksStatistics ? Buffer(shape: [channels], initial: 0) : nil
    runningVariance = tracksStatistics ? Buffer(shape: [channels], initial: 1) : nil
    batchCount = tracksStatistics ? Buffer(shape: [], initial: 0, dtype: .int64) : nil
  }

  /// The channels, if they are known.
  var channels: Int? { (weight?.shape ?? runningMean?.shape ?? shape)[0] }

  /// Takes the statistics of a batch into the running ones.
  func track(mean: Tensor, variance: Tensor) {
    guard let runningMean, let runningVariance, let batchCount else { return }
    let count = batchCount.value.item() + 1
    batchCount.value = Tensor(scalars: [Int64(count)], shape: [])
    let share = momentum ?? 1 / count
    for (running, new) in [(runningMean, mean), (runningVariance, variance)] {
      running.value = running.value(shape: new.shape) * (1 - share) + new * share
    }
  }
}

extension BatchNormalization {
  /// Weight, bias and running statistics.
  public var members: [Member] {
    let parameters = [("weight", state.weight), ("bias", state.bias)]
    let buffers = [
      ("running_mean", state.runningMean), ("running_var", state.runningVariance),
      ("num_batches_tracked", state.batchCount),
    ]
    return parameters.compactMap { name, parameter in parameter.map { Member(name, $0) } }
      + buffers.compactMap { name, buffer in buffer.map { Member(name, $0) } }
  }

  /// The channels and what differs from the usual.
  public var details: String {
    var parts = [state.channels.map(String.init) ?? "?"]
    if state.epsilon != 1e-5 { parts.append("epsilon \(state.epsilon)") }
    if state.momentum != 0.1 {
      parts.append("momentum \(state.momentum.map { "\($0)" } ?? "none")")
    }
    if state.weight == nil { parts.append("no scale and shift") }
    if state.runningMean == nil { parts.append("no running statistics") }
    return parts.joined(separator: ", ")
  }

  /// - Parameter x: [batch, channels, ...]
  /// - Returns: The same shape.
  public func forward(_ x: consuming Tensor) -> Tensor {
    require(
      Self.inputs.ranks.contains(x.rank), "expected \(Self.inputs.names), got \(x.shape)")
    let channels = x.size(1)
    if let expected = state.channels {
      require(channels == expected, "expected \(expected) channels in dimension 1, got \(x.shape)")
    }
    let weight = state.weight?.value(shape: [channels])
    let bias = state.bias?.value(shape: [channels])
    if !isTraining, let mean = state.runningMean, let variance = state.runningVariance {
      return batchNorm(
        x, mean: mean.value(shape: [channels]), variance: variance.value(shape: [channels]),
        weight: weight, bias: bias, epsilon: state.epsilon)
    }
    let result = batchNormWithStatistics(x, weight: weight, bias: bias, epsilon: state.epsilon)
    if isTraining { state.track(mean: result.mean, variance: result.variance) }
    return result.y
  }
}

/// The batch norm of vectors or sequences, [batch, channels] or [batch, channels, length].
public final class BatchNorm1d: BatchNormalization {
  /// Parameters, running statistics and options.
  public let state: BatchNormState
  /// Whether the statistics of the batch are used.
  public var isTraining = true

  /// The inputs that the layer takes.
  public static let inputs = (ranks: 2...3, names: "[batch, channels] or [batch, channels, length]")

  /// A layer that states its channels.
  ///
  /// - Parameters:
  ///   - channels: The channels of the input.
  ///   - epsilon: Added to the variance.
  ///   - momentum: The weight of a new batch in the running statistics; nil gives all the same.
  ///   - isAffine: Whether the result is scaled and shifted.
  ///   - tracksStatistics: Whether running statistics are kept; else evaluation, too, uses the batch's.
  public init(
    _ channels: Int, epsilon: Double = 1e-5, momentum: Double? = 0.1, isAffine: Bool = true,
    tracksStatistics: Bool = true
  ) {
    state = BatchNormState(
      "BatchNorm1d", channels, epsilon, momentum, isAffine, tracksStatistics)
  }

  /// A lazy layer: the first forward pass tells the number of channels.
  ///
  /// - Parameters: As for a layer that states them.
  public init(
    epsilon: Double = 1e-5, momentum: Double? = 0.1, isAffine: Bool = true,
    tracksStatistics: Bool = true
  ) {
    state = BatchNormState("BatchNorm1d", nil, epsilon, momentum, isAffine, tracksStatistics)
  }
}

/// A batch norm that infers its channels: `LazyBatchNorm1d()`.
public typealias LazyBatchNorm1d = BatchNorm1d

/// The batch norm of images, [batch, channels, height, width].
public final class BatchNorm2d: BatchNormalization {
  /// Parameters, running statistics and options.
  public let state: BatchNormState
  /// Whether the statistics of the batch are used.
  public var isTraining = true

  /// The inputs that the layer takes.
  public static let inputs = (ranks: 4...4, names: "images [batch, channels, height, width]")

  /// A layer that states its channels.
  ///
  /// - Parameters:
  ///   - channels: The channels of the input.
  ///   - epsilon: Added to the variance.
  ///   - momentum: The weight of a new batch in the running statistics; nil gives all the same.
  ///   - isAffine: Whether the result is scaled and shifted.
  ///   - tracksStatistics: Whether running statistics are kept; else evaluation, too, uses the batch's.
  public init(
    _ channels: Int, epsilon: Double = 1e-5, momentum: Double? = 0.1, isAffine: Bool = true,
    tracksStatistics: Bool = true
  ) {
    state = BatchNormState(
      "BatchNorm2d", channels, epsilon, momentum, isAffine, tracksStatistics)
  }

  /// A lazy layer: the first forward pass tells the number of channels.
  ///
  /// - Parameters: As for a layer that states them.
  public init(
    epsilon: Double = 1e-5, momentum: Double? = 0.1, isAffine: Bool = true,
    tracksStatistics: Bool = true
  ) {
    state = BatchNormState("BatchNorm2d", nil, epsilon, momentum, isAffine, tracksStatistics)
  }
}

/// A batch norm that infers its channels: `LazyBatchNorm2d()`.
public typealias LazyBatchNorm2d = BatchNorm2d

/// The batch norm of volumes, [batch, channels, depth, height, width].
public final class BatchNorm3d: BatchNormalization {
  /// Parameters, running statistics and options.
  public let state: BatchNormState
  /// Whether the statistics of the batch are used.
  public var isTraining = true

  /// The inputs that the layer takes.
  public static let inputs = (
    ranks: 5...5, names: "volumes [batch, channels, depth, height, width]"
  )

  /// A layer that states its channels.
  ///
  /// - Parameters:
  ///   - channels: The channels of the input.
  ///   - epsilon: Added to the variance.
  ///   - momentum: The weight of a new batch in the running statistics; nil gives all the same.
  ///   - isAffine: Whether the result is scaled and shifted.
  ///   - tracksStatistics: Whether running statistics are kept; else evaluation, too, uses the batch's.
  public init(
    _ channels: Int, epsilon: Double = 1e-5, momentum: Double? = 0.1, isAffine: Bool = true,
    tracksStatistics: Bool = true
  ) {
    state = BatchNormState(
      "BatchNorm3d", channels, epsilon, momentum, isAffine, tracksStatistics)
  }

  /// A lazy layer: the first forward pass tells the number of channels.
  ///
  /// - Parameters: As for a layer that states them.
  public init(
    epsilon: Double = 1e-5, momentum: Double? = 0.1, isAffine: Bool = true,
    tracksStatistics: Bool = true
  ) {
    state = BatchNormState("BatchNorm3d", nil, epsilon, momentum, isAffine, tracksStatistics)
  }
}

/// A batch norm that infers its channels: `LazyBatchNorm3d()`.
public typealias LazyBatchNorm3d = BatchNorm3d
