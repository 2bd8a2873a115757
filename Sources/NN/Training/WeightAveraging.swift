import Autograd

/// Keeps a running mean of a model's weights while it is trained, validates with it, and puts it into the model at the
/// run's end.
///
/// ```swift
/// try trainer.fit(model, data, callbacks: [WeightAveraging(of: model, decay: 0.999)])
/// ```
///
/// A run that is stopped goes on from the weights themselves; the mean is part of its checkpoints. `EarlyStopping` beside
/// it must not bring values back.
public final class WeightAveraging: TrainerCallback {
  /// The mean, updated after each step.
  public private(set) var average: WeightAverage
  private let model: any Module
  private let makeAverage: () -> WeightAverage
  private var hasStep = false

  /// - Parameters:
  ///   - model: The model that is trained.
  ///   - decay: The decay rate of the mean per step, 0 to below 1; nil for the plain mean of all steps.
  ///   - averagesBuffers: Whether buffers, such as running statistics, are averaged too.
  public init(of model: some Module, decay: Double? = 0.999, averagesBuffers: Bool = false) {
    makeAverage = { WeightAverage(model, decay: decay, averagesBuffers: averagesBuffers) }
    average = makeAverage()
    self.model = model
  }

  /// Begins a new mean for a new run.
  public func runBegan(_ run: TrainingProgress, isNew: Bool) {
    let trained = Set(run.model.parameters.map(ObjectIdentifier.init))
    require(
      average.parameters.allSatisfy { trained.contains(ObjectIdentifier($0)) },
      "WeightAveraging: its model, \(model.name), is not the one that is trained or a part of it")
    if isNew { (average, hasStep) = (makeAverage(), false) }
  }

  /// Notes that there is a step.
  public func gradientsFound(_ gradients: Gradients, _ run: TrainingProgress) -> Gradients {
    hasStep = true
    return gradients
  }

  /// Updates the mean if there was a step.
  public func batchEnded(_ run: TrainingProgress) -> TrainingVerdict {
    if hasStep { average.update() }
    hasStep = false
    return .proceed
  }

  /// Validates with the mean.
  public func validating(_ run: TrainingProgress, _ validate: () -> Void) {
    average.applied(validate)
  }

  /// Puts the mean into the model if the run is over.
  public func runEnded(_ run: TrainingProgress) {
    if run.isOver { average.apply() }
  }

  /// The mean.
  public var state: StateDictionary {
    average.state(named: model.namedParameters, buffers: model.namedBuffers)
  }

  /// Goes back to a saved mean.
  public func restore(_ state: StateDictionary, from source: String) throws(FileError) {
    try average.restore(
      state, named: model.namedParameters, buffers: model.namedBuffers, from: source)
    hasStep = false
  }
}
