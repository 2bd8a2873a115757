// Arithmetic on two tensors, broadcast as in NumPy, or on a tensor and a number. A number never
// changes a tensor's element type; two tensors of different types are combined in the wider one.
extension Tensor {
  // MARK: The one way to combine

  /// The function of two operands' elements, in an operand's memory if there is no other reference to it.
  consuming func zipped(by operation: BinaryOp, with other: consuming Tensor) -> Tensor {
    var (a, b) = (array, other.array)
    _ = consume self
    _ = consume other
    if a.dtype != b.dtype {
      let dtype = DType.promoted(a.dtype, b.dtype)
      a = a.contiguous(as: dtype)
      b = b.contiguous(as: dtype)
    }
    require(
      a.dtype != .bool,
      "\(operation.rawValue): needs numbers, got bool \(a.shape) and \(b.shape)")
    if a.hasShape(of: b) && a.isDense && b.isDense && a.device == b.device {
      if NDArray.isUnique(&a) {
        Backend.zip(operation, dense: a, b, into: a)
        return Tensor(a)
      }
      if NDArray.isUnique(&b) {
        Backend.zip(operation, dense: a, b, into: b)
        return Tensor(b)
      }
      let y = a.uninitializedLike(dtype: a.dtype)
      Backend.zip(operation, dense: a, b, into: y)
      return Tensor(y)
    }
    let device = NDArray.commonDevice(of: a, b, operation.rawValue)
    let (aShape, bShape) = (a.shape, b.shape)
    guard let shape = broadcastShape(aShape, bShape) else {
      fail("\(operation.rawValue): shapes \(aShape) and \(bShape) cannot be broadcast together")
    }
    if shape == aShape && Tensor.canReuse(&a, on: device) {
      Backend.zip(operation, broadcast: a, b, into: a)
      return Tensor(a)
    }
    if shape == bShape && Tensor.canReuse(&b, on: device) {
      Backend.zip(operation, broadcast: a, b, into: b)
      return Tensor(b)
    }
    let y = NDArray.uninitialized(dtype: a.dtype, shape: shape, on: device)
    Backend.zip(operation, broadcast: a, b, into: y)
    return Tensor(y)
  }

  /// The function of each element and a number, which stands on the left if `isReversed`.
  consuming func zipped(
    by operation: BinaryOp, withScalar scalar: Double, isReversed: Bool = false
  ) -> Tensor {
    var a = array
    _ = consume self
    require(a.dtype != .bool, "\(operation.rawValue): needs numbers, got bool \(a.shape)")
    if Tensor.canReuse(&a) {
      Backend.zip(operation, dense: a, scalar: scalar, isReversed: isReversed, into: a)
      return Tensor(a)
    }
    let dense = a.contiguous()
    let y = dense.uninitializedLike(dtype: dense.dtype)
    Backend.zip(operation, dense: dense, scalar: scalar, isReversed: isReversed, into: y)
    return Tensor(y)
  }

  // MARK: Tensors

  /// a + b.
  public static func + (a: consuming Tensor, b: consuming Tensor) -> Tensor {
    differentiable(
      broadcasting: a, b, { $0.zipped(by: .add, with: $1) },
      first: { _ in { dy in dy } }, second: { _ in { dy in dy } })
  }

  /// a - b.
  public static func - (a: consuming Tensor, b: consuming Tensor) -> Tensor {
    differentiable(
      broadcasting: a, b, { $0.zipped(by: .subtract, with: $1) },
      first: { _ in { dy in dy } }, second: { _ in { dy in -dy } })
  }

  /// a * b, element by element.
  public static func * (a: Tensor, b: Tensor) -> Tensor {
    differentiable(
      a, b, { $0.zipped(by: .multiply, with: $1) },
      first: { _, b, _ in { dy in dy * b } }, second: { a, _, _ in { dy in dy * a } })
  }

  /// a / b, element by element; integers are converted to float32.
  public static func / (a: Tensor, b: Tensor) -> Tensor {
    differentiable(
      a, b, { $0.floating(beside: $1).zipped(by: .divide, with: $1.floating(beside: $0)) },
      first: { _, b, _ in { dy in dy / b } },
      second: { _, b, y in { dy in -(dy * (y / b)) } })  // dy * y may overflow where this does not
  }

  /// Each element of `self` to the power of the other tensor's.
  ///
  /// The gradient of the exponent is 0 where the base is 0 and the exponent not negative, as in
  /// PyTorch.
  public func pow(_ exponent: Tensor) -> Tensor {
    differentiable(
      self, exponent, { $0.floating(beside: $1).zipped(by: .power, with: $1.floating(beside: $0)) },
      first: { x, p, _ in { dy in dy * Tensor.where(p .== 0, 0, p * x.pow(p - 1)) } },
      second: { x, p, y in
        let isZero = x .== 0
        let vanishes = Tensor.where(isZero, p .>= 0, isZero)
        return { dy in
          Tensor.where(vanishes, 0, dy * y * Tensor.where(vanishes, 1, x).log())
        }
      })
  }

