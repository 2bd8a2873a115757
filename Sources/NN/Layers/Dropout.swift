import Autograd

/// Sets random elements to zero while training (Srivastava and others 2014) and scales the others
/// up, so that evaluation needs no change.
public final class Dropout: Layer, Parameterless, HasMode, Randomized {
  /// The probability that an element is set to zero.
  public let probability: Double
  /// Whether elements are dropped; in evaluation the layer is the identity.
  public var isTraining: Bool {
    get { mode[self] }
    set { mode[self] = newValue }
  }
  private var mode = Mode()
  /// Where the next mask comes from.
  public var random = RandomStream.unseeded()

  /// A layer that drops each element with a probability from 0 to 1.
  public init(_ probability: Double = 0.5) {
    checkShare(probability, "Dropout", "the probability")
    self.probability = probability
  }

  /// The probability.
  public var details: String { "\(probability)" }

  /// - Parameter x: Any shape.
  /// - Returns: The same shape.
  public func forward(_ x: consuming Tensor) -> Tensor {
    if !isTraining || probability == 0 { return x }
    let shape = x.shape
    return dropped(x, choosing: shape, probability, &random)
  }
}

/// Sets random channels of images to zero as a whole while training (Tompson and others 2015), because
/// neighboring pixels are too alike to be dropped one by one; scales the others up.
public final class Dropout2d: Layer, Parameterless, HasMode, Randomized {
  /// The probability that a channel is set to zero.
  public let probability: Double
  /// Whether channels are dropped; in evaluation the layer is the identity.
  public var isTraining: Bool {
    get { mode[self] }
    set { mode[self] = newValue }
  }
  private var mode = Mode()
  /// Where the next mask comes from.
  public var random = RandomStream.unseeded()

  /// A layer that drops each channel of each image with a probability from 0 to 1.
  public init(_ probability: Double = 0.5) {
    checkShare(probability, "Dropout2d", "the probability")
    self.probability = probability
  }

  /// The probability.
  public var details: String { "\(probability)" }

  /// - Parameter x: [batch, channels, height, width]
  /// - Returns: The same shape.
  public func forward(_ x: consuming Tensor) -> Tensor {
    require(x.rank == 4, "expected images [batch, channels, height, width], got \(x.shape)")
    if !isTraining || probability == 0 { return x }
    let shape = [x.size(0), x.size(1), 1, 1]
    return dropped(x, choosing: shape, probability, &random)
  }
}

/// x with zeros where a mask, drawn in a shape that is broadcast to its own, says so, the rest scaled up.
///
/// The mask is the same for any number of threads: each part of a draw starts at its own position in the counter-based
/// stream (`RandomStream`, `CPURandom.swift`).
private func dropped(
  _ x: consuming Tensor, choosing shape: [Int], _ probability: Double, _ random: inout RandomStream
) -> Tensor {
  let kept = random.bernoulli(shape, probability: 1 - probability, device: x.device)
  let scale = probability < 1 ? 1 / (1 - probability) : 0
  return x * (kept.asType(x.dtype) * scale)
}
