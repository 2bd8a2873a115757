import Autograd

/// 1 / (1 + exp(-x)).
public final class Sigmoid: Layer {
  /// An activation without parameters.
  public init() {}

  /// Nothing: an activation has no parameters.
  public var members: [Member] { [] }

  /// - Parameter x: Any shape.
  /// - Returns: The same shape.
  public func forward(_ x: consuming Tensor) -> Tensor { x.sigmoid() }
}

/// max(x, 0).
public final class ReLU: Layer {
  /// An activation without parameters.
  public init() {}

  /// Nothing: an activation has no parameters.
  public var members: [Member] { [] }

  /// - Parameter x: Any shape.
  /// - Returns: The same shape.
  public func forward(_ x: consuming Tensor) -> Tensor { x.relu() }
}

/// The hyperbolic tangent.
public final class Tanh: Layer {
  /// An activation without parameters.
  public init() {}

  /// Nothing: an activation has no parameters.
  public var members: [Member] { [] }

  /// - Parameter x: Any shape.
  /// - Returns: The same shape.
  public func forward(_ x: consuming Tensor) -> Tensor { x.tanh() }
}

/// exp(x) / sum(exp(x)) along an axis.
public final class Softmax: Layer {
  private let axis: Int

  /// A softmax along an axis, the last one unless stated.
  public init(axis: Int = -1) { self.axis = axis }

  /// Nothing: an activation has no parameters.
  public var members: [Member] { [] }

  /// The axis.
  public var details: String { "axis \(axis)" }

  /// - Parameter x: Any shape.
  /// - Returns: The same shape.
  public func forward(_ x: consuming Tensor) -> Tensor { x.softmax(axis: axis) }
}

/// All axes but the first joined to one: [batch, ...] to [batch, features].
public final class Flatten: Layer {
  private let start: Int

  /// A layer that joins the axes from `start` on.
  public init(from start: Int = 1) { self.start = start }

  /// Nothing: the layer has no parameters.
  public var members: [Member] { [] }

  /// The first axis joined, unless it is 1.
  public var details: String { start == 1 ? "" : "from axis \(start)" }

  /// - Parameter x: [batch, ...]
  /// - Returns: [batch, features]
  public func forward(_ x: consuming Tensor) -> Tensor { x.flatten(from: start) }
}
