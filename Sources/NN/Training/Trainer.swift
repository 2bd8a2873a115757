import Autograd

/// Runs the training loop: epochs of steps over batches, validation after each, after d2l's
/// `Trainer`.
///
/// It knows nothing of progress bars, files and plots: they read its events and the history.
///
/// It remembers its last run, so that a second `fit` of the same model goes on where the first ended.
public final class Trainer {
  /// The number of epochs.
  public let maxEpochs: Int
  /// The number of GPUs to use at most; of several, one is used so far.
  public let gpuCount: Int
  /// Where runs compute: the first of `Device.gpus` if `gpuCount` is above 0 and there is one, else the CPU.
  public package(set) var device: Device
  /// The largest norm of all gradients together; longer ones are scaled down.
  ///
  /// Nil for no limit.
  public let gradientClip: Double?
  /// The number of batches whose gradients are taken together for a step, as if they were one batch;
  /// fewer at an epoch's end.
  public let accumulatedBatches: Int
  /// How the optimizer's learning rates change; nil leaves them as they are.
  public let schedule: LearningRateSchedule?
  /// The number of batches, counted from the run's start, after which the model is also validated within an epoch; nil
  /// for validation at the ends of epochs only.
  public let validationInterval: Int?
  private var lastRun: TrainingRun?

  /// The optimizer of the last run, with what it remembers; nil before the first.
  public var optimizer: (any Optimizer)? { lastRun?.optimizer }

  /// When learning rates change, and how.
  public enum LearningRateSchedule: Sendable {
    /// After each epoch.
    case perEpoch(Schedule)
    /// After each step of the optimizer.
    case perStep(Schedule)
    /// After epochs that did not get better, judged by a figure of the history, as in `.highest("val_acc")`, which
    /// decides `isMaximized`; by default the validation loss (the training loss where there is no validation data).
    case plateau(Plateau.Options, by: BestFigure? = nil)
  }

  /// A trainer; nothing runs before `fit`.
  public init(
    maxEpochs: Int, gpuCount: Int = 0, gradientClip: Double? = nil, accumulatedBatches: Int = 1,
    schedule: LearningRateSchedule? = nil, validationInterval: Int? = nil
  ) {
    require(maxEpochs >= 1, "Trainer: needs at least one epoch, got \(maxEpochs)")
    require(gpuCount >= 0, "Trainer: the number of GPUs must not be negative, got \(gpuCount)")
    require(
      gradientClip ?? 1 > 0, "Trainer: gradientClip must be above 0, got \(gradientClip ?? 0)")
    checkAtLeastOne(accumulatedBatches, "Trainer", "accumulatedBatches")
    checkAtLeastOne(validationInterval ?? 1, "Trainer", "validationInterval")
    self.maxEpochs = maxEpochs
    self.gpuCount = gpuCount
    device = gpuCount > 0 ? Device.gpus.first ?? .cpu : .cpu
    self.gradientClip = gradientClip
    self.accumulatedBatches = accumulatedBatches
    self.schedule = schedule
    self.validationInterval = validationInterval
  }

  /// The device that runs use, and why if it is not what was asked for, as in `cpu (libcuda.so.1 was not found)`.
  public var deviceSummary: String {
    Self.deviceSummary(device, gpuCount: gpuCount, problem: Device.gpuProblem)
  }

  static func deviceSummary(
    _ device: Device, gpuCount: Int, problem: @autoclosure () -> String?
  ) -> String {
    if gpuCount == 0 { return "\(device) (no GPU was asked for)" }
    if device == .cpu { return "\(device) (\(problem() ?? "there is no GPU"))" }
    return "\(device)" + (gpuCount > 1 ? ", one of the \(gpuCount) GPUs asked for" : "")
  }

