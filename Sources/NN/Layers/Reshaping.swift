import Autograd

/// The input itself, where a layer is wanted that does nothing.
public final class Identity: Layer, Parameterless {
  /// A layer without options.
  public init() {}

  /// - Parameter x: Any shape.
  /// - Returns: x.
  public func forward(_ x: consuming Tensor) -> Tensor { x }
}

/// Neighboring axes joined to one; unless stated all but the first: [batch, ...] to
/// [batch, features].
public final class Flatten: Layer, Parameterless {
  private let start: Int
  private let end: Int

  /// A layer that joins the axes from `start` through `end`; negative ones count from the end.
  public init(from start: Int = 1, through end: Int = -1) {
    require(
      (start < 0) != (end < 0) || start <= end,
      "Flatten: the first axis \(start) must not come after the last one \(end)")
    self.start = start
    self.end = end
  }

  /// The axes joined, unless they are all but the first.
  public var details: String {
    if end != -1 { return "from axis \(start) through \(end)" }
    return start == 1 ? "" : "from axis \(start)"
  }

  /// - Parameter x: [batch, ...]
  /// - Returns: [batch, features]
  public func forward(_ x: consuming Tensor) -> Tensor { x.flatten(from: start, through: end) }
}

/// One axis split into several: the inverse of `Flatten`.
public final class Unflatten: Layer, Parameterless {
  private let axis: Int
  private let sizes: [Int]

  /// A layer that splits an axis.
  ///
  /// - Parameters:
  ///   - axis: The axis; negative ones count from the end.
  ///   - sizes: The new sizes; one of them may be -1, it follows from the others.
  public init(_ axis: Int, into sizes: [Int]) {
    require(
      !sizes.isEmpty && sizes.allSatisfy { $0 >= -1 } && sizes.count { $0 == -1 } <= 1,
      "Unflatten: axis \(axis) cannot be split into \(sizes)")
    self.axis = axis
    self.sizes = sizes
  }

  /// The axis and its sizes.
  public var details: String { "axis \(axis) into \(sizes)" }

  /// - Parameter x: Any shape with the axis.
  /// - Returns: The elements, with the sizes instead of the axis.
  public func forward(_ x: consuming Tensor) -> Tensor {
    x.unflatten(axis: axis, into: sizes)
  }
}
