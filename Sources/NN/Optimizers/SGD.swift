import Autograd

/// Stochastic gradient descent: `value -= learningRate * gradient` (Robbins and Monro 1951), with
/// momentum as in PyTorch (Sutskever and others 2013).
///
/// With momentum, `velocity = momentum * velocity + (1 - dampening) * gradient` takes the gradient's
/// place; it begins with the first gradient. Nesterov's form goes along `gradient + momentum *
/// velocity`.
public final class SGD: GroupedOptimizer {
  /// The options of a group.
  public struct Options: DecayingRule {
    /// The learning rate.
    public var learningRate: Double
    /// The decay rate of the velocity.
    public var momentum: Double
    /// The fraction of a gradient that does not enter the velocity.
    public var dampening: Double
    /// The weight-decay coefficient (L2 penalty): this times the parameter is added to its gradient.
    public var weightDecay: Double
    /// Whether momentum is Nesterov's.
    public var isNesterov: Bool
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
  ///   - momentum: The decay rate of the velocity, at least 0.
  ///   - dampening: The fraction of a gradient that does not enter the velocity.
  ///   - weightDecay: The weight-decay coefficient (L2 penalty).
  ///   - nesterov: Whether momentum is Nesterov's; it needs momentum and no dampening.
  ///   - maximize: Whether to maximize the objective instead of minimizing it.
  public init(
    _ parameters: [Parameter], learningRate: Double = 1e-3, momentum: Double = 0,
    dampening: Double = 0, weightDecay: Double = 0, nesterov: Bool = false, maximize: Bool = false
  ) {
    groups = ParameterGroups(
      "SGD", parameters,
      Options(
        learningRate: learningRate, momentum: momentum, dampening: dampening,
        weightDecay: weightDecay, isNesterov: nesterov, isMaximizing: maximize))
  }
}

extension SGD.Options {
  /// What a saved state keeps.
  public static var numbers: [(name: String, path: WritableKeyPath<Self, Double>)] {
    [
      ("learningRate", \.learningRate), ("momentum", \.momentum), ("dampening", \.dampening),
      ("weightDecay", \.weightDecay),
    ]
  }

  /// What is wrong with the options; nil if nothing.
  public var problem: String? {
    decayProblem
      ?? notNegativeProblem(momentum, "the momentum")
      ?? finiteProblem(dampening, "the dampening")
      ?? (!isNesterov || momentum > 0 && dampening == 0
        ? nil
        : """
        Nesterov's form needs momentum above 0 and no dampening, got momentum \(momentum) and dampening \
        \(dampening)
        """)
  }

  var remembered: [RememberedTensor] {
    [RememberedTensor(name: "momentum_buffer", isNeeded: momentum != 0)]
  }

  /// One pass without momentum, two with it.
  public func update(_ value: inout Tensor, by gradient: Tensor, _ state: inout ParameterState) {
    if momentum == 0 {
      // Nothing is remembered, not even a step: what follows may set a momentum.
      if state.tensors.isEmpty { state.step = 0 }
      let rate = isMaximizing ? -learningRate : learningRate
      value.update(keeping: 1 - learningRate * weightDecay, adding: gradient, times: -rate)
      return
    }
    let gradient = direction(gradient, at: value)
    if state.tensors["momentum_buffer"] == nil {
      state.tensors["momentum_buffer"] = gradient
    } else {
      state["momentum_buffer", zerosLike: value].update(
        keeping: momentum, adding: gradient, times: 1 - dampening)
    }
    let velocity = state["momentum_buffer", zerosLike: value]
    if isNesterov { value.update(adding: gradient, times: -learningRate) }
    value.update(adding: velocity, times: isNesterov ? -learningRate * momentum : -learningRate)
  }
}
