import Autograd

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
  }

  var members: [Member] {
    [
      Member("running_mean", mean), Member("running_var", variance),
      Member("num_batches_tracked", batchCount),
    ]
  }

  /// Takes the statistics of a batch, [channels], into the running ones with a share of them.
  func add(mean newMean: Tensor, variance newVariance: Tensor, share: Double) {
    for (running, new) in [(mean, newMean), (variance, newVariance)] {
      running.value = running.value(shape: new.shape) * (1 - share) + new * share
    }
  }
}
