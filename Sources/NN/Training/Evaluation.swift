import Autograd

extension Trainer {
  /// The means of a model's figures over the validation examples: `loss`, `acc` where the model gives one, and what its
  /// `validationStep` reports.
  ///
  /// The model is moved to the trainer's device, and evaluated in evaluation mode.
  ///
  /// - Returns: The figures by name; empty without examples.
  public func evaluate(_ model: some Trainable, _ data: some DataModule) -> [String: Double] {
    data.validationBatches().map { evaluate(model, $0) } ?? [:]
  }

  /// The same over any examples.
  public func evaluate(
    _ model: some Trainable, _ examples: some Dataset, batchSize: Int = 256
  ) -> [String: Double] {
    evaluate(
      model,
      BatchSequence(examples, order: Array(0..<examples.count), batchSize: batchSize))
  }

  private func evaluate(_ model: some Trainable, _ batches: BatchSequence) -> [String: Double] {
    model.to(device)
    return model.evaluating {
      var figures = Figures()
      for batch in batches.on(device) {
        let weight = model.lossWeight(batch)
        if weight == 0 {
          figures.add("loss", 0, weight: 0)
          continue
        }
        let (result, reports) = Figures.collect { model.validationStep(batch) }
        figures.add("loss", result.loss, weight: weight)
        if let accuracy = result.accuracy {
          require(
            !reports.contains { $0.name == "acc" },
            "validationStep: acc is what the step returns, and cannot be reported as well")
          figures.add("acc", accuracy, weight: weight)
        }
        figures.add(reports, weight: weight)
      }
      return figures.values
    }
  }

  /// A model's results for the validation examples, in their order.
  ///
  /// They are what the model returns, as the logits of a classifier; `.argmax(axis: 1)` has the classes. The model is moved
  /// to the trainer's device, and runs in evaluation mode, without recording. There must be examples.
  ///
  /// - Returns: [examples, ...] on the CPU.
  public func predict(_ model: some Layer, _ data: some DataModule) -> Tensor {
    guard let batches = data.validationBatches() else {
      fail("predict: there is no validation data; pass the examples themselves")
    }
    return predict(model, batches)
  }

  /// The same for any examples.
  public func predict(
    _ model: some Layer, _ examples: some Dataset, batchSize: Int = 256
  ) -> Tensor {
    predict(
      model,
      BatchSequence(examples, order: Array(0..<examples.count), batchSize: batchSize))
  }

  private func predict(_ model: some Layer, _ batches: BatchSequence) -> Tensor {
    require(batches.count > 0, "predict: there are no examples")
    model.to(device)
    return model.evaluating {
      concatenate(
        batches.on(device).map { model($0.inputs).stoppingGradient().to(.cpu) }, axis: 0)
    }
  }

  /// The figures of the run's epoch so far, with those of the validation examples if there are any.
  func metrics(
    _ run: TrainingRun, _ model: some Trainable, _ data: some DataModule
  ) -> EpochMetrics {
    var metrics = EpochMetrics(
      epoch: run.epoch, trainLoss: run.loss.value, seconds: run.seconds,
      learningRate: run.optimizer.learningRate)
    for (name, value) in run.figures.values { metrics.reported["train_" + name] = value }
    guard let batches = data.validationBatches(), batches.count > 0 else { return metrics }
    var found: [String: Double] = [:]
    var validate = { found = self.evaluate(model, batches) }
    for callback in run.callbacks {
      validate = { [validate] in callback.validating(run.progress(), validate) }
    }
    validate()
    metrics.validationLoss = found.removeValue(forKey: "loss")
    metrics.validationAccuracy = found.removeValue(forKey: "acc")
    for (name, value) in found { metrics.reported["val_" + name] = value }
    return metrics
  }
}
