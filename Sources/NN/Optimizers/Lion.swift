import Autograd

/// Steps of one size along the sign of a running mean (Chen and others 2023).
///
/// It wants a learning rate three to ten times smaller than AdamW's, and as much larger a weight
/// decay.
public final class Lion: GroupedOptimizer {
  /// The options of a group.
  public struct Options: DecayingRule {
    /// The learning rate.
    public var learningRate: Double
    /// The mean's share in the direction of a step.
    public var beta1: Double
    /// The decay rate of the mean.
    public var beta2: Double
    /// Each step shrinks the parameter by `learningRate * weightDecay`.
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
  ///   - learningRate: The learning rate, at least 0.
  ///   - betas: The mean's weight in a step's direction, and the decay rate of the mean.
  ///   - weightDecay: Each step shrinks parameters by `learningRate * weightDecay`.
  ///   - maximize: Whether to maximize the objective instead of minimizing it.
  public init(
    _ parameters: [Parameter], learningRate: Double = 1e-4,
    betas: (Double, Double) = (0.9, 0.99), weightDecay: Double = 0, maximize: Bool = false
  ) {
    groups = ParameterGroups(
      "Lion", parameters,
      Options(
        learningRate: learningRate, beta1: betas.0, beta2: betas.1,
        weightDecay: weightDecay, isMaximizing: maximize))
  }
}

extension Lion.Options {
  /// What a saved state keeps.
  public static var numbers: [(name: String, path: WritableKeyPath<Self, Double>)] {
    [
      ("learningRate", \.learningRate), ("beta1", \.beta1), ("beta2", \.beta2),
      ("weightDecay", \.weightDecay),
    ]
  }

  /// What is wrong with the options; nil if nothing.
  public var problem: String? {
    decayProblem
      ?? fractionProblem(beta1, "beta1")
      ?? fractionProblem(beta2, "beta2")
  }

  var remembered: [RememberedTensor] { [RememberedTensor(name: "exp_avg")] }

  /// Changes the value.
  public func update(_ value: inout Tensor, by gradient: Tensor, _ state: inout ParameterState) {
    let gradient = isMaximizing ? -gradient : gradient
    var direction = state["exp_avg", zerosLike: value]
    direction.update(keeping: beta1, adding: gradient, times: 1 - beta1)
    value.update(
      keeping: 1 - learningRate * weightDecay, adding: direction.sign(), times: -learningRate)
    state["exp_avg", zerosLike: value].update(keeping: beta2, adding: gradient, times: 1 - beta2)
  }
}
