import Autograd

/// Everything that decides the rest of a training run.
///
/// The order of the examples needs no state: it is a function of the data's seed and the epoch.
final class TrainingRun {
  let trainer: Trainer
  let model: any Trainable
  let optimizer: any Optimizer
  let rates: LearningRates
  let callbacks: [any TrainerCallback]
  /// What must be the same when the run goes on, in words.
  private lazy var settings = makeSettings()
  private let makeSettings: () -> [(name: String, value: String)]

  /// The running epoch, from 1; after the last one, one more.
  var epoch = 1
  /// The batches of the epoch that are done.
  var batch = 0
  /// The batches of all epochs that are done.
  var batchCount = 0
  /// The mean loss of the epoch so far.
  var loss = WeightedMean()
  var exampleCount = 0
  /// The time that the epoch has taken so far.
  var seconds = 0.0
  /// The weighted sum of the gradients that wait for the optimizer's step, and of their weights.
  var (gradients, gradientWeight) = (Gradients([]), 0.0)
  var wasNotFinite = false
  var history = History()
  /// The best epoch's figure, and the batches seen after it.
  var best: (figure: Double, batchCount: Int)?

  init(
    _ trainer: Trainer, _ model: any Trainable, _ optimizer: any Optimizer,
    _ data: some DataModule, _ callbacks: [any TrainerCallback]
  ) {
    self.trainer = trainer
    self.callbacks = callbacks
    let names = callbacks.map(\.name)
    require(
      Set(names).count == names.count && !names.contains { $0.contains(".") },
      "fit: callbacks need names of their own without dots, got \(names.joined(separator: ", "))")
    self.model = model
    self.optimizer = optimizer
    rates = LearningRates(trainer.schedule, optimizer)
    let options = optimizer.described
    let description = rates.description
    makeSettings = {
      var sum = SHA256()
      for tensor in [data.sample.inputs, data.sample.labels] { tensor.withBytes { sum.update($0) } }
      return [
        ("the batch size", "\(data.batchSize)"),
        ("the number of examples", "\(data.training.count)"),
        ("the number of validation examples", "\(data.validation?.count ?? 0)"),
        ("the data's seed", "\(data.seed)"),
        ("whether the last batch is dropped", "\(data.dropsLast)"),
        ("the SHA-256 sum of the first examples", sum.hexadecimal()),
        ("the number of accumulated batches", "\(trainer.accumulatedBatches)"),
        ("the limit of the gradients' norm", trainer.gradientClip.map { "\($0)" } ?? "none"),
        ("the optimizer", options), ("the schedule", description),
        (
          "the type of the parameters",
          Set(model.parameters.map { "\($0.dtype)" }).sorted().joined(separator: ", ")
        ),
      ]
    }
  }

  /// Ends the epoch.
  func endEpoch(_ metrics: EpochMetrics) {
    history.epochs.append(metrics)
    epoch += 1
    (batch, loss, exampleCount, seconds) = (0, WeightedMean(), 0, 0)
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
      metrics: metrics)
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
        history.stopReason = reason
      }
    }
  }

  // MARK: State

  /// Numbers by name, for saving and restoring.
  private static var counts: [(name: String, path: ReferenceWritableKeyPath<TrainingRun, Int>)] {
    [
      ("epoch", \.epoch), ("batch", \.batch), ("batchCount", \.batchCount),
      ("exampleCount", \.exampleCount),
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
        ("gradients.", waiting), ("history.", history.state),
      ] + remembered).reduce(into: StateDictionary()) { all, part in
        for (name, tensor) in part.1 { all.append(part.0 + name, tensor) }
      }
  }

  /// What a person reads in the file's metadata, and what must be the same when the run goes on.
  var texts: [String: String] {
    Dictionary(uniqueKeysWithValues: settings.map { ($0.name, $0.value) })
      .merging([
        "model": model.name, "position": "epoch \(epoch), after batch \(batch)",
        "the number of epochs": "\(trainer.maxEpochs)",
      ]) { $1 }
  }

  /// What differs from the run that wrote a checkpoint, though it may; nil if nothing does.
  func note(_ texts: [String: String]) -> String? {
    let before = texts["the number of epochs"] ?? "unknown"
    if before == "\(trainer.maxEpochs)" { return nil }
    let change = "the number of epochs was \(before), and is \(trainer.maxEpochs)"
    return trainer.schedule == nil
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
    let known = ["run.", "model.", "random.", "optimizer.", "schedule.", "gradients.", "history."]
    let rest = state.rest(without: known + callbacks.map { "callbacks.\($0.name)." })
    if let name = rest.names.first {
      throw FileError(
        source, "is of another run: it has \(name), for which there is no callback now")
    }
    let before = model.sizedState
    do throws(FileError) {
      _ = try model.restore(state.part("model."), strict: false, from: source)
      try model.restore(randomStreams: state.part("random."), from: source)
      // The schedule first, which sets the rates: a callback may have changed them since.
      try rates.restore(state.part("schedule."), from: source)
      let names = model.namedParameters
      let result = StateReader.$allowsNaN.withValue(true) {
        Result { () throws(FileError) in
          try optimizer.restore(state.part("optimizer."), named: names, from: source)
        }
      }
      try result.get()
      for callback in callbacks {
        try callback.restore(state.part("callbacks.\(callback.name)."), from: source)
        try (callback as? EarlyStopping)?.check(model, source)
      }
      try restoreCounts(state.part("run."), history, source)
    } catch {
      _ = try? model.restore(before, strict: false, from: source)
      throw error
    }
    (self.history, gradients) = (history, waiting)
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

/// Changes an optimizer's learning rates during a run.
final class LearningRates {
  let description: String
  private var steps: Scheduler?
  private var epochs: Scheduler?
  private var plateau: Plateau?
  private var isFirstStep = true

  init(_ schedule: Trainer.LearningRateSchedule?, _ optimizer: any Optimizer) {
    switch schedule {
    case .perEpoch(let schedule):
      epochs = Scheduler(optimizer, schedule)
      description = "per epoch: \(schedule)"
    case .perStep(let schedule):
      steps = Scheduler(optimizer, schedule)
      description = "per step: \(schedule)"
    case .plateau(let options):
      plateau = Plateau(optimizer, options)
      description = "plateau: \(options)"
    case nil: description = "none"
    }
  }

  func stepBegins() {
    if !isFirstStep { steps?.step() }
    isFirstStep = false
  }

  func epochEnded(_ loss: Double) {
    epochs?.step()
    plateau?.step(loss)
  }

  private var saved: (any SavedState)? { steps ?? epochs ?? plateau }

  var state: StateDictionary {
    ["isFirstStep": Tensor(scalars: [isFirstStep ? 1 : 0], shape: [])]
      + (saved?.state.renamed { "rates." + $0 } ?? [:])
  }

  func restore(_ state: StateDictionary, from source: String) throws(FileError) {
    try saved?.restore(state.part("rates."), from: source)
    var reader = StateReader(
      state.rest(without: ["rates."]), of: "the schedule", from: source)
    isFirstStep = try reader.count("isFirstStep") > 0
    try reader.finish()
  }
}

/// A weighted mean that is built up; NaN while empty.
struct WeightedMean {
  var (sum, weight) = (0.0, 0.0)

  mutating func add(_ value: Double, weight: Double) {
    sum += value * weight
    self.weight += weight
  }

  var value: Double { sum / weight }
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
