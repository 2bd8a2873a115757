// Elements in another order, and triangles of matrices.
extension Tensor {
  /// The elements in reverse order along axes; nil for all of them.
  public func flip(_ axes: [Int]? = nil) -> Tensor {
    let axes = checkedAxes(axes, "flip").filter { size($0) > 1 }
    if axes.isEmpty { return self }
    return differentiable(moving: self) { x in
      var strides = x.strides
      var last = 0
      for axis in axes {
        last += (x.array.size(axis) - 1) * strides[axis]
        strides[axis] = -strides[axis]
      }
      if x.count == 0 { return x }
      let y = x.array.uninitializedLike(dtype: x.dtype)
      Backend.copy(x.array.view(shape: x.shape, strides: strides, offset: last), into: y)
      return Tensor(y)
    } pullback: { _, _ in
      { dy in dy.flip(axes) }
    }
  }

  /// The elements in reverse order along one axis.
  public func flip(_ axis: Int) -> Tensor { flip([axis]) }

  /// The elements moved along an axis; those that fall off one end enter at the other.
  ///
  /// A negative shift moves them toward the start.
  public func roll(_ shift: Int, axis: Int) -> Tensor {
    let axis = checkedAxis(axis, "roll")
    let size = size(axis)
    if size == 0 { return self }
    let start = (size - shift % size) % size
    if start == 0 { return self }
    return concatenate(
      [slice(axis: axis, from: start), slice(axis: axis, to: start)], axis: axis)
  }

  /// The elements moved along several axes, one after the other.
  public func roll(_ shifts: [Int], axes: [Int]) -> Tensor {
    require(
      shifts.count == axes.count, "roll: got \(shifts.count) shifts for \(axes.count) axes")
    var y = self
    for (shift, axis) in zip(shifts, axes) { y = y.roll(shift, axis: axis) }
    return y
  }

  /// All elements moved in row-major order; the shape stays.
  public func roll(_ shift: Int) -> Tensor {
    reshape([count]).roll(shift, axis: 0).reshape(shape)
  }

  /// The lower triangle of matrices [..., rows, columns]: zeros above a diagonal.
  ///
  /// - Parameter diagonal: The last diagonal that stays; 0 is the main one, positive ones lie above.
  public func tril(diagonal: Int = 0) -> Tensor {
    Tensor.where(isBelow(diagonal: diagonal, 0, "tril"), self, 0)
  }

  /// The upper triangle of matrices [..., rows, columns]: zeros below a diagonal.
  ///
  /// - Parameter diagonal: The first diagonal that stays.
  public func triu(diagonal: Int = 0) -> Tensor {
    Tensor.where(isBelow(diagonal: diagonal, -1, "triu"), 0, self)
  }

  /// Whether elements lie on or below the diagonal `offset` above another one.
  private func isBelow(diagonal: Int, _ offset: Int, _ operation: StaticString) -> Tensor {
    require(rank >= 2, "\(operation): needs matrices [..., rows, columns], got \(summary)")
    let rows = Tensor.arange(size(-2), device: device).unsqueeze(1)
    // Far diagonals are as good as the one beside the corner.
    let limit = size(-2) + size(-1)
    let nearest = Swift.min(Swift.max(diagonal, -limit), limit)
    return Tensor.arange(size(-1), device: device) .<= rows + (nearest + offset)
  }

  /// The elements whose indices along two axes are equal, along the second one; the first goes.
  ///
  /// Both have one size.
  func diagonal(_ first: Int, _ second: Int) -> Tensor {
    let shape = shape
    return differentiable(moving: self) { x in
      var (sizes, strides) = (shape, x.strides)
      strides[second] += strides[first]
      sizes.remove(at: first)
      strides.remove(at: first)
      return Tensor(x.array.view(shape: sizes, strides: strides))
    } pullback: { _, _ in
      { dy in dy.onDiagonal(first, second, of: shape) }
    }
  }

  /// Zeros with this tensor on a diagonal: the adjoint of `diagonal`.
  private func onDiagonal(_ first: Int, _ second: Int, of shape: [Int]) -> Tensor {
    differentiable(moving: self) { x in
      let y = NDArray.filled(shape: shape, value: 0, dtype: x.dtype, on: x.device)
      var strides = y.strides
      strides[second] += strides[first]
      strides.remove(at: first)
      Backend.copy(x.array, into: y.view(shape: x.shape, strides: strides))
      return Tensor(y)
    } pullback: { _, _ in
      { dy in dy.diagonal(first, second) }
    }
  }
}
