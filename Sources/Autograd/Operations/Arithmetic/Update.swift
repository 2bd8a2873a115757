// Changes of a tensor in one pass over its memory: what optimizers and running averages are made of.
extension Tensor {
  /// self = keep * self + scale * u, as PyTorch's `mul_` and `add_` in one pass.
  ///
  /// This and the other forms of `update` write in place and allocate nothing where nothing else refers to
  /// the memory, so that a custom `UpdateRule` is as fast as the optimizers of this library. They are not
  /// recorded: a tensor that a tape watches stops the program, and so do integers and shapes that differ.
  ///
  /// ```swift
  /// velocity.update(keeping: 0.9, adding: gradient, times: 1)
  /// value.update(adding: velocity, times: -learningRate)
  /// ```
  ///
  /// - Parameters:
  ///   - keep: The factor of this tensor.
  ///   - u: In this tensor's shape; converted to its type.
  ///   - scale: The factor of what is added.
  public mutating func update(keeping keep: Double = 1, adding u: Tensor, times scale: Double) {
    update(.add, UpdateFactors(keep: keep, scale: scale), u, u)
  }

  /// self = keep * self + scale * u * v, as PyTorch's `mul_` and `addcmul_` in one pass.
  ///
  /// - Parameters:
  ///   - keep: The factor of this tensor.
  ///   - u: In this tensor's shape.
  ///   - v: In this tensor's shape.
  ///   - scale: The factor of the product.
  public mutating func update(
    keeping keep: Double = 1, addingProductOf u: Tensor, _ v: Tensor, times scale: Double
  ) {
    update(.addProduct, UpdateFactors(keep: keep, scale: scale), u, v)
  }

  /// self = keep * self + scale * u / (rootScale * sqrt(v) + epsilon): the step of Adam and RMSprop in
  /// one pass, PyTorch's `addcdiv_`.
  ///
  /// - Parameters:
  ///   - keep: The factor of this tensor, below 1 for a decoupled weight decay.
  ///   - u: In this tensor's shape.
  ///   - v: In this tensor's shape, not negative.
  ///   - rootScale: The factor of the root, such as a bias correction.
  ///   - epsilon: What keeps the divisor from 0.
  ///   - scale: The factor of the quotient.
  public mutating func update(
    keeping keep: Double = 1, adding u: Tensor, overRootOf v: Tensor, rootScale: Double = 1,
    epsilon: Double, times scale: Double
  ) {
    let factors = UpdateFactors(keep: keep, scale: scale, root: rootScale, epsilon: epsilon)
    update(.addQuotient, factors, u, v)
  }

  private mutating func update(
    _ operation: UpdateOp, _ factors: UpdateFactors, _ u: Tensor, _ v: Tensor
  ) {
    require(
      dtype.isFloatingPoint && !isTraced && !u.isTraced && !v.isTraced,
      "update: needs floating-point constants, got \(summary), \(u.summary) and \(v.summary)")
    require(
      u.array.hasShape(of: array) && v.array.hasShape(of: array),
      "update: shapes must be equal, got \(summary), \(u.summary) and \(v.summary)")
    if dtype.isHalf {
      let type = dtype
      var wide = Tensor(array.contiguous(as: .float32))
      wide.update(operation, factors, u, v)
      self = Tensor(wide.array.contiguous(as: type))
      return
    }
    let (u, v) = (u.array.contiguous(as: dtype), v.array.contiguous(as: dtype))
    if !Tensor.canReuse(&array) {
      let copy = array.uninitializedLike(dtype: array.dtype)
      Backend.copy(array, into: copy)
      array = copy
    }
    trace = .none
    Backend.update(operation, factors, u, v, into: array)
  }
}
