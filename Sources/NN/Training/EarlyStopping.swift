import Autograd

/// Ends a run when a figure has stopped getting better, and brings back the best values.
///
/// It judges each epoch, and each validation within one.
public final class EarlyStopping: TrainerCallback {
  /// The figure, and whether lower or higher is better.
  public let figure: BestFigure
  /// How many epochs or validations may pass without getting better.
  public let patience: Int
  /// The least change that counts.
  public let threshold: Double
  /// Whether the model gets the values of its best epoch back at the run's end.
  public let restoresBest: Bool
  /// What checkpoints call it.
  public let name: String

  private var best: (figure: Double, epoch: Int, batch: Int)?
  private var badEpochs = 0
  private var values: StateDictionary = [:]

  /// Early stopping by a figure.
  ///
  /// - Parameters:
  ///   - figure: As in `.lowest("val_loss")`.
  ///   - patience: How many epochs or validations may pass without getting better.
  ///   - threshold: The least change that counts, at least 0.
  ///   - restoresBest: Whether the model gets the values of its best epoch back at the run's end.
  ///   - name: What checkpoints call it, where a run has several.
  public init(
    _ figure: BestFigure = .lowest("val_loss"), patience: Int = 3, threshold: Double = 0,
    restoresBest: Bool = true, name: String = "EarlyStopping"
  ) {
    figure.check("EarlyStopping")
    require(patience >= 0, "EarlyStopping: patience must not be negative, got \(patience)")
    checkNotNegative(threshold, "EarlyStopping", "the threshold")
    (self.figure, self.patience, self.threshold) = (figure, patience, threshold)
    self.restoresBest = restoresBest
    self.name = name
  }

  /// Forgets what it saw of another run.
  public func runBegan(_ run: TrainingProgress, isNew: Bool) {
    if isNew { (best, badEpochs, values) = (nil, 0, [:]) }
  }

  /// Judges the epoch; NaN is never better.
  public func epochEnded(_ run: TrainingProgress) -> TrainingVerdict {
    guard let metrics = run.metrics else { return .proceed }
    if let better = figure.better(metrics, than: best?.figure, by: threshold, name) {
      best = (better, metrics.epoch, metrics.batch ?? 0)
      badEpochs = 0
      if restoresBest { values = run.model.sizedState }
      return .proceed
    }
    badEpochs += 1
    return judgment
  }

  /// Judges the validation, unless the figure is one of training.
  public func validationEnded(_ run: TrainingProgress) -> TrainingVerdict {
    figure.isValidated ? epochEnded(run) : .proceed
  }

  /// A stop after more epochs or validations than patience allows.
  public var verdict: TrainingVerdict? { judgment }

  private var judgment: TrainingVerdict {
    if badEpochs <= patience { return .proceed }
    let since =
      best.map { "epoch \($0.epoch)" + ($0.batch > 0 ? ", batch \($0.batch)" : "") } ?? "the start"
    return .stop("\(figure.name) is not better since \(since)")
  }

  /// Brings the best epoch's values back, if the run is over.
  public func runEnded(_ run: TrainingProgress) {
    guard restoresBest && run.isOver else { return }
    do {
      try run.model.restore(values, strict: false)
    } catch { fail("EarlyStopping: \(error)") }
  }

  /// Throws if the best values are not those of a model.
  func check(_ model: some Module, _ source: String) throws(FileError) {
    let mismatch = try model.restore(values, strict: false, from: source, isTrial: true)
    if values.isEmpty || mismatch.unexpected.isEmpty { return }
    throw FileError(
      source,
      "does not fit \(model.name): unexpected: \(mismatch.unexpected.joined(separator: ", "))")
  }

  /// The best one's name in the state, so that another figure is not taken for it.
  private var figureName: String { "best." + figure.described }

  /// The best figure, its epoch and batch, the epochs since, and the model's values then.
  public var state: StateDictionary {
    var state: StateDictionary = ["badEpochs": Tensor(scalars: [badEpochs], shape: [])]
    if let best {
      state[figureName] = Tensor(best.figure, dtype: .float64)
      state["epoch"] = Tensor(scalars: [best.epoch], shape: [])
      state["batch"] = Tensor(scalars: [best.batch], shape: [])
    }
    return state + values.renamed { "values." + $0 }
  }

  /// Goes back to a saved state.
  public func restore(_ state: StateDictionary, from source: String) throws(FileError) {
    var reader = StateReader(state.rest(without: ["values."]), of: name, from: source)
    let count = try reader.count("badEpochs")
    var restored: (figure: Double, epoch: Int, batch: Int)?
    if let other = state.part("best.").names.first, "best." + other != figureName {
      throw reader.failure("its figure was the \(other), and is the \(figure.described)")
    }
    if reader.has("epoch") {
      restored = (
        try reader.number(figureName), try reader.count("epoch"), try reader.count("batch")
      )
    }
    try reader.finish()
    (best, badEpochs) = (restored, count)
    values = state.part("values.")
  }
}
