import Autograd

/// Everything that decides the rest of a training run.
///
/// The order of the examples needs no state: it is a function of the data's seed and the epoch.
final class TrainingRun {
  let model: any Trainable
  let optimizer: any Optimizer
  let rates: LearningRates
  let callbacks: [any TrainerCallback]
  /// What must be the same when the run goes on, in words: the data's, then the others.
  private var dataSettings: [(name: String, value: String)] = []
  private var makeDataSettings: (() -> [(name: String, value: String)])?
  private let otherSettings: [(name: String, value: String)]
  private var settings: [(name: String, value: String)] {
    describeData()
    return dataSettings + otherSettings
  }
  /// The optimizer and its options before the first step, which schedules change.
  private let optimizerDescription: String
  private let hasSchedule: Bool

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
  private let bestDescription: String
  /// Where the checkpoints are, nil for none.
  private let checkpointFolder: String?
  /// The name of the run's checkpoints; nil before there is one.
  var checkpointRun: String?
  /// The callback that ended the run.
  private var stoppedBy = ""

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
    (history.wasInterrupted, history.stopReason) = (false, nil)
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

  /// Asks all callbacks, and keeps the first reason to stop.
  func ask(_ question: (any TrainerCallback) -> TrainingVerdict) {
    for callback in callbacks {
      if case .stop(let reason) = question(callback), history.stopReason == nil {
        (history.stopReason, stoppedBy) = (reason, callback.name)
      }
    }
  }

  // MARK: State

  /// Numbers by name, for saving and restoring.
  private static var counts: [(name: String, path: ReferenceWritableKeyPath<TrainingRun, Int>)] {
    [
      ("epoch", \.epoch), ("batch", \.batch), ("batchCount", \.batchCount),
      ("exampleCount", \.exampleCount), ("validatedCount", \.validatedCount),
    ]
  }
  private static var numbers: [(name: String, path: ReferenceWritableKeyPath<TrainingRun, Double>)]
  {
    [
      ("loss.sum", \.loss.sum), ("loss.weight", \.loss.weight), ("seconds", \.seconds),
      ("gradientWeight", \.gradientWeight),
    ]
  }

  /// Everything as tensors, under prefixes that say whose they are.
  var state: StateDictionary {
    let names = model.namedParameters
    var own = StateDictionary()
    for (name, path) in Self.counts {
      own.append(name, Tensor(scalars: [self[keyPath: path]], shape: []))
    }
    for (name, path) in Self.numbers {
      own.append(name, Tensor(self[keyPath: path], dtype: .float64))
    }
    own.append("wasNotFinite", Tensor(scalars: [wasNotFinite ? 1 : 0], shape: []))
    if let best {
      own.append("best.figure", Tensor(best.figure, dtype: .float64))
      own.append("best.batchCount", Tensor(scalars: [best.batchCount], shape: []))
    }
    // In their order, in which the norm of all is summed.
    let pathOf = ParameterNames(names, of: model.name)
    let waiting = StateDictionary(
      gradients.entries.enumerated().map {
        (name: pathOf.name(of: $1.parameter, $0), tensor: $1.gradient)
      })
    let remembered = callbacks.map { ("callbacks.\($0.name).", $0.state) }
    return
      ([
        ("run.", own), ("model.", model.sizedState), ("random.", model.randomStreams),
        ("optimizer.", optimizer.state(named: names)), ("schedule.", rates.state),
        ("gradients.", waiting), ("figures.", figures.state), ("history.", history.state),
      ] + remembered).reduce(into: StateDictionary()) { all, part in
        for (name, tensor) in part.1 { all.append(part.0 + name, tensor) }
      }
  }

  /// What a person reads in the file's metadata, and what must be the same when the run goes on.
  var texts: [String: String] {
    Dictionary(uniqueKeysWithValues: settings.map { ($0.name, $0.value) })
      .merging([
        "model": model.name, "position": "epoch \(epoch), after batch \(batch)",
        "the number of epochs": "\(lastEpoch)",
        "the best epoch": bestDescription,
        "the end": history.stopReason ?? "", "ended by": stoppedBy,
      ]) { $1 }
  }

  /// What differs from the run that wrote a checkpoint, though it may; nil if nothing does.
  func note(_ texts: [String: String]) -> String? {
    let before = texts["the number of epochs"] ?? "unknown"
    if before == "\(lastEpoch)" { return nil }
    let change = "the number of epochs was \(before), and is \(lastEpoch)"
    return !hasSchedule
      ? change : change + "; the schedule (\(rates.description)) stays as long as it was"
  }

