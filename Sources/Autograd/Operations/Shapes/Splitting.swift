// Tensors cut into parts along an axis, and repeated along axes.
extension Tensor {
  /// A range of indices along an axis, a view.
  ///
  /// Unlike `slice`, this requires that they exist.
  ///
  /// - Parameters:
  ///   - axis: The axis.
  ///   - start: The first index; negative ones count from the end.
  ///   - count: How many.
  public func narrow(axis: Int, from start: Int, count: Int) -> Tensor {
    let axis = checkedAxis(axis, "narrow")
    let size = size(axis)
    let first = start < 0 ? start + size : start
    require(
      first >= 0 && count >= 0 && first <= size - count,
      "narrow: \(count) indices from \(start) are not in axis \(axis) of \(summary)")
    return slice(axis: axis, from: first, to: first + count)
  }

  /// The parts of some size along an axis, the last one smaller where it does not divide; views.
  public func split(_ size: Int, axis: Int = 0) -> [Tensor] {
    let axis = checkedAxis(axis, "split")
    let total = self.size(axis)
    require(
      size > 0 || size == 0 && total == 0,
      "split: the size of a part must be at least 1, got \(size) for \(summary)")
    if total == 0 { return [self] }
    return stride(from: 0, to: total, by: size).map {
      slice(axis: axis, from: $0, to: Swift.min($0 + size, total))
    }
  }

  /// The parts of given sizes, which make up the axis' size, along an axis; views.
  public func split(_ sizes: [Int], axis: Int = 0) -> [Tensor] {
    let axis = checkedAxis(axis, "split")
    require(
      sizes.allSatisfy { (0...size(axis)).contains($0) } && sizes.reduce(0, +) == size(axis),
      "split: the sizes \(sizes) do not make up axis \(axis) of \(summary)")
    var start = 0
    return sizes.map { size in
      defer { start += size }
      return slice(axis: axis, from: start, to: start + size)
    }
  }

  /// At most `count` parts of equal size along an axis, the last one smaller where it does not
  /// divide, as PyTorch's `chunk`; views.
  public func chunk(_ count: Int, axis: Int = 0) -> [Tensor] {
    require(count > 0, "chunk: the number of parts must be at least 1, got \(count)")
    let size = size(checkedAxis(axis, "chunk"))
    if size == 0 { return Array(repeating: self, count: count) }
    return split((size + count - 1) / count, axis: axis)
  }

  /// The slices along an axis one by one, without the axis; views.
  public func unbind(axis: Int = 0) -> [Tensor] {
    let axis = checkedAxis(axis, "unbind")
    return (0..<size(axis)).map { select(axis: axis, at: $0) }
  }

  /// The whole tensor repeated along each axis, as PyTorch's `tile` and `repeat`.
  ///
  /// - Parameter counts: How often along each axis, the last axis last; there may be more than axes.
  public func tile(_ counts: [Int]) -> Tensor {
    require(counts.allSatisfy { $0 >= 0 }, "tile: the counts must not be negative, got \(counts)")
    let rank = Swift.max(rank, counts.count)
    let sizes = Array(repeating: 1, count: rank - self.rank) + shape
    let counts = Array(repeating: 1, count: rank - counts.count) + counts
    let single = sizes.flatMap { [1, $0] }
    let repeated = zip(counts, sizes).flatMap { [$0, $1] }
    return reshape(single).expand(repeated).reshape(zip(counts, sizes).map { $0 * $1 })
  }

  /// Each element repeated next to itself along an axis, as PyTorch's `repeat_interleave`.
  public func repeatInterleave(_ count: Int, axis: Int) -> Tensor {
    require(count >= 0, "repeatInterleave: the count must not be negative, got \(count)")
    let axis = checkedAxis(axis, "repeatInterleave")
    var sizes = shape
    sizes.insert(count, at: axis + 1)
    let repeated = unsqueeze(axis + 1).expand(sizes)
    sizes[axis] *= sizes.remove(at: axis + 1)
    return repeated.reshape(sizes)
  }

  /// One axis moved to another position, the others in their order, as PyTorch's `movedim`; a view.
  public func movingAxis(_ source: Int, to destination: Int) -> Tensor {
    if rank == 0 && [-1, 0].contains(source) && [-1, 0].contains(destination) { return self }
    let (from, to) = (checkedAxis(source, "movingAxis"), checkedAxis(destination, "movingAxis"))
    var order = Array(0..<rank)
    order.insert(order.remove(at: from), at: to)
    return permute(order)
  }

  /// One axis split into several whose sizes make it up; one of them may be -1.
  public func unflatten(axis: Int, into sizes: [Int]) -> Tensor {
    let axis = checkedAxis(axis, "unflatten")
    return reshape(Array(shape[..<axis]) + inferred(sizes, of: axis) + Array(shape[(axis + 1)...]))
  }

  private func inferred(_ sizes: [Int], of axis: Int) -> [Int] {
    let known = Tensor.elementCount(sizes.filter { $0 != -1 }) ?? -1
    let open = sizes.count { $0 == -1 }
    let fits = open == 0 ? known == size(axis) : open == 1 && known > 0 && size(axis) % known == 0
    require(
      fits && sizes.allSatisfy { $0 >= -1 },
      "unflatten: \(sizes) do not make up axis \(axis) of \(summary)")
    return sizes.map { $0 == -1 ? size(axis) / known : $0 }
  }
}
