import Autograd

/// Everything that decides the rest of a training run.
///
/// The order of the examples needs no state: it is a function of the data's seed and the epoch.
final class TrainingRun {
  let model: any Trainable
  let optimizer: any Optimizer
  let rates: LearningRates
  let callbacks: [any TrainerCallback]
  /// Those of the run before that this one goes on from.
  private let earlier: [any TrainerCallback]
  /// What must be the same when the run goes on, in words: the data's, then the others.
  var dataSettings: [(name: String, value: String)] = []
  private var makeDataSettings: (() -> [(name: String, value: String)])?
  private let otherSettings: [(name: String, value: String)]
  var settings: [(name: String, value: String)] {
    describeData()
    return dataSettings + otherSettings
  }
  /// The optimizer and its options before the first step, which schedules change.
  private let optimizerDescription: String
  let hasSchedule: Bool

  /// The epoch after which the run is over.
  let lastEpoch: Int
  /// The running epoch, from 1; after the last one, one more.
  var epoch = 1
  /// The batches of the epoch that are done.
  var batch = 0
  /// The batches of all epochs that are done.
  var batchCount = 0
  /// The `batchCount` after which the model was validated last.
  var validatedCount = 0
  /// The mean loss of the epoch so far.
  var loss = WeightedMean()
  /// What the steps of the epoch reported so far.
  var figures = Figures()
  var exampleCount = 0
  /// The time that the epoch has taken so far.
  var seconds = 0.0
  /// The weighted sum of the gradients that wait for the optimizer's step, and of their weights.
  var (gradients, gradientWeight) = (Gradients([]), 0.0)
  var wasNotFinite = false
  var history = History()
  /// The best epoch's figure, and the batches seen after it.
  var best: (figure: Double, batchCount: Int)?
  /// Which epoch is the best one, in words.
  let bestDescription: String
  /// Where the checkpoints are, nil for none.
  private let checkpointFolder: String?
  /// The name of the run's checkpoints; nil before there is one.
  var checkpointRun: String?
  /// Whether `fit` returned; else an error ended it.
  var hasEnded = false
  /// The callback that ended the run.
  var stoppedBy = ""

  /// A run from the first epoch, or one that goes on where a run of the same model ended.
  init(
    _ trainer: Trainer, _ model: any Trainable, _ optimizer: (any Optimizer)?,
    _ data: some DataModule, _ callbacks: [any TrainerCallback], _ checkpoints: Checkpoints?,
    after previous: TrainingRun?
  ) {
    self.callbacks = callbacks
    let names = callbacks.map(\.name)
    require(
      Set(names).count == names.count && !names.contains { $0.contains(".") },
      "fit: callbacks need names of their own without dots, got \(names.joined(separator: ", "))")
    self.model = model
    self.optimizer = optimizer ?? previous?.optimizer ?? model.configureOptimizers()
    rates = previous?.rates ?? LearningRates(trainer.schedule, self.optimizer)
    hasSchedule = trainer.schedule != nil
    optimizerDescription = previous?.optimizerDescription ?? self.optimizer.described
    bestDescription = checkpoints?.best?.described ?? "none"
    checkpointFolder = checkpoints?.folder
    lastEpoch =
      switch previous {
      case nil: trainer.maxEpochs
      case let run? where !run.hasEnded: run.lastEpoch
      case let run? where run.history.stopReason != nil: run.epoch - 1 + trainer.maxEpochs
      case let run? where run.epoch > run.lastEpoch: run.lastEpoch + trainer.maxEpochs
      case let run?: run.lastEpoch
      }
    otherSettings = [
      ("the number of accumulated batches", "\(trainer.accumulatedBatches)"),
      ("the limit of the gradients' norm", trainer.gradientClip.map { "\($0)" } ?? "none"),
      ("the optimizer", optimizerDescription), ("the schedule", rates.description),
      ("the validation interval", trainer.validationInterval.map { "\($0)" } ?? "none"),
      (
        "the type of the parameters",
        Set(model.parameters.map { "\($0.dtype)" }).sorted().joined(separator: ", ")
      ),
    ]
    makeDataSettings = {
      var sum = SHA256()
      for tensor in [data.sample.inputs, data.sample.labels] { tensor.withBytes { sum.update($0) } }
      return [
        ("the batch size", "\(data.batchSize)"),
        ("the number of examples", "\(data.training.count)"),
        ("the number of validation examples", "\(data.validation?.count ?? 0)"),
        ("the data's seed", "\(data.seed)"),
        ("whether the last batch is dropped", "\(data.dropsLast)"),
        ("the SHA-256 sum of the first examples", sum.hexadecimal()),
      ]
    }
    earlier = previous?.callbacks ?? []
    if let previous { goOn(after: previous) }
  }

