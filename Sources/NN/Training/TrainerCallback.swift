import Autograd

/// Takes part in a trainer's run: sees each batch and each epoch, may change gradients, and may end the run.
///
/// What it remembers is part of checkpoints, so that a run that goes on decides as one that never stopped.
///
/// ```swift
/// final class StopWhenGoodEnough: TrainerCallback {
///   func epochEnded(_ run: TrainingProgress) -> TrainingVerdict {
///     guard let loss = run.metrics?.validationLoss, loss < 0.1 else { return .proceed }
///     return .stop("the validation loss is below 0.1")
///   }
/// }
/// ```
public protocol TrainerCallback: SavedState {
  /// What checkpoints call it, one name for each callback of a run; by default the type's name.
  var name: String { get }

  /// Returns the gradients of a step, before they are clipped and the optimizer uses them; by default unchanged.
  func gradientsFound(_ gradients: Gradients, _ run: TrainingProgress) -> Gradients

  /// Called after each batch, after its event; by default the run proceeds.
  ///
  /// A GPU waits for each batch's loss where there are callbacks.
  func batchEnded(_ run: TrainingProgress) -> TrainingVerdict

  /// Called after each epoch with its figures, before its event; by default the run proceeds.
  func epochEnded(_ run: TrainingProgress) -> TrainingVerdict

  /// Whether the run is over already, asked when it continues from a checkpoint; by default it proceeds.
  var verdict: TrainingVerdict { get }

  /// Called once at the run's end, whatever ended it; by default nothing.
  func runEnded(_ run: TrainingProgress)
}

/// Whether a run goes on.
public enum TrainingVerdict: Sendable, Equatable {
  /// It does.
  case proceed
  /// It ends here, for a reason that the history keeps.
  case stop(String)
}

/// Where a run is.
public struct TrainingProgress {
  /// What is trained.
  public let model: any Trainable
  /// What trains it.
  public let optimizer: any Optimizer
  /// The epoch, from 1; one more than the last one after the end of a whole run.
  public let epoch: Int
  /// The batch of the epoch, from 1: the one that runs or has just ended; 0 after the end of an epoch.
  public let batch: Int
  /// The loss of the batch that has just ended, nil if it had no weight.
  public let loss: Double?
  /// The figures of the epoch, after its end.
  public let metrics: EpochMetrics?
}

extension TrainerCallback {
  /// The type's name.
  public var name: String { String(describing: type(of: self)) }

  /// The gradients as they are.
  public func gradientsFound(_ gradients: Gradients, _ run: TrainingProgress) -> Gradients {
    gradients
  }

  /// The run proceeds.
  public func batchEnded(_ run: TrainingProgress) -> TrainingVerdict { .proceed }

  /// The run proceeds.
  public func epochEnded(_ run: TrainingProgress) -> TrainingVerdict { .proceed }

  /// The run proceeds.
  public var verdict: TrainingVerdict { .proceed }

  /// Nothing.
  public func runEnded(_ run: TrainingProgress) {}

  /// Nothing is remembered.
  public var state: StateDictionary { [:] }

  /// There is nothing to restore.
  public func restore(_ state: StateDictionary, from source: String) throws(FileError) {
    try StateReader(state, of: name, from: source).finish()
  }
}

/// Ends a run when a figure has stopped getting better, and brings back the best values.
public final class EarlyStopping: TrainerCallback {
  /// The figure, and whether lower or higher is better.
  public let figure: BestFigure
  /// How many epochs may pass without getting better.
  public let patience: Int
  /// The least change that counts.
  public let threshold: Double
  /// Whether the model gets the values of its best epoch back at the end.
  public let restoresBest: Bool

  private var best: (figure: Double, epoch: Int)?
  private var badEpochs = 0
  private var values: StateDictionary = [:]

  /// Early stopping by a figure.
  ///
  /// - Parameters:
  ///   - figure: As in `.lowest("val_loss")`.
  ///   - patience: How many epochs may pass without getting better.
  ///   - threshold: The least change that counts, at least 0.
  ///   - restoresBest: Whether the model gets the values of its best epoch back at the end.
  public init(
    _ figure: BestFigure = .lowest("val_loss"), patience: Int = 3, threshold: Double = 0,
    restoresBest: Bool = true
  ) {
    figure.check("EarlyStopping")
    require(patience >= 0, "EarlyStopping: patience must not be negative, got \(patience)")
    checkNotNegative(threshold, "EarlyStopping", "the threshold")
    (self.figure, self.patience, self.threshold) = (figure, patience, threshold)
    self.restoresBest = restoresBest
  }

