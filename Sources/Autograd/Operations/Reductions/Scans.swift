// Running sums and products along an axis: cumsum, cumprod.
extension Tensor {
  /// The sums of the elements up to each index along an axis; integers are added as int64.
  public func cumsum(axis: Int) -> Tensor {
    let x = dtype.isFloatingPoint ? self : asType(.int64)
    if rank == 0 {
      _ = checkedAxes([axis], "cumsum")
      return x
    }
    return x.summedAlong(checkedAxis(axis, "cumsum"), isReversed: false)
  }

  /// Running sums, from the end if reversed: each is the other's adjoint.
  private func summedAlong(_ axis: Int, isReversed: Bool) -> Tensor {
    differentiable(self) { x in
      x.scanned(.sum, axis, isReversed: isReversed)
    } pullback: { _, _ in
      { dy in dy.summedAlong(axis, isReversed: !isReversed) }
    }
  }

  /// The products of the elements up to each index along an axis; integers are multiplied as int64.
  ///
  /// The gradient is a sum of products of the other elements, also where some are 0.
  public func cumprod(axis: Int) -> Tensor {
    let x = dtype.isFloatingPoint ? self : asType(.int64)
    if rank == 0 {
      _ = checkedAxes([axis], "cumprod")
      return x
    }
    let axis = checkedAxis(axis, "cumprod")
    return differentiable(x) { x in
      x.scanned(.product, axis, isReversed: false)
    } pullback: { x, _ in
      { dy in pullback(at: x) { $0.productsAlong(axis) }.pullback(dy) }
    }
  }

  private func scanned(_ operation: ScanOp, _ axis: Int, isReversed: Bool) -> Tensor {
    let inner = shape[(axis + 1)...].reduce(1, *)
    return .result(
      of: .scan(operation, length: size(axis), inner: inner, isReversed: isReversed), [self])
  }

  /// cumprod composed of products of slices, for the gradient.
  private func productsAlong(_ axis: Int) -> Tensor {
    let size = size(axis)
    var y = self
    // After each round every element holds the product of twice as many elements.
    var reach = 1
    while reach < size {
      let products =
        y.slice(axis: axis, from: reach) * y.slice(axis: axis, to: size - reach)
      y = concatenate([y.slice(axis: axis, to: reach), products], axis: axis)
      reach *= 2
    }
    return y
  }
}
