// Truth values: combined, reduced, and asked of numbers. Numbers count as true where they are not 0.
extension Tensor {
  /// Where both hold, broadcast; bool.
  public static func .& (a: Tensor, b: Tensor) -> Tensor { Tensor.where(a, b.asTruth, false) }

  /// Where at least one holds, broadcast; bool.
  public static func .| (a: Tensor, b: Tensor) -> Tensor { Tensor.where(a, true, b.asTruth) }

  /// Where exactly one holds, broadcast; bool.
  public static func .^ (a: Tensor, b: Tensor) -> Tensor { a.asTruth .!= b.asTruth }

  /// Where it does not hold; bool.
  public static prefix func .! (x: Tensor) -> Tensor { x .== 0 }

  /// This tensor as a constant of type bool.
  private var asTruth: Tensor { stoppingGradient().asType(.bool) }

  private static func `where`(_ condition: Tensor, _ a: Tensor, _ b: Bool) -> Tensor {
    Tensor.where(condition, a, Tensor(scalars: [b], shape: []))
  }

  private static func `where`(_ condition: Tensor, _ a: Bool, _ b: Tensor) -> Tensor {
    Tensor.where(condition, Tensor(scalars: [a], shape: []), b)
  }

  /// Whether any element along axes holds; false over no elements.
  ///
  /// - Parameters:
  ///   - axes: The axes; nil for all.
  ///   - keepDims: Whether the axes stay, with size 1.
  public func any(axes: [Int]? = nil, keepDims: Bool = false) -> Tensor {
    asTruth.sum(axes: axes, keepDims: keepDims) .> 0
  }

  /// Whether any element along one axis holds.
  public func any(axis: Int, keepDims: Bool = false) -> Tensor {
    any(axes: [axis], keepDims: keepDims)
  }

  /// Whether every element along axes holds; true over no elements.
  ///
  /// - Parameters:
  ///   - axes: The axes; nil for all.
  ///   - keepDims: Whether the axes stay, with size 1.
  public func all(axes: [Int]? = nil, keepDims: Bool = false) -> Tensor {
    .!(.!self).any(axes: axes, keepDims: keepDims)
  }

  /// Whether every element along one axis holds.
  public func all(axis: Int, keepDims: Bool = false) -> Tensor {
    all(axes: [axis], keepDims: keepDims)
  }

  /// Where elements are NaN; bool.
  public func isNaN() -> Tensor { self .!= self }

  /// Where elements are plus or minus infinity; bool.
  public func isInfinite() -> Tensor {
    dtype.isFloatingPoint ? stoppingGradient().abs() .== Double.infinity : self .!= self
  }

  /// Where elements are neither NaN nor infinite; bool.
  public func isFinite() -> Tensor {
    dtype.isFloatingPoint ? stoppingGradient().abs() .< Double.infinity : self .== self
  }
}
