// What is written first, coming from Python: each either works or says what to write.

/// A number written out, to be assigned to a part of a tensor: `x[0] = 5`, `x[mask] = 0`.
///
/// It is no Double, so that `x[0] * 2` means the tensor and keeps its gradient.
public struct NumberLiteral: ExpressibleByIntegerLiteral, ExpressibleByFloatLiteral, Sendable {
  let value: Double

  /// An integer.
  public init(integerLiteral value: Int) { self.value = Double(value) }
  /// A number with a point or an exponent.
  public init(floatLiteral value: Double) { self.value = value }
}

extension Tensor {
  // MARK: Numbers that fill a part

  /// `x[0] = 5` and `x[mask] = 0` fill a part with a number.
  @_disfavoredOverload
  public subscript(_ indices: any TensorIndex...) -> NumberLiteral {
    @available(*, unavailable, message: "write x[...].item()")
    get { fatalError("unavailable") }
    set { self[items: indices] = number(newValue) }
  }

  private func number(_ number: NumberLiteral) -> Tensor {
    .full([], number.value, dtype: .float64, device: device)
  }

  // MARK: ... in front of other items, or after them

  /// `x[..., 0]`: as `x[.ellipsis, 0]`.
  public subscript(_ rest: UnboundedRange, _ indices: any TensorIndex...) -> Tensor {
    get { self[items: [.ellipsis] + indices] }
    set { self[items: [.ellipsis] + indices] = newValue }
  }

  /// The same filled with a number.
  @_disfavoredOverload
  public subscript(_ rest: UnboundedRange, _ indices: any TensorIndex...) -> NumberLiteral {
    @available(*, unavailable, message: "write x[...].item()")
    get { fatalError("unavailable") }
    set { self[items: [.ellipsis] + indices] = number(newValue) }
  }

  /// `x[0, ..., 1]`: as `x[0, .ellipsis, 1]`.
  public subscript(
    _ first: any TensorIndex, _ rest: UnboundedRange, _ indices: any TensorIndex...
  ) -> Tensor {
    get { self[items: [first, .ellipsis] + indices] }
    set { self[items: [first, .ellipsis] + indices] = newValue }
  }

  /// The same filled with a number.
  @_disfavoredOverload
  public subscript(
    _ first: any TensorIndex, _ rest: UnboundedRange, _ indices: any TensorIndex...
  ) -> NumberLiteral {
    @available(*, unavailable, message: "write x[...].item()")
    get { fatalError("unavailable") }
    set { self[items: [first, .ellipsis] + indices] = number(newValue) }
  }

  // MARK: Nested arrays

  /// A matrix of integers or Booleans from its rows, which must have equal lengths; see `init(scalars:)`.
  public init<Scalar: TensorScalar>(scalars rows: [[Scalar]], device: Device = .cpu) {
    let shape = Tensor.checkedShape(of: rows)
    self.init(scalars: rows.flatMap { $0 }, shape: shape, device: device)
  }

  /// As `init(scalars:)` of matrices of equal shapes.
  public init<Scalar: TensorScalar>(scalars matrices: [[[Scalar]]], device: Device = .cpu) {
    self = stack(matrices.map { Tensor(scalars: $0, device: device) })
  }

  /// Unavailable: Swift's integers become int64 by `Tensor(scalars:)`, and float32 by `asType`.
  @available(
    *, unavailable,
    message: "write Tensor(scalars: values) for int64, with .asType(.float32) for float32"
  )
  public init(_ values: [Int], shape: [Int]? = nil, dtype: DType = .int64, device: Device = .cpu) {
    fatalError("unavailable")
  }

  /// Unavailable: Swift's integers become int64 by `Tensor(scalars:)`.
  @available(
    *, unavailable,
    message: "write Tensor(scalars: rows) for int64, with .asType(.float32) for float32"
  )
  public init(_ rows: [[Int]], dtype: DType = .int64, device: Device = .cpu) {
    fatalError("unavailable")
  }
}

// MARK: Comparisons without a dot

extension Tensor {
  /// Unavailable: `.==` compares element by element.
  @available(*, unavailable, message: "write x .== y, which gives a bool tensor")
  public static func == (a: Tensor, b: Tensor) -> Bool { fatalError("unavailable") }

  /// Unavailable: `.==` compares element by element.
  @available(*, unavailable, message: "write x .== number, which gives a bool tensor")
  public static func == (a: Tensor, b: some Number) -> Bool { fatalError("unavailable") }

  /// Unavailable: `.!=` compares element by element.
  @available(*, unavailable, message: "write x .!= y, which gives a bool tensor")
  public static func != (a: Tensor, b: Tensor) -> Bool { fatalError("unavailable") }

  /// Unavailable: `.!=` compares element by element.
  @available(*, unavailable, message: "write x .!= number, which gives a bool tensor")
  public static func != (a: Tensor, b: some Number) -> Bool { fatalError("unavailable") }

  /// Unavailable: `.<` compares element by element.
  @available(*, unavailable, message: "write x .< y, which gives a bool tensor")
  public static func < (a: Tensor, b: Tensor) -> Bool { fatalError("unavailable") }

  /// Unavailable: `.<` compares element by element.
  @available(*, unavailable, message: "write x .< number, which gives a bool tensor")
  public static func < (a: Tensor, b: some Number) -> Bool { fatalError("unavailable") }

  /// Unavailable: `.<=` compares element by element.
  @available(*, unavailable, message: "write x .<= y, which gives a bool tensor")
  public static func <= (a: Tensor, b: Tensor) -> Bool { fatalError("unavailable") }

  /// Unavailable: `.<=` compares element by element.
  @available(*, unavailable, message: "write x .<= number, which gives a bool tensor")
  public static func <= (a: Tensor, b: some Number) -> Bool { fatalError("unavailable") }

  /// Unavailable: `.>` compares element by element.
  @available(*, unavailable, message: "write x .> y, which gives a bool tensor")
  public static func > (a: Tensor, b: Tensor) -> Bool { fatalError("unavailable") }

  /// Unavailable: `.>` compares element by element.
  @available(*, unavailable, message: "write x .> number, which gives a bool tensor")
  public static func > (a: Tensor, b: some Number) -> Bool { fatalError("unavailable") }

  /// Unavailable: `.>=` compares element by element.
  @available(*, unavailable, message: "write x .>= y, which gives a bool tensor")
  public static func >= (a: Tensor, b: Tensor) -> Bool { fatalError("unavailable") }

  /// Unavailable: `.>=` compares element by element.
  @available(*, unavailable, message: "write x .>= number, which gives a bool tensor")
  public static func >= (a: Tensor, b: some Number) -> Bool { fatalError("unavailable") }
}
