// Elements put at indices along an axis, and elements that a mask picks.
extension Tensor {
  /// This tensor with a source's elements at indices along an axis, as PyTorch's `scatter`: for axis
  /// 1 of matrices, `y[i, indices[i, j]] = source[i, j]`.
  ///
  /// Of several with one index the last one stays, and it alone gets the gradient.
  ///
  /// - Parameters:
  ///   - axis: The axis.
  ///   - indices: Integers with as many axes as this tensor; except along the axis, not larger.
  ///   - source: At least as large as the indices; what is beyond them is not used.
  public func scatter(axis: Int, _ indices: Tensor, _ source: Tensor) -> Tensor {
    if rank == 0 {
      return unsqueeze(0).scatter(axis: axis, indices.reshape([1]), source.reshape([1])).squeeze(0)
    }
    guard let (axis, part, winners) = winners(axis, indices, source, "scatter") else {
      return self
    }
    let arriving = part.asType(dtype).gathered(axis, maximum(winners, 0).asType(.int32))
    let missing = missing(indices, axis)
    return Tensor.where(
      winners.pad(missing, mode: .constant(-1)) .>= 0, arriving.pad(missing), self)
  }

  /// This tensor with a number at indices along an axis.
  public func scatter(axis: Int, _ indices: Tensor, _ value: some Number) -> Tensor {
    if rank == 0 { return unsqueeze(0).scatter(axis: axis, indices.reshape([1]), value).squeeze(0) }
    let source = Tensor.zeros(indices.shape, dtype: .uint8, device: device)
    guard let (axis, _, winners) = winners(axis, indices, source, "scatter") else { return self }
    let isHit = winners.pad(missing(indices, axis), mode: .constant(-1)) .>= 0
    return Tensor.where(isHit, value, self)
  }

  /// This tensor plus a source's elements at indices along an axis, as PyTorch's `scatter_add`; all
  /// with one index are added.
  ///
  /// The parameters are those of `scatter`.
  public func scatterAdd(axis: Int, _ indices: Tensor, _ source: Tensor) -> Tensor {
    if rank == 0 {
      return unsqueeze(0).scatterAdd(axis: axis, indices.reshape([1]), source.reshape([1]))
        .squeeze(0)
    }
    let axis = checkedAxis(axis, "scatterAdd")
    let part = corner(of: source, indices, axis, "scatterAdd")
    if indices.count == 0 { return self }
    let checked = indices.planeIndices(below: size(axis), with: self, part, for: "scatterAdd")
    let missing = missing(indices, axis)
    if dtype.isFloatingPoint && missing.allSatisfy({ $0 == 0 }) {
      return addingScattered(axis, checked, part.asType(dtype), "scatterAdd")
    }
    return self
      + part.asType(dtype).scattered(axis, checked, size(axis), "scatterAdd").pad(missing)
  }

  /// The part of a source that indices, which are checked, use.
  private func corner(
    of source: Tensor, _ indices: Tensor, _ axis: Int, _ operation: StaticString
  ) -> Tensor {
    let fits =
      indices.rank == rank && source.rank == rank
      && (0..<rank).allSatisfy {
        indices.size($0) <= source.size($0) && ($0 == axis || indices.size($0) <= size($0))
      }
    require(
      fits && !indices.dtype.isFloatingPoint && indices.dtype != .bool,
      """
      \(operation): the indices must be integers that fit into \(summary) and the source \
      \(source.summary), got \(indices.summary)
      """)
    return (0..<rank).reduce(source) { $0.slice(axis: $1, to: indices.size($1)) }
  }

  /// What indices lack of this shape at the end, except along the axis, as `pad` wants it.
  private func missing(_ indices: Tensor, _ axis: Int) -> [Int] {
    (0..<rank).reversed().flatMap { [0, $0 == axis ? 0 : size($0) - indices.size($0)] }
  }

  /// For each index of the axis the position of the last source element with it, else -1; nil if there are no
  /// indices.
  private func winners(
    _ axis: Int, _ indices: Tensor, _ source: Tensor, _ operation: StaticString
  ) -> (axis: Int, part: Tensor, winners: Tensor)? {
    let axis = checkedAxis(axis, operation)
    let part = corner(of: source, indices, axis, operation)
    if indices.count == 0 { return nil }
    let size = size(axis)
    var shape = indices.shape
    let length = shape[axis]
    shape[axis] = size
    let (outer, inner) = (shape[..<axis].reduce(1, *), shape[(axis + 1)...].reduce(1, *))
    let checked = indices.checkedIndices(below: size, as: .int32, operation)
    let winners = Tensor.result(
      of: .lastWriters(outer: outer, length: length, inner: inner, size: size), [checked],
      shape: shape)
    return (axis, part, winners)
  }

  // MARK: Masks

  /// A number where a mask holds, broadcast to this tensor's shape; elsewhere the elements.
  public func maskedFill(_ mask: Tensor, _ value: some Number) -> Tensor {
    checkMask(mask, "maskedFill")
    return Tensor.where(mask, value, self)
  }

  /// The element of a scalar tensor where a mask holds; elsewhere the elements.
  public func maskedFill(_ mask: Tensor, _ value: Tensor) -> Tensor {
    checkMask(mask, "maskedFill")
    require(value.rank == 0, "maskedFill: the value must be a scalar tensor, got \(value.summary)")
    return Tensor.where(mask, value.asType(dtype), self)
  }

  private func checkMask(_ mask: Tensor, _ operation: StaticString) {
    require(
      mask.dtype == .bool && broadcastShape(mask.shape, shape) == shape,
      "\(operation): needs a bool mask that fits \(summary), got \(mask.summary)")
  }

  /// The elements where a mask holds, both broadcast, in row-major order: [count].
  public func maskedSelect(_ mask: Tensor) -> Tensor {
    guard mask.dtype == .bool, let shape = broadcastShape(shape, mask.shape) else {
      fail("maskedSelect: needs a bool mask that fits \(summary), got \(mask.summary)")
    }
    let found = Tensor(scalars: mask.expand(shape).indicesOfNonzero(), device: device)
    return expand(shape).reshape([shape.reduce(1, *)]).rows(at: found, skipping: nil)
  }

  /// The indices of the elements that are not 0, in row-major order: int64 [count, rank].
  public func nonzero() -> Tensor {
    let (sizes, flat) = (shape, indicesOfNonzero())
    let found = Tensor(shape: [flat.count, rank], of: Int.self) { target in
      guard let width = sizes.last else { return }
      var row = [Int](repeating: 0, count: sizes.count - 1)
      var (start, next) = (0, 0)
      for index in flat {
        while index - start >= width {
          start += width
          var axis = row.count - 1
          while row[axis] + 1 == sizes[axis] {
            row[axis] = 0
            axis -= 1
          }
          row[axis] += 1
        }
        for index in row {
          target[next] = index
          next += 1
        }
        target[next] = index - start
        next += 1
      }
    }
    return found.to(device)
  }

  /// The numbers in row-major order of the elements that are not 0.
  func indicesOfNonzero() -> [Int] {
    withScalars(as: Bool.self) { elements in
      var count = 0
      for holds in elements { count += holds ? 1 : 0 }
      // One more, because each index is written and stays if it counts.
      return [Int](unsafeUninitializedCapacity: count + 1) { indices, initialized in
        var next = 0
        for (index, holds) in elements.enumerated() {
          indices[next] = index
          next += holds ? 1 : 0
        }
        initialized = count
      }
    }
  }
}
