import Autograd
import Foundation
import TestSupport
import Testing

@testable import LeNetExample
@testable import NN

/// Random images [1, 28, 28] of ten classes.
private func images(_ count: Int) -> TensorDataset {
  TensorDataset(
    inputs: inputs([count, 1, 28, 28]), labels: Tensor(scalars: (0..<count).map { $0 % 10 }))
}

private func summary(_ event: TrainerEvent) -> String {
  switch event {
  case .started(let epochs, let batches, let device): "started \(epochs) \(batches) \(device)"
  case .batchEnded(let epoch, let batch, let count, _, _): "batch \(epoch) \(batch)/\(count)"
  case .lossNotFinite(let epoch, let batch, let loss): "epoch \(epoch) batch \(batch) \(loss)"
  case .resumed, .checkpointSkipped, .checkpointSaved, .checkpointFailed, .validated: "\(event)"
  case .epochEnded(let metrics): "epoch \(metrics.epoch)"
  case .finished(let history): "finished \(history.epochs.count) \(history.wasInterrupted)"
  }
}

@Suite struct TrainerTests {
  @Test func eventsComeInOrder() throws {
    let data = DataSplit(training: numbered(5), validation: numbered(3), batchSize: 2)
    var events: [String] = []
    let history = try Trainer(maxEpochs: 2).fit(
      Reporter(), data, onEvent: { events.append(summary($0)) })
    #expect(
      events == [
        "started 2 3 cpu (no GPU was asked for)", "batch 1 1/3", "batch 1 2/3", "batch 1 3/3",
        "epoch 1",
        "batch 2 1/3", "batch 2 2/3", "batch 2 3/3", "epoch 2", "finished 2 false",
      ])
    #expect(history.epochs.map(\.epoch) == [1, 2] && !history.wasInterrupted)
  }

  @Test func deviceSummarySaysWhy() {
    let gpu = SimulatedGPU().device
    #expect(
      Trainer.deviceSummary(.cpu, gpuCount: 1, problem: "libcuda.so.1 was not found")
        == "cpu (libcuda.so.1 was not found)")
    #expect(Trainer.deviceSummary(gpu, gpuCount: 1, problem: nil) == "\(gpu)")
    #expect(
      Trainer.deviceSummary(gpu, gpuCount: 2, problem: nil)
        == "\(gpu), one of the 2 GPUs asked for")
    #expect(Trainer(maxEpochs: 1, gpuCount: 1).device == Device.gpus.first ?? .cpu)
  }

  @Test func historyHoldsTheFiguresOfTheEvents() throws {
    let data = DataSplit(training: numbers([1, 2, 3, 10]), batchSize: 2)
    var losses: [Double] = []
    var finished: History?
    let history = try Trainer(maxEpochs: 2).fit(
      Reporter(), data,
      onEvent: { event in
        if case .batchEnded(_, _, _, let loss, let rate) = event {
          losses.append(loss)
          #expect(rate > 0)
        }
        if case .finished(let history) = event { finished = history }
      })
    #expect(finished == history)
    #expect(history.epochs.map(\.trainLoss) == [4, 4])
    #expect(losses[1] == 4 && losses[3] == 4, "the running mean ends at the epoch's")
    #expect(history.epochs.allSatisfy { $0.validationLoss == nil && $0.validationAccuracy == nil })
    #expect(history.epochs.allSatisfy { $0.seconds >= 0 })
  }

  @Test func aRunStopsAfterTheBatch() throws {
    let data = DataSplit(training: numbered(6), validation: numbered(3), batchSize: 2)
    var events: [String] = []
    let model = Reporter()
    let history = try Trainer(maxEpochs: 3).fit(
      model, data, onEvent: { events.append(summary($0)) },
      shouldStop: { model.batchCounts.count == 5 })
    #expect(history.wasInterrupted && history.epochs.map(\.epoch) == [1])
    #expect(events.suffix(3) == ["batch 2 1/3", "batch 2 2/3", "finished 1 true"])
    #expect(model.batchCounts.count == 5)
  }

  @Test func errorThrownByTheEventHandlerIsRethrown() {
    struct Failure: Error {}
    let data = DataSplit(training: numbered(6), batchSize: 2)
    #expect(throws: Failure.self) {
      try Trainer(maxEpochs: 3).fit(
        Reporter(), data,
        onEvent: { event in
          if case .epochEnded = event { throw Failure() }
        })
    }
  }

  /// d2l averages over batches, which would give (0 + 0 + 10) / 3.
  @Test func figuresAreWeightedByBatchSize() throws {
    let values = [0.0, 0, 0, 0, 10]
    let data = DataSplit(training: numbers(values), validation: numbers(values), batchSize: 2)
    let model = Reporter()
    let metrics = try Trainer(maxEpochs: 1).fit(model, data).epochs[0]
    #expect(model.batchCounts == [2, 2, 1])
    #expect(metrics.validationLoss == 2)
    #expect(abs((metrics.validationAccuracy ?? 0) - 0.2) < 1e-12)
    #expect(abs(metrics.trainLoss - 2) < 1e-6)
  }

  @Test func trainingIsInTrainingModeAndValidationIsNot() throws {
    let data = DataSplit(training: numbered(4), validation: numbered(2), batchSize: 2)
    let model = Reporter()
    model.evaluate()
    try Trainer(maxEpochs: 2).fit(model, data)
    #expect(model.modes == [true, true, false, true, true, false])
  }

  /// A batch norm whose statistics are to stay, in a model that learns otherwise.
  @Test func partsInEvaluationModeStaySo() throws {
    final class Parts: Trainable {
      let (frozen, free) = (BatchNorm1d(1), BatchNorm1d(1))
      func trainingStep(_ batch: Batch) -> Tensor {
        (frozen(batch.inputs) + free(batch.inputs)).sum()
      }
      func configureOptimizers() -> any Optimizer { SGD(parameters) }
    }
    let model = Parts()
    model.frozen.evaluate()
    try Trainer(maxEpochs: 2).fit(
      model, DataSplit(training: numbered(4), validation: numbered(2), batchSize: 2))
    #expect(model.frozen.runningMean?.value.floats == [0])
    #expect(model.free.runningMean?.value.floats != [0])
    #expect(!model.frozen.isTraining && model.free.isTraining)
  }

  @Test func regressionOnACustomDatasetLearns() throws {
    let model = Regression()
    model.initialize(seed: 0)
    let data = DataSplit(
      training: Squares(count: 100), validation: Squares(count: 37), batchSize: 16)
    let history = try Trainer(maxEpochs: 30).fit(model, data)
    let last = try #require(history.epochs.last)
    #expect(history.epochs[0].trainLoss > 5 * last.trainLoss)
    #expect(try #require(last.validationLoss) < 0.01)
    #expect(last.validationAccuracy == nil)
    #expect(model.parameterCount == 49)
  }

  @Test func emptyValidationSetGivesNoFigures() throws {
    let data = DataSplit(
      training: numbers([1, 2, 3]), validation: numbers([]), batchSize: 2)
    let history = try Trainer(maxEpochs: 1).fit(Reporter(), data)
    #expect(history.epochs[0].validationLoss == nil && history.csv.contains(",,,"))
  }

  /// 200 steps of LeNet, in a process of their own, since the number of threads is that of the process.
  @Test func aSeedGivesTheSameParametersWithAnyNumberOfThreads() async {
    await #expect(processExitsWith: .success) {
      let data = DataSplit(
        training: images(640), validation: images(100), batchSize: 64, seed: 3)
      func run(threads: Int, seed: UInt64) throws -> (values: [[Float]], history: History) {
        ThreadPool.threadCount = threads
        let model = LeNet()
        model.initialize(seed: seed)
        model.applyInit(data.sample.inputs, initCNN)
        var history = try Trainer(maxEpochs: 20).fit(model, data)
        for index in history.epochs.indices { history.epochs[index].seconds = 0 }
        return (model.values, history)
      }
      let first = try run(threads: 1, seed: 3)
      for threads in [2, 4] {
        let other = try run(threads: threads, seed: 3)
        #expect(other.values == first.values)
        #expect(other.history == first.history)
      }
      #expect(try run(threads: 1, seed: 4).values != first.values)
    }
  }

  #if os(Linux)
    /// Memory is taken from the pool again and again: a warmed-up step touches no new page.
    @Test func aTrainingStepInTheSteadyStateCausesNoPageFaults() async {
      await #expect(processExitsWith: .success) {
        func faults() -> Int {
          var usage = rusage()
          getrusage(RUSAGE_SELF.rawValue, &usage)
          return usage.ru_minflt
        }
        let data = DataSplit(training: images(64), batchSize: 64)
        let model = LeNet()
        let optimizer = model.configureOptimizers()
        let batch = data.sample
        func step() {
          let (_, gradients) = valueAndGradients(at: optimizer.parameters) {
            model.loss(model(batch.inputs), batch.labels)
          }
          optimizer.step(gradients)
        }
        for _ in 0..<20 { step() }
        // The first step touches more than a thousand. The system may take pages away from a process
        // that waits for long: one quiet round is enough.
        let rounds = (0..<10).map { _ in
          let before = faults()
          for _ in 0..<20 { step() }
          return faults() - before
        }
        #expect(rounds.contains { $0 < 10 }, "page faults in 20 steps each: \(rounds)")
      }
    }
  #endif

  @Test func dropoutFollowsTheSeed() throws {
    func run(seed: UInt64) throws -> [[Float]] {
      final class Model: Classifier {
        let learningRate = 0.1
        let net = Sequential(LazyLinear(8), Dropout(0.5), LazyLinear(2))
      }
      let data = DataSplit(
        training: TensorDataset(
          inputs: inputs([20, 3]), labels: Tensor.arange(20).asType(.bool).asType(.int64)),
        batchSize: 6)
      let model = Model()
      model.initialize(seed: seed)
      try Trainer(maxEpochs: 2).fit(model, data)
      return model.values
    }
    #expect(try run(seed: 1) == run(seed: 1))
    #expect(try run(seed: 1) != run(seed: 2))
  }

  static let mistakes = [
    Mistake("Trainer", "epoch", "0") { _ = Trainer(maxEpochs: 0) },
    Mistake("Trainer", "GPUs", "-1") { _ = Trainer(maxEpochs: 1, gpuCount: -1) },
    Mistake("Trainer", "gradientClip", "0", "0.0") { _ = Trainer(maxEpochs: 1, gradientClip: 0) },
    Mistake("Trainer", "accumulatedBatches", "1", "0") {
      _ = Trainer(maxEpochs: 1, accumulatedBatches: 0)
    },
  ]

  @Test(arguments: mistakes.indices) func mistakesStop(index: Int) async {
    let result = await #expect(
      processExitsWith: .failure, observing: [\.standardErrorContent]
    ) { [index] in
      TrainerTests.mistakes[index].body()
    }
    expect(result, names: Self.mistakes[index].names)
  }

  /// Cross-entropy that ignores -100: batches of 3, 1 and 0 labels that count.
  private static let partlyLabeled = TensorDataset(
    inputs: inputs([8, 4]), labels: Tensor(scalars: [0, 1, 0, -100, 1, -100, -100, -100]))

  private final class Linear2: Classifier {
    let net = Linear(4, 2)
    var learningRate: Double { 0.5 }
    init() { initialize(seed: 3) }
  }

  /// Figures are means over the labels that count, and batches taken together are one batch.
  @Test func ignoredLabelsDoNotCount() throws {
    func fit(_ batchSize: Int, accumulated: Int = 1) throws -> (EpochMetrics, [[Float]]) {
      let model = Linear2()
      let data = DataSplit(
        training: Self.partlyLabeled, validation: Self.partlyLabeled, batchSize: batchSize)
      let history = try Trainer(maxEpochs: 1, accumulatedBatches: accumulated).fit(model, data)
      return (history.epochs[0], model.values)
    }
    let (whole, values) = try fit(8)
    for accumulated in [2, 4, 8] {
      let (parts, partValues) = try fit(8 / accumulated, accumulated: accumulated)
      #expect(abs(parts.trainLoss - whole.trainLoss) < 1e-6)
      #expect(abs(try #require(parts.validationLoss) - whole.validationLoss!) < 1e-6)
      #expect(parts.validationAccuracy == whole.validationAccuracy)
      for (a, b) in zip(partValues.joined(), values.joined()) { #expect(abs(a - b) < 1e-6) }
    }
    let (metrics, singles) = try fit(1)
    #expect(metrics.trainLoss.isFinite && singles.joined().allSatisfy(\.isFinite))
    let examples = Self.partlyLabeled.batch(Array(0..<8))
    #expect(examples.labelCount == 4)
    let logits = Linear2()(examples.inputs)
    let right = (logits.argmax(axis: 1) .== examples.labels).asType(.int64).sum().item()
    #expect(Linear2().accuracy(logits, examples.labels) == right / 4)
  }

  @Test func labelsAreCounted() {
    let x = Tensor.zeros([2, 3])
    func count(_ labels: Tensor) -> Int { Batch(inputs: x, labels: labels).labelCount }
    #expect(count(Tensor(scalars: [1, -100, 2, 3, -100, 4], shape: [2, 3])) == 4)
    #expect(count(Tensor([[-100, 1], [0, 1]])) == 2)  // no labels but numbers
    var batch = Batch(inputs: x, labels: Tensor(scalars: [-100, 1]))
    #expect(batch.labelCount == 1)
    batch.labels = Tensor(scalars: [0, 1])
    #expect(batch.labelCount == 2)
  }

  /// It is told once, and the run goes on.
  @Test func aLossThatIsNotFiniteIsAnEvent() throws {
    let data = DataSplit(
      training: numbers([.infinity, .infinity, .nan, .infinity]), batchSize: 2)
    var events: [String] = []
    let history = try Trainer(maxEpochs: 2).fit(
      Reporter(), data, onEvent: { events.append(summary($0)) })
    let told = events.filter { $0.hasPrefix("epoch 1 batch ") }
    #expect(told.count == 1 && events[1] == told[0] && events.count == 9)
    #expect(history.epochs.count == 2)
  }
}
