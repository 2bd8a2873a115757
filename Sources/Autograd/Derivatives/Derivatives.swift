// Derivatives of functions, all on one mechanism: a tape of their own that watches the arguments.

/// The value of a function of one element, and its gradient.
///
/// - Parameters:
///   - x: Where; floating point, any shape.
///   - f: The function; its result must have one element. It may use gradients itself.
/// - Returns: The value, and the gradient in x's shape and type. Neither is recorded by f's own
///   tape; an outer tape that watches x records both.
public func valueAndGradient(
  at x: Tensor, _ f: (Tensor) throws -> Tensor
) rethrows -> (value: Tensor, gradient: Tensor) {
  let (value, gradients) = try valueAndGradients(at: [x]) { try f($0[0]) }
  return (value, gradients[0])
}

/// The value of a function of one element of several tensors, and its gradients in their order.
public func valueAndGradients(
  at xs: [Tensor], _ f: ([Tensor]) throws -> Tensor
) rethrows -> (value: Tensor, gradients: [Tensor]) {
  let tape = Tape()
  defer { tape.finish() }
  let watched = xs.map { tape.watch($0) }
  let y = try f(watched)
  let gradients = tape.gradient(of: y, at: watched)
  return (y.withoutTape(tape), gradients)
}

/// The gradient of a function of one element.
///
/// ```swift
/// gradient(at: x) { ($0 * $0).sum() }                                     // 2x
/// gradient(at: x) { x in gradient(at: x) { ($0 * $0 * $0).sum() }.sum() } // 6x, second order
/// ```
public func gradient(at x: Tensor, _ f: (Tensor) throws -> Tensor) rethrows -> Tensor {
  try valueAndGradient(at: x, f).gradient
}

/// The gradients of a function of one element at several tensors, in their order.
public func gradients(at xs: [Tensor], _ f: ([Tensor]) throws -> Tensor) rethrows -> [Tensor] {
  try valueAndGradients(at: xs, f).gradients
}

/// The value of a function and its vector-Jacobian product, a function that may be called any
/// number of times, by one thread at a time.
///
/// - Returns: The value, and the map from a cotangent in its shape to the gradient of `(cotangent *
///   f(x)).sum()`.
public func pullback(
  at x: Tensor, _ f: (Tensor) throws -> Tensor
) rethrows -> (value: Tensor, pullback: Pullback) {
  let tape = Tape()
  let watched = tape.watch(x)
  let y = try f(watched)
  return (
    y.withoutTape(tape),
    { dy in tape.pullback(of: y, cotangent: dy, at: [watched], keepTape: true)[0] }
  )
}

/// The value of a function and its Jacobian-vector product: the derivative along a direction.
///
/// Computed by two reverse passes: the vector-Jacobian product is linear in its cotangent, and its
/// own transpose is the product wanted.
///
/// - Parameters:
///   - x: Where.
///   - direction: In x's shape.
///   - f: The function.
/// - Returns: The value, and the tangent in the value's shape.
public func jvp(
  at x: Tensor, along direction: Tensor, _ f: (Tensor) throws -> Tensor
) rethrows -> (value: Tensor, tangent: Tensor) {
  require(
    direction.shape == x.shape,
    "jvp: the direction must have x's shape \(x.shape), got \(direction.summary)")
  let outer = Tape()
  let inner = Tape()
  let watched = inner.watch(x)
  let y = try f(watched)
  let cotangent = outer.watch(y.zerosLike())
  let dx = inner.pullback(of: y, cotangent: cotangent, at: [watched])[0]
  let tangent = outer.pullback(of: dx, cotangent: direction, at: [cotangent])[0]
  return (y.withoutTape(inner), tangent)
}

/// The Jacobian of a function: all derivatives of its result's elements.
///
/// One reverse pass per element of the result.
///
/// - Returns: The derivatives in the shape `f(x).shape + x.shape`.
public func jacobian(at x: Tensor, _ f: (Tensor) throws -> Tensor) rethrows -> Tensor {
  let (y, pullback) = try pullback(at: x, f)
  if y.count == 0 || x.count == 0 {
    return .zeros(y.shape + x.shape, dtype: x.dtype, device: x.device)
  }
  let rows = (0..<y.count).map { index in
    pullback(Tensor.basis(index, like: y)).reshape([x.count])
  }
  return stack(rows).reshape(y.shape + x.shape)
}

/// The matrix of second derivatives of a function of one element.
///
/// - Returns: The derivatives in the shape `x.shape + x.shape`.
public func hessian(at x: Tensor, _ f: (Tensor) throws -> Tensor) rethrows -> Tensor {
  try jacobian(at: x) { x in try gradient(at: x, f) }
}

extension Tensor {
  /// Whether a tape has recorded this tensor.
  package func isRecorded(on tape: Tape) -> Bool { trace.slot(on: tape) != nil }

  /// This tensor as a constant for one tape, still recorded by the others.
  package func withoutTape(_ tape: Tape) -> Tensor {
    Tensor(array, trace: trace.removing(tape))
  }

  /// Zeros with a one at one index in row-major order.
  fileprivate static func basis(_ index: Int, like y: Tensor) -> Tensor {
    var scalars = [Double](repeating: 0, count: y.count)
    scalars[index] = 1
    return Tensor(scalars, shape: y.shape, dtype: y.dtype, device: y.device)
  }
}
