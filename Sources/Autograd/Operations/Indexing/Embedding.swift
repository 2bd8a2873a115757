// Whole slices picked along an axis by index, and the adjoint.
extension Tensor {
  /// The slices at indices along an axis, as PyTorch's `index_select`; an index may come more than
  /// once.
  ///
  /// - Parameters:
  ///   - axis: The axis along which slices are selected; negative axes count from the end.
  ///   - indices: Integers from 0 up to the axis' size, one axis or none.
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
    let checked = indices.checkedIndices(below: size(axis), "indexSelect")
    var order = Array(0..<rank)
    order.insert(order.remove(at: axis), at: 0)
    let picked = permute(order).rows(at: checked.reshape([indices.count]), skipping: nil)
    order = Array(1..<rank)
    order.insert(0, at: axis)
    return picked.permute(order)
  }

  /// Slices along the first axis.
  ///
  /// - Parameters:
  ///   - indices: Int64 [indices.count], checked.
  ///   - skipped: The index of a slice that gets no gradient.
  func rows(at indices: Tensor, skipping skipped: Int?) -> Tensor {
    let count = size(0)
    return differentiable(self) { x in
      x.gatheredRows(at: indices)
    } pullback: { _, _ in
      { dy in dy.scatterAddedRows(at: indices, count: count, skipping: skipped) }
    }
  }

  /// Zeros of `count` slices to which this tensor's slices are added at indices.
  fileprivate func scatterAddedRows(at indices: Tensor, count: Int, skipping skipped: Int?)
    -> Tensor
  {
    differentiable(self) { x in
      let shape = [count] + x.shape.dropFirst()
      let y = NDArray.filled(shape: shape, value: 0, dtype: x.dtype, on: x.device)
      Backend.run(
        .scatterAddRows(skipping: skipped), [x.array.contiguous(), indices.array.contiguous()],
        into: [y])
      return Tensor(y)
    } pullback: { x, _ in
      let rank = x.rank
      return { dy in
        let rows = dy.rows(at: indices, skipping: nil)
        guard let skipped else { return rows }
        let isSkipped = indices .== skipped
        return Tensor.where(
          isSkipped.reshape([indices.count] + Array(repeating: 1, count: rank - 1)), 0, rows)
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
///   - scaleGradientByFrequency: Whether a vector's gradient is the mean over its uses, not their sum.
/// - Returns: [..., size], with the indices' shape in front.
public func embedding(
  _ indices: Tensor, _ weight: Tensor, paddingIndex: Int? = nil,
  scaleGradientByFrequency: Bool = false
) -> Tensor {
  require(weight.rank == 2, "embedding: needs weights [vectors, size], got \(weight.summary)")
  let skipped = paddingIndex.map {
    wrappedIndex($0, below: weight.size(0), "embedding: the padding index", weight.summary)
  }
  let checked = indices.checkedIndices(below: weight.size(0), "embedding")
    .reshape([indices.count])
  var rows = weight.rows(at: checked, skipping: skipped)
  if scaleGradientByFrequency {
    let uses = Tensor.ones([checked.count, 1], dtype: .float64, device: weight.device)
      .scatterAddedRows(at: checked, count: weight.size(0), skipping: nil)
    let frequency = uses.gatheredRows(at: checked).asType(weight.dtype)
    rows = differentiable(rows) {
      $0
    } pullback: { _, _ in
      { dy in dy / frequency }
    }
  }
  return rows.reshape(indices.shape + [weight.size(1)])
}
