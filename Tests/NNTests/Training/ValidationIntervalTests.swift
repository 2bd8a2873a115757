import Autograd
import TestSupport
import Testing

@testable import NN

@Suite struct ValidationIntervalTests {
  /// Five batches an epoch.
  private let data = DataSplit(training: numbered(10), validation: numbered(1), batchSize: 2)

  @Test func theModelIsValidatedWithinEpochs() throws {
    var events: [String] = []
    let model = Scripted((1...8).map(Double.init))
    let history = try Trainer(maxEpochs: 2, validationInterval: 2).fit(model, data) { event in
      switch event {
      case .batchEnded(let epoch, let batch, _, _, _): events.append("\(epoch).\(batch)")
      case .validated(let metrics): events.append("validated \(metrics.epoch).\(metrics.batch!)")
      case .epochEnded: events.append("epoch")
      default: break
      }
    }
    // Counted from the run's start: after 2, 4, 6, 8 batches; the tenth ends an epoch, which is validated anyway.
    #expect(
      events == [
        "1.1", "1.2", "validated 1.2", "1.3", "1.4", "validated 1.4", "1.5", "epoch",
        "2.1", "validated 2.1", "2.2", "2.3", "validated 2.3", "2.4", "2.5", "epoch",
      ])
    #expect(history.validations.map(\.validationLoss) == [1, 2, 4, 5])
    #expect(history.validations.map(\.batch) == [2, 4, 1, 3])
    #expect(history.epochs.map(\.validationLoss) == [3, 6] && history.epochs[0].batch == nil)
  }

  @Test func earlyStoppingAndTheBestFileFollowThem() throws {
    let folder = try TemporaryFolder()
    let model = Scripted([5, 1, 2, 3, 3])
    let history = try Trainer(maxEpochs: 9, validationInterval: 2).fit(
      model, data, callbacks: [EarlyStopping(patience: 1)],
      checkpoints: Checkpoints(
        in: folder.path, every: .epochs(100), keepLast: 1, keepBest: .lowest("val_loss")))
    #expect(history.stopReason == "val_loss is not better since epoch 1, batch 4")
    #expect(model.steps == 6 && model.weight.value.floats == [4])
    let counts = try folder.names.compactMap { CheckpointName(file: $0)?.batchCount }
    #expect(Set(counts) == [4, 6])
  }

  /// A stop right before a validation: the resumed run has it first.
  @Test(arguments: 1...12) func aStopAtAnyBatch(_ stop: Int) throws {
    // Better, better, worse, ...: the third bad one in a row is the validation after the twelfth batch.
    let losses = [9, 5, 6, 4, 5, 6, 4.5, 1, 1, 1, 1, 1]
    func run(_ limits: [Int]) throws -> ([Double?], [Double?], String?, [Float], [Int]) {
      let folder = try TemporaryFolder()
      var (seen, validations, result) = (0, 0, History())
      var model = Scripted(losses)
      for limit in limits {
        model = Scripted(losses, from: validations + 1)
        result = try Trainer(maxEpochs: 3, validationInterval: 2).fit(
          model, data, callbacks: [EarlyStopping(patience: 2, restoresBest: false)],
          checkpoints: Checkpoints(
            in: folder.path, every: .batches(3), keepLast: 1, keepBest: .lowest("val_loss")),
          resume: true,
          onEvent: { event in
            switch event {
            case .batchEnded: seen += 1
            case .validated, .epochEnded: validations += 1
            default: break
            }
          }, shouldStop: { seen >= limit })
      }
      let counts = try folder.names.compactMap { CheckpointName(file: $0)?.batchCount }
      return (
        result.validations.map(\.validationLoss), result.epochs.map(\.validationLoss),
        result.stopReason, model.weight.value.floats, counts.sorted()
      )
    }
    let whole = try run([.max])
    #expect(whole.2 == "val_loss is not better since epoch 2, batch 1")
    #expect(try run([stop, .max]) == whole)
  }
}
