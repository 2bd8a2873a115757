import Autograd
internal import Platform

/// The options of Adam and everything that is derived from it: one rule.
///
/// All keep running averages m of gradients and v of their squares, corrected for beginning at zero,
/// and go along `m / (sqrt(v) + epsilon)` (Kingma and Ba 2015).
public struct AdamOptions: DecayingRule {
  /// What distinguishes the members of the family.
  public enum Form: Sendable, Equatable {
    /// Kingma and Ba 2015.
    case adam
    /// With the largest of all v so far in place of v (Reddi and others 2018).
    case amsgrad
    /// With the largest gradient, which fades, in place of sqrt(v) (Kingma and Ba 2015, section 7).
    case adamax
    /// With Nesterov's momentum, which grows with the steps (Dozat 2016).
    case nadam(momentumDecay: Double)
    /// Without v until enough is known of it (Liu and others 2020).
    case radam
  }

  /// The learning rate.
  public var learningRate: Double
  /// The decay rate of the first-moment estimate m.
  public var beta1: Double
  /// The decay rate of the second-moment estimate v.
  public var beta2: Double
  /// Added to the divisor for numerical stability.
  public var epsilon: Double
  /// The weight-decay coefficient.
  public var weightDecay: Double
  /// Whether the parameter shrinks by `learningRate * weightDecay` instead of the decay entering the
  /// gradient (Loshchilov and Hutter 2019).
  public var isDecayDecoupled: Bool
  /// The member of the family.
  public var form: Form
  /// Whether to maximize the objective instead of minimizing it.
  public var isMaximizing: Bool

  /// What a saved state keeps.
  public static var numbers: [(name: String, path: WritableKeyPath<Self, Double>)] {
    [
      ("learningRate", \.learningRate), ("beta1", \.beta1), ("beta2", \.beta2),
      ("epsilon", \.epsilon), ("weightDecay", \.weightDecay),
    ]
  }

  /// What is wrong with the options; nil if nothing.
  public var problem: String? {
    decayProblem
      ?? fractionProblem(beta1, "beta1")
      ?? fractionProblem(beta2, "beta2")
      ?? notNegativeProblem(epsilon, "epsilon")
      ?? momentumDecay.flatMap { notNegativeProblem($0, "the momentum decay") }
  }

  private var momentumDecay: Double? {
    if case .nadam(let momentumDecay) = form { return momentumDecay }
    return nil
  }

  var remembered: [RememberedTensor] {
    [
      RememberedTensor(name: "exp_avg"), .notNegative("exp_avg_sq", if: form != .adamax),
      .notNegative("exp_inf", if: form == .adamax),
      .notNegative("max_exp_avg_sq", if: form == .amsgrad),
      RememberedTensor(
        name: "mu_product", isNeeded: momentumDecay != nil, isScalar: true, range: 0...1.0.nextDown),
    ]
  }

  /// Three passes for Adam: m, v and the value.
  public func update(_ value: inout Tensor, by gradient: Tensor, _ state: inout ParameterState) {
    let gradient = direction(gradient, at: value, decay: isDecayDecoupled ? 0 : weightDecay)
    let keep = isDecayDecoupled ? 1 - learningRate * weightDecay : 1
    let step = Double(state.step)
    state["exp_avg", zerosLike: value].update(keeping: beta1, adding: gradient, times: 1 - beta1)
    let biasCorrection1 = 1 - pow(beta1, step)
    if form == .adamax {
      let largest = maximum(state["exp_inf", zerosLike: value] * beta2, gradient.abs() + epsilon)
      state.tensors["exp_inf"] = largest
      value.update(
        keeping: keep, adding: state["exp_avg", zerosLike: value] / largest,
        times: -learningRate / biasCorrection1)
      return
    }
    state["exp_avg_sq", zerosLike: value].update(
      keeping: beta2, addingProductOf: gradient, gradient, times: 1 - beta2)
    if form == .amsgrad {
      let largest = maximum(
        state["max_exp_avg_sq", zerosLike: value], state["exp_avg_sq", zerosLike: value])
      state.tensors["max_exp_avg_sq"] = largest
    }
    let average = state["exp_avg", zerosLike: value]
    let squares = state[form == .amsgrad ? "max_exp_avg_sq" : "exp_avg_sq", zerosLike: value]
    let biasCorrection2 = 1 - pow(beta2, step)
    /// The value less a multiple of u / (sqrt(v) + epsilon), v corrected.
    func descend(along u: Tensor, times rate: Double, keeping keep: Double) {
      value.update(
        keeping: keep, adding: u, overRootOf: squares, rootScale: 1 / biasCorrection2.squareRoot(),
        epsilon: epsilon, times: -rate)
    }
    switch form {
    case .nadam(let momentumDecay):
      let (now, next) = (momentum(step, momentumDecay), momentum(step + 1, momentumDecay))
      let product = (state.tensors["mu_product"]?.item() ?? 1) * now
      state.tensors["mu_product"] = Tensor(product, dtype: .float64)
      descend(along: gradient, times: learningRate * (1 - now) / (1 - product), keeping: keep)
      descend(along: average, times: learningRate * next / (1 - product * next), keeping: 1)
    case .radam:
      let limit = 2 / (1 - beta2) - 1
      let length = limit - 2 * step * pow(beta2, step) / biasCorrection2
      if length <= 5 {
        value.update(keeping: keep, adding: average, times: -learningRate / biasCorrection1)
      } else {
        let rectified =
          ((length - 4) * (length - 2) * limit / ((limit - 4) * (limit - 2) * length)).squareRoot()
        // PyTorch adds epsilon to the root before it is corrected.
        value.update(
          keeping: keep, adding: average, overRootOf: squares, epsilon: epsilon,
          times: -learningRate * rectified * biasCorrection2.squareRoot() / biasCorrection1)
      }
    default: descend(along: average, times: learningRate / biasCorrection1, keeping: keep)
    }
  }