  /// The angle of the point with this tensor as its height and the other as its width, broadcast:
  /// `atan2(y, x)`, from -pi to pi.
  public func atan2(_ other: Tensor) -> Tensor {
    differentiable(
      self, other,
      { $0.floating(beside: $1).zipped(by: .atan2, with: $1.floating(beside: $0)) },
      first: { y, x, _ in { dy in dy * (x / squaredLength(y, x)) } },
      second: { y, x, _ in { dy in dy * (-y / squaredLength(y, x)) } })
  }

  /// This tensor, converted to float32 if neither it nor the other is floating point.
  private func floating(beside other: Tensor) -> Tensor {
    dtype.isFloatingPoint || other.dtype.isFloatingPoint ? self : asType(.float32)
  }

  // MARK: Numbers

  /// A bool tensor as numbers, beside a number: int64 beside an Int, else float32.
  private consuming func counting(beside number: some Number) -> Tensor {
    dtype == .bool ? asType(number is Int ? .int64 : .float32) : self
  }

  /// An integer that double precision does not hold as a tensor, beside int64.
  private func exactly(_ number: some Number) -> Tensor? {
    dtype == .int64 && number.inexactInteger != nil ? .full([], number, dtype: .int64) : nil
  }

  /// x + number.
  public static func + (x: consuming Tensor, number: some Number) -> Tensor {
    x = x.counting(beside: number)
    if let number = x.exactly(number) { return x + number }
    let number = number.doubleValue
    return differentiable(
      x, { $0.zipped(by: .add, withScalar: number) }, pullback: { _ in { dy in dy } })
  }

  /// number + x.
  public static func + (number: some Number, x: consuming Tensor) -> Tensor { x + number }

  /// x - number.
  public static func - (x: consuming Tensor, number: some Number) -> Tensor {
    x = x.counting(beside: number)
    if let number = x.exactly(number) { return x - number }
    let number = number.doubleValue
    return differentiable(
      x, { $0.zipped(by: .subtract, withScalar: number) }, pullback: { _ in { dy in dy } })
  }

  /// number - x.
  public static func - (number: some Number, x: consuming Tensor) -> Tensor {
    x = x.counting(beside: number)
    if let number = x.exactly(number) { return number - x }
    let number = number.doubleValue
    return differentiable(
      x, { $0.zipped(by: .subtract, withScalar: number, isReversed: true) },
      pullback: { _ in { dy in -dy } })
  }

  /// x * number.
  public static func * (x: consuming Tensor, number: some Number) -> Tensor {
    x = x.counting(beside: number)
    if let number = x.exactly(number) { return x * number }
    let number = number.doubleValue
    return differentiable(
      x, { $0.zipped(by: .multiply, withScalar: number) },
      pullback: { _ in { dy in dy * number } })
  }

  /// number * x.
  public static func * (number: some Number, x: consuming Tensor) -> Tensor { x * number }

  /// x / number; integers are converted to float32.
  public static func / (x: consuming Tensor, number: some Number) -> Tensor {
    let number = number.doubleValue
    if !x.dtype.isFloatingPoint { x = x.asType(.float32) }
    return differentiable(
      x, { $0.zipped(by: .divide, withScalar: number) },
      pullback: { _ in { dy in dy / number } })
  }

  /// number / x; integers are converted to float32.
  public static func / (number: some Number, x: Tensor) -> Tensor {
    let number = number.doubleValue
    let x = x.dtype.isFloatingPoint ? x : x.asType(.float32)
    return differentiable(x) {
      $0.zipped(by: .divide, withScalar: number, isReversed: true)
    } pullback: { x, y in
      { dy in -(dy * (y / x)) }
    }
  }

  // MARK: In place

  /// Adds in place if there is no other reference to the memory.
  public static func += (a: inout Tensor, b: consuming Tensor) { a = (consume a) + b }

  /// Subtracts in place if there is no other reference to the memory.
  public static func -= (a: inout Tensor, b: consuming Tensor) { a = (consume a) - b }

  /// Adds a number, in place if there is no other reference to the memory.
  public static func += (a: inout Tensor, number: some Number) { a = (consume a) + number }

  /// Subtracts a number, in place if there is no other reference to the memory.
  public static func -= (a: inout Tensor, number: some Number) { a = (consume a) - number }

  /// Multiplies.
  public static func *= (a: inout Tensor, b: Tensor) { a = a * b }

  /// Divides; integers become float32.
  public static func /= (a: inout Tensor, b: Tensor) { a = a / b }

  /// Divides by a number, in place if there is no other reference to the memory; integers become float32.
  public static func /= (a: inout Tensor, number: some Number) { a = (consume a) / number }

  /// Multiplies by a number, in place if there is no other reference to the memory.
  public static func *= (a: inout Tensor, number: some Number) { a = (consume a) * number }
}

/// y * y + x * x, but 1 at the origin, where the angle gets no gradient.
private func squaredLength(_ y: Tensor, _ x: Tensor) -> Tensor {
  let sum = y.square() + x.square()
  return Tensor.where(sum .== 0, 1, sum)
}
