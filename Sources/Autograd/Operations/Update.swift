// Changes of a tensor in one pass over its memory: what optimizers and running averages are made of.
// They are not recorded, so they are for constants only.
extension Tensor {
  /// self = keep * self + scale * u, in place where nobody else sees the memory.
  package mutating func update(keeping keep: Double = 1, adding u: Tensor, times scale: Double) {
    update(.add, UpdateFactors(keep: keep, scale: scale), u, u)
  }

  /// self = keep * self + scale * u * v, in place where nobody else sees the memory.
  package mutating func update(
    keeping keep: Double = 1, adding u: Tensor, by v: Tensor, times scale: Double
  ) {
    update(.addProduct, UpdateFactors(keep: keep, scale: scale), u, v)
  }

  /// self = keep * self + scale * u / (root * sqrt(v) + epsilon), in place where nobody else sees
  /// the memory.
  package mutating func update(
    keeping keep: Double = 1, adding u: Tensor, overRootOf v: Tensor, timesRoot root: Double = 1,
    plus epsilon: Double, times scale: Double
  ) {
    let factors = UpdateFactors(keep: keep, scale: scale, root: root, epsilon: epsilon)
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
