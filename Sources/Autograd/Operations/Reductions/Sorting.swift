// Elements in the order of their size. NaN counts as largest; equal ones keep their order.
extension Tensor {
  /// The elements along an axis in ascending order, and where they were, int64.
  ///
  /// - Parameters:
  ///   - axis: The axis.
  ///   - descending: Whether the largest come first.
  /// - Returns: Both in this tensor's shape; gradients flow through the values.
  public func sort(axis: Int = -1, descending: Bool = false) -> (values: Tensor, indices: Tensor) {
    ordered(axis, nil, descending, "sort")
  }

  /// The indices that put the elements along an axis in order, int64.
  public func argsort(axis: Int = -1, descending: Bool = false) -> Tensor {
    stoppingGradient().ordered(axis, nil, descending, "argsort").indices
  }

  /// The `k` largest elements along an axis, the largest first, and where they were, int64.
  ///
  /// - Parameters:
  ///   - k: How many; at most the axis' size.
  ///   - axis: The axis.
  ///   - largest: False for the smallest ones, the smallest first.
  /// - Returns: Both in this tensor's shape, with size k along the axis; gradients flow through the
  ///   values.
  public func topK(
    _ k: Int, axis: Int = -1, largest: Bool = true
  ) -> (values: Tensor, indices: Tensor) {
    ordered(axis, k, largest, "topK")
  }

  private func ordered(
    _ axis: Int, _ limit: Int?, _ isDescending: Bool, _ name: StaticString
  ) -> (values: Tensor, indices: Tensor) {
    if rank == 0 {
      let (values, indices) = unsqueeze(0).ordered(axis, limit, isDescending, name)
      return (values.squeeze(0), indices.squeeze(0))
    }
    let axis = checkedAxis(axis, name)
    let size = size(axis)
    let count = limit ?? size
    require(
      count >= 0 && count <= size,
      "\(name): k is \(count), but axis \(axis) of \(summary) has \(size)")
    let type: DType = dtype == .bool ? .uint8 : dtype.isHalf ? .float32 : dtype
    let keys = Tensor(array).movingAxis(axis, to: -1).asType(type)
    let indices = Tensor.result(
      of: .argsort(columns: size, isDescending: isDescending, count: count), [keys], dtype: .int64,
      shape: keys.shape.dropLast() + [count]
    ).movingAxis(-1, to: axis).contiguous()
    if count == 0 { return (slice(axis: axis, to: 0), indices) }
    return (gathered(axis, indices.asType(.int32)), indices)
  }
}