  /// Trains a model.
  ///
  /// Losses and accuracies of an epoch are means over its examples: batches count by `lossWeight`, and so do those
  /// of `accumulatedBatches`. One of weight 0, such as one with nothing but ignored labels, is left out.
  /// (d2l averages over batches, so that a smaller last batch counts as much as the others.) The
  /// training loss is that of the batches as they were seen, while the parameters changed.
  ///
  /// Parts of the model that are in evaluation mode stay so; a model all of whose parts are is put into training mode.
  ///
  /// The model is moved to `device` and stays there, and an `optimizer` that is handed in must be made for it there. A
  /// GPU gets a step's work before the loss of the step before is read: there the event of a batch comes after the next
  /// batch was begun, with the same numbers and in the same order. With `shouldStop` each loss is read at once.
  ///
  /// With `checkpoints` a run can end anywhere, also by SIGKILL, and go on later: `resume` continues after the batch
  /// where the newest valid checkpoint was written, and the run's weights and figures (but for times) are bit for bit
  /// those of one that never stopped. Model, data and trainer must be constructed exactly as they were the first time;
  /// only `maxEpochs` may differ. What the model keeps besides parameters, buffers and random streams is not in a
  /// checkpoint.
  ///
  /// A second `fit` of the same model by the same trainer goes on where the first ended, with its optimizer, schedule
  /// and history: to the end of a run that was interrupted, else for `maxEpochs` more epochs, from the values that the
  /// model has then; callbacks go on as well, and a stop by one of them may come again at once. It begins anew with an
  /// optimizer that is handed in, with another trainer, and after a run of another model. With checkpoints, give each
  /// `fit` of a program a folder of its own.
  ///
  /// - Parameters:
  ///   - model: What to train.
  ///   - data: What to train and validate on.
  ///   - optimizer: What to train with, with what it remembers; nil for that of the run before, or what the model
  ///     configures.
  ///   - callbacks: What takes part in the run, in order.
  ///   - checkpoints: Where to write checkpoints, and how often; nil for none.
  ///   - resume: Whether to go on from the newest valid checkpoint, if there is one.
  ///   - onEvent: Told about everything that happens; an error it throws ends the run.
  ///   - shouldStop: Asked after the event of each batch; true ends the run after it, without validation, and with a
  ///     checkpoint.
  /// - Returns: The figures of the epochs that were completed.
  /// - Throws: What `onEvent` throws, and a `FileError` where the folder for checkpoints cannot be written, or the
  ///   checkpoint belongs to another run (of another batch size, data, seed or model, which it names).
  @discardableResult
  public func fit(
    _ model: some Trainable, _ data: some DataModule, optimizer: (any Optimizer)? = nil,
    callbacks: [any TrainerCallback] = [], checkpoints: Checkpoints? = nil,
    resume: Bool = false, onEvent: (TrainerEvent) throws -> Void = { _ in },
    shouldStop: (() -> Bool)? = nil
  ) throws -> History {
    model.to(device)
    let run = TrainingRun(
      self, model, optimizer, data, callbacks, checkpoints,
      after: optimizer == nil && lastRun?.model === model ? lastRun : nil)
    defer { run.releaseData() }
    check(checkpoints, callbacks, hasValidation: data.validation != nil)
    if checkpoints != nil { run.checkNames() }
    var folder = try checkpoints.map { checkpoints throws(FileError) in
      try CheckpointFolder(checkpoints, run: run.checkpointRun)
    }
    var resumed: TrainerEvent?
    if resume,
      let (path, state, texts) = try folder?.newest(skip: { try onEvent(.checkpointSkipped($0)) })
    {
      try run.restore(state, texts, from: path)
      resumed = .resumed(
        from: path, epoch: run.epoch, batch: run.batch, history: run.history, note: run.note(texts))
    }
    lastRun = run
    run.checkpointRun = folder?.run
    run.begin(isResumed: resumed != nil)
    let batchCount = data.trainingBatches(epoch: min(run.epoch, run.lastEpoch)).count
    require(
      batchCount > 0,
      "fit: the training data has no examples, or fewer than a batch that is not dropped")
    try onEvent(
      .started(
        epochCount: run.lastEpoch, batchesPerEpoch: batchCount, device: deviceSummary))
    if let resumed { try onEvent(resumed) }
    while !run.isOver {
      // Parts that were put into evaluation mode stay so, such as batch norms whose statistics are to stay.
      if model.modeDependentModules.allSatisfy({ !$0.isTraining }) { model.train() }
      guard
        try trainEpoch(run, model, data, &folder, shouldStop: shouldStop, onEvent: onEvent)
      else { break }
      let metrics = metrics(run, model, data)
      run.rates.epochEnded(metrics)
      run.endEpoch(metrics)
      run.ask { $0.epochEnded(run.progress(metrics)) }
      let isDue = folder?.isDue(epoch: metrics.epoch) == true || run.isOver
      let saved = save(run, &folder, isDue: isDue, judging: metrics)
      try ([.epochEnded(metrics)] + saved).forEach(onEvent)
    }
    run.history.wasInterrupted = run.batch > 0 && run.epoch <= run.lastEpoch
    for callback in callbacks { callback.runEnded(run.progress()) }
    run.hasEnded = true
    try onEvent(.finished(run.history))
    return run.history
  }