  /// Whether the run went to its end, or a callback ended it.
  var isOver: Bool { epoch > lastEpoch || history.stopReason != nil }

  /// Whether nothing was trained yet.
  var isNew: Bool { batchCount == 0 }

  private func describeData() {
    if let makeDataSettings { dataSettings = makeDataSettings() }
    makeDataSettings = nil
  }

  /// Lets go of the data, which a later run may not need; one that goes on within an epoch must have the same.
  func releaseData() {
    if batch > 0 { describeData() }
    makeDataSettings = nil
  }

  /// Takes over where a run in this process ended.
  private func goOn(after previous: TrainingRun) {
    let parameters = Set(model.parameters.map(ObjectIdentifier.init))
    require(
      optimizer.parameters.allSatisfy { parameters.contains(ObjectIdentifier($0)) },
      """
      fit: \(model.name) has other parameters than in the run before, whose optimizer would go on; use a new Trainer, or \
      hand in an optimizer
      """)
    if previous.batch > 0 {
      describeData()
      for (before, now) in zip(previous.dataSettings, dataSettings) {
        require(
          before.value == now.value,
          """
          fit: the run before ended within epoch \(previous.epoch), where \(before.name) was \(before.value), and now is \
          \(now.value); use a new Trainer for other data
          """)
      }
    }
    for (_, path) in Self.counts { self[keyPath: path] = previous[keyPath: path] }
    for (_, path) in Self.numbers { self[keyPath: path] = previous[keyPath: path] }
    (gradients, figures) = (previous.gradients, previous.figures)
    wasNotFinite = previous.wasNotFinite
    if checkpointFolder == previous.checkpointFolder {
      checkpointRun = previous.checkpointRun
      if bestDescription == previous.bestDescription { best = previous.best }
    }
    history = previous.history
    history.wasInterrupted = false
    if previous.hasEnded { history.stopReason = nil } else { stoppedBy = previous.stoppedBy }
  }

  /// Ends the epoch.
  func endEpoch(_ metrics: EpochMetrics) {
    history.epochs.append(metrics)
    epoch += 1
    (batch, loss, figures, exampleCount, seconds) = (0, WeightedMean(), Figures(), 0, 0)
  }

  /// Stops if the optimizer has a parameter that the model has not: its state could not be named.
  func checkNames() {
    let names = ParameterNames(model.namedParameters, of: "\(type(of: optimizer))")
    for (index, parameter) in optimizer.parameters.enumerated() {
      _ = names.name(of: parameter, index)
    }
  }

  // MARK: Callbacks

  /// Where the run is, for callbacks.
  func progress(loss: Double? = nil, _ metrics: EpochMetrics? = nil) -> TrainingProgress {
    TrainingProgress(
      model: model, optimizer: optimizer, epoch: metrics?.epoch ?? epoch, batch: batch, loss: loss,
      metrics: metrics, isOver: isOver)
  }

  /// The gradients as the callbacks leave them.
  func changed(_ gradients: Gradients) -> Gradients {
    callbacks.isEmpty
      ? gradients : callbacks.reduce(gradients) { $1.gradientsFound($0, progress()) }
  }

  /// Tells the callbacks that the run begins; a new one of the name and kind of an earlier one goes on with what
  /// that remembers.
  func begin(isResumed: Bool) {
    for callback in callbacks {
      let same = earlier.first { $0.name == callback.name && type(of: $0) == type(of: callback) }
      var isNew = isNew
      if !isResumed && !isNew {
        let restored = StateReader.$allowsNaN.withValue(true) {
          same.map { $0 === callback || (try? callback.restore($0.state)) != nil }
        }
        isNew = restored != true
      }
      callback.runBegan(progress(), isNew: isNew)
    }
  }

  /// Asks all callbacks, and keeps the first reason to stop.
  func ask(_ question: (any TrainerCallback) -> TrainingVerdict) {
    for callback in callbacks {
      if case .stop(let reason) = question(callback), history.stopReason == nil {
        (history.stopReason, stoppedBy) = (reason, callback.name)
      }
    }
  }
}

extension Optimizer {
  /// The kind, with the options of every group as they are now.
  fileprivate var described: String {
    let kind = "\(type(of: self))"
    guard let grouped = self as? any GroupedOptimizer else { return "\(kind) \(learningRates)" }
    return kind + " " + grouped.describedOptions
  }
}

extension GroupedOptimizer {
  fileprivate var describedOptions: String {
    groups.map { "\($0.options)" }.joined(separator: ", ")
  }
}
