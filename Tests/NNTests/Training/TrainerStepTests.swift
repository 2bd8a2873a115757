import Autograd
import TestSupport
import Testing

@testable import NN

/// A regression that is no classifier: it is only `Trainable`.
final class Regression: Trainable {
  let net = Sequential(LazyLinear(16), Tanh(), LazyLinear(1))

  func trainingStep(_ batch: Batch) -> Tensor { mseLoss(net(batch.inputs), batch.labels) }

  func configureOptimizers() -> any Optimizer { SGD(parameters, learningRate: 0.2) }
}

/// A model that only reports: its losses are the means of its inputs.
final class Reporter: Trainable {
  let weight = Parameter(Tensor([0]))
  let dropout = Dropout(0.5)
  var modes: [Bool] = []
  var batchCounts: [Int] = []
  var slope = 0.0

  func trainingStep(_ batch: Batch) -> Tensor {
    modes.append(dropout.isTraining)
    batchCounts.append(batch.count)
    return batch.inputs.mean() + weight.value.sum() * slope
  }

  func validationStep(_ batch: Batch) -> (loss: Double, accuracy: Double?) {
    modes.append(dropout.isTraining)
    let mean = batch.inputs.mean().item()
    return (mean, mean / 10)
  }

  func configureOptimizers() -> any Optimizer { SGD(parameters, learningRate: 1) }
}

func numbers(_ values: [Double]) -> TensorDataset {
  TensorDataset(
    inputs: Tensor(values, shape: [values.count, 1]), labels: Tensor.zeros([values.count]))
}

/// What the trainer does with the gradients and the optimizer in each step.
@Suite struct TrainerStepTests {
  @Test func anOptimizerThatIsHandedInKeepsItsMoments() throws {
    let data = DataSplit(training: numbered(4), batchSize: 2)
    let model = Reporter()
    model.slope = 1
    let optimizer = SGD(model.parameters, learningRate: 1, momentum: 0.5)
    try Trainer(maxEpochs: 1).fit(model, data, optimizer: optimizer)
    #expect(model.weight.value.floats == [-2.5])  // 1 + 1.5
    try Trainer(maxEpochs: 1).fit(model, data, optimizer: optimizer)
    #expect(model.weight.value.floats == [-6.125])  // 1.75 + 1.875
  }

  @Test func gradientsAreClipped() throws {
    let data = DataSplit(training: numbered(4), batchSize: 2)
    let (free, clipped) = (Reporter(), Reporter())
    (free.slope, clipped.slope) = (8, 8)
    try Trainer(maxEpochs: 1).fit(free, data)
    try Trainer(maxEpochs: 1, gradientClip: 0.5).fit(clipped, data)
    #expect(free.weight.value.floats == [-16])
    // Each of two steps goes along 8 * 0.5 / (8 + 1e-6), as PyTorch clips.
    let step = Float(8 * 0.5 / (8 + 1e-6))
    #expect(clipped.weight.value.floats == [-2 * step])
  }

  /// SGD at rate 1 along a constant gradient: the weight tells the sum of the rates.
  @Test func learningRatesFollowASchedule() throws {
    let data = DataSplit(training: numbered(4), batchSize: 2)
    func run(_ schedule: Trainer.LearningRateSchedule) throws -> (weight: Float, rates: [Double?]) {
      let model = Reporter()
      model.slope = 1
      let history = try Trainer(maxEpochs: 3, schedule: schedule).fit(model, data)
      return (model.weight.value.floats[0], history.epochs.map(\.learningRate))
    }
    let halves = Schedule.exponential(gamma: 0.5)
    let epochs = try run(.perEpoch(halves))
    #expect(epochs.weight == -3.5 && epochs.rates == [1, 0.5, 0.25])
    let steps = try run(.perStep(halves))
    #expect(steps.weight == -1.96875 && steps.rates == [0.5, 0.125, 0.03125])
    // The losses fall, so that nothing happens; then they would have to fall by half.
    #expect(try run(.plateau(.init { $0.patience = 0 })).rates == [1, 1, 1])
    let impatient = Plateau.Options {
      ($0.patience, $0.threshold, $0.isThresholdRelative) = (0, 1e9, false)
    }
    #expect(try run(.plateau(impatient)).rates == [1, 1, 0.1])
    #expect(try Trainer(maxEpochs: 1).fit(Reporter(), data).epochs[0].learningRate == 1)
  }

  /// Three batches of 2, 2 and 1 taken together are the batch of 5.
  @Test func accumulatedBatchesAreOneLargerBatch() throws {
    func run(batchSize: Int, accumulated: Int, clip: Double?) throws -> [[Float]] {
      let model = Regression()
      model.initialize(seed: 0)
      try Trainer(maxEpochs: 4, gradientClip: clip, accumulatedBatches: accumulated).fit(
        model, DataSplit(training: Squares(count: 5), batchSize: batchSize))
      return model.values
    }
    for clip in [nil, 0.01] {
      let whole = try run(batchSize: 5, accumulated: 1, clip: clip)
      for (batchSize, accumulated) in [(2, 3), (2, 100), (1, 5), (3, 2)] {
        let parts = try run(batchSize: batchSize, accumulated: accumulated, clip: clip)
        for (part, all) in zip(parts.joined(), whole.joined()) { #expect(abs(part - all) < 1e-5) }
      }
      let other = try run(batchSize: 2, accumulated: 2, clip: clip)
      #expect(zip(other.joined(), whole.joined()).contains { abs($0 - $1) > 1e-4 })
    }
  }

  @Test func theTrainerLetsLBFGSEvaluate() throws {
    final class Model: Trainable {
      let net = Linear(1, 1)
      func trainingStep(_ batch: Batch) -> Tensor {
        (net(batch.inputs) - batch.inputs * 3 + 1).square().mean()
      }
      func configureOptimizers() -> any Optimizer { LBFGS(parameters, lineSearch: .strongWolfe) }
    }
    let model = Model()
    try Trainer(maxEpochs: 3).fit(
      model, DataSplit(training: numbers([1, 2, 3, 4]), batchSize: 4))
    #expect(abs(model.net.weight.value.item() - 3) < 1e-3)
  }
}
