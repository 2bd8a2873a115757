import Autograd

/// Changes parameters so that a loss falls.
public protocol Optimizer: NamedState {
  /// What it changes; a parameter may be without shape and value yet.
  var parameters: [Parameter] { get }

  /// The learning rate: that of the first group. Setting it sets that of every group.
  var learningRate: Double { get set }

  /// The learning rate of each group of parameters; what schedules set.
  var learningRates: [Double] { get set }

  /// Makes one step; a parameter without a gradient stays as it is.
  func step(_ gradients: Gradients)

  /// Makes one step with gradients that the closure takes, as PyTorch's `step(closure)`.
  ///
  /// ```swift
  /// let loss = optimizer.step { model.valueAndGradients { model.loss(model(x), y) } }
  /// ```
  ///
  /// - Parameter evaluate: The loss and its gradients at the parameters as they are; it may be called
  ///   several times (by LBFGS).
  /// - Returns: The loss before the step.
  @discardableResult
  func step(_ evaluate: () throws -> (value: Tensor, gradients: Gradients)) rethrows -> Tensor
}

extension Optimizer {
  /// The rate of the only group.
  public var learningRates: [Double] {
    get { [learningRate] }
    set {
      require(newValue.count == 1, "learningRates: there is one group, got \(newValue.count) rates")
      learningRate = newValue[0]
    }
  }

  /// Evaluates once and makes a step.
  @discardableResult
  public func step(
    _ evaluate: () throws -> (value: Tensor, gradients: Gradients)
  ) rethrows -> Tensor {
    let (value, gradients) = try evaluate()
    step(gradients)
    return value
  }
}

/// How an optimizer moves one parameter, with the options of a group of them.
///
/// A custom optimizer is a rule and a class that conforms to `GroupedOptimizer`. This rule is gradient
/// descent with momentum, in two passes over the memory:
///
/// ```swift
/// struct Momentum: UpdateRule {
///   var learningRate: Double
///   var momentum: Double
///   static var numbers: [(name: String, path: WritableKeyPath<Momentum, Double>)] {
///     [("learningRate", \.learningRate), ("momentum", \.momentum)]
///   }
///   func update(_ value: inout Tensor, by gradient: Tensor, _ state: inout ParameterState) {
///     state["velocity", zerosLike: value].update(keeping: momentum, adding: gradient, times: 1)
///     value.update(adding: state["velocity", zerosLike: value], times: -learningRate)
///   }
/// }
/// ```
public protocol UpdateRule: Sendable {
  /// The learning rate.
  var learningRate: Double { get set }

  /// The numbers that a saved state keeps, since a schedule may have changed them.
  static var numbers: [(name: String, path: WritableKeyPath<Self, Double>)] { get }

  /// What is wrong with the options, in words that follow the optimizer's name; nil if nothing.
  ///
  /// An optimizer with such options stops the program; a saved state with them is refused.
  var problem: String? { get }

  /// Moves a value by its gradient; both come in float32 where the parameter has 16 bits.
  ///
  /// - Parameters:
  ///   - value: The only reference to it, unless the value is also held elsewhere.
  ///   - gradient: In the value's shape.
  ///   - state: What is remembered about the parameter; its `step` is that of this update, from 1.
  func update(_ value: inout Tensor, by gradient: Tensor, _ state: inout ParameterState)
}

extension UpdateRule {
  /// Nothing but the learning rate is checked.
  public var problem: String? { learningRateProblem }

  var learningRateProblem: String? { notNegativeProblem(learningRate, "the learning rate") }
}

/// What an optimizer remembers about one parameter.
public struct ParameterState: Sendable {
  /// The number of updates, the running one included.
  public var step = 0
  /// Tensors by PyTorch's names, as in `exp_avg`.
  public var tensors: [String: Tensor] = [:]

  /// Nothing remembered.
  public init() {}

  /// A tensor by its name; one that is missing begins with zeros like the given one.
  public subscript(name: String, zerosLike value: Tensor) -> Tensor {
    get { tensors[name] ?? value.zerosLike() }
    _modify { yield &tensors[name, default: value.zerosLike()] }
  }
}

/// A tensor that a rule remembers about a parameter, for saved states to be checked.
struct RememberedTensor {
  let name: String
  /// Whether each update with these options leaves it.
  var isNeeded = true
  /// Whether it is a single number instead of a tensor in the parameter's shape.
  var isScalar = false
  var range = -Double.infinity...Double.infinity

  /// One of squares or sizes.
  static func notNegative(_ name: String, if isNeeded: Bool = true) -> Self {
    Self(name: name, isNeeded: isNeeded, range: 0...Double.infinity)
  }
}

/// What all rules of this library have.
protocol DecayingRule: UpdateRule {
  /// What it may remember about a parameter.
  var remembered: [RememberedTensor] { get }
  /// The weight-decay coefficient (L2 penalty): this times the parameter is added to its gradient.
  var weightDecay: Double { get }
  /// Whether to maximize the objective instead of minimizing it.
  var isMaximizing: Bool { get }
}

extension DecayingRule {
  /// The gradient to descend along: negated when maximizing, plus `decay` times the value, by default the
  /// weight decay.
  func direction(_ gradient: Tensor, at value: Tensor, decay: Double? = nil) -> Tensor {
    var direction = isMaximizing ? -gradient : gradient
    let decay = decay ?? weightDecay
    if decay != 0 { direction.update(adding: value, times: decay) }
    return direction
  }

  var decayProblem: String? {
    learningRateProblem ?? notNegativeProblem(weightDecay, "the weight decay")
  }
}