  private func check(
    _ checkpoints: Checkpoints?, _ callbacks: [any TrainerCallback], hasValidation: Bool
  ) {
    var figures = callbacks.compactMap {
      ($0 as? EarlyStopping).map { ("EarlyStopping", $0.figure.name) }
    }
    if let best = checkpoints?.best { figures.append(("Checkpoints", best.name)) }
    if case .plateau(_, let figure?) = schedule { figures.append(("Trainer", figure.name)) }
    for (owner, name) in figures { BestFigure.check(name, owner, hasValidation: hasValidation) }
    require(
      validationInterval == nil || hasValidation,
      "fit: there is no validation data for a validationInterval of \(validationInterval ?? 0)")
    require(
      !callbacks.contains { $0 is WeightAveraging }
        || !callbacks.contains { ($0 as? EarlyStopping)?.restoresBest == true },
      """
      fit: EarlyStopping and WeightAveraging would both put values into the model at the run's end; use \
      EarlyStopping(restoresBest: false)
      """)
  }

  /// Writes a checkpoint if it is due, or if a figure is the best one so far; one that cannot be written does not end
  /// the run.
  ///
  /// - Returns: The event to tell, if any.
  private func save(
    _ run: TrainingRun, _ folder: inout CheckpointFolder?, isDue: Bool,
    judging metrics: EpochMetrics? = nil
  ) -> [TrainerEvent] {
    guard folder != nil else { return [] }
    let (best, before) = (
      metrics.flatMap { folder!.better($0, than: run.best?.figure) }, run.best
    )
    if let best { run.best = (best, run.batchCount) }
    guard isDue || best != nil else { return [] }
    do throws(FileError) {
      let path = try folder!.write(
        run.state, run.texts, batchCount: run.batchCount, bestCount: run.best?.batchCount)
      return [.checkpointSaved(path)]
    } catch {
      // The best one before stays while there is no file of the new one.
      run.best = before
      return [.checkpointFailed(error)]
    }
  }

