import Autograd
import TestSupport
import Testing

@testable import NN

/// A net with everything that a run must remember: dropout, running statistics and moments.
final class ResumableNet: Trainable {
  let net: Sequential
  /// The labels of all training batches, which are the examples' numbers.
  private(set) var log: [Int] = []
  /// What the training loss is multiplied by.
  var factor = 1.0

  init(width: Int = 6) {
    net = Sequential(LazyLinear(width), BatchNorm1d(width), ReLU(), Dropout(0.4), LazyLinear(1))
    net.initialize(seed: 3)
  }

  var members: [Member] { [Member("net", net)] }

  func trainingStep(_ batch: Batch) -> Tensor {
    log += batch.labels.scalars(as: Int.self)
    report("label", batch.labels.asType(.float64).mean(), weight: Double(log.last! + 1))
    return loss(batch) * factor
  }

  func validationStep(_ batch: Batch) -> (loss: Double, accuracy: Double?) {
    report("first", batch.labels[0].item())
    return (loss(batch).item(), 0.5)
  }

  private func loss(_ batch: Batch) -> Tensor {
    (net(batch.inputs) - batch.labels.asType(.float32).unsqueeze(1) * 0.1).square().mean()
  }

  func configureOptimizers() -> any Optimizer { Adam(parameters, learningRate: 0.01) }
}

/// Examples with noise that is another one in each epoch.
struct Noisy: Dataset {
  let count: Int

  func batch(_ indices: [Int]) -> Batch {
    Batch(
      inputs: Tensor(
        indices.flatMap { [Double($0) / 40, Double($0 % 7)] }, shape: [indices.count, 2]),
      labels: Tensor(scalars: indices))
  }

  func batch(_ indices: [Int], epoch: Int, seed: UInt64) -> Batch {
    var batch = batch(indices)
    let noise = indices.map { index in
      var random = RandomStream(seed: seed, path: "noise, epoch \(epoch), example \(index)")
      return random.normal([2]) * 0.1
    }
    batch.inputs = batch.inputs + stack(noise)
    return batch
  }
}

/// Runs that are stopped and resumed, and what they come to.
enum Runs {
  /// Three steps and a rest of one an epoch: ten batches, the last one of two examples.
  static func data(
    batchSize: Int = 4, count: Int = 38, seed: UInt64 = 5
  ) -> DataSplit {
    DataSplit(
      training: Noisy(count: count), validation: Noisy(count: 9), batchSize: batchSize, seed: seed)
  }

  static func trainer(
    epochs: Int = 2, accumulated: Int = 3,
    _ schedule: Trainer.LearningRateSchedule? = .perStep(.cosine(steps: 20))
  ) -> Trainer {
    Trainer(
      maxEpochs: epochs, gradientClip: 0.5, accumulatedBatches: accumulated, schedule: schedule,
      validationInterval: 4)
  }

  /// What a run comes to, times left out.
  struct Outcome: Equatable {
    var values: [[Float]]
    var statistics: [[Double]]
    var log: [Int]
    var epochs: [EpochMetrics]
    var validations: [EpochMetrics]

    init(_ net: ResumableNet, _ history: History, log: [Int]) {
      values = net.values
      statistics = net.namedBuffers.map { $0.buffer.value.doubles }
      self.log = log
      epochs = Self.withoutTimes(history.epochs)
      validations = Self.withoutTimes(history.validations)
    }

    private static func withoutTimes(_ all: [EpochMetrics]) -> [EpochMetrics] {
      all.map {
        var metrics = $0
        metrics.seconds = 0
        return metrics
      }
    }
  }

  static func averaging(_ net: ResumableNet) -> [any TrainerCallback] {
    [WeightAveraging(of: net, decay: 0.9)]
  }

  static func uninterrupted(_ trainer: Trainer = trainer()) throws -> Outcome {
    let net = ResumableNet()
    let history = try trainer.fit(net, data(), callbacks: averaging(net))
    return Outcome(net, history, log: net.log)
  }

  /// Runs in new objects each time, stopped after so many batches of all epochs, and at last to the end.
  static func interrupted(
    after stops: [Int], _ trainer: Trainer = trainer()
  ) throws -> (outcome: Outcome, resumed: [(epoch: Int, batch: Int)]) {
    let folder = try TemporaryFolder()
    var (log, resumed): ([Int], [(epoch: Int, batch: Int)]) = ([], [])
    var seen = 0
    for stop in stops + [Int.max] {
      let net = ResumableNet()
      let history = try trainer.fit(
        net, data(), callbacks: averaging(net),
        checkpoints: Checkpoints(in: folder.path, every: .epochs(100)), resume: true,
        onEvent: { event in
          if case .batchEnded = event { seen += 1 }
          if case .resumed(_, let epoch, let batch, _, nil) = event {
            resumed.append((epoch, batch))
          }
        }, shouldStop: { seen >= stop })
      log += net.log
      if stop == .max { return (Outcome(net, history, log: log), resumed) }
      #expect(history.wasInterrupted)
    }
    fatalError("unreachable")
  }
}
