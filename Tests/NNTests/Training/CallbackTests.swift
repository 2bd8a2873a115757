import Autograd
import TestSupport
import Testing

@testable import NN

@Suite struct CallbackTests {
  /// Two steps an epoch.
  private let data = DataSplit(training: numbered(4), validation: numbered(1), batchSize: 2)

  @Test func earlyStoppingBringsTheBestValuesBack() throws {
    let model = Scripted([5, 4, 4.5, 3.95, 4, 1])
    var events = 0
    let history = try Trainer(maxEpochs: 6).fit(
      model, data, callbacks: [EarlyStopping(patience: 1, threshold: 0.1)],
      onEvent: { if case .epochEnded = $0 { events += 1 } })
    #expect(history.epochs.map(\.epoch) == [1, 2, 3, 4] && events == 4)
    #expect(history.stopReason == "val_loss is not better since epoch 2" && !history.wasInterrupted)
    #expect(model.steps == 8, "nothing is trained after the verdict")
    #expect(model.weight.value.floats == [4], "as after epoch 2")
  }

  @Test func valuesStayWhereTheyAreNotWanted() throws {
    let model = Scripted([5, 6, 7])
    try Trainer(maxEpochs: 3).fit(
      model, data, callbacks: [EarlyStopping(patience: 0, restoresBest: false)])
    #expect(model.weight.value.floats == [4])
  }

  @Test func aFigureMayRise() throws {
    let rising = try Trainer(maxEpochs: 3).fit(
      Scripted([1, 2, 3]), data, callbacks: [EarlyStopping(.highest("val_loss"), patience: 0)])
    #expect(rising.epochs.count == 3 && rising.stopReason == nil)
    let falling = try Trainer(maxEpochs: 3).fit(
      Scripted([3, 2, 1]), data, callbacks: [EarlyStopping(.highest("val_loss"), patience: 0)])
    #expect(falling.epochs.count == 2)
    let nan = try Trainer(maxEpochs: 3).fit(
      Scripted([.nan, .nan, 1]), data, callbacks: [EarlyStopping(patience: 1)])
    #expect(nan.stopReason == "val_loss is not better since the start")
  }

  /// Patience, best and verdict are in the checkpoint: a stop after any batch changes nothing.
  @Test(arguments: 1...8) func earlyStoppingGoesOn(_ stop: Int) throws {
    let folder = try TemporaryFolder()
    let losses = [5, 4, 4.5, 4.5, 4.5, 4.5]
    var (seen, model, history) = (0, Scripted(losses), History())
    for limit in [stop, .max, .max] {
      model = Scripted(losses, from: seen / 2 + 1)
      if seen == stop && stop % 2 == 0 { model = Scripted(losses, from: seen / 2) }
      history = try Trainer(maxEpochs: 6).fit(
        model, data, callbacks: [EarlyStopping(patience: 1)],
        checkpoints: Checkpoints(in: folder.path), resume: true,
        onEvent: { if case .batchEnded = $0 { seen += 1 } }, shouldStop: { seen >= limit })
    }
    // The third time it was over already.
    #expect(model.steps == 0 && seen == 8)
    #expect(history.epochs.map(\.validationLoss) == [5, 4, 4.5, 4.5])
    #expect(history.stopReason == "val_loss is not better since epoch 2" && !history.wasInterrupted)
    #expect(model.weight.value.floats == [4])
  }

  @Test func aRunEndsAtNaN() throws {
    let model = Scripted([1, 1, 1])
    let history = try Trainer(maxEpochs: 3).fit(
      model, data, callbacks: [StopOnNaN()],
      onEvent: { if case .batchEnded(1, 2, _, _, _) = $0 { model.trainLoss = .nan } })
    #expect(history.stopReason == "the loss of epoch 2, batch 1 is nan" && history.wasInterrupted)
    #expect(history.epochs.count == 1 && model.steps == 3)
  }

  @Test func aRunEndsAfterItsTime() throws {
    let model = Scripted([1, 1, 1])
    let limit = TimeLimit(seconds: 1e-9)
    let history = try Trainer(maxEpochs: 3).fit(model, data, callbacks: [limit])
    #expect(history.stopReason == "the time of 1e-09 s is over" && model.steps == 1)
    // What is left of it is less after a restart.
    let long = TimeLimit(seconds: 1e9)
    try long.restore(["seconds": Tensor(2e9, dtype: .float64)])
    #expect(long.verdict != .proceed)
    // A new run has all of it.
    #expect(try Trainer(maxEpochs: 1).fit(Scripted([1]), data, callbacks: [long]).stopReason == nil)
  }

