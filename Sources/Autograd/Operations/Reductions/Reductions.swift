// Reductions over axes: sum, mean, maximum, minimum, argmax.
extension Tensor {
  /// The sum of all elements' squares, float64 [], without gradients; halves are squared as float32.
  package func sumOfSquares() -> Tensor {
    .result(of: .sumOfSquares, [Tensor(array.computable)], dtype: .float64, shape: [])
  }

  /// Reduces over some axes, each group of neighbors in one pass, the innermost first.
  private func reduced(_ operation: ReduceOp, _ axes: [Int], keepDims: Bool) -> Tensor {
    var current = array.contiguous()
    var sizes = shape
    var end = axes.count
    while end > 0 {
      var start = end - 1
      while start > 0 && axes[start - 1] == axes[start] - 1 { start -= 1 }
      let (first, last) = (axes[start], axes[end - 1])
      let outer = sizes[..<first].reduce(1, *)
      let reducedCount = sizes[first...last].reduce(1, *)
      let inner = sizes[(last + 1)...].reduce(1, *)
      for axis in first...last { sizes[axis] = 1 }
      if reducedCount == 0 {
        require(
          operation == .sum || outer * inner == 0,
          "\(operation.rawValue): no elements to choose from along axes \(axes) of \(summary)")
        current = NDArray.filled(shape: sizes, value: 0, dtype: dtype, on: device)
      } else {
        let result = NDArray.uninitialized(dtype: dtype, shape: sizes, on: device)
        Backend.reduce(
          operation, current, outer: outer, reduced: reducedCount, inner: inner, into: result)
        current = result
      }
      end = start
    }
    return keepDims ? Tensor(current) : Tensor(current).reshape(reducedShape(axes, false))
  }

  /// The sum over axes.
  ///
  /// Float32 sums are taken in blocks whose partial sums are added in float64: the error does not grow with the count.
  ///
  /// - Parameters:
  ///   - axes: The axes to sum over; nil for all. Integers and bools give int64.
  ///   - keepDims: Whether summed axes stay, with size 1.
  public func sum(axes: [Int]? = nil, keepDims: Bool = false) -> Tensor {
    let axes = checkedAxes(axes, "sum")
    let x = dtype.isFloatingPoint ? self : asType(.int64)
    if axes.isEmpty { return x }
    let kept = reducedShape(axes, true)
    return differentiable(x) {
      $0.reduced(.sum, axes, keepDims: keepDims)
    } pullback: { x, _ in
      let shape = x.shape
      return { dy in dy.reshape(kept).expand(shape) }
    }
  }

  /// The sum over one axis.
  public func sum(axis: Int, keepDims: Bool = false) -> Tensor {
    sum(axes: [axis], keepDims: keepDims)
  }

  /// The mean over axes; NaN over no elements.
  ///
  /// - Parameters:
  ///   - axes: The axes to average over; nil for all. Floating point only.
  ///   - keepDims: Whether the axes stay, with size 1.
  public func mean(axes: [Int]? = nil, keepDims: Bool = false) -> Tensor {
    require(dtype.isFloatingPoint, "mean: needs floating-point elements, got \(summary)")
    if dtype.isHalf {  // their sum may be out of range
      return asType(.float32).mean(axes: axes, keepDims: keepDims).asType(dtype)
    }
    let count = checkedAxes(axes, "mean").reduce(1) { $0 * size($1) }
    return sum(axes: axes, keepDims: keepDims) / count
  }

  /// The mean over one axis.
  public func mean(axis: Int, keepDims: Bool = false) -> Tensor {
    mean(axes: [axis], keepDims: keepDims)
  }

  /// The largest element over axes; NaN wins.
  ///
  /// Equal ones share the gradient, as PyTorch's `amax`.
  public func max(axes: [Int]? = nil, keepDims: Bool = false) -> Tensor {
    extreme(.maximum, axes, keepDims)
  }

  /// The largest element over one axis.
  public func max(axis: Int, keepDims: Bool = false) -> Tensor {
    max(axes: [axis], keepDims: keepDims)
  }

  /// The smallest element over axes; NaN wins.
  ///
  /// Equal ones share the gradient, as PyTorch's `amin`.
  public func min(axes: [Int]? = nil, keepDims: Bool = false) -> Tensor {
    extreme(.minimum, axes, keepDims)
  }

  /// The smallest element over one axis.
  public func min(axis: Int, keepDims: Bool = false) -> Tensor {
    min(axes: [axis], keepDims: keepDims)
  }

  private func extreme(_ operation: ReduceOp, _ axes: [Int]?, _ keepDims: Bool) -> Tensor {
    let axes = checkedAxes(axes, operation == .maximum ? "max" : "min")
    require(dtype != .bool, "\(operation.rawValue): needs numbers, got \(summary)")
    if axes.isEmpty { return self }
    let kept = reducedShape(axes, true)
    return differentiable(self) {
      $0.reduced(operation, axes, keepDims: keepDims)
    } pullback: { x, y in
      let isExtreme = (x.stoppingGradient() .== y.stoppingGradient().reshape(kept)).asType(x.dtype)
      let share = isExtreme / isExtreme.sum(axes: axes, keepDims: true)
      return { dy in dy.reshape(kept) * share }
    }
  }

  /// The index of the largest element along an axis, int64; the first one of equals; NaN counts as
  /// largest.
  ///
  /// - Parameters:
  ///   - axis: The axis; nil looks at all elements in row-major order.
  ///   - keepDims: Whether the axis (or all of them) stays, with size 1.
  public func argmax(axis: Int? = nil, keepDims: Bool = false) -> Tensor {
    guard let axis, !(rank == 0 && checkedAxes([axis], "argmax").isEmpty) else {
      let result = Tensor(array).reshape([count]).argmax(axis: 0)
      return keepDims ? result.reshape(shape.map { _ in 1 }) : result
    }
    let last = checkedAxis(axis, "argmax")
    let columns = size(last)
    require(columns > 0, "argmax: no elements to choose from along axis \(axis) of \(summary)")
    let order = (0..<rank).filter { $0 != last } + [last]
    let source = dtype == .bool ? asType(.uint8) : dtype.isHalf ? asType(.float32) : self
    let rows = Tensor(source.array).permute(order)
    let result = Tensor.result(
      of: .argmax(rows: count / columns, columns: columns), [rows], dtype: .int64,
      shape: rows.shape.dropLast())
    return keepDims ? result.reshape(reducedShape([last], true)) : result
  }

  /// The index of the smallest element along an axis, int64; the first one of equals; NaN counts as
  /// smallest.
  ///
  /// - Parameters:
  ///   - axis: The axis; nil looks at all elements in row-major order.
  ///   - keepDims: Whether the axis (or all of them) stays, with size 1.
  public func argmin(axis: Int? = nil, keepDims: Bool = false) -> Tensor {
    require(
      axis.map { checkedAxes([$0], "argmin").allSatisfy { size($0) > 0 } } ?? (count > 0),
      "argmin: no elements to choose from in \(summary)")
    let x = Tensor(array)
    if dtype.isFloatingPoint { return (-x).argmax(axis: axis, keepDims: keepDims) }
    // -1 - x does not overflow where -x would.
    return (-1 - (dtype == .int64 ? x : x.asType(.int32))).argmax(axis: axis, keepDims: keepDims)
  }
}
