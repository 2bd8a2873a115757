// Operations that only look at the same elements in another shape. All but `reshape` of a tensor
// with gaps share memory with their operand.
extension Tensor {
  /// These elements in row-major order in another shape.
  ///
  /// - Parameter shape: The sizes; one of them may be -1, it follows from the others.
  public func reshape(_ shape: [Int]) -> Tensor {
    let sizes = inferred(shape)
    if sizes == self.shape { return self }
    return differentiable(moving: self) { x in
      if let strides = x.array.strides(withoutOnesLike: sizes) {
        return Tensor(x.array.view(shape: sizes, strides: strides))
      }
      let dense = x.array.contiguous()
      return Tensor(dense.view(shape: sizes, strides: denseStrides(sizes)))
    } pullback: { x, _ in
      let original = x.shape
      return { dy in dy.reshape(original) }
    }
  }

  private func inferred(_ shape: [Int]) -> [Int] {
    var sizes = shape
    if let open = shape.firstIndex(of: -1) {
      sizes[open] = 1
      let rest = Tensor.elementCount(sizes) ?? 0
      require(
        rest > 0 && count % rest == 0 && !sizes.contains { $0 < 0 },
        "reshape: \(summary) cannot take the shape \(shape)")
      sizes[open] = count / rest
    }
    require(
      !sizes.contains { $0 < 0 } && Tensor.elementCount(sizes) == count,
      "reshape: \(summary) has \(count) elements and cannot take the shape \(shape)")
    return sizes
  }

  /// The axes from `start` through `end` joined to one; for start 1, [batch, rest].
  public func flatten(from start: Int = 0, through end: Int = -1) -> Tensor {
    if rank == 0 { return reshape([1]) }
    let (first, last) = (checkedAxis(start, "flatten"), checkedAxis(end, "flatten"))
    require(
      first <= last, "flatten: axis \(start) comes after axis \(end) in \(summary)")
    return reshape(
      Array(shape[..<first]) + [shape[first...last].reduce(1, *)] + Array(shape[(last + 1)...]))
  }

  /// The axes in another order: axis i of the result is axis `order[i]` of this tensor.
  public func permute(_ order: [Int]) -> Tensor {
    let axes = order.map { checkedAxis($0, "permute") }
    require(
      axes.count == rank && Set(axes).count == rank,
      "permute: \(order) is not an order of the axes of \(summary)")
    if axes == Array(0..<rank) { return self }
    return differentiable(moving: self) { x in
      Tensor(
        x.array.view(shape: axes.map { x.array.size($0) }, strides: axes.map { x.array.stride($0) })
      )
    } pullback: { _, _ in
      var inverse = axes
      for (new, old) in axes.enumerated() { inverse[old] = new }
      return { [inverse] dy in dy.permute(inverse) }
    }
  }

  /// Two axes exchanged; without arguments the last two, a matrix's transpose.
  public func transpose(_ a: Int = -2, _ b: Int = -1) -> Tensor {
    if rank == 0 && [-1, 0].contains(a) && [-1, 0].contains(b) { return self }
    let (first, second) = (checkedAxis(a, "transpose"), checkedAxis(b, "transpose"))
    if first == second { return self }
    return differentiable(
      moving: self, { Tensor($0.array.transposed(first, second)) },
      pullback: { _, _ in { dy in dy.transpose(first, second) } })
  }

  /// The elements repeated, without copying, along axes that are missing or have size 1.
  ///
  /// - Parameter shape: The sizes; -1 keeps an axis as it is.
  public func expand(_ shape: [Int]) -> Tensor {
    let missing = shape.count - rank
    require(missing >= 0, "expand: \(summary) has more axes than \(shape)")
    var sizes = shape
    for axis in sizes.indices {
      let own = axis < missing ? 1 : size(axis - missing)
      if sizes[axis] == -1 && axis >= missing { sizes[axis] = own }
      require(
        sizes[axis] >= 0 && (own == sizes[axis] || own == 1),
        "expand: \(summary) cannot be expanded to \(shape)")
    }
    if sizes == self.shape { return self }
    require(Tensor.elementCount(sizes) != nil, "expand: a tensor of shape \(sizes) is too large")
    return differentiable(moving: self) { [sizes] x in
      Tensor(x.array.view(shape: sizes, strides: x.array.strides(broadcastTo: sizes)))
    } pullback: { _, _ in
      { dy in dy }  // the tape sums over the axes that were expanded
    }
  }

  /// Without an axis of size 1, or without all of them.
  public func squeeze(_ axis: Int? = nil) -> Tensor {
    guard let axis else { return reshape(shape.filter { $0 != 1 }) }
    let index = checkedAxis(axis, "squeeze")
    require(size(index) == 1, "squeeze: axis \(axis) of \(summary) does not have size 1")
    var sizes = shape
    sizes.remove(at: index)
    return reshape(sizes)
  }

  /// With one more axis of size 1 at an index; negative ones count from the end.
  public func unsqueeze(_ axis: Int) -> Tensor {
    let index = checkedAxis(axis, "unsqueeze", rank: rank + 1)
    var sizes = shape
    sizes.insert(1, at: index)
    return reshape(sizes)
  }
}

extension NDArray {
  /// The strides of this array, if it has gaps, in a shape that differs in axes of size 1 only.
  fileprivate func strides(withoutOnesLike sizes: [Int]) -> [Int]? {
    if isDense || count == 0 { return nil }
    let own = (0..<rank).filter { size($0) != 1 }
    guard own.map({ size($0) }) == sizes.filter({ $0 != 1 }) else { return nil }
    var rest = own[...]
    return sizes.map { $0 == 1 ? 1 : stride(rest.removeFirst()) }
  }
}
