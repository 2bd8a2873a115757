import Autograd

/// Sets an optimizer's learning rates, and the momentum where a schedule has one, one step at a time.
///
/// ```swift
/// let scheduler = Scheduler(optimizer, .cosine(steps: 100))
/// // after each epoch, or each batch:
/// scheduler.step()
/// ```
public final class Scheduler: SavedState {
  /// Whose learning rates it sets.
  public let optimizer: any Optimizer
  /// The rates as a function of the steps.
  public let schedule: Schedule
  /// The steps made.
  public private(set) var stepCount = 0
  private var bases: [Double]

  /// A scheduler at step 0; the optimizer's rates as they are now are those that the schedule changes.
  public init(_ optimizer: any Optimizer, _ schedule: Schedule) {
    self.optimizer = optimizer
    self.schedule = schedule
    bases = optimizer.learningRates
    apply()
  }

  /// Goes to the next learning rates.
  public func step() {
    stepCount += 1
    apply()
  }

  private func apply() {
    optimizer.learningRates = bases.map { schedule.rate(after: stepCount, base: $0) }
    guard let momentum = schedule.momentum(after: stepCount) else { return }
    let grouped = optimizer as? any GroupedOptimizer
    require(
      grouped?.setMomentum(to: momentum) ?? false,
      "Scheduler: \(type(of: optimizer)) has no momentum that the schedule could set")
  }

  /// The steps made and the rates at the beginning.
  public var state: StateDictionary {
    [
      "stepCount": Tensor(scalars: [stepCount], shape: []),
      "bases": Tensor(bases, dtype: .float64),
    ]
  }

  /// Goes back to a saved state and sets its learning rates; see `SavedState`.
  public func restore(_ state: StateDictionary, from source: String) throws(FileError) {
    var reader = StateReader(state, of: "Scheduler", from: source)
    let steps = try reader.count("stepCount")
    let shape = [bases.count]
    let rates = try reader.tensor("bases", "\(shape)") { $0 == shape }.scalars(as: Double.self)
    for rate in rates {
      let problem =
        notNegativeProblem(rate, "a rate in bases")
        ?? notNegativeProblem(
          schedule.rate(after: steps, base: rate), "the rate after \(steps) steps from \(rate)")
      if let problem { throw reader.failure(problem) }
    }
    try reader.finish()
    stepCount = steps
    bases = rates
    apply()
  }
}

extension GroupedOptimizer {
  /// Sets the momentum of all groups, for Adam and its like beta1.
  ///
  /// - Returns: Whether there was one to set.
  fileprivate func setMomentum(to momentum: Double) -> Bool {
    let option = Options.numbers.first { $0.name == "momentum" || $0.name == "beta1" }
    guard let option else { return false }
    for index in groups.indices { groups[index].options[keyPath: option.path] = momentum }
    return true
  }
}

/// Lowers learning rates when a metric has stopped improving: `ReduceLROnPlateau`.
///
/// ```swift
/// let plateau = Plateau(optimizer, patience: 5)
/// // after each epoch:
/// plateau.step(validationLoss)
/// ```
public final class Plateau: SavedState {
  /// What counts as an improvement, and how the rates are reduced.
  public struct Options: Sendable {
    /// Whether larger is better, as for an accuracy (`mode: "max"` in PyTorch).
    public var isMaximized = false
    /// By what rates are multiplied, below 1.
    public var factor = 0.1
    /// Steps without improvement before the rate is reduced.
    public var patience = 10
    /// The least change that counts as an improvement.
    public var threshold = 1e-4
    /// Whether the threshold is relative to the best metric, else absolute.
    public var isThresholdRelative = true
    /// Steps after a reduction before counting starts again.
    public var cooldown = 0
    /// The smallest rate.
    public var minimum = 0.0
    /// The least change of a rate; smaller ones are not made (`eps` in PyTorch).
    public var minimumDelta = 1e-8

    /// PyTorch's defaults, changed by a closure.
    public init(_ change: (inout Options) -> Void = { _ in }) {
      change(&self)
      check()
    }

    fileprivate func check() {
      require(
        factor > 0 && factor < 1, "Plateau: the factor must be between 0 and 1, got \(factor)")
      require(
        patience >= 0 && cooldown >= 0,
        "Plateau: patience and cooldown must not be negative, got \(patience) and \(cooldown)")
      checkNotNegative(threshold, "Plateau", "the threshold")
      checkNotNegative(minimum, "Plateau", "the minimum")
      checkNotNegative(minimumDelta, "Plateau", "the minimum delta")
    }
  }

  /// Whose learning rates it lowers.
  public let optimizer: any Optimizer
  /// How the metric is judged.
  public let options: Options
  /// The best metric so far.
  public private(set) var best: Double
  private var badCount = 0
  private var cooldown = 0

  /// A scheduler that has seen no metric yet.
  public init(_ optimizer: any Optimizer, _ options: Options = Options()) {
    options.check()
    self.optimizer = optimizer
    self.options = options
    best = options.isMaximized ? -.infinity : .infinity
  }

  /// The same with the options that are changed most.
  public convenience init(_ optimizer: any Optimizer, factor: Double = 0.1, patience: Int) {
    self.init(
      optimizer,
      Options {
        $0.factor = factor
        $0.patience = patience
      })
  }

  /// Judges the metric of an epoch, such as its validation loss, and lowers the rates if it is time.
  public func step(_ metric: Double) {
    if isBetter(metric) {
      best = metric
      badCount = 0
    } else {
      badCount += 1
    }
    if cooldown > 0 {
      cooldown -= 1
      badCount = 0
    }
    guard badCount > options.patience else { return }
    optimizer.learningRates = optimizer.learningRates.map { rate in
      let lower = max(rate * options.factor, options.minimum)
      return rate - lower > options.minimumDelta ? lower : rate
    }
    cooldown = options.cooldown
    badCount = 0
  }

  private func isBetter(_ metric: Double) -> Bool {
    let change = options.isMaximized ? options.threshold : -options.threshold
    // The relative change is in the best metric's size, so that -9.9 is no improvement on -10 (as it is in PyTorch).
    let limit =
      options.isThresholdRelative ? best * (1 + (best < 0 ? -change : change)) : best + change
    return options.isMaximized ? metric > limit : metric < limit
  }

  /// The best metric and the counts; the rates are the optimizer's state.
  public var state: StateDictionary {
    ["best": Tensor(best, dtype: .float64), "counts": Tensor(scalars: [badCount, cooldown])]
  }

  /// Goes back to a saved state; see `SavedState`.
  public func restore(_ state: StateDictionary, from source: String) throws(FileError) {
    var reader = StateReader(state, of: "Plateau", from: source)
    let metric = try reader.number("best")
    let counts = try reader.integers("counts", "[2]") { $0 == [2] }.scalars(as: Int.self)
    guard 0...options.patience ~= counts[0], 0...options.cooldown ~= counts[1]
    else {
      throw reader.failure(
        "counts is \(counts), expected 0 to \(options.patience) and 0 to \(options.cooldown)")
    }
    try reader.finish()
    best = metric
    (badCount, cooldown) = (counts[0], counts[1])
  }
}
