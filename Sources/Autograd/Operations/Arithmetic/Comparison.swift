// Element-wise comparisons.
extension Tensor {
  private static func compared(_ a: Tensor, _ b: Tensor, _ operation: CompareOp) -> Tensor {
    let (aShape, bShape) = (a.shape, b.shape)
    guard let shape = broadcastShape(aShape, bShape) else {
      fail("\(operation.rawValue): shapes \(aShape) and \(bShape) cannot be broadcast together")
    }
    var dtype = DType.promoted(a.dtype, b.dtype)
    if dtype.isHalf { dtype = .float32 }
    let y = NDArray.uninitialized(
      dtype: .bool, shape: shape,
      on: NDArray.commonDevice(of: a.array, b.array, operation.rawValue))
    Backend.compare(operation, a.array.converted(to: dtype), b.array.converted(to: dtype), into: y)
    return Tensor(y)
  }

  /// A number as a tensor beside this one: of its type, or beside integers of float64 where int64 would lose the
  /// number.
  private func constant(_ number: some Number) -> Tensor {
    if !dtype.isFloatingPoint, number.inexactInteger != nil {
      return .full([], number, dtype: .int64)
    }
    let value = number.doubleValue
    if dtype.isFloatingPoint { return .full([], value, dtype: dtype) }
    return .full([], value, dtype: Int64(exactly: value) == nil ? .float64 : .int64)
  }

  /// Where elements are equal; bool.
  public static func .== (a: Tensor, b: Tensor) -> Tensor { compared(a, b, .equal) }
  /// Where elements differ; bool.
  public static func .!= (a: Tensor, b: Tensor) -> Tensor { compared(a, b, .notEqual) }
  /// Where a < b; bool.
  public static func .< (a: Tensor, b: Tensor) -> Tensor { compared(a, b, .less) }
  /// Where a <= b; bool.
  public static func .<= (a: Tensor, b: Tensor) -> Tensor { compared(a, b, .lessOrEqual) }
  /// Where a > b; bool.
  public static func .> (a: Tensor, b: Tensor) -> Tensor { compared(a, b, .greater) }
  /// Where a >= b; bool.
  public static func .>= (a: Tensor, b: Tensor) -> Tensor { compared(a, b, .greaterOrEqual) }

  /// Where elements equal a number; bool.
  public static func .== (a: Tensor, b: some Number) -> Tensor { a .== a.constant(b) }
  /// Where elements differ from a number; bool.
  public static func .!= (a: Tensor, b: some Number) -> Tensor { a .!= a.constant(b) }
  /// Where elements are below a number; bool.
  public static func .< (a: Tensor, b: some Number) -> Tensor { a .< a.constant(b) }
  /// Where elements are at most a number; bool.
  public static func .<= (a: Tensor, b: some Number) -> Tensor { a .<= a.constant(b) }
  /// Where elements are above a number; bool.
  public static func .> (a: Tensor, b: some Number) -> Tensor { a .> a.constant(b) }
  /// Where elements are at least a number; bool.
  public static func .>= (a: Tensor, b: some Number) -> Tensor { a .>= a.constant(b) }
}
