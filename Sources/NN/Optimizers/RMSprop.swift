import Autograd

// Optimizers that divide each element's gradient by the root of its squares so far.

/// Divides by the root of a running mean of squares (Hinton 2012).
public final class RMSprop: GroupedOptimizer {
  /// The options of a group.
  public struct Options: DecayingRule {
    /// The learning rate.
    public var learningRate: Double
    /// The decay rate of the mean of squares.
    public var alpha: Double
    /// Added to the divisor for numerical stability.
    public var epsilon: Double
    /// The weight-decay coefficient (L2 penalty).
    public var weightDecay: Double
    /// The decay rate of the velocity.
    public var momentum: Double
    /// Whether the mean's square is subtracted, so that a variance divides.
    public var isCentered: Bool
    /// Whether to maximize the objective instead of minimizing it.
    public var isMaximizing: Bool
  }

  /// The groups of parameters with their options.
  public var groups: ParameterGroups<Options>

  /// An optimizer for a model's parameters.
  ///
  /// - Parameters:
  ///   - parameters: What to change, at least one.
  ///   - learningRate: The learning rate, at least 0.
  ///   - alpha: The decay rate of the mean of squares.
  ///   - epsilon: Added to the divisor for numerical stability.
  ///   - weightDecay: The weight-decay coefficient (L2 penalty).
  ///   - momentum: The decay rate of the velocity.
  ///   - centered: Whether to divide by a deviation instead of a root of squares (Graves 2013).
  ///   - maximize: Whether to maximize the objective instead of minimizing it.
  public init(
    _ parameters: [Parameter], learningRate: Double = 1e-2, alpha: Double = 0.99,
    epsilon: Double = 1e-8, weightDecay: Double = 0, momentum: Double = 0, centered: Bool = false,
    maximize: Bool = false
  ) {
    groups = ParameterGroups(
      "RMSprop", parameters,
      Options(
        learningRate: learningRate, alpha: alpha, epsilon: epsilon,
        weightDecay: weightDecay, momentum: momentum, isCentered: centered, isMaximizing: maximize))
  }
}

extension RMSprop.Options {
  /// What a saved state keeps.
  public static var numbers: [(name: String, path: WritableKeyPath<Self, Double>)] {
    [
      ("learningRate", \.learningRate), ("alpha", \.alpha), ("epsilon", \.epsilon),
      ("weightDecay", \.weightDecay), ("momentum", \.momentum),
    ]
  }

  /// What is wrong with the options; nil if nothing.
  public var problem: String? {
    decayProblem
      ?? fractionProblem(alpha, "alpha", includingOne: true)
      ?? notNegativeProblem(epsilon, "epsilon")
      ?? notNegativeProblem(momentum, "the momentum")
  }

  var remembered: [RememberedTensor] {
    [
      .notNegative("square_avg"), RememberedTensor(name: "grad_avg", isNeeded: isCentered),
      RememberedTensor(name: "momentum_buffer", isNeeded: momentum != 0),
    ]
  }

  /// Two passes, three with momentum.
  public func update(_ value: inout Tensor, by gradient: Tensor, _ state: inout ParameterState) {
    let gradient = direction(gradient, at: value)
    state["square_avg", zerosLike: value].update(
      keeping: alpha, addingProductOf: gradient, gradient, times: 1 - alpha)
    var squares = state["square_avg", zerosLike: value]
    if isCentered {
      state["grad_avg", zerosLike: value].update(keeping: alpha, adding: gradient, times: 1 - alpha)
      let mean = state["grad_avg", zerosLike: value]
      squares.update(addingProductOf: mean, mean, times: -1)
    }
    if momentum == 0 {
      value.update(adding: gradient, overRootOf: squares, epsilon: epsilon, times: -learningRate)
      return
    }
    state["momentum_buffer", zerosLike: value].update(
      keeping: momentum, adding: gradient, overRootOf: squares, epsilon: epsilon, times: 1)
    value.update(adding: state["momentum_buffer", zerosLike: value], times: -learningRate)
  }
}

/// Divides by the root of the sum of all squares so far (Duchi and others 2011).
public final class Adagrad: GroupedOptimizer {
  /// The options of a group.
  public struct Options: DecayingRule {
    /// The learning rate.
    public var learningRate: Double
    /// How quickly steps shrink: by `1 + (step - 1) * learningRateDecay`.
    public var learningRateDecay: Double
    /// The weight-decay coefficient (L2 penalty).
    public var weightDecay: Double
    /// What the sum begins with.
    public var initialAccumulator: Double
    /// Added to the divisor for numerical stability.
    public var epsilon: Double
    /// Whether to maximize the objective instead of minimizing it.
    public var isMaximizing: Bool
  }

  /// The groups of parameters with their options.
  public var groups: ParameterGroups<Options>

