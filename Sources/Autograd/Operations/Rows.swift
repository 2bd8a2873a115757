// Whole slices picked along an axis by their numbers, and the adjoint.
extension Tensor {
  /// The slices at indices along an axis, as PyTorch's `index_select`; an index may come more than
  /// once.
  ///
  /// - Parameter indices: Integers from 0 up to the axis' size, one axis or none.
  /// - Returns: This shape, with the number of indices along the axis.
  public func indexSelect(axis: Int, _ indices: Tensor) -> Tensor {
    require(
      indices.rank <= 1,
      "indexSelect: indices must have one axis, got \(indices.summary)")
    if rank == 0 {
      _ = checkedAxes([axis], "indexSelect")
      return unsqueeze(0).indexSelect(axis: 0, indices).squeeze(0)
    }
    let axis = checkedAxis(axis, "indexSelect")
    let places = rowNumbers(indices, below: size(axis), "indexSelect")
    var order = Array(0..<rank)
    order.insert(order.remove(at: axis), at: 0)
    let picked = permute(order).rows(at: places, skipping: nil)
    order = Array(1..<rank)
    order.insert(0, at: axis)
    return picked.permute(order)
  }

  /// Slices along the first axis.
  ///
  /// - Parameter skipped: The number of a slice that gets no gradient.
  func rows(at places: [Int], skipping skipped: Int?) -> Tensor {
    let count = size(0)
    return differentiable(self) { x in
      x.picking(places)
    } pullback: { _, _ in
      { dy in dy.addingRows(at: places, count: count, skipping: skipped) }
    }
  }

  /// Zeros of `count` slices to which this tensor's slices are added at places.
  private func addingRows(at places: [Int], count: Int, skipping skipped: Int?) -> Tensor {
    differentiable(self) { x in
      let source = CPU.contiguous(x.array)
      let shape = [count] + x.shape.dropFirst()
      let y = CPU.filled(shape: shape, value: 0, dtype: x.dtype)
      CPU.addRows(source, at: places, skipping: skipped, into: y)
      return Tensor(y)
    } pullback: { x, _ in
      let rank = x.rank
      return { dy in
        let rows = dy.rows(at: places, skipping: nil)
        guard let skipped, places.contains(skipped) else { return rows }
        let isSkipped = Tensor(scalars: places.map { $0 == skipped })
        return Tensor.where(
          isSkipped.reshape([places.count] + Array(repeating: 1, count: rank - 1)), 0, rows)
      }
    }
  }
}

/// The vectors of a table at indices: `weight[indices]`, as PyTorch's `embedding`.
///
/// - Parameters:
///   - indices: Integers from 0 up to the number of vectors, any shape.
///   - weight: [vectors, size]
///   - paddingIndex: The number of a vector that gets no gradient; negative ones count from the end.
///   - scalesGradientByFrequency: Whether a vector's gradient is the mean over its uses, not their sum.
/// - Returns: [..., size], with the indices' shape in front.
public func embedding(
  _ indices: Tensor, _ weight: Tensor, paddingIndex: Int? = nil,
  scalesGradientByFrequency: Bool = false
) -> Tensor {
  require(weight.rank == 2, "embedding: needs weights [vectors, size], got \(weight.summary)")
  let skipped = paddingIndex.map { index in
    let place = index < 0 ? index + weight.size(0) : index
    require(
      place >= 0 && place < weight.size(0),
      "embedding: the padding index \(index) is out of range for \(weight.summary)")
    return place
  }
  let places = rowNumbers(indices, below: weight.size(0), "embedding")
  var rows = weight.rows(at: places, skipping: skipped)
  if scalesGradientByFrequency {
    var uses = [Int](repeating: 0, count: weight.size(0))
    for place in places { uses[place] += 1 }
    let frequency = Tensor(
      places.map { Double(uses[$0]) }, shape: [places.count, 1], dtype: weight.dtype)
    rows = differentiable(rows) {
      $0
    } pullback: { _, _ in
      { dy in dy / frequency }
    }
  }
  return rows.reshape(indices.shape + [weight.size(1)])
}

/// Indices as numbers that are known to be in range.
func rowNumbers(_ indices: Tensor, below count: Int, _ operation: StaticString) -> [Int] {
  require(
    !indices.dtype.isFloatingPoint && indices.dtype != .bool,
    "\(operation): indices must be integers, got \(indices.summary)")
  let places = indices.scalars(as: Int.self)
  for place in places where place < 0 || place >= count {
    fail("\(operation): index \(place) is out of range for size \(count)")
  }
  return places
}
