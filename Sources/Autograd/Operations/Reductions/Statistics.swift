// Products, variances and norms over axes.
extension Tensor {
  /// The product over axes; 1 over no elements.
  ///
  /// The gradient is the product of the other elements, also where some are 0.
  ///
  /// - Parameters:
  ///   - axes: The axes to multiply over; nil for all. Integers are multiplied as int64.
  ///   - keepDims: Whether the axes stay, with size 1.
  public func prod(axes: [Int]? = nil, keepDims: Bool = false) -> Tensor {
    let axes = checkedAxes(axes, "prod")
    var y = (dtype.isFloatingPoint ? self : asType(.int64)).joiningLast(axes)
    if y.size(-1) == 0 {
      return .ones(reducedShape(axes, keepDims), dtype: y.dtype, device: device)
    }
    // Halves are multiplied until one is left: every gradient is a product of others, not a quotient.
    while y.size(-1) > 1 {
      let half = y.size(-1) / 2
      let product = y.slice(axis: -1, to: half) * y.slice(axis: -1, from: half, to: 2 * half)
      let isOdd = y.size(-1) % 2 == 1
      y = isOdd ? concatenate([product, y.slice(axis: -1, from: 2 * half)], axis: -1) : product
    }
    return y.reshape(reducedShape(axes, keepDims))
  }

  /// The product over one axis.
  public func prod(axis: Int, keepDims: Bool = false) -> Tensor {
    prod(axes: [axis], keepDims: keepDims)
  }

  /// The variance over axes: the sum of squared distances from the mean, divided by
  /// `count - correction`.
  ///
  /// - Parameters:
  ///   - axes: The axes; nil for all.
  ///   - correction: 1 for the unbiased estimate, as in PyTorch; 0 for the mean of the squares. NaN
  ///     if nothing is left to divide by.
  ///   - keepDims: Whether the axes stay, with size 1.
  public func variance(
    axes: [Int]? = nil, correction: Double = 1, keepDims: Bool = false
  ) -> Tensor {
    require(dtype.isFloatingPoint, "variance: needs floating-point elements, got \(summary)")
    let axes = checkedAxes(axes, "variance")
    let count = axes.reduce(1) { $0 * size($1) }
    let divisor = Swift.max(0, Double(count) - correction)
    let (kept, shape) = (reducedShape(axes, true), reducedShape(axes, keepDims))
    return differentiable(self) { x in
      let squares = x.centered(axes).square()
      return squares.sum(axes: axes, keepDims: true).reshape(shape) / divisor
    } pullback: { x, _ in
      { dy in
        x.centered(axes) * (dy.reshape(kept) * (2 / (Double(count) - correction)))
      }
    }
  }

  /// The distances from the mean, which is corrected once: those of equal elements are 0 and not what
  /// rounding the mean leaves, whose root would have a gradient.
  private func centered(_ axes: [Int]) -> Tensor {
    let distances = self - mean(axes: axes, keepDims: true)
    let correction = distances.mean(axes: axes, keepDims: true)
    return distances - Tensor.where(correction.isFinite(), correction, 0)
  }

  /// The variance over one axis.
  public func variance(axis: Int, correction: Double = 1, keepDims: Bool = false) -> Tensor {
    variance(axes: [axis], correction: correction, keepDims: keepDims)
  }

  /// The square root of the variance; where it is 0 its gradient is 0.
  public func standardDeviation(
    axes: [Int]? = nil, correction: Double = 1, keepDims: Bool = false
  ) -> Tensor {
    // In double precision, where no square overflows or vanishes.
    if dtype != .float64 {
      return asType(.float64)
        .standardDeviation(axes: axes, correction: correction, keepDims: keepDims).asType(dtype)
    }
    return differentiable(variance(axes: axes, correction: correction, keepDims: keepDims)) {
      $0.sqrt()
    } pullback: { _, y in
      { dy in dy.divided(by: y * 2) }
    }
  }