  /// NAdam's momentum at a step.
  private func momentum(_ step: Double, _ decay: Double) -> Double {
    beta1 * (1 - 0.5 * pow(0.96, step * decay))
  }
}

extension ParameterGroups where Options == AdamOptions {
  fileprivate init(
    _ name: String, _ parameters: [Parameter], _ form: AdamOptions.Form, _ learningRate: Double,
    _ betas: (Double, Double), _ epsilon: Double, _ weightDecay: Double,
    _ isDecayDecoupled: Bool, _ isMaximizing: Bool
  ) {
    self.init(
      name, parameters,
      AdamOptions(
        learningRate: learningRate, beta1: betas.0, beta2: betas.1, epsilon: epsilon,
        weightDecay: weightDecay, isDecayDecoupled: isDecayDecoupled, form: form,
        isMaximizing: isMaximizing))
  }
}

/// Adam (Kingma and Ba 2015): steps along the mean of gradients, divided by the root of the mean of
/// their squares.
public final class Adam: GroupedOptimizer {
  /// The groups of parameters with their options.
  public var groups: ParameterGroups<AdamOptions>

  /// An optimizer for a model's parameters.
  ///
  /// - Parameters:
  ///   - parameters: What to change, at least one.
  ///   - learningRate: The learning rate, at least 0.
  ///   - betas: The decay rates of the two moment estimates.
  ///   - epsilon: Added to the divisor for numerical stability.
  ///   - weightDecay: The weight-decay coefficient (L2 penalty).
  ///   - amsgrad: Whether to divide by the largest average so far (Reddi and others 2018).
  ///   - maximize: Whether to maximize the objective instead of minimizing it.
  public init(
    _ parameters: [Parameter], learningRate: Double = 1e-3, betas: (Double, Double) = (0.9, 0.999),
    epsilon: Double = 1e-8, weightDecay: Double = 0, amsgrad: Bool = false, maximize: Bool = false
  ) {
    groups = ParameterGroups(
      "Adam", parameters, amsgrad ? .amsgrad : .adam, learningRate, betas, epsilon, weightDecay,
      false, maximize)
  }
}

/// Adam whose weight decay shrinks parameters by themselves (Loshchilov and Hutter 2019).
public final class AdamW: GroupedOptimizer {
  /// The groups of parameters with their options.
  public var groups: ParameterGroups<AdamOptions>

  /// An optimizer for a model's parameters; each step shrinks them by `learningRate * weightDecay`.
  ///
  /// The other parameters are Adam's.
  public init(
    _ parameters: [Parameter], learningRate: Double = 1e-3,
    betas: (Double, Double) = (0.9, 0.999), epsilon: Double = 1e-8, weightDecay: Double = 1e-2,
    amsgrad: Bool = false, maximize: Bool = false
  ) {
    groups = ParameterGroups(
      "AdamW", parameters, amsgrad ? .amsgrad : .adam, learningRate, betas, epsilon, weightDecay,
      true, maximize)
  }
}

/// Adam with the largest gradient, which fades, in place of the root of squares (Kingma and Ba 2015).
public final class Adamax: GroupedOptimizer {
  /// The groups of parameters with their options.
  public var groups: ParameterGroups<AdamOptions>

  /// An optimizer for a model's parameters; see `Adam`.
  public init(
    _ parameters: [Parameter], learningRate: Double = 2e-3, betas: (Double, Double) = (0.9, 0.999),
    epsilon: Double = 1e-8, weightDecay: Double = 0, maximize: Bool = false
  ) {
    groups = ParameterGroups(
      "Adamax", parameters, .adamax, learningRate, betas, epsilon, weightDecay, false, maximize)
  }
}

/// Adam with Nesterov's momentum (Dozat 2016).
public final class NAdam: GroupedOptimizer {
  /// The groups of parameters with their options.
  public var groups: ParameterGroups<AdamOptions>

  /// An optimizer for a model's parameters; see `Adam`.
  ///
  /// The momentum grows to `betas.0` at the rate `momentumDecay`. With `decoupledWeightDecay`, parameters
  /// shrink by themselves, as in `AdamW`.
  public init(
    _ parameters: [Parameter], learningRate: Double = 2e-3,
    betas: (Double, Double) = (0.9, 0.999), epsilon: Double = 1e-8, weightDecay: Double = 0,
    momentumDecay: Double = 4e-3, decoupledWeightDecay: Bool = false, maximize: Bool = false
  ) {
    groups = ParameterGroups(
      "NAdam", parameters, .nadam(momentumDecay: momentumDecay), learningRate, betas, epsilon,
      weightDecay, decoupledWeightDecay, maximize)
  }
}

/// Adam that does without squares until their mean can be trusted (Liu and others 2020).
public final class RAdam: GroupedOptimizer {
  /// The groups of parameters with their options.
  public var groups: ParameterGroups<AdamOptions>

  /// An optimizer for a model's parameters; see `Adam`.
  ///
  /// With `decoupledWeightDecay`, parameters shrink by themselves, as in `AdamW`.
  public init(
    _ parameters: [Parameter], learningRate: Double = 1e-3,
    betas: (Double, Double) = (0.9, 0.999), epsilon: Double = 1e-8, weightDecay: Double = 0,
    decoupledWeightDecay: Bool = false, maximize: Bool = false
  ) {
    groups = ParameterGroups(
      "RAdam", parameters, .radam, learningRate, betas, epsilon, weightDecay, decoupledWeightDecay,
      maximize)
  }
}
