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

  /// Called when `fit` begins; by default nothing.
  ///
  /// - Parameters:
  ///   - run: Where the run is.
  ///   - isNew: Whether it begins with its first batch; else it goes on from a checkpoint, whose state was restored, or
  ///     where the trainer's last run ended.
  func runBegan(_ run: TrainingProgress, isNew: Bool)

  /// Called after each batch, before its event; by default the run proceeds.
  ///
  /// A GPU waits for each batch's loss where there are callbacks.
  func batchEnded(_ run: TrainingProgress) -> TrainingVerdict

  /// Called after each validation within an epoch with its figures, before its event; by default the run proceeds.
  func validationEnded(_ run: TrainingProgress) -> TrainingVerdict

  /// Called after each epoch with its figures, before its event; by default the run proceeds.
  func epochEnded(_ run: TrainingProgress) -> TrainingVerdict

  /// Validates the model, within an epoch or at its end; by default just that. Of several callbacks the last one is the
  /// outermost.
  func validating(_ run: TrainingProgress, _ validate: () -> Void)

  /// Whether a run that it ended stays so, asked when that is continued from its last checkpoint: with more patience or
  /// time it may proceed. By default nil: it stays ended.
  var verdict: TrainingVerdict? { get }

  /// Called when `fit` ends, unless by an error; by default nothing.
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
  /// The figures of the epoch after its end, or up to a validation within it.
  public let metrics: EpochMetrics?
  /// Whether the run went to its end or a callback ended it; else it is to go on.
  public let isOver: Bool
}

extension TrainerCallback {
  /// The type's name.
  public var name: String { String(describing: type(of: self)) }

  /// The gradients as they are.
  public func gradientsFound(_ gradients: Gradients, _ run: TrainingProgress) -> Gradients {
    gradients
  }

  /// Nothing.
  public func runBegan(_ run: TrainingProgress, isNew: Bool) {}

  /// The run proceeds.
  public func batchEnded(_ run: TrainingProgress) -> TrainingVerdict { .proceed }

  /// The run proceeds.
  public func validationEnded(_ run: TrainingProgress) -> TrainingVerdict { .proceed }

  /// The run proceeds.
  public func epochEnded(_ run: TrainingProgress) -> TrainingVerdict { .proceed }

  /// Validates the model as it is.
  public func validating(_ run: TrainingProgress, _ validate: () -> Void) { validate() }

  /// What it said before.
  public var verdict: TrainingVerdict? { nil }

  /// Nothing.
  public func runEnded(_ run: TrainingProgress) {}

  /// Nothing is remembered.
  public var state: StateDictionary { [:] }

  /// There is nothing to restore.
  public func restore(_ state: StateDictionary, from source: String) throws(FileError) {
    try StateReader(state, of: name, from: source).finish()
  }
}

/// Ends a run at the first loss that is NaN or infinite.
public final class StopOnNaN: TrainerCallback {
  /// A callback without options.
  public init() {}

  /// Judges the batch's loss.
  public func batchEnded(_ run: TrainingProgress) -> TrainingVerdict {
    guard let loss = run.loss, !loss.isFinite else { return .proceed }
    return .stop("the loss of epoch \(run.epoch), batch \(run.batch) is \(loss)")
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

  private var judgment: TrainingVerdict {
    elapsed < seconds ? .proceed : .stop("the time of \(seconds) s is over")
  }

  /// Starts the clock.
  public func runBegan(_ run: TrainingProgress, isNew: Bool) {
    if isNew { before = 0 }
    start = .now
  }

  /// Looks at the clock.
  public func batchEnded(_ run: TrainingProgress) -> TrainingVerdict {
    (before, start) = (elapsed, .now)
    return judgment
  }

  /// Stops the clock.
  public func runEnded(_ run: TrainingProgress) { (before, start) = (elapsed, .now) }

  /// A stop once the time is over.
  public var verdict: TrainingVerdict? { judgment }

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
