import Autograd
internal import Platform

/// A learning rate as a function of time: how many steps (or epochs) have passed, and the rate that an
/// optimizer began with.
///
/// A pure function, so that a run may begin anywhere. A `Scheduler` sets the optimizer's rate by it; `Trainer` steps one
/// after each batch or epoch (`LearningRates`). Names and values are those of `torch.optim.lr_scheduler`.
///
/// ```swift
/// let rates: Schedule = .sequence([.linear(steps: 5), .cosine(steps: 95)], switchingAt: [5])
/// try Trainer(maxEpochs: 100, schedule: .perEpoch(rates)).fit(model, data)
/// ```
public struct Schedule: Sendable, CustomStringConvertible {
  /// A readable name with the parameters; a run that continues from a checkpoint compares schedules by it.
  public let description: String
  private let body: @Sendable (_ step: Int, _ base: Double) -> Double
  private let momentumBody: @Sendable (_ step: Int) -> Double?

  /// A custom schedule.
  ///
  /// - Parameters:
  ///   - description: A readable name.
  ///   - momentum: Returns the momentum after `step` steps, or nil to leave it as it is.
  ///   - rate: Returns the rate after `step` steps, from 0, for a group that began with the rate `base`.
  public init(
    _ description: String, momentum: @escaping @Sendable (_ step: Int) -> Double? = { _ in nil },
    rate: @escaping @Sendable (_ step: Int, _ base: Double) -> Double
  ) {
    self.description = description
    momentumBody = momentum
    body = rate
  }

  /// The rate after some steps, from 0, for a group that began with the rate `base`.
  public func rate(after step: Int, base: Double) -> Double {
    require(step >= 0, "Schedule: steps count from 0, got \(step)")
    return body(step, base)
  }

  /// The momentum after some steps, from 0, of all groups; nil for a schedule that leaves it as it is.
  public func momentum(after step: Int) -> Double? {
    require(step >= 0, "Schedule: steps count from 0, got \(step)")
    return momentumBody(step)
  }

  /// A schedule that multiplies the first rate.
  private static func factor(
    _ description: String, _ factor: @escaping @Sendable (_ step: Int) -> Double
  ) -> Schedule {
    Schedule(description) { step, base in base * factor(step) }
  }

  // MARK: Falling

  /// The first rate times a function of the steps: `LambdaLR`.
  public static func lambda(_ factor: @escaping @Sendable (_ step: Int) -> Double) -> Schedule {
    self.factor("lambda", factor)
  }

  /// Always the first rate.
  public static let unchanging = factor("unchanging") { _ in 1 }

  /// Times `gamma` after every `size` steps: `StepLR`.
  public static func step(size: Int, gamma: Double = 0.1) -> Schedule {
    checkAtLeastOne(size, "step", "size")
    checkNotNegative(gamma, "step", "gamma")
    return factor("step(size: \(size), gamma: \(gamma))") { pow(gamma, Double($0 / size)) }
  }

  /// Times `gamma` at each of some steps, which must ascend: `MultiStepLR`.
  public static func multiStep(at milestones: [Int], gamma: Double = 0.1) -> Schedule {
    checkAscending(milestones, "multiStep")
    checkNotNegative(gamma, "multiStep", "gamma")
    return factor("multiStep(at: \(milestones), gamma: \(gamma))") { step in
      pow(gamma, Double(milestones.count { $0 <= step }))
    }
  }

  /// Times `gamma` at every step: `ExponentialLR`.
  public static func exponential(gamma: Double) -> Schedule {
    checkNotNegative(gamma, "exponential", "gamma")
    return factor("exponential(gamma: \(gamma))") { pow(gamma, Double($0)) }
  }

  /// To 0 in some steps along (1 - t)^power: `PolynomialLR`.
  public static func polynomial(steps: Int, power: Double = 1) -> Schedule {
    checkAtLeastOne(steps, "polynomial", "steps")
    checkNotNegative(power, "polynomial", "the power")
    return factor("polynomial(steps: \(steps), power: \(power))") {
      pow(1 - Double(min($0, steps)) / Double(steps), power)
    }
  }

  // MARK: Cosines