  /// Trains to the end of the run's epoch; false if the run was to stop before.
  private func trainEpoch(
    _ run: TrainingRun, _ model: some Trainable, _ data: some DataModule,
    _ folder: inout CheckpointFolder?, shouldStop: (() -> Bool)?,
    onEvent: (TrainerEvent) throws -> Void
  ) throws -> Bool {
    let clock = ContinuousClock()
    var (start, before) = (clock.now, run.seconds)
    let batches = data.trainingBatches(epoch: run.epoch).on(device)
    let batchCount = batches.count
    let parameters = run.optimizer.parameters
    let readsAtOnce = device == .cpu || shouldStop != nil || !run.callbacks.isEmpty
    var lastLoss: Double?
    var unread: (loss: Tensor?, reports: [Figures.Report], batch: Int, weight: Double, count: Int)?
    func measureTime() { run.seconds = before + (clock.now - start) / .seconds(1) }
    /// Takes the figures of the batch before, for which a GPU may have to be waited for; returns what is to be told of
    /// it.
    func record() -> [TrainerEvent] {
      guard let (loss, reports, batch, weight, count) = unread.take() else { return [] }
      var events: [TrainerEvent] = []
      lastLoss = loss?.item()
      if let loss = lastLoss {
        run.loss.add(loss, weight: weight)
        if !loss.isFinite && !run.wasNotFinite {
          run.wasNotFinite = true
          events.append(.lossNotFinite(epoch: run.epoch, batch: batch, loss: loss))
        }
      }
      run.figures.add(reports, weight: weight)
      run.exampleCount += count
      measureTime()
      return events + [
        .batchEnded(
          epoch: run.epoch, batch: batch, batchCount: batchCount, loss: run.loss.value,
          samplesPerSecond: Double(run.exampleCount) / max(run.seconds, 1e-9))
      ]
    }
    // An error of the event handler loses no figures.
    defer { _ = record() }
    /// A run that was stopped before this validation has it first of all when it goes on.
    func validateIfDue() throws -> EpochMetrics? {
      guard let interval = validationInterval, run.batch > 0, run.batch < batchCount,
        run.batchCount % interval == 0, run.validatedCount != run.batchCount
      else { return nil }
      try record().forEach(onEvent)
      measureTime()
      var metrics = metrics(run, model, data)
      (start, before) = (clock.now, run.seconds)
      metrics.batch = run.batch
      run.validatedCount = run.batchCount
      run.history.validations.append(metrics)
      run.ask { $0.validationEnded(run.progress(metrics)) }
      return metrics
    }
    if let metrics = try validateIfDue() {
      let stops = run.history.stopReason != nil
      let saved = save(run, &folder, isDue: stops, judging: metrics)
      try ([.validated(metrics)] + saved).forEach(onEvent)
      if stops { return false }
    }
    for batch in batches.dropFirst(run.batch) {
      var loss: Tensor?
      var reports: [Figures.Report]?
      /// An optimizer may ask several times; the first time counts.
      func step() -> Tensor {
        let (loss, found) = Figures.collect { model.trainingStep(batch) }
        if reports == nil { reports = found }
        return loss
      }
      let weight = model.lossWeight(batch)
      run.batch += 1
      run.batchCount += 1
      if accumulatedBatches == 1 && weight > 0 {
        run.rates.stepBegins()
        loss = run.optimizer.step {
          let (loss, gradients) = NN.valueAndGradients(at: parameters, step)
          return (loss, clipped(run.changed(consume gradients)))
        }
      } else if accumulatedBatches > 1 {
        if weight > 0 {
          let found = NN.valueAndGradients(at: parameters, step)
          loss = found.value
          run.gradients += found.gradients * weight
          run.gradientWeight += weight
        }
        let isLast = run.batch % accumulatedBatches == 0 || run.batch == batchCount
        if isLast && run.gradientWeight > 0 {
          run.rates.stepBegins()
          run.optimizer.step(clipped(run.changed(run.gradients / run.gradientWeight)))
          (run.gradients, run.gradientWeight) = (Gradients([]), 0)
        }
      }
      var events = record()  // of the batch before
      unread = (loss, reports ?? [], run.batch, weight, batch.count)
      if readsAtOnce {
        events = record()
        run.ask { $0.batchEnded(run.progress(loss: lastLoss)) }
      }
      try events.forEach(onEvent)
      var stops = (shouldStop?() ?? false) || run.history.stopReason != nil
      var validated: EpochMetrics?
      if !stops {
        validated = try validateIfDue()
        stops = run.history.stopReason != nil
      }
      let isDue = stops || folder?.isDue(batchCount: run.batchCount) == true
      if isDue { try record().forEach(onEvent) }
      let saved = save(run, &folder, isDue: isDue, judging: validated)
      try ((validated.map { [.validated($0)] } ?? []) + saved).forEach(onEvent)
      if stops { return false }
    }
    try record().forEach(onEvent)
    measureTime()
    return true
  }

  private func clipped(_ gradients: consuming Gradients) -> Gradients {
    if let gradientClip { return gradients.clipped(norm: gradientClip) }
    return gradients
  }
}