  /// Judges the epoch; NaN is never better.
  public func epochEnded(_ run: TrainingProgress) -> TrainingVerdict {
    guard let metrics = run.metrics else { return .proceed }
    if let better = figure.better(metrics, than: best?.figure, by: threshold) {
      best = (better, metrics.epoch)
      badEpochs = 0
      if restoresBest { values = run.model.sizedState }
      return .proceed
    }
    badEpochs += 1
    return verdict
  }

  /// A stop after more epochs than patience allows.
  public var verdict: TrainingVerdict {
    if badEpochs <= patience { return .proceed }
    let since = best.map { "epoch \($0.epoch)" } ?? "the start"
    return .stop("\(figure.name) is not better since \(since)")
  }

  /// Brings the best epoch's values back.
  public func runEnded(_ run: TrainingProgress) {
    if !restoresBest { return }
    do {
      try run.model.restore(values, strict: false)
    } catch { fail("EarlyStopping: \(error)") }
  }

  /// Throws if the best values are not those of a model.
  func check(_ model: some Module, _ source: String) throws(FileError) {
    let mismatch = try model.restore(values, strict: false, from: source, isTrial: true)
    if values.isEmpty || mismatch.unexpected.isEmpty { return }
    throw FileError(source, "does not fit \(model.name): unexpected: \(mismatch.unexpected)")
  }

  /// The best figure, its epoch, the epochs since, and the model's values then.
  public var state: StateDictionary {
    var state: StateDictionary = ["badEpochs": Tensor(scalars: [badEpochs], shape: [])]
    if let best {
      state["figure"] = Tensor(best.figure, dtype: .float64)
      state["epoch"] = Tensor(scalars: [best.epoch], shape: [])
    }
    return state + values.renamed { "values." + $0 }
  }

  /// Goes back to a saved state.
  public func restore(_ state: StateDictionary, from source: String) throws(FileError) {
    var reader = StateReader(state.rest(without: ["values."]), of: name, from: source)
    let count = try reader.count("badEpochs")
    let restored =
      reader.has("figure")
      ? (figure: try reader.number("figure"), epoch: try reader.count("epoch")) : nil
    try reader.finish()
    (best, badEpochs) = (restored, count)
    values = state.part("values.")
  }
}

/// Ends a run at the first loss that is NaN or infinite.
public final class StopOnNaN: TrainerCallback {
  private var wasFound = false

  /// A callback without options.
  public init() {}

  /// Judges the batch's loss.
  public func batchEnded(_ run: TrainingProgress) -> TrainingVerdict {
    guard let loss = run.loss, !loss.isFinite else { return .proceed }
    wasFound = true
    return .stop("the loss of epoch \(run.epoch), batch \(run.batch) is \(loss)")
  }

  /// A stop if there was such a loss.
  public var verdict: TrainingVerdict {
    wasFound ? .stop("a loss was NaN or infinite") : .proceed
  }

  /// Whether there was such a loss.
  public var state: StateDictionary { ["wasFound": Tensor(scalars: [wasFound ? 1 : 0], shape: [])] }

  /// Goes back to a saved state.
  public func restore(_ state: StateDictionary, from source: String) throws(FileError) {
    var reader = StateReader(state, of: name, from: source)
    let found = try reader.count("wasFound") > 0
    try reader.finish()
    wasFound = found
  }
}

/// Ends a run after some time; a run that goes on has what is left of it.
public final class TimeLimit: TrainerCallback {
  /// The limit in seconds.
  public let seconds: Double
  private var before = 0.0
  private var start = ContinuousClock.now

  /// - Parameter seconds: The limit, above 0.
  public init(seconds: Double) {
    require(seconds > 0, "TimeLimit: the seconds must be above 0, got \(seconds)")
    self.seconds = seconds
  }

  private var elapsed: Double { before + (ContinuousClock.now - start) / .seconds(1) }

  /// Looks at the clock.
  public func batchEnded(_ run: TrainingProgress) -> TrainingVerdict { verdict }

  /// A stop once the time is over.
  public var verdict: TrainingVerdict {
    elapsed < seconds ? .proceed : .stop("the time of \(seconds) s is over")
  }

  /// The seconds that have passed.
  public var state: StateDictionary { ["seconds": Tensor(elapsed, dtype: .float64)] }

  /// Goes on with the seconds that had passed.
  public func restore(_ state: StateDictionary, from source: String) throws(FileError) {
    var reader = StateReader(state, of: name, from: source)
    let passed = try reader.number("seconds")
    try reader.finish()
    (before, start) = (passed, .now)
  }
}
