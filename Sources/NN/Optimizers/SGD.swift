import Autograd

/// Changes parameters so that a loss falls.
public protocol Optimizer: AnyObject {
  /// What it changes; a parameter may be without shape and value yet.
  var parameters: [Parameter] { get }

  /// The size of a step.
  var learningRate: Float { get set }

  /// Makes one step; a parameter without a gradient stays as it is.
  func step(_ gradients: Gradients)
}

/// Stochastic gradient descent: `value -= learningRate * gradient` (Robbins and Monro 1951).
public final class SGD: Optimizer {
  /// What it changes.
  public let parameters: [Parameter]
  /// The size of a step.
  public var learningRate: Float

  /// An optimizer for a model's parameters.
  ///
  /// - Parameters:
  ///   - parameters: What to change, at least one.
  ///   - learningRate: The size of a step, at least 0.
  public init(_ parameters: [Parameter], learningRate: Float) {
    require(
      !parameters.isEmpty,
      """
      SGD: there are no parameters; a module's parts must be stored properties (modules, parameters, or \
      arrays of them), or listed in its `members`
      """)
    require(
      learningRate >= 0 && learningRate.isFinite,
      "SGD: the learning rate must be a finite number of at least 0, got \(learningRate)")
    self.parameters = parameters
    self.learningRate = learningRate
  }

  /// Makes one step, in place where nobody else sees a parameter's value.
  public func step(_ gradients: Gradients) {
    let own = Set(parameters.map(ObjectIdentifier.init))
    for (parameter, gradient) in gradients where own.contains(ObjectIdentifier(parameter)) {
      parameter.update { value in value - gradient * learningRate }
    }
  }
}
