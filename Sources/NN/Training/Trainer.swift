import Autograd

/// Runs the training loop: epochs of steps over batches, validation after each, after d2l's
/// `Trainer`.
///
/// It knows nothing of progress bars, files and plots: they read its events and the history.
public struct Trainer {
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

  /// When learning rates change, and how.
  public enum LearningRateSchedule: Sendable {
    /// After each epoch.
    case perEpoch(Schedule)
    /// After each step of the optimizer.
    case perStep(Schedule)
    /// After epochs that did not get better, judged by the validation loss (the training loss where
    /// there is no validation data).
    case plateau(Plateau.Options)
  }

  /// A trainer; nothing runs before `fit`.
  public init(
    maxEpochs: Int, gpuCount: Int = 0, gradientClip: Double? = nil, accumulatedBatches: Int = 1,
    schedule: LearningRateSchedule? = nil
  ) {
    require(maxEpochs >= 1, "Trainer: needs at least one epoch, got \(maxEpochs)")
    require(gpuCount >= 0, "Trainer: the number of GPUs must not be negative, got \(gpuCount)")
    require(
      gradientClip ?? 1 > 0, "Trainer: gradientClip must be above 0, got \(gradientClip ?? 0)")
    checkAtLeastOne(accumulatedBatches, "Trainer", "accumulatedBatches")
    self.maxEpochs = maxEpochs
    self.gpuCount = gpuCount
    device = gpuCount > 0 ? Device.gpus.first ?? .cpu : .cpu
    self.gradientClip = gradientClip
    self.accumulatedBatches = accumulatedBatches
    self.schedule = schedule
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
  /// The model is moved to `device` and stays there, and an `optimizer` that is handed in must be made for it there. A GPU gets a step's work before the loss of the step before is
  /// read, so that it never waits: there the event of a batch comes while the next batch is computed, with the same
  /// numbers and in the same order. With `shouldStop` each loss is read at once.
  ///
  /// With `checkpoints` a run can end anywhere, also by SIGKILL, and go on later: `resume` continues after the batch
  /// where the newest valid checkpoint was written, and the run's weights and figures (but for times) are bit for bit
  /// those of one that never stopped. Model, data and trainer must be constructed exactly as they were the first
  /// time; only `maxEpochs` may differ. What the model keeps besides parameters, buffers and random streams is not in a checkpoint.
  ///
  /// - Parameters:
  ///   - model: What to train.
  ///   - data: What to train and validate on.
  ///   - optimizer: What to train with, with what it remembers; nil for what the model configures.
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
      self, model, optimizer ?? model.configureOptimizers(), data, callbacks)
    for callback in callbacks {
      (callback as? EarlyStopping)?.figure.check(
        "EarlyStopping", hasValidation: data.validation != nil)
    }
    if let checkpoints {
      checkpoints.best?.check("Checkpoints", hasValidation: data.validation != nil)
      run.checkNames()
    }
    var folder = try checkpoints.map { checkpoints throws(FileError) in
      try CheckpointFolder(checkpoints)
    }
    var resumed: TrainerEvent?
    if resume,
      let (path, state, texts) = try folder?.newest(skip: { try onEvent(.checkpointSkipped($0)) })
    {
      try run.restore(state, texts, from: path)
      resumed = .resumed(
        from: path, epoch: run.epoch, batch: run.batch, history: run.history, note: run.note(texts))
    }
    let batchCount = data.trainingBatches(epoch: min(run.epoch, maxEpochs)).count
    require(
      batchCount > 0,
      "fit: the training data has no examples, or fewer than a batch that is not dropped")
    try onEvent(.started(epochCount: maxEpochs, batchesPerEpoch: batchCount, device: deviceSummary))
    if let resumed { try onEvent(resumed) }
    if resumed != nil { run.ask(\.verdict) }
    while run.epoch <= maxEpochs && run.history.stopReason == nil {
      // Parts that were put into evaluation mode stay so, such as batch norms whose statistics are to stay.
      if model.modeDependentModules.allSatisfy({ !$0.isTraining }) { model.train() }
      guard
        try trainEpoch(run, model, data, &folder, shouldStop: shouldStop, onEvent: onEvent)
      else { break }
      var metrics = EpochMetrics(
        epoch: run.epoch, trainLoss: run.loss.value, seconds: run.seconds)
      if let batches = data.validationBatches(), batches.count > 0 {
        (metrics.validationLoss, metrics.validationAccuracy) = validate(model, batches.on(device))
      }
      metrics.learningRate = run.optimizer.learningRate
      run.rates.epochEnded(metrics.validationLoss ?? metrics.trainLoss)
      run.endEpoch(metrics)
      run.ask { $0.epochEnded(run.progress(metrics)) }
      try onEvent(.epochEnded(metrics))
      let (best, before) = (folder?.better(metrics, than: run.best?.figure), run.best)
      if let best { run.best = (best, run.batchCount) }
      if run.epoch > maxEpochs || run.history.stopReason != nil
        || folder?.isDue(epoch: metrics.epoch, isBest: best != nil) == true
      {
        // The best one before stays while there is no file of the new one.
        if try !save(run, &folder, onEvent) { run.best = before }
      }
    }
    run.history.wasInterrupted = run.batch > 0 && run.epoch <= maxEpochs
    for callback in callbacks { callback.runEnded(run.progress()) }
    try onEvent(.finished(run.history))
    return run.history
  }

  /// Writes a checkpoint, if there are any; a file that cannot be written does not end the run.
  ///
  /// - Returns: Whether there is a new file.
  @discardableResult
  private func save(
    _ run: TrainingRun, _ folder: inout CheckpointFolder?, _ onEvent: (TrainerEvent) throws -> Void
  ) throws -> Bool {
    guard folder != nil else { return false }
    let event: TrainerEvent
    do throws(FileError) {
      event = .checkpointSaved(
        try folder!.write(
          run.state, run.texts, batchCount: run.batchCount, bestCount: run.best?.batchCount))
    } catch {
      try onEvent(.checkpointFailed(error))
      return false
    }
    try onEvent(event)
    return true
  }

  /// Trains to the end of the run's epoch; false if the run was to stop before.
  private func trainEpoch(
    _ run: TrainingRun, _ model: some Trainable, _ data: some DataModule,
    _ folder: inout CheckpointFolder?, shouldStop: (() -> Bool)?,
    onEvent: (TrainerEvent) throws -> Void
  ) throws -> Bool {
    let clock = ContinuousClock()
    let (start, before) = (clock.now, run.seconds)
    let batches = data.trainingBatches(epoch: run.epoch).on(device)
    let batchCount = batches.count
    let parameters = run.optimizer.parameters
    let readsAtOnce = device == .cpu || shouldStop != nil || !run.callbacks.isEmpty
    var lastLoss: Double?
    var unread: (loss: Tensor?, batch: Int, weight: Double, count: Int)?
    func measureTime() { run.seconds = before + (clock.now - start) / .seconds(1) }
    func readLoss() throws {
      guard let (loss, batch, weight, count) = unread.take() else { return }
      lastLoss = loss?.item()
      if let loss = lastLoss {
        run.loss.add(loss, weight: weight)
        if !loss.isFinite && !run.wasNotFinite {
          run.wasNotFinite = true
          try onEvent(.lossNotFinite(epoch: run.epoch, batch: batch, loss: loss))
        }
      }
      run.exampleCount += count
      measureTime()
      try onEvent(
        .batchEnded(
          epoch: run.epoch, batch: batch, batchCount: batchCount, loss: run.loss.value,
          samplesPerSecond: Double(run.exampleCount) / max(run.seconds, 1e-9)))
    }
    for batch in batches.dropFirst(run.batch) {
      var loss: Tensor?
      let weight = model.lossWeight(batch)
      run.batch += 1
      run.batchCount += 1
      if accumulatedBatches == 1 && weight > 0 {
        run.rates.stepBegins()
        loss = run.optimizer.step {
          let (loss, gradients) = NN.valueAndGradients(at: parameters) { model.trainingStep(batch) }
          return (loss, clipped(run.changed(consume gradients)))
        }
      } else if accumulatedBatches > 1 {
        if weight > 0 {
          let found = NN.valueAndGradients(at: parameters) { model.trainingStep(batch) }
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
      try readLoss()  // of the batch before
      unread = (loss, run.batch, weight, batch.count)
      if readsAtOnce { try readLoss() }
      run.ask { $0.batchEnded(run.progress(loss: lastLoss)) }
      let stops = (shouldStop?() ?? false) || run.history.stopReason != nil
      if stops || folder?.isDue(batchCount: run.batchCount) == true {
        try readLoss()
        try save(run, &folder, onEvent)
      }
      if stops { return false }
    }
    try readLoss()
    measureTime()
    return true
  }

  private func clipped(_ gradients: consuming Gradients) -> Gradients {
    if let gradientClip { return gradients.clipped(norm: gradientClip) }
    return gradients
  }

  /// Mean loss and accuracy over batches, in evaluation mode.
  private func validate(
    _ model: some Trainable, _ batches: BatchSequence
  ) -> (loss: Double, accuracy: Double?) {
    model.evaluating {
      var (losses, accuracies) = (WeightedMean(), WeightedMean())
      for batch in batches {
        let weight = model.lossWeight(batch)
        if weight == 0 { continue }
        let (loss, accuracy) = model.validationStep(batch)
        losses.add(loss, weight: weight)
        if let accuracy { accuracies.add(accuracy, weight: weight) }
      }
      return (losses.value, accuracies.weight > 0 ? accuracies.value : nil)
    }
  }
}