  /// Down to `minimum` along half a cosine, and up again after that: `CosineAnnealingLR`
  /// (Loshchilov and Hutter 2017).
  public static func cosine(steps: Int, minimum: Double = 0) -> Schedule {
    checkAtLeastOne(steps, "cosine", "steps")
    checkNotNegative(minimum, "cosine", "the minimum")
    return Schedule("cosine(steps: \(steps), minimum: \(minimum))") { step, base in
      minimum + (base - minimum) * halfCosine(Double(step) / Double(steps))
    }
  }

  /// From 1 at 0 to 0 at 1; by itself, so that the largest rates do not overflow.
  private static func halfCosine(_ fraction: Double) -> Double { (1 + cos(.pi * fraction)) / 2 }

  /// Half cosines one after the other, the first `steps` long and each `factor` times as long as the
  /// one before: `CosineAnnealingWarmRestarts`.
  public static func cosineWithRestarts(
    steps: Int, factor: Int = 1, minimum: Double = 0
  ) -> Schedule {
    checkAtLeastOne(steps, "cosineWithRestarts", "steps")
    checkAtLeastOne(factor, "cosineWithRestarts", "factor")
    checkNotNegative(minimum, "cosineWithRestarts", "the minimum")
    return Schedule(
      "cosineWithRestarts(steps: \(steps), factor: \(factor), minimum: \(minimum))"
    ) { step, base in
      var (past, length) = (step, steps)
      if factor == 1 {
        past %= steps
      } else {
        while past >= length {
          past -= length
          let (next, isOver) = length.multipliedReportingOverflow(by: factor)
          length = isOver ? .max : next
        }
      }
      return minimum + (base - minimum) * halfCosine(Double(past) / Double(length))
    }
  }

  // MARK: Rising

  /// From `start` times the first rate straight to `end` times it: `LinearLR`, a warm-up.
  public static func linear(
    from start: Double = 1.0 / 3, to end: Double = 1, steps: Int = 5
  ) -> Schedule {
    checkAtLeastOne(steps, "linear", "steps")
    require(
      start > 0 && start <= 1 && end >= 0 && end <= 1,
      "linear: factors must be above 0 (the second: at least 0) and at most 1, got \(start) and \(end)"
    )
    return factor("linear(from: \(start), to: \(end), steps: \(steps))") {
      start + (end - start) * Double(min($0, steps)) / Double(steps)
    }
  }

  /// `factor` times the first rate for some steps, then the first rate: `ConstantLR`, a warm-up.
  public static func constant(factor: Double = 1.0 / 3, steps: Int = 5) -> Schedule {
    checkAtLeastOne(steps, "constant", "steps")
    checkShare(factor, "constant", "the factor")
    return self.factor("constant(factor: \(factor), steps: \(steps))") { $0 < steps ? factor : 1 }
  }

  /// How a one-cycle schedule goes from one rate to the next.
  public enum Annealing: Sendable {
    /// Along half a cosine.
    case cosine
    /// Straight.
    case linear
  }