  /// The square root of the variance over one axis.
  public func standardDeviation(
    axis: Int, correction: Double = 1, keepDims: Bool = false
  ) -> Tensor {
    standardDeviation(axes: [axis], correction: correction, keepDims: keepDims)
  }

  /// The norm of the vectors along axes: the sum of |x|^order, to the power of 1 / order.
  ///
  /// As PyTorch's `linalg.vector_norm`. The gradient at the zero vector is 0; equal extremes share it.
  ///
  /// - Parameters:
  ///   - order: 2 for lengths; 1; `.infinity` for the largest and `-.infinity` for the smallest
  ///     magnitude; 0 counts the elements that are not 0; any other number.
  ///   - axes: The axes; nil for all, as one long vector.
  ///   - keepDims: Whether the axes stay, with size 1.
  public func norm(_ order: Double = 2, axes: [Int]? = nil, keepDims: Bool = false) -> Tensor {
    require(dtype.isFloatingPoint, "norm: needs floating-point elements, got \(summary)")
    require(!order.isNaN, "norm: the order must be a number")
    let axes = checkedAxes(axes, "norm")
    switch order {
    case 0:
      let count = Tensor.where(Tensor(array) .== 0, 0, onesLike())
      return count.sum(axes: axes, keepDims: keepDims)
    case 1: return abs().sum(axes: axes, keepDims: keepDims)
    case .infinity: return abs().max(axes: axes, keepDims: keepDims)
    case -.infinity: return abs().min(axes: axes, keepDims: keepDims)
    default: return powerNorm(order, axes, keepDims)
    }
  }

  /// The norm over one axis.
  public func norm(_ order: Double = 2, axis: Int, keepDims: Bool = false) -> Tensor {
    norm(order, axes: [axis], keepDims: keepDims)
  }

  private func powerNorm(_ order: Double, _ axes: [Int], _ keepDims: Bool) -> Tensor {
    let (kept, shape) = (reducedShape(axes, true), reducedShape(axes, keepDims))
    return differentiable(self) { x in
      // In double precision, where no square overflows or vanishes.
      if order == 2, axes.count == x.rank {
        return x.sumOfSquares().sqrt().asType(x.dtype).reshape(shape)
      }
      let wide = x.asType(.float64)
      let powers = order == 2 ? wide.square() : wide.abs().pow(order)
      let sum = powers.sum(axes: axes, keepDims: true).reshape(shape)
      return (order == 2 ? sum.sqrt() : sum.pow(1 / order)).asType(x.dtype)
    } pullback: { x, y in
      { dy in
        // sign(x) (|x| / norm)^(order - 1), which cannot overflow.
        let ratio = x.divided(by: y.reshape(kept))
        if order == 2 { return dy.reshape(kept) * ratio }
        let isZero = ratio .== 0
        let slope = Tensor.where(isZero, 1, ratio.abs()).pow(order - 1) * x.sign()
        return dy.reshape(kept) * Tensor.where(isZero, 0, slope)
      }
    }
  }

  // MARK: Shared with other operations

  /// self / other, but 0 where the other is 0, in every derivative too.
  func divided(by other: Tensor) -> Tensor {
    let isZero = other .== 0
    return Tensor.where(isZero, 0, self / Tensor.where(isZero, 1, other))
  }

  /// Some axes, in ascending order, moved after the others and joined to one.
  func joiningLast(_ axes: [Int]) -> Tensor {
    let rest = (0..<rank).filter { !axes.contains($0) }
    let joined = axes.reduce(1) { $0 * size($1) }
    return permute(rest + axes).reshape(rest.map { size($0) } + [joined])
  }

  /// The shape after a reduction over axes in ascending order.
  func reducedShape(_ axes: [Int], _ keepDims: Bool) -> [Int] {
    var sizes = shape
    for axis in axes.reversed() {
      if keepDims { sizes[axis] = 1 } else { sizes.remove(at: axis) }
    }
    return sizes
  }
}
