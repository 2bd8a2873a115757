import Autograd
import TestSupport
import Testing

@testable import NN

/// A trainer that is asked again goes on where it ended.
@Suite struct SecondFitTests {
  /// A stop after any batch, and a second call: the bits of one call.
  @Test(arguments: 1..<20) func aStoppedRunGoesToItsEnd(_ stop: Int) throws {
    let (net, trainer) = (ResumableNet(), Runs.trainer())
    let averaging = WeightAveraging(of: net, decay: 0.9)
    var seen = 0
    let first = try trainer.fit(
      net, Runs.data(), callbacks: [averaging],
      onEvent: { if case .batchEnded = $0 { seen += 1 } }, shouldStop: { seen == stop })
    #expect(first.wasInterrupted && net.log.count < 76)
    let second = try trainer.fit(net, Runs.data(), callbacks: [averaging])
    #expect(!second.wasInterrupted)
    #expect(try Runs.Outcome(net, second, log: net.log) == Runs.uninterrupted())
  }

  @Test func aFinishedRunGetsAsManyEpochsMore() throws {
    let (net, trainer) = (ResumableNet(), Runs.trainer(epochs: 1))
    var counts: [Int] = []
    for _ in 0..<2 {
      try trainer.fit(
        net, Runs.data(),
        onEvent: { if case .started(let count, _, _) = $0 { counts.append(count) } }
      )
    }
    let history = try trainer.fit(net, Runs.data())
    let (other, whole) = (ResumableNet(), Runs.trainer(epochs: 3))
    let expected = try whole.fit(other, Runs.data())
    #expect(counts == [1, 2])
    #expect(
      Runs.Outcome(net, history, log: net.log) == Runs.Outcome(other, expected, log: other.log))
  }

  @Test func anErrorOfTheEventHandlerEndsTheRunOnlyForNow() throws {
    struct Stop: Error {}
    let (net, trainer) = (ResumableNet(), Runs.trainer())
    let averaging = WeightAveraging(of: net, decay: 0.9)
    for batch in [2, 3, 10] {
      #expect(throws: Stop.self) {
        try trainer.fit(net, Runs.data(), callbacks: [averaging]) { event in
          if case .batchEnded(1, batch, _, _, _) = event { throw Stop() }
        }
      }
    }
    let history = try trainer.fit(net, Runs.data(), callbacks: [averaging])
    #expect(try Runs.Outcome(net, history, log: net.log) == Runs.uninterrupted())
  }

  /// The second fit's checkpoints are those of the same run, and go on like it.
  @Test func checkpointsOfASecondFit() throws {
    let folder = try TemporaryFolder()
    let checkpoints = Checkpoints(in: folder.path, every: .batches(3))
    let (net, trainer) = (ResumableNet(), Runs.trainer())
    func fit(_ net: ResumableNet, _ trainer: Trainer, until stop: Int, resume: Bool) throws
      -> History
    {
      var seen = 0
      return try trainer.fit(
        net, Runs.data(), callbacks: Runs.averaging(net), checkpoints: checkpoints, resume: resume,
        onEvent: { if case .batchEnded = $0 { seen += 1 } }, shouldStop: { seen == stop })
    }
    // The schedule has changed the rate by now.
    _ = try fit(net, trainer, until: 4, resume: false)
    _ = try fit(net, trainer, until: 4, resume: true)
    _ = try fit(net, trainer, until: 4, resume: true)
    #expect(Set(try folder.names.compactMap { CheckpointName(file: $0)?.run }).count == 1)
    let other = ResumableNet()
    let history = try fit(other, Runs.trainer(), until: .max, resume: true)
    #expect(try Runs.Outcome(other, history, log: net.log + other.log) == Runs.uninterrupted())
  }

  /// Another figure, or another folder, has a best one of its own.
  @Test func theBestOneIsThatOfTheFigureAndTheFolder() throws {
    let data = DataSplit(training: numbered(4), validation: numbered(1), batchSize: 2)
    let (model, trainer) = (Scripted([5, 1, 4, 3, 2, 2]), Trainer(maxEpochs: 2))
    let folders = [try TemporaryFolder(), try TemporaryFolder()]
    for folder in folders + [folders[1]] {
      try trainer.fit(
        model, data,
        checkpoints: Checkpoints(
          in: folder.path, every: .epochs(100), keepLast: 1, keepBest: .lowest("val_loss")))
    }
    func counts(_ index: Int) throws -> Set<Int> {
      Set(try folders[index].names.compactMap { CheckpointName(file: $0)?.batchCount })
    }
    #expect(try counts(0) == [4])
    // Epochs of 4, 3, 2 and 2; the best and the last.
    #expect(try counts(1) == [10, 12])
  }

  /// The trainer's memory ends with it.
  @Test func nothingIsKeptAfterTheTrainer() throws {
    weak var net: ResumableNet?
    weak var trainer: Trainer?
    do {
      let (model, one) = (ResumableNet(), Runs.trainer(epochs: 1))
      try one.fit(model, Runs.data(), callbacks: Runs.averaging(model))
      (net, trainer) = (model, one)
    }
    #expect(trainer == nil && net == nil)
  }

  /// An error in the last event: what callbacks do at the end is still to come, and nothing more is trained.
  @Test func anErrorAtTheVeryEnd() throws {
    struct Stop: Error {}
    let (net, trainer) = (ResumableNet(), Runs.trainer())
    #expect(throws: Stop.self) {
      try trainer.fit(net, Runs.data(), callbacks: Runs.averaging(net)) { event in
        if case .epochEnded(let metrics) = event, metrics.epoch == 2 { throw Stop() }
      }
    }
    let history = try trainer.fit(net, Runs.data(), callbacks: Runs.averaging(net))
    #expect(try Runs.Outcome(net, history, log: net.log) == Runs.uninterrupted())
  }

  /// The best epoch is judged and saved before its event is told.
  @Test func anErrorAtTheBestEpochKeepsItsFile() throws {
    struct Stop: Error {}
    let folder = try TemporaryFolder()
    let data = DataSplit(training: numbered(4), validation: numbered(1), batchSize: 2)
    let (model, trainer) = (Scripted([5, 1, 4, 3]), Trainer(maxEpochs: 4))
    func fit(failsAt epoch: Int) throws {
      try trainer.fit(
        model, data,
        checkpoints: Checkpoints(
          in: folder.path, every: .epochs(100), keepLast: 1, keepBest: .lowest("val_loss")),
        onEvent: { if case .epochEnded(let metrics) = $0, metrics.epoch == epoch { throw Stop() } })
    }
    #expect(throws: Stop.self) { try fit(failsAt: 2) }
    try fit(failsAt: 9)
    #expect(Set(try folder.names.compactMap { CheckpointName(file: $0)?.batchCount }) == [4, 8])
  }

  /// Callbacks made anew go on with what those of the same name and kind remember.
  @Test func callbacksGoOn() throws {
    let data = DataSplit(training: numbered(4), validation: numbered(1), batchSize: 2)
    let (model, trainer) = (Scripted([1, 2, 3, 4]), Trainer(maxEpochs: 4))
    var batches = 0
    for limit in [3, 5, 99] {
      let history = try trainer.fit(
        model, data, callbacks: [EarlyStopping(patience: 2)],
        onEvent: { if case .batchEnded = $0 { batches += 1 } }, shouldStop: { batches == limit })
      #expect((history.stopReason == nil) == (limit < 99))
    }
    #expect(batches == 8 && model.weight.value.floats == [2])
  }

  @Test func otherParametersStop() async {
    let result = await #expect(processExitsWith: .failure, observing: [\.standardErrorContent]) {
      final class Model: Trainable {
        var net = Linear(1, 1)
        func trainingStep(_ batch: Batch) -> Tensor { net(batch.inputs).mean() }
        func configureOptimizers() -> any Optimizer { SGD(parameters) }
      }
      let (model, trainer) = (Model(), Trainer(maxEpochs: 1))
      let data = DataSplit(training: numbered(4), batchSize: 2)
      try trainer.fit(model, data)
      model.net = Linear(1, 1)
      try trainer.fit(model, data)
    }
    expect(result, names: "fit: Model has other parameters than in the run before")
  }

  @Test func theOptimizerStays() throws {
    let (net, trainer) = (ResumableNet(), Runs.trainer(epochs: 1))
    #expect(trainer.optimizer == nil)
    try trainer.fit(net, Runs.data())
    let optimizer = try #require(trainer.optimizer)
    try trainer.fit(net, Runs.data())
    #expect(trainer.optimizer === optimizer)
  }

  @Test func anotherModelTrainerOrOptimizerBeginsAnew() throws {
    let (net, trainer) = (ResumableNet(), Runs.trainer(epochs: 1))
    try trainer.fit(net, Runs.data())
    let optimizer = try #require(trainer.optimizer)
    #expect(try Runs.trainer(epochs: 1).fit(net, Runs.data()).epochs.map(\.epoch) == [1])
    let handedIn = Adam(net.parameters)
    #expect(
      try trainer.fit(net, Runs.data(), optimizer: handedIn).epochs.map(\.epoch) == [1])
    #expect(trainer.optimizer === handedIn && trainer.optimizer !== optimizer)
    #expect(try trainer.fit(ResumableNet(), Runs.data()).epochs.map(\.epoch) == [1])
    #expect(trainer.optimizer !== handedIn)
  }

  /// Early stopping's best values are not those to go on from.
  @Test func aStopForNowKeepsTheValues() throws {
    let model = Scripted([1, 2, 3, 4])
    let data = DataSplit(training: numbered(4), validation: numbered(1), batchSize: 2)
    let (trainer, stopping) = (Trainer(maxEpochs: 4), EarlyStopping(patience: 1))
    var batches = 0
    try trainer.fit(
      model, data, callbacks: [stopping],
      onEvent: { if case .batchEnded = $0 { batches += 1 } }, shouldStop: { batches == 3 })
    #expect(model.weight.value.floats == [3])
    let history = try trainer.fit(model, data, callbacks: [stopping])
    #expect(history.stopReason == "val_loss is not better since epoch 1")
    #expect(model.steps == 6 && model.weight.value.floats == [2])
  }

  @Test func otherDataWithinAnEpochStops() async {
    let result = await #expect(processExitsWith: .failure, observing: [\.standardErrorContent]) {
      let (net, trainer) = (ResumableNet(), Runs.trainer())
      try trainer.fit(net, Runs.data(), shouldStop: { true })
      try trainer.fit(net, Runs.data(batchSize: 5))
    }
    expect(
      result,
      names: "fit: the run before ended within epoch 1, where the batch size was 4, and now is 5")
  }

  @Test func otherDataAfterAnEpochIsTaken() throws {
    let (net, trainer) = (ResumableNet(), Runs.trainer(epochs: 1))
    try trainer.fit(net, Runs.data())
    #expect(try trainer.fit(net, Runs.data(batchSize: 5, count: 10)).epochs.map(\.epoch) == [1, 2])
  }
}