  /// Up to `maximum` and then far down, over all steps of a run: `OneCycleLR` (Smith and Topin 2018).
  ///
  /// It begins with `maximum / initialDivisor` and ends with that divided by `finalDivisor`, whatever
  /// the optimizer's rate is. Momentum stays as it is unless bounds are given; PyTorch's goes between
  /// 0.85 and 0.95 unless told not to.
  ///
  /// - Parameters:
  ///   - maximum: The largest rate.
  ///   - steps: All steps of the run, at least 2; the last one is `steps - 1`.
  ///   - risingFraction: The fraction of the steps in which the rate rises (`pct_start` in PyTorch).
  ///   - annealing: The form of the curves.
  ///   - initialDivisor: The largest rate divided by the first.
  ///   - finalDivisor: The first rate divided by the last.
  ///   - threePhase: Whether it goes down as slowly as up, and then farther down.
  ///   - momentum: The momentum, or for Adam and its like beta1, goes down from the upper bound to the
  ///     lower while the rate rises, and up again; nil leaves it as it is.
  public static func oneCycle(
    maximum: Double, steps: Int, risingFraction: Double = 0.3, annealing: Annealing = .cosine,
    initialDivisor: Double = 25, finalDivisor: Double = 1e4, threePhase: Bool = false,
    momentum: ClosedRange<Double>? = nil
  ) -> Schedule {
    require(steps >= 2, "oneCycle: needs at least 2 steps, got \(steps)")
    checkShare(risingFraction, "oneCycle", "the rising fraction")
    require(
      maximum > 0 && maximum.isFinite && initialDivisor > 0 && finalDivisor > 0,
      """
      oneCycle: the maximum must be finite, and it and the divisors above 0, got \(maximum), \
      \(initialDivisor) and \(finalDivisor)
      """)
    if let momentum {
      require(
        momentum.lowerBound >= 0 && momentum.upperBound < 1,
        "oneCycle: the momentum must be at least 0 and below 1, got \(momentum)")
    }
    let first = maximum / initialDivisor
    let last = first / finalDivisor
    let rising = risingFraction * Double(steps) - 1
    let middle = threePhase ? [2 * risingFraction * Double(steps) - 2] : []
    let corners = [0, rising] + middle + [Double(steps - 1)]
    let rates = threePhase ? [first, maximum, first, last] : [first, maximum, last]
    /// What goes through some values at the corners.
    @Sendable func value(after step: Int, of values: [Double]) -> Double {
      let step = Double(min(step, steps - 1))
      let end = corners.indices.dropFirst().first { step <= corners[$0] } ?? corners.count - 1
      let (a, b) = (values[end - 1], values[end])
      let length = corners[end] - corners[end - 1]
      let fraction = length == 0 ? 1 : (step - corners[end - 1]) / length
      switch annealing {
      case .linear: return a + (b - a) * fraction
      case .cosine: return b + (a - b) / 2 * (1 + cos(.pi * fraction))
      }
    }
    let momenta = momentum.map { bounds in
      corners.indices.map { $0 == 1 ? bounds.lowerBound : bounds.upperBound }
    }
    return Schedule(
      """
      oneCycle(maximum: \(maximum), steps: \(steps), risingFraction: \(risingFraction), annealing: \(annealing), \
      initialDivisor: \(initialDivisor), finalDivisor: \(finalDivisor), threePhase: \(threePhase), momentum: \
      \(momentum.map { "\($0)" } ?? "nil"))
      """,
      momentum: { step in momenta.map { value(after: step, of: $0) } },
      rate: { step, _ in value(after: step, of: rates) })
  }

  // MARK: Composing

  /// One schedule after the other, each counting steps from where it begins: `SequentialLR`.
  ///
  /// - Parameters:
  ///   - schedules: At least one.
  ///   - milestones: The steps at which the second one and those after it begin, ascending.
  public static func sequence(_ schedules: [Schedule], switchingAt milestones: [Int]) -> Schedule {
    require(
      !schedules.isEmpty && milestones.count == schedules.count - 1,
      "sequence: \(schedules.count) schedules need \(schedules.count - 1) milestones, got \(milestones)"
    )
    checkAscending(milestones, "sequence")
    let names = schedules.map(\.description).joined(separator: ", ")
    @Sendable func running(after step: Int) -> (schedule: Schedule, step: Int) {
      let index = milestones.count { $0 <= step }
      return (schedules[index], step - (index == 0 ? 0 : milestones[index - 1]))
    }
    return Schedule("sequence([\(names)], switchingAt: \(milestones))") { step in
      let (schedule, step) = running(after: step)
      return schedule.momentum(after: step)
    } rate: { step, base in
      let (schedule, step) = running(after: step)
      return schedule.rate(after: step, base: base)
    }
  }

  /// This schedule after a warm-up that rises straight from `start` times the first rate.
  public func warmedUp(steps: Int, from start: Double = 1.0 / 3) -> Schedule {
    .sequence([.linear(from: start, steps: steps), self], switchingAt: [steps])
  }

  /// All schedules at once, their factors multiplied: `ChainedScheduler`.
  ///
  /// Of several that set the momentum the last one counts.
  public static func product(_ schedules: [Schedule]) -> Schedule {
    require(!schedules.isEmpty, "product: needs at least one schedule")
    let names = schedules.map(\.description).joined(separator: ", ")
    return Schedule("product([\(names)])") { step in
      schedules.compactMap { $0.momentum(after: step) }.last
    } rate: { step, base in
      if base == 0 { return 0 }
      return schedules.reduce(base) { $0 * ($1.rate(after: step, base: base) / base) }
    }
  }

  private static func checkAscending(_ milestones: [Int], _ name: String) {
    require(
      zip([0] + milestones, milestones).allSatisfy { $0 < $1 },
      "\(name): milestones must be above 0 and ascend, got \(milestones)")
  }
}
