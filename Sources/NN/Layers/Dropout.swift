import Autograd

/// Sets random elements to zero while training (Srivastava and others 2014) and scales the others
/// up, so that evaluation needs no change.
public final class Dropout: Layer, ModeDependent, Randomized {
  /// The share of elements that become zero.
  public let probability: Double
  /// Whether elements are dropped; evaluation lets everything pass.
  public var isTraining = true
  /// Where the next mask comes from.
  public var random = RandomStream.unseeded()

  /// A layer that drops each element with a probability from 0 to 1.
  public init(_ probability: Double = 0.5) {
    require(
      probability >= 0 && probability <= 1,
      "Dropout: the probability must be between 0 and 1, got \(probability)")
    self.probability = probability
  }

  /// Nothing: the layer has no parameters.
  public var members: [Member] { [] }

  /// The probability.
  public var details: String { "\(probability)" }

  /// - Parameter x: Any shape.
  /// - Returns: The same shape.
  public func forward(_ x: consuming Tensor) -> Tensor {
    if !isTraining || probability == 0 { return x }
    let kept = random.bernoulli(x.shape, probability: 1 - probability)
    let scale = probability < 1 ? 1 / (1 - probability) : 0
    return x * (kept.asType(x.dtype) * scale)
  }
}
