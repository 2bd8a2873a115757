import Autograd

/// What a checkpoint has of a run, and going back to it.
extension TrainingRun {
  /// Numbers by name, for saving and restoring.
  static var counts: [(name: String, path: ReferenceWritableKeyPath<TrainingRun, Int>)] {
    [
      ("epoch", \.epoch), ("batch", \.batch), ("batchCount", \.batchCount),
      ("exampleCount", \.exampleCount), ("validatedCount", \.validatedCount),
    ]
  }
  static var numbers: [(name: String, path: ReferenceWritableKeyPath<TrainingRun, Double>)] {
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
    var texts = Dictionary(uniqueKeysWithValues: settings.map { ($0.name, $0.value) })
    texts["model"] = model.name
    texts["position"] = "epoch \(epoch), after batch \(batch)"
    texts["the number of epochs"] = "\(lastEpoch)"
    texts["the best epoch"] = bestDescription
    if let reason = history.stopReason {
      (texts["the end"], texts["ended by"]) = (reason, stoppedBy)
    }
    return texts
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
    let figures = try Figures(state.part("figures."), from: source)
    let known = [
      "run.", "model.", "random.", "optimizer.", "schedule.", "gradients.", "figures.", "history.",
    ]
    let rest = state.rest(without: known + callbacks.map { "callbacks.\($0.name)." })
    if let name = rest.names.first {
      throw FileError(
        source, "is of another run: it has \(name), for which there is no callback now")
    }
    let ending = try ending(texts, source)
    let before = (
      model: model.sizedState, streams: model.randomStreams, rates: rates.state,
      optimizer: optimizer.state(named: model.namedParameters), callbacks: callbacks.map(\.state)
    )
    let waiting: Gradients
    do throws(FileError) {
      _ = try model.restore(state.part("model."), strict: false, from: source)
      // Now that every parameter has its shape.
      waiting = try gradients(state.part("gradients."), from: source)
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
        for (callback, state) in zip(callbacks, before.callbacks) {
          try? callback.restore(state, from: source)
        }
      }
      throw error
    }
    (self.history, gradients, self.figures) = (history, waiting, figures)
    // A callback that ended the run may think otherwise now.
    if let ending {
      if ending.callback.verdict == .proceed {
        ask { $0.verdict ?? .proceed }
      } else {
        (self.history.stopReason, stoppedBy) = (ending.reason, ending.callback.name)
      }
    }
    // Figures of two kinds cannot be compared.
    if texts["the best epoch"] != bestDescription { best = nil }
  }

  /// Why the run ended, and which callback said so; nil if none did.
  private func ending(
    _ texts: [String: String], _ source: String
  ) throws(FileError) -> (reason: String, callback: any TrainerCallback)? {
    guard let reason = texts["the end"] else { return nil }
    let name = texts["ended by"] ?? ""
    guard let callback = callbacks.first(where: { $0.name == name }) else {
      throw FileError(
        source,
        "is of another run: the callback \(name) ended it, and there is none of that name now")
    }
    return (reason, callback)
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
