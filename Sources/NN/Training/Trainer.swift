import Autograd

/// Runs the training loop: epochs of steps over batches, validation after each, after d2l's
/// `Trainer`.
///
/// It knows nothing of progress bars, files and plots: they read its events and the history.
public struct Trainer {
  /// The number of epochs.
  public let maxEpochs: Int
  /// The number of GPUs to use at most: as many as there are, else the processor.
  public let gpuCount: Int
  /// The largest norm of all gradients together; longer ones are scaled down.
  ///
  /// Nil for no limit.
  public let gradientClip: Double?

  /// A trainer; nothing runs before `fit`.
  public init(maxEpochs: Int, gpuCount: Int = 0, gradientClip: Double? = nil) {
    require(maxEpochs >= 1, "Trainer: needs at least one epoch, got \(maxEpochs)")
    require(gpuCount >= 0, "Trainer: the number of GPUs must not be negative, got \(gpuCount)")
    require(
      gradientClip ?? 1 > 0, "Trainer: gradientClip must be above 0, got \(gradientClip ?? 0)")
    self.maxEpochs = maxEpochs
    self.gpuCount = gpuCount
    self.gradientClip = gradientClip
  }

  /// Trains a model.
  ///
  /// Losses and accuracies of an epoch are means over its examples: batches count by their size.
  /// (d2l averages over batches, so that a smaller last batch counts as much as the others.) The
  /// training loss is that of the batches as they were seen, while the parameters changed.
  ///
  /// - Parameters:
  ///   - model: What to train.
  ///   - data: What to train and validate on.
  ///   - onEvent: Told about everything that happens; an error it throws ends the run.
  ///   - shouldStop: Asked after each batch; true ends the run after it, without validation.
  /// - Returns: The figures of the epochs that were completed.
  /// - Throws: What `onEvent` throws.
  @discardableResult
  public func fit(
    _ model: some Trainable, _ data: some DataModule,
    onEvent: (TrainerEvent) throws -> Void = { _ in }, shouldStop: () -> Bool = { false }
  ) throws -> History {
    let optimizer = model.configureOptimizers()
    var history = History()
    let batchCount = data.trainingBatches(epoch: 1).count
    require(batchCount > 0, "fit: the training data has no examples")
    try onEvent(.started(epochCount: maxEpochs, batchesPerEpoch: batchCount))
    for epoch in 1...maxEpochs {
      model.train()
      let (training, seconds) = try trainingEpoch(
        epoch, model, data, optimizer, shouldStop: shouldStop, onEvent: onEvent)
      guard let training else {
        history.wasInterrupted = true
        break
      }
      var metrics = EpochMetrics(epoch: epoch, trainLoss: training, seconds: seconds)
      if let batches = data.validationBatches() {
        (metrics.validationLoss, metrics.validationAccuracy) = validate(model, batches)
      }
      history.epochs.append(metrics)
      try onEvent(.epochEnded(metrics))
    }
    try onEvent(.finished(history))
    return history
  }

  /// One epoch's mean loss, nil if it was to stop, and its duration.
  private func trainingEpoch(
    _ epoch: Int, _ model: some Trainable, _ data: some DataModule, _ optimizer: any Optimizer,
    shouldStop: () -> Bool, onEvent: (TrainerEvent) throws -> Void
  ) throws -> (loss: Double?, seconds: Double) {
    let clock = ContinuousClock()
    let start = clock.now
    let batches = data.trainingBatches(epoch: epoch)
    let batchCount = batches.count
    var mean = Mean()
    for (index, batch) in batches.enumerated() {
      var (loss, gradients) = NN.valueAndGradients(at: optimizer.parameters) {
        model.trainingStep(batch)
      }
      if let gradientClip { gradients = gradients.clipped(norm: gradientClip) }
      optimizer.step(gradients)
      mean.add(loss.item(), weight: batch.count)
      let seconds = (clock.now - start) / .seconds(1)
      try onEvent(
        .batchEnded(
          epoch: epoch, batch: index + 1, batchCount: batchCount, loss: mean.value,
          samplesPerSecond: Double(mean.weight) / max(seconds, 1e-9)))
      if shouldStop() { return (nil, seconds) }
    }
    return (mean.value, (clock.now - start) / .seconds(1))
  }

  /// Mean loss and accuracy over batches, in evaluation mode.
  private func validate(
    _ model: some Trainable, _ batches: BatchSequence
  ) -> (loss: Double, accuracy: Double?) {
    model.evaluating {
      var (losses, accuracies) = (Mean(), Mean())
      for batch in batches {
        let (loss, accuracy) = model.validationStep(batch)
        losses.add(loss, weight: batch.count)
        if let accuracy { accuracies.add(accuracy, weight: batch.count) }
      }
      return (losses.value, accuracies.weight > 0 ? accuracies.value : nil)
    }
  }
}

/// A weighted mean that is built up; NaN while empty.
private struct Mean {
  private var sum = 0.0
  private(set) var weight = 0

  mutating func add(_ value: Double, weight: Int) {
    sum += value * Double(weight)
    self.weight += weight
  }

  var value: Double { sum / Double(weight) }
}