  /// Goes to where a checkpoint was written.
  ///
  /// - Throws: A `FileError` that names what differs.
  func restore(
    _ state: StateDictionary, _ texts: [String: String], from source: String
  ) throws(FileError) {
    for (name, value) in settings {
      guard let was = texts[name] else { throw FileError(source, "does not say \(name)") }
      guard was == value else {
        throw FileError(source, "is of another run: \(name) was \(was), and is \(value)")
      }
    }
    // What does not fit is found before anything is changed.
    try check(
      model.restore(state.part("model."), strict: false, from: source, isTrial: true), source)
    let history = try History(state.part("history."), from: source)
    let waiting = try gradients(state.part("gradients."), from: source)
    let figures = try Figures(state.part("figures."), from: source)
    let known = [
      "run.", "model.", "random.", "optimizer.", "schedule.", "gradients.", "figures.", "history.",
    ]
    let rest = state.rest(without: known + callbacks.map { "callbacks.\($0.name)." })
    if let name = rest.names.first {
      throw FileError(
        source, "is of another run: it has \(name), for which there is no callback now")
    }
    let before = (
      model: model.sizedState, streams: model.randomStreams, rates: rates.state,
      optimizer: optimizer.state(named: model.namedParameters)
    )
    do throws(FileError) {
      _ = try model.restore(state.part("model."), strict: false, from: source)
      try model.restore(randomStreams: state.part("random."), from: source)
      // The schedule first, which sets the rates: a callback may have changed them since.
      try rates.restore(state.part("schedule."), from: source)
      let names = model.namedParameters
      let result = StateReader.$allowsNaN.withValue(true) {
        Result { () throws(FileError) in
          try optimizer.restore(state.part("optimizer."), named: names, from: source)
          for callback in callbacks {
            try callback.restore(state.part("callbacks.\(callback.name)."), from: source)
            try (callback as? EarlyStopping)?.check(model, source)
          }
        }
      }
      try result.get()
      try restoreCounts(state.part("run."), history, source)
    } catch {
      _ = try? model.restore(before.model, strict: false, from: source)
      try? model.restore(randomStreams: before.streams, from: source)
      try? rates.restore(before.rates, from: source)
      StateReader.$allowsNaN.withValue(true) {
        try? optimizer.restore(before.optimizer, named: model.namedParameters, from: source)
      }
      throw error
    }
    (self.history, gradients, self.figures) = (history, waiting, figures)
    // A callback that ended the run may think otherwise now.
    if let reason = texts["the end"], !reason.isEmpty, let name = texts["ended by"],
      callbacks.first(where: { $0.name == name })?.verdict != .proceed
    {
      (self.history.stopReason, stoppedBy) = (reason, name)
    }
    // Figures of two kinds cannot be compared.
    if texts["the best epoch"] != bestDescription { best = nil }
  }

  private func check(_ mismatch: StateMismatch, _ source: String) throws(FileError) {
    let sized = model.sizedState
    let missing = mismatch.missing.filter { sized[$0] != nil }
    let problems = [("missing", missing), ("unexpected", mismatch.unexpected)]
      .filter { !$0.1.isEmpty }.map { "\($0.0): \($0.1.joined(separator: ", "))" }
    if problems.isEmpty { return }
    throw FileError(source, "does not fit \(model.name): " + problems.joined(separator: "; "))
  }

  private func gradients(_ state: StateDictionary, from source: String) throws(FileError)
    -> Gradients
  {
    let parameters = Dictionary(
      uniqueKeysWithValues: model.namedParameters.map { (Array($0.path.utf8), $0.parameter) })
    var entries: [(parameter: Parameter, gradient: Tensor)] = []
    for (name, tensor) in state {
      guard let parameter = parameters[Array(name.utf8)], parameter.allows(tensor.shape),
        tensor.dtype.isFloatingPoint
      else {
        throw FileError(source, "has a gradient of \(name), \(tensor.summary), that does not fit")
      }
      entries.append((parameter, tensor.to(parameter.device)))
    }
    return Gradients(entries)
  }

  private func restoreCounts(
    _ state: StateDictionary, _ history: History, _ source: String
  ) throws(FileError) {
    var reader = StateReader(state, of: "the run", from: source)
    var counts: [Int] = []
    for (name, _) in Self.counts {
      let count = try reader.count(name)
      guard count <= 1 << 53 else { throw reader.failure("\(name) is too large: \(count)") }
      counts.append(count)
    }
    guard counts[0] == history.epochs.count + 1 else {
      throw reader.failure("epoch is \(counts[0]) after \(history.epochs.count) epochs")
    }
    var numbers: [Double] = []
    for (name, _) in Self.numbers { numbers.append(try reader.anyNumber(name)) }
    let wasNotFinite = try reader.count("wasNotFinite") > 0
    let best =
      reader.has("best.figure")
      ? (figure: try reader.number("best.figure"), batchCount: try reader.count("best.batchCount"))
      : nil
    try reader.finish()
    for ((_, path), count) in zip(Self.counts, counts) { self[keyPath: path] = count }
    for ((_, path), number) in zip(Self.numbers, numbers) { self[keyPath: path] = number }
    (self.wasNotFinite, self.best) = (wasNotFinite, best)
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
