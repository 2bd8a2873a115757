import Autograd
import TestSupport
import Testing

@testable import NN

/// Reports figures of its inputs.
private final class Reporting: Trainable {
  let weight = Parameter(Tensor([0]))
  var change: (Reporting, Batch) -> Void = { _, _ in }

  func trainingStep(_ batch: Batch) -> Tensor {
    let mean = batch.inputs.mean() + weight.value.sum()
    report("mean", mean)
    return mean
  }

  func validationStep(_ batch: Batch) -> (loss: Double, accuracy: Double?) {
    report("mean", batch.inputs.mean().item())
    report("max", batch.inputs.max(), weight: 1)
    report("none", 1, weight: 0)
    change(self, batch)
    return (0, 0.5)
  }

  func configureOptimizers() -> any Optimizer { SGD(parameters, learningRate: 0) }
}

@Suite struct FiguresTests {
  private static let numbersToFive = TensorDataset(
    inputs: Tensor([1, 2, 3, 4, 5], shape: [5, 1]), labels: Tensor.zeros([5]))
  private let data = DataSplit(
    training: numbersToFive, validation: numbersToFive, batchSize: 2)

  @Test func figuresAreMeansByTheirWeights() throws {
    let history = try Trainer(maxEpochs: 2).fit(Reporting(), data)
    let metrics = history.epochs[1]
    #expect(abs(try #require(metrics["train_mean"]) - 3) < 1e-6)
    #expect(metrics["val_mean"] == 3 && metrics["val_max"] == 11.0 / 3)
    #expect(metrics["val_none"]?.isNaN == true)
    #expect(metrics["val_loss"] == 0 && metrics["val_acc"] == 0.5 && metrics["val_other"] == nil)
    #expect(metrics["train_loss"] == metrics.trainLoss && metrics["learning_rate"] == 0)
    #expect(
      metrics.figureNames == [
        "train_loss", "val_loss", "val_acc", "train_mean", "val_max", "val_mean", "val_none",
      ])
    #expect(history.epochs.count == 2 && history.validations.isEmpty)
  }

  @Test func theFileHasThemAfterTheOthers() throws {
    var history = try Trainer(maxEpochs: 1).fit(Reporting(), data)
    history.epochs[0].seconds = 0
    history.epochs.append(EpochMetrics(epoch: 2, trainLoss: 1, seconds: 0))
    #expect(
      history.csv == """
        epoch,train_loss,val_loss,val_acc,seconds,train_mean,val_max,val_mean,val_none
        1,3.000000,0.000000,0.500000,0.000,3.0,3.6666667,3.0,nan
        2,1.000000,,,0.000,,,,

        """)
  }

  @Test func nothingHappensWithoutATrainer() {
    let model = Reporting()
    #expect(model.validationStep(data.sample).loss == 0)
    #expect(model.trainingStep(data.sample).item() == 1.5)
    // Also a name that would be refused.
    model.report("loss", 1)
  }

  /// An optimizer asks for the loss several times a step: the first time counts, as for the loss.
  @Test func aFigureCountsOncePerBatch() throws {
    final class Model: Trainable {
      let weight = Parameter(Tensor([3]))
      func trainingStep(_ batch: Batch) -> Tensor {
        report("weight", weight.value.sum())
        return weight.value.square().sum()
      }
      func configureOptimizers() -> any Optimizer { LBFGS(parameters, lineSearch: .strongWolfe) }
    }
    let one = DataSplit(training: numbered(4), batchSize: 4)
    let model = Model()
    let history = try Trainer(maxEpochs: 1).fit(model, one)
    #expect(history.epochs[0]["train_weight"] == 3 && history.epochs[0].trainLoss == 9)
    #expect(model.weight.value.floats != [3])
  }

  @Test(arguments: [1, 3]) func accumulatedBatchesCountOneByOne(_ accumulated: Int) throws {
    let history = try Trainer(maxEpochs: 1, accumulatedBatches: accumulated).fit(Reporting(), data)
    #expect(abs(try #require(history.epochs[0]["train_mean"]) - 3) < 1e-6)
  }

  /// Reports the script's losses under another name.
  private func scored(_ scores: [Double]) -> Reporting {
    let model = Reporting()
    var epochs = 0
    model.change = { model, batch in
      if batch.inputs[0].item() == 1 { epochs += 1 }
      model.report("score", scores[epochs - 1])
    }
    return model
  }

  @Test func callbacksCheckpointsAndPlateausTakeAnyName() throws {
    let folder = try TemporaryFolder()
    let history = try Trainer(
      maxEpochs: 9,
      schedule: .plateau(.init { $0.patience = 1 }, by: .highest("val_score"))
    ).fit(
      scored([1, 3, 2, 2, 2]), data, optimizer: nil,
      callbacks: [EarlyStopping(.highest("val_score"), patience: 2)],
      checkpoints: Checkpoints(
        in: folder.path, every: .epochs(100), keepLast: 1, keepBest: .highest("val_score")))
    #expect(history.epochs.map { $0["val_score"] } == [1, 3, 2, 2, 2])
    #expect(history.stopReason == "val_score is not better since epoch 2")
    let counts = try folder.names.compactMap { CheckpointName(file: $0)?.batchCount }
    #expect(Set(counts) == [6, 15], "three batches an epoch")
    let model = scored([1, 3, 2, 2, 2])
    let rates = try Trainer(
      maxEpochs: 5,
      schedule: .plateau(.init { $0.patience = 1 }, by: .highest("val_score"))
    ).fit(model, data, optimizer: SGD(model.parameters, learningRate: 1)).epochs.map(\.learningRate)
    #expect(rates == [1, 1, 1, 1, 0.1])
  }

  /// One that comes only now and then is not better in between.
  @Test func aFigureMayBeMissingLater() throws {
    let model = Reporting()
    var epochs = 0
    model.change = { model, batch in
      if batch.inputs[0].item() == 1 { epochs += 1 }
      if epochs % 3 == 1 { model.report("rare", 1) }
    }
    let history = try Trainer(maxEpochs: 9).fit(
      model, data, callbacks: [EarlyStopping(.lowest("val_rare"), patience: 1)])
    #expect(history.epochs.map { $0["val_rare"] } == [1, nil, nil])
  }

  @Test func aFileOfWrongNamesIsRefused() throws {
    for name in ["loss", "a,b", "\u{1B}[2J", "a b"] {
      let sums: StateDictionary = [
        "sum.\(name)": Tensor(1, dtype: .float64), "weight.\(name)": Tensor(1, dtype: .float64),
      ]
      let error = #expect(throws: FileError.self) { try Figures(sums, from: "file") }
      #expect(error?.reason.contains("is no name of a figure") == true)
      if name == "loss" { continue }  // A history has its losses elsewhere.
      var history = History(epochs: [EpochMetrics(epoch: 1, trainLoss: 1, seconds: 1)])
      #expect(try History(history.state, from: "file") == history)
      history.epochs[0].reported = ["val_ok": 2]
      #expect(try History(history.state, from: "file") == history)
      history.epochs[0].reported = ["val_\(name)": 2]
      #expect(throws: FileError.self) { try History(history.state, from: "file") }
    }
  }

  // MARK: Mistakes

  private static let mistakes: [(message: String, make: @Sendable (Reporting, Batch) -> Void)] = [
    ("got 'loss'", { model, _ in model.report("loss", 1) }),
    ("got 'two words'", { model, _ in model.report("two words", 1) }),
    ("got 'a,b'", { model, _ in model.report("a,b", 1) }),
    ("got ''", { model, _ in model.report("", 1) }),
    (
      "the weight of x must be 0 or above, got -1.0",
      { model, _ in model.report("x", 1, weight: -1) }
    ),
    ("x must be a tensor of one element", { model, batch in model.report("x", batch.inputs) }),
    ("acc is what the step returns", { model, _ in model.report("acc", 1) }),
  ]

  @Test(arguments: mistakes.indices) func mistakesStop(index: Int) async {
    let result = await #expect(processExitsWith: .failure, observing: [\.standardErrorContent]) {
      [index = index as Int] in
      let model = Reporting()
      model.change = Self.mistakes[index].make
      _ = Trainer(maxEpochs: 1).evaluate(model, Self.numbersToFive)
    }
    expect(result, names: Self.mistakes[index].message)
  }

  @Test(arguments: 0..<3) func aFigureThatIsNotThereStops(_ index: Int) async {
    let result = await #expect(processExitsWith: .failure, observing: [\.standardErrorContent]) {
      [index = index as Int] in
      let folder = try TemporaryFolder()
      let trainer = Trainer(
        maxEpochs: 1, schedule: index == 2 ? .plateau(.init(), by: .lowest("val_f1")) : nil)
      try trainer.fit(
        Reporting(),
        DataSplit(training: Self.numbersToFive, validation: Self.numbersToFive, batchSize: 2),
        callbacks: index == 0 ? [EarlyStopping(.lowest("val_f1"))] : [],
        checkpoints: index == 1
          ? Checkpoints(in: folder.path, keepBest: .lowest("val_f1")) : nil)
    }
    expect(
      result,
      names: ["EarlyStopping", "Checkpoints", "Trainer: plateau"][index]
        + ": there is no figure val_f1 among",
      "train_loss, val_loss, val_acc, train_mean, val_max")
  }
}
