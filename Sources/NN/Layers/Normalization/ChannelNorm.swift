import Autograd

/// What norms of channels share, those over the batch and those of each image: scale, shift and running
/// statistics (each optional) under PyTorch's names, and a number of channels that may be inferred from
/// the first input.
struct ChannelNorm {
  /// [channels], nil without scale and shift.
  let weight: Parameter?
  /// [channels], nil without shift.
  let bias: Parameter?
  let statistics: RunningStatistics?
  let epsilon: Double
  private let stated: Int?

  init(
    _ name: String, channels: Int?, epsilon: Double, momentum: Double?, affine: Bool,
    trackRunningStatistics: Bool, bias: Bool
  ) {
    require(channels ?? 1 >= 1, "\(name): needs at least 1 channel, got \(channels ?? 0)")
    checkNotNegative(epsilon, name, "epsilon")
    if let momentum { checkShare(momentum, name, "the momentum") }
    stated = channels
    self.epsilon = epsilon
    weight = affine ? Parameter(shape: [channels], initializer: .ones) : nil
    self.bias = affine && bias ? Parameter(shape: [channels], initializer: .zeros) : nil
    statistics = trackRunningStatistics ? RunningStatistics(channels: channels) : nil
  }

  var members: [Member] { membersOf(weight, bias) + (statistics?.members ?? []) }

  private var channels: Int? { (weight?.shape ?? statistics?.mean.shape ?? [stated])[0] }

  /// The channels, epsilon and momentum, as far as they are not the usual.
  func details(momentum: Double?) -> [String] {
    var parts = [channels.map(String.init) ?? "?"]
    if epsilon != 1e-5 { parts.append("epsilon \(epsilon)") }
    if momentum != 0.1 { parts.append("momentum \(momentum.map { "\($0)" } ?? "none")") }
    return parts
  }

  /// Scale and shift for an input [batch, channels, ...], which must have the channels known so far.
  func parameters(for x: Tensor) -> (weight: Tensor?, bias: Tensor?) {
    let found = x.size(1)
    if let channels { checkChannels(of: x, channels) }
    return (weight?.value(shape: [found]), bias?.value(shape: [found]))
  }

  /// An input normalized by running statistics; these do not widen an input of 16 bits.
  func normalized(
    _ x: Tensor, by statistics: RunningStatistics, weight: Tensor?, bias: Tensor?
  ) -> Tensor {
    let (channels, dtype) = ([x.size(1)], x.dtype)
    let y = batchNorm(
      x, mean: statistics.mean.value(shape: channels),
      variance: statistics.variance.value(shape: channels), weight: weight, bias: bias,
      epsilon: epsilon)
    let keepsHalf = dtype.isHalf && [weight, bias].allSatisfy { $0?.dtype ?? dtype == dtype }
    return keepsHalf ? y.asType(dtype) : y
  }
}

/// The statistics that a norm keeps for evaluation, under PyTorch's names.
struct RunningStatistics {
  /// [channels].
  let mean, variance: Buffer
  /// [].
  let batchCount: Buffer

  init(channels: Int?) {
    mean = Buffer(shape: [channels], initial: 0)
    variance = Buffer(shape: [channels], initial: 1)
    batchCount = Buffer(shape: [], initial: 0, dtype: .int64)
    for average in [mean, variance] { average.isRunningAverage = true }
    batchCount.isOptional = true
  }

  var members: [Member] {
    [
      Member("running_mean", mean), Member("running_var", variance),
      Member("num_batches_tracked", batchCount),
    ]
  }

  /// Blends the statistics of a batch, [channels], into the running ones; `weight` is that of the new batch.
  func add(mean newMean: Tensor, variance newVariance: Tensor, weight: Double) {
    for (running, new) in [(mean, newMean), (variance, newVariance)] {
      running.value = running.value(shape: new.shape) * (1 - weight) + new * weight
    }
  }
}