  private final class Halve: TrainerCallback {
    func gradientsFound(_ gradients: Gradients, _ run: TrainingProgress) -> Gradients {
      gradients * 0.5
    }
  }

  @Test(arguments: [1, 2]) func gradientsMayBeChangedBeforeTheStep(_ accumulated: Int) throws {
    let model = Scripted([1])
    try Trainer(maxEpochs: 1, accumulatedBatches: accumulated).fit(
      model, data, callbacks: [Halve()])
    #expect(model.weight.value.floats == [accumulated == 1 ? 1 : 0.5])
    let clipped = Scripted([1])
    try Trainer(maxEpochs: 1, gradientClip: 0.25).fit(clipped, data, callbacks: [Halve()])
    #expect(abs(clipped.weight.value.floats[0] - 0.5) < 1e-5, "clipped afterwards")
  }

  @Test func otherCallbacksThanBeforeAreRefused() throws {
    let folder = try TemporaryFolder()
    let checkpoints = Checkpoints(in: folder.path)
    try Trainer(maxEpochs: 1).fit(
      Scripted([1]), data, callbacks: [EarlyStopping()], checkpoints: checkpoints)
    func reason(_ callbacks: [any TrainerCallback]) -> String {
      (#expect(throws: FileError.self) {
        try Trainer(maxEpochs: 2).fit(
          Scripted([1, 1]), data, callbacks: callbacks, checkpoints: checkpoints, resume: true)
      })?.reason ?? ""
    }
    #expect(
      reason([])
        == "is of another run: it has callbacks.EarlyStopping.badEpochs, for which there is no callback now"
    )
    #expect(
      reason([EarlyStopping(), TimeLimit(seconds: 1)])
        == "does not fit TimeLimit: seconds is missing")
  }

  /// A second callback whose state is missing: the first one is as before, and so are model and optimizer.
  @Test func aRestoreThatFailsChangesNothing() throws {
    let folder = try TemporaryFolder()
    let checkpoints = Checkpoints(in: folder.path)
    try Trainer(maxEpochs: 2).fit(
      Scripted([1, 2]), data, callbacks: [EarlyStopping()], checkpoints: checkpoints)
    let (model, stopping) = (Scripted([1]), EarlyStopping())
    #expect(throws: FileError.self) {
      try Trainer(maxEpochs: 3).fit(
        model, data, callbacks: [stopping, TimeLimit(seconds: 9)], checkpoints: checkpoints,
        resume: true)
    }
    #expect(stopping.state.names == EarlyStopping().state.names)
    #expect(model.weight.value.floats == [0])
  }

  private final class StopAfterTwoEpochs: TrainerCallback {
    func epochEnded(_ run: TrainingProgress) -> TrainingVerdict {
      run.epoch == 2 ? .stop("two are enough") : .proceed
    }
  }

  /// Also one that remembers nothing: why a run ended is in the checkpoint.
  @Test func aRunThatWasEndedStaysSo() throws {
    let folder = try TemporaryFolder()
    for _ in 0..<2 {
      let model = Scripted([1, 1, 1, 1])
      let history = try Trainer(maxEpochs: 4).fit(
        model, data, callbacks: [StopAfterTwoEpochs()],
        checkpoints: Checkpoints(in: folder.path), resume: true)
      #expect(history.epochs.count == 2 && history.stopReason == "two are enough")
    }
    let error = #expect(throws: FileError.self) {
      try Trainer(maxEpochs: 4).fit(
        Scripted([1]), data, checkpoints: Checkpoints(in: folder.path), resume: true)
    }
    #expect(error?.reason.contains("the callback StopAfterTwoEpochs ended it") == true)
    // With more patience a run may go on that ended without it.
    let patient = try TemporaryFolder()
    for patience in [0, 2] {
      let history = try Trainer(maxEpochs: 3).fit(
        Scripted([1, 2, 3], from: patience == 0 ? 1 : 3), data,
        callbacks: [EarlyStopping(patience: patience)],
        checkpoints: Checkpoints(in: patient.path), resume: true)
      #expect(history.epochs.count == (patience == 0 ? 2 : 3))
      #expect((history.stopReason == nil) == (patience == 2))
    }
  }

  @Test func aCallbackOfAnotherRunBeginsAnew() throws {
    let stopping = EarlyStopping(patience: 0)
    let first = Scripted([1, 2])
    try Trainer(maxEpochs: 2).fit(first, data, callbacks: [stopping])
    let second = Scripted([9, 8, 7])
    let history = try Trainer(maxEpochs: 3).fit(second, data, callbacks: [stopping])
    #expect(history.epochs.count == 3 && second.weight.value.floats == [6])
  }

  @Test func twoOfAKindHaveNames() throws {
    let history = try Trainer(maxEpochs: 5).fit(
      Scripted([5, 4, 4, 4, 4]), data,
      callbacks: [
        EarlyStopping(patience: 2),
        EarlyStopping(.highest("train_loss"), patience: 9, name: "other"),
      ])
    #expect(
      history.epochs.count == 5 && history.stopReason == "val_loss is not better since epoch 2")
  }

  @Test func anotherFigureIsRefused() throws {
    let stopping = EarlyStopping()
    try Trainer(maxEpochs: 1).fit(Scripted([1]), data, callbacks: [stopping])
    let other = EarlyStopping(.highest("val_acc"))
    let error = #expect(throws: FileError.self) { try other.restore(stopping.state) }
    #expect(
      error?.reason.hasSuffix("its figure was the lowest val_loss, and is the highest val_acc")
        == true)
  }

  /// Averages and best values would both be put into the model.
  @Test func averagingBesideEarlyStoppingStops() async {
    let result = await #expect(processExitsWith: .failure, observing: [\.standardErrorContent]) {
      let model = Scripted([1])
      try Trainer(maxEpochs: 1).fit(
        model, DataSplit(training: numbered(1), validation: numbered(1), batchSize: 1),
        callbacks: [EarlyStopping(), WeightAveraging(of: model)])
    }
    expect(result, names: "use EarlyStopping(restoresBest: false)")
  }

  @Test func averagingOfAnotherModelStops() async {
    let result = await #expect(processExitsWith: .failure, observing: [\.standardErrorContent]) {
      try Trainer(maxEpochs: 1).fit(
        Scripted([1]), DataSplit(training: numbered(1), batchSize: 1),
        callbacks: [WeightAveraging(of: Scripted([1]))])
    }
    expect(result, names: "WeightAveraging: its model, Scripted, is not the one that is trained")
  }

  /// SGD at rate 1 along a slope of 1: the weights are 1, 2, 3, 4, which average to 2.5.
  @Test(arguments: [1, 2]) func averagesAreValidatedAndStay(_ accumulated: Int) throws {
    final class Watched: Trainable {
      let weight = Parameter(Tensor([0]))
      func trainingStep(_ batch: Batch) -> Tensor { weight.value.sum() * -1 }
      func validationStep(_ batch: Batch) -> (loss: Double, accuracy: Double?) {
        (weight.value.item(), nil)
      }
      func configureOptimizers() -> any Optimizer { SGD(parameters, learningRate: 1) }
    }
    let model = Watched()
    let history = try Trainer(maxEpochs: 2, accumulatedBatches: accumulated).fit(
      model, data, callbacks: [WeightAveraging(of: model, decay: nil)])
    #expect(history.epochs.map(\.validationLoss) == (accumulated == 1 ? [1.5, 2.5] : [1, 1.5]))
    #expect(model.weight.value.item() == (accumulated == 1 ? 2.5 : 1.5))
  }

  @Test func twoCallbacksOfOneNameStop() async {
    let result = await #expect(processExitsWith: .failure, observing: [\.standardErrorContent]) {
      try Trainer(maxEpochs: 1).fit(
        Scripted([1]), DataSplit(training: numbered(1), batchSize: 1),
        callbacks: [StopOnNaN(), StopOnNaN()])
    }
    expect(result, names: "fit: callbacks need names of their own", "StopOnNaN, StopOnNaN")
  }

  @Test func anUnknownFigureStops() async {
    let result = await #expect(processExitsWith: .failure, observing: [\.standardErrorContent]) {
      _ = EarlyStopping(.lowest("loss"))
    }
    expect(
      result,
      names: "EarlyStopping: a figure's name begins with train_ or val_, as in val_loss; got loss")
  }
}
