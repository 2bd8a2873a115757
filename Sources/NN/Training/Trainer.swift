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
  /// The model is moved to `device` and stays there. A GPU gets a step's work before the loss of the step before is
  /// read, so that it never waits: there the event of a batch comes while the next batch is computed, with the same
  /// numbers and in the same order. With `shouldStop` each loss is read at once.
  ///
  /// - Parameters:
  ///   - model: What to train.
  ///   - data: What to train and validate on.
  ///   - onEvent: Told about everything that happens; an error it throws ends the run.
  ///   - shouldStop: Asked after the event of each batch; true ends the run after it, without validation.
  /// - Returns: The figures of the epochs that were completed.
  /// - Throws: What `onEvent` throws.
  @discardableResult
  public func fit(
    _ model: some Trainable, _ data: some DataModule,
    onEvent: (TrainerEvent) throws -> Void = { _ in }, shouldStop: (() -> Bool)? = nil
  ) throws -> History {
    model.to(device)
    let optimizer = model.configureOptimizers()
    let rates = Rates(schedule, optimizer)
    var history = History()
    var wasNotFinite = false
    let batchCount = data.trainingBatches(epoch: 1).count
    require(batchCount > 0, "fit: the training data has no examples")
    try onEvent(.started(epochCount: maxEpochs, batchesPerEpoch: batchCount, device: deviceSummary))
    for epoch in 1...maxEpochs {
      model.train()
      let (training, seconds) = try trainingEpoch(
        epoch, model, data, optimizer, rates, &wasNotFinite, shouldStop: shouldStop,
        onEvent: onEvent)
      guard let training else {
        history.wasInterrupted = true
        break
      }
      var metrics = EpochMetrics(epoch: epoch, trainLoss: training, seconds: seconds)
      if let batches = data.validationBatches(), batches.count > 0 {
        (metrics.validationLoss, metrics.validationAccuracy) = validate(model, batches.on(device))
      }
      metrics.learningRate = optimizer.learningRate
      rates.epochEnded(metrics.validationLoss ?? metrics.trainLoss)
      history.epochs.append(metrics)
      try onEvent(.epochEnded(metrics))
    }
    try onEvent(.finished(history))
    return history
  }

  /// One epoch's mean loss, nil if it was to stop, and its duration.
  private func trainingEpoch(
    _ epoch: Int, _ model: some Trainable, _ data: some DataModule, _ optimizer: any Optimizer,
    _ rates: Rates, _ wasNotFinite: inout Bool, shouldStop: (() -> Bool)?,
    onEvent: (TrainerEvent) throws -> Void
  ) throws -> (loss: Double?, seconds: Double) {
    let clock = ContinuousClock()
    let start = clock.now
    let batches = data.trainingBatches(epoch: epoch).on(device)
    let batchCount = batches.count
    let parameters = optimizer.parameters
    var (mean, exampleCount) = (Mean(), 0)
    var (sum, sumWeight) = (Gradients([]), 0.0)
    let readsAtOnce = device == .cpu || shouldStop != nil
    var unread: (loss: Tensor?, index: Int, weight: Double, count: Int)?
    func readLoss() throws {
      guard let (loss, index, weight, count) = unread.take() else { return }
      if let loss = loss?.item() {
        mean.add(loss, weight: weight)
        if !loss.isFinite && !wasNotFinite {
          wasNotFinite = true
          try onEvent(.lossNotFinite(epoch: epoch, batch: index + 1, loss: loss))
        }
      }
      exampleCount += count
      try onEvent(
        .batchEnded(
          epoch: epoch, batch: index + 1, batchCount: batchCount, loss: mean.value,
          samplesPerSecond: Double(exampleCount) / max(seconds(), 1e-9)))
    }
    func seconds() -> Double { (clock.now - start) / .seconds(1) }
    for (index, batch) in batches.enumerated() {
      var loss: Tensor?
      let weight = model.lossWeight(batch)
      if accumulatedBatches == 1 && weight > 0 {
        rates.stepBegins()
        loss = optimizer.step {
          let (loss, gradients) = NN.valueAndGradients(at: parameters) { model.trainingStep(batch) }
          return (loss, clipped(consume gradients))
        }
      } else if accumulatedBatches > 1 {
        if weight > 0 {
          let found = NN.valueAndGradients(at: parameters) { model.trainingStep(batch) }
          loss = found.value
          sum += found.gradients * weight
          sumWeight += weight
        }
        let isLast = (index + 1) % accumulatedBatches == 0 || index + 1 == batchCount
        if isLast && sumWeight > 0 {
          rates.stepBegins()
          optimizer.step(clipped(sum / sumWeight))
          (sum, sumWeight) = (Gradients([]), 0)
        }
      }
      try readLoss()  // of the batch before
      unread = (loss, index, weight, batch.count)
      if readsAtOnce { try readLoss() }
      if let shouldStop, shouldStop() { return (nil, seconds()) }
    }
    try readLoss()
    return (mean.value, seconds())
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
      var (losses, accuracies) = (Mean(), Mean())
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

/// Changes an optimizer's learning rates during a run.
private final class Rates {
  private var steps: Scheduler?
  private var epochs: Scheduler?
  private var plateau: Plateau?
  private var isFirstStep = true

  init(_ schedule: Trainer.LearningRateSchedule?, _ optimizer: any Optimizer) {
    switch schedule {
    case .perEpoch(let schedule): epochs = Scheduler(optimizer, schedule)
    case .perStep(let schedule): steps = Scheduler(optimizer, schedule)
    case .plateau(let options): plateau = Plateau(optimizer, options)
    case nil: break
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
}

/// A weighted mean that is built up; NaN while empty.
private struct Mean {
  private var sum = 0.0
  private(set) var weight = 0.0

  mutating func add(_ value: Double, weight: Double) {
    sum += value * weight
    self.weight += weight
  }

  var value: Double { sum / weight }
}
