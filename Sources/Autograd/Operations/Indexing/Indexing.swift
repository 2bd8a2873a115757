// Slices, and elements gathered from and scattered to indices along an axis.
extension Tensor {
  /// The elements from `start` up to but without `end` along an axis, every `step`-th; a view.
  ///
  /// - Parameters:
  ///   - axis: The axis; negative ones count from the end.
  ///   - start: Negative indices count from the end; indices beyond the ends are clipped, as in NumPy.
  ///   - end: Likewise; nil for the end of the axis.
  ///   - step: At least 1.
  public func slice(axis: Int, from start: Int = 0, to end: Int? = nil, step: Int = 1) -> Tensor {
    let axis = checkedAxis(axis, "slice")
    require(step >= 1, "slice: the step must be at least 1, got \(step)")
    return slice(
      Region(of: shape, axis: axis) { $0.addRange(axis, from: start, to: end, step: step) })
  }

  /// The elements at one index along an axis, without the axis; a view.
  public func select(axis: Int, at index: Int) -> Tensor {
    let axis = checkedAxis(axis, "select")
    let start = wrappedIndex(
      index, below: size(axis), "select: index", "axis \(axis) of \(summary)")
    return slice(Region(of: shape, axis: axis) { $0.starts[axis] = start })
  }

  /// The elements at indices along an axis, as PyTorch's `gather`: for axis 1 of a matrix,
  /// `y[i, j] = self[i, indices[i, j]]`.
  ///
  /// - Parameters:
  ///   - axis: The axis along which elements are selected; negative axes count from the end.
  ///   - indices: Integers in this tensor's shape, except along the axis; along the other axes they may
  ///     be fewer. Tensors without axes count as ones with a single element, and no indices at all may
  ///     have any shape.
  /// - Returns: The indices' shape.
  public func gather(axis: Int, _ indices: Tensor) -> Tensor {
    if rank == 0 { return unsqueeze(0).gather(axis: axis, indices) }
    let axis = checkedAxis(axis, "gather")
    if rank == 1 && indices.rank == 0 { return gather(axis: 0, indices.unsqueeze(0)).squeeze(0) }
    if indices.count == 0 && !indices.dtype.isFloatingPoint {
      return .zeros(indices.shape, dtype: dtype, device: device)
    }
    var x = self
    for other in 0..<Swift.min(rank, indices.rank)
    where other != axis && indices.size(other) < size(other) {
      x = x.slice(axis: other, to: indices.size(other))
    }
    x.checkShape(of: indices, axis: axis, "gather")
    return x.gathered(
      axis, indices.planeIndices(below: size(axis), with: x, for: "gather"), "gather")
  }

  /// The sums of this tensor's elements that have the same index, as torch_scatter's `scatter_sum`.
  ///
  /// The adjoint of `gather`; 0 where no index points.
  ///
  /// - Parameters:
  ///   - axis: The axis.
  ///   - indices: Integers in this tensor's shape, 0 to below `size`.
  ///   - size: The size of the result along the axis.
  /// - Returns: This tensor's shape with `size` along the axis.
  public func scatterSum(axis: Int, _ indices: Tensor, size: Int) -> Tensor {
    require(size >= 0, "scatterSum: the size must not be negative, got \(size)")
    let axis = checkedAxis(axis, "scatterSum")
    checkShape(of: indices, axis: axis, "scatterSum")
    require(
      indices.shape == shape, "scatterSum: indices \(indices.summary) do not fit \(summary)")
    return scattered(
      axis, indices.planeIndices(below: size, with: self, for: "scatterSum"), size, "scatterSum")
  }

  private func checkShape(of indices: Tensor, axis: Int, _ operation: StaticString) {
    var expected = shape
    require(
      !indices.dtype.isFloatingPoint && indices.dtype != .bool && indices.rank == rank,
      "\(operation): indices must be integers with \(rank) axes, got \(indices.summary)")
    expected[axis] = indices.size(axis)
    require(
      indices.shape == expected,
      "\(operation): indices \(indices.summary) do not fit \(summary) along axis \(axis)")
  }

  /// `gather` with indices from `planeIndices`, or int32 ones that are known to fit.
  func gathered(_ axis: Int, _ indices: Tensor, _ operation: StaticString = "gather") -> Tensor {
    let size = size(axis)
    return differentiable(self) { x in
      x.movingAlongRows(axis, indices, toSize: indices.size(axis), isAdjoint: false, operation)
    } pullback: { _, _ in
      { dy in dy.scattered(axis, indices, size, operation) }
    }
  }

  /// `scatterSum` with such indices.
  func scattered(
    _ axis: Int, _ indices: Tensor, _ size: Int, _ operation: StaticString = "scatterSum"
  ) -> Tensor {
    differentiable(self) { x in
      x.movingAlongRows(axis, indices, toSize: size, isAdjoint: true, operation)
    } pullback: { _, _ in
      { dy in dy.gathered(axis, indices, operation) }
    }
  }

