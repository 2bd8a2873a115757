// Choosing between two tensors element by element: where, maximum, minimum.
extension Tensor {
  /// Elements of `a` where the condition holds, else of `b`; all three are broadcast.
  ///
  /// The condition is bool, or numbers of which 0 counts as false. It has no gradient.
  public static func `where`(_ condition: Tensor, _ a: Tensor, _ b: Tensor) -> Tensor {
    let condition = Tensor(condition.array.contiguous(as: .bool))
    return differentiable(a, b) { a, b in
      guard let pair = broadcastShape(a.shape, b.shape),
        let shape = broadcastShape(condition.shape, pair)
      else {
        fail(
          "where: shapes \(condition.shape), \(a.shape) and \(b.shape) cannot be broadcast together"
        )
      }
      let dtype = DType.promoted(a.dtype, b.dtype)
      let y = NDArray.uninitialized(
        dtype: dtype, shape: shape,
        on: NDArray.commonDevice(of: [condition.array, a.array, b.array], "where"))
      Backend.select(
        condition.array, a.array.converted(to: dtype), b.array.converted(to: dtype), into: y)
      return Tensor(y)
    } first: { _, _, _ in
      { dy in Tensor.where(condition, dy, 0) }
    } second: { _, _, _ in
      { dy in Tensor.where(condition, 0, dy) }
    }
  }

  /// Elements of `a` where the condition holds, else a number.
  public static func `where`(_ condition: Tensor, _ a: Tensor, _ b: some Number) -> Tensor {
    Tensor.where(condition, a, Tensor.full([], b, dtype: a.dtype))
  }

  /// A number where the condition holds, else the elements of `b`.
  public static func `where`(_ condition: Tensor, _ a: some Number, _ b: Tensor) -> Tensor {
    Tensor.where(condition, Tensor.full([], a, dtype: b.dtype), b)
  }
}

/// The larger of two elements, broadcast; NaN if either is NaN.
///
/// Equal ones share the gradient in halves, as in PyTorch.
public func maximum(_ a: Tensor, _ b: Tensor) -> Tensor {
  chosen(a, b, .maximum) { a, b in a .> b }
}

/// The smaller of two elements, broadcast; NaN if either is NaN.
///
/// Equal ones share the gradient in halves, as in PyTorch.
public func minimum(_ a: Tensor, _ b: Tensor) -> Tensor {
  chosen(a, b, .minimum) { a, b in a .< b }
}

/// The larger of each element and a number.
public func maximum(_ a: Tensor, _ b: some Number) -> Tensor {
  maximum(a, Tensor.full([], b, dtype: a.dtype))
}

/// The smaller of each element and a number.
public func minimum(_ a: Tensor, _ b: some Number) -> Tensor {
  minimum(a, Tensor.full([], b, dtype: a.dtype))
}

private func chosen(
  _ a: Tensor, _ b: Tensor, _ operation: BinaryOp,
  _ wins: @escaping @Sendable (Tensor, Tensor) -> Tensor
) -> Tensor {
  differentiable(
    a, b, { $0.zipped(by: operation, with: $1) },
    first: { a, b, _ in { dy in dy * share(a, b, wins) } },
    second: { a, b, _ in { dy in dy * share(b, a, wins) } })
}

/// The part of the gradient that goes to `a`: 0 where `b` wins, one half where both are equal, else 1,
/// also where one is NaN.
private func share(
  _ a: Tensor, _ b: Tensor, _ wins: (Tensor, Tensor) -> Tensor
) -> Tensor {
  let (a, b) = (a.stoppingGradient(), b.stoppingGradient())
  let dtype = DType.promoted(a.dtype, b.dtype)
  return Tensor.where(wins(b, a), 0, 1 - (a .== b).asType(dtype) * 0.5)
}