  /// An optimizer for a model's parameters.
  ///
  /// - Parameters:
  ///   - parameters: What to change, at least one.
  ///   - learningRate: The learning rate, at least 0.
  ///   - learningRateDecay: How quickly steps shrink: by `1 + (step - 1) * learningRateDecay`.
  ///   - weightDecay: The weight-decay coefficient (L2 penalty).
  ///   - initialAccumulator: What the sum of squares begins with.
  ///   - epsilon: Added to the divisor for numerical stability.
  ///   - maximize: Whether to maximize the objective instead of minimizing it.
  public init(
    _ parameters: [Parameter], learningRate: Double = 1e-2,
    learningRateDecay: Double = 0, weightDecay: Double = 0, initialAccumulator: Double = 0,
    epsilon: Double = 1e-10, maximize: Bool = false
  ) {
    groups = ParameterGroups(
      "Adagrad", parameters,
      Options(
        learningRate: learningRate, learningRateDecay: learningRateDecay, weightDecay: weightDecay,
        initialAccumulator: initialAccumulator, epsilon: epsilon, isMaximizing: maximize))
  }
}

extension Adagrad.Options {
  /// What a saved state keeps.
  public static var numbers: [(name: String, path: WritableKeyPath<Self, Double>)] {
    [
      ("learningRate", \.learningRate), ("learningRateDecay", \.learningRateDecay),
      ("weightDecay", \.weightDecay), ("initialAccumulator", \.initialAccumulator),
      ("epsilon", \.epsilon),
    ]
  }

  /// What is wrong with the options; nil if nothing.
  public var problem: String? {
    decayProblem
      ?? notNegativeProblem(learningRateDecay, "the learning rate's decay")
      ?? notNegativeProblem(initialAccumulator, "the initial accumulator")
      ?? notNegativeProblem(epsilon, "epsilon")
  }

  var remembered: [RememberedTensor] { [.notNegative("sum")] }

  /// Two passes.
  public func update(_ value: inout Tensor, by gradient: Tensor, _ state: inout ParameterState) {
    let gradient = direction(gradient, at: value)
    if state.tensors["sum"] == nil && initialAccumulator != 0 {
      state.tensors["sum"] = .full(
        value.shape, initialAccumulator, dtype: value.dtype, device: value.device)
    }
    state["sum", zerosLike: value].update(addingProductOf: gradient, gradient, times: 1)
    value.update(
      adding: gradient, overRootOf: state["sum", zerosLike: value], epsilon: epsilon,
      times: -learningRate / (1 + Double(state.step - 1) * learningRateDecay))
  }
}

/// Steps as large as recent ones were, relative to recent gradients (Zeiler 2012).
public final class Adadelta: GroupedOptimizer {
  /// The options of a group.
  public struct Options: DecayingRule {
    /// The factor of each step.
    public var learningRate: Double
    /// The decay rate of both means of squares.
    public var rho: Double
    /// What keeps roots from 0.
    public var epsilon: Double
    /// The weight-decay coefficient (L2 penalty).
    public var weightDecay: Double
    /// Whether to maximize the objective instead of minimizing it.
    public var isMaximizing: Bool
  }

  /// The groups of parameters with their options.
  public var groups: ParameterGroups<Options>

  /// An optimizer for a model's parameters.
  ///
  /// - Parameters:
  ///   - parameters: What to change, at least one.
  ///   - learningRate: The factor of each step, at least 0.
  ///   - rho: The decay rate of both means of squares.
  ///   - epsilon: What keeps roots from 0.
  ///   - weightDecay: The weight-decay coefficient (L2 penalty).
  ///   - maximize: Whether to maximize the objective instead of minimizing it.
  public init(
    _ parameters: [Parameter], learningRate: Double = 1.0, rho: Double = 0.9,
    epsilon: Double = 1e-6, weightDecay: Double = 0, maximize: Bool = false
  ) {
    groups = ParameterGroups(
      "Adadelta", parameters,
      Options(
        learningRate: learningRate, rho: rho, epsilon: epsilon,
        weightDecay: weightDecay, isMaximizing: maximize))
  }
}

extension Adadelta.Options {
  /// What a saved state keeps.
  public static var numbers: [(name: String, path: WritableKeyPath<Self, Double>)] {
    [
      ("learningRate", \.learningRate), ("rho", \.rho), ("epsilon", \.epsilon),
      ("weightDecay", \.weightDecay),
    ]
  }

  /// What is wrong with the options; nil if nothing.
  public var problem: String? {
    decayProblem
      ?? fractionProblem(rho, "rho", includingOne: true)
      ?? notNegativeProblem(epsilon, "epsilon")
  }

  var remembered: [RememberedTensor] { [.notNegative("square_avg"), .notNegative("acc_delta")] }

  /// Changes the value.
  public func update(_ value: inout Tensor, by gradient: Tensor, _ state: inout ParameterState) {
    let gradient = direction(gradient, at: value)
    state["square_avg", zerosLike: value].update(
      keeping: rho, addingProductOf: gradient, gradient, times: 1 - rho)
    let size = (state["acc_delta", zerosLike: value] + epsilon).sqrt()
    let change = size / (state["square_avg", zerosLike: value] + epsilon).sqrt() * gradient
    state["acc_delta", zerosLike: value].update(
      keeping: rho, addingProductOf: change, change, times: 1 - rho)
    value.update(adding: change, times: -learningRate)
  }
}