  /// This floating-point tensor plus a source in the indices' shape, scattered; the other axes are equal.
  func addingScattered(
    _ axis: Int, _ indices: Tensor, _ source: Tensor, _ operation: StaticString
  ) -> Tensor {
    differentiable(self, source) { x, source in
      source.movingAlongRows(
        axis, indices, toSize: x.size(axis), isAdjoint: true, addingTo: x, operation)
    } first: { _, _, _ in
      { dy in dy }
    } second: { _, _, _ in
      { dy in dy.gathered(axis, indices, operation) }
    }
  }

  /// Gathers or scatters along an axis, which becomes the last one meanwhile.
  private func movingAlongRows(
    _ axis: Int, _ indices: Tensor, toSize size: Int, isAdjoint: Bool, addingTo sums: Tensor? = nil,
    _ operation: StaticString
  ) -> Tensor {
    if !dtype.isFloatingPoint {
      // The kernels know floating point only, which holds integers up to 2^53 exactly; those that need
      // not be added are moved as they are.
      switch (isAdjoint, dtype) {
      case (false, .int32), (false, .int64): break
      default:
        return asType(.float64)
          .movingAlongRows(axis, indices, toSize: size, isAdjoint: isAdjoint, operation)
          .asType(dtype)
      }
    }
    var order = Array(0..<rank)
    order.append(order.remove(at: axis))
    let x = permute(order).array.contiguous()
    let moved = indices.permute(order).array.contiguous()
    let y = NDArray.uninitialized(
      dtype: dtype, shape: Array(x.shape.dropLast()) + [size],
      on: NDArray.commonDevice(of: x, moved, isAdjoint ? "scatterAdd" : "gather"))
    let columns = self.size(axis)
    Backend.gatherPlanes(
      x, moved, planes: columns == 0 ? 0 : x.count / columns, xCount: columns, yCount: size,
      isAdjoint: isAdjoint, addingTo: sums?.permute(order).array.contiguous(), into: y, operation)
    if columns == 0 && y.count > 0 {
      return .zeros(shape.replacing(axis, size), dtype: dtype, device: device)
    }
    return Tensor(y).movingLastAxis(to: axis)
  }

  /// The last axis moved back to an index.
  private func movingLastAxis(to axis: Int) -> Tensor {
    var order = Array(0..<rank - 1)
    order.insert(rank - 1, at: axis)
    return permute(order)
  }
}

extension Array where Element == Int {
  fileprivate func replacing(_ index: Int, _ value: Int) -> [Int] {
    var result = self
    result[index] = value
    return result
  }
}

extension Tensor {
  /// The slices at some indices along the first axis, a copy without gradients.
  ///
  /// - Parameter indices: From 0 up to the first size.
  /// - Returns: [indices.count, ...]
  package func rows(at indices: [Int]) -> Tensor {
    let rows = size(0)
    for index in indices where index < 0 || index >= rows {
      fail("example \(index) is out of range for \(rows)")
    }
    return gatheredRows(at: Tensor(scalars: indices, device: device))
  }

  /// The same with indices that are checked, int64 [indices.count].
  func gatheredRows(at indices: Tensor) -> Tensor {
    .result(of: .gatherRows, [self, indices], shape: shape.replacing(0, indices.count))
  }

  /// These integers for `gathered` and `scattered`: int64 ones on the CPU, which are checked where they are used;
  /// int32 ones, checked here, if they or others that take part are elsewhere.
  func planeIndices(
    below bound: Int, with others: Tensor..., for operation: StaticString
  ) -> Tensor {
    let areOnCPU = (others + [self]).allSatisfy { $0.device == .cpu }
    if bound > 0 && areOnCPU { return notedIndices(below: bound) }
    return checkedIndices(below: bound, as: .int32, operation)
  }

  /// These integers as int64, dense, their bound noted where bounds are looked for.
  private func notedIndices(below bound: Int) -> Tensor {
    if IndexBounds.areNoted { IndexBounds.note(array, below: bound) }
    return Tensor(array.contiguous(as: .int64))
  }

  /// These integers as int64 or int32, checked in the same pass to be 0 ..< bound.
  func checkedIndices(
    below bound: Int, as dtype: DType = .int64, _ operation: StaticString
  ) -> Tensor {
    require(
      !self.dtype.isFloatingPoint && self.dtype != .bool,
      "\(operation): indices must be integers, got \(summary)")
    let x = notedIndices(below: bound).array
    let y = x.uninitializedLike(dtype: dtype)
    _ = Backend.checkIndices(x, in: IndexRange(operation: operation, bound: bound), into: y)
    return Tensor(y)
  }
}
