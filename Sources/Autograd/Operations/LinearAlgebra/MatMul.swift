extension Tensor {
  /// The matrix product, as PyTorch's `matmul`.
  ///
  /// - Parameters:
  ///   - other: [..., depth, columns] beside this tensor's [..., rows, depth]; leading axes are broadcast. A vector
  ///     stands for a row on the left and a column on the right, and its axis is dropped from the result.
  /// - Returns: [..., rows, columns]
  public func matmul(_ other: Tensor) -> Tensor {
    require(
      rank >= 1 && other.rank >= 1,
      "matmul: needs operands with at least one axis, got \(summary) and \(other.summary)")
    if rank == 2 && other.rank == 2 && array.size(1) == other.array.size(0)
      && dtype.isFloatingPoint && other.dtype.isFloatingPoint
    {
      return product(other, batch: [])
    }
    let a = rank == 1 ? unsqueeze(0) : self
    let b = other.rank == 1 ? other.unsqueeze(1) : other
    let batch = broadcastShape(Array(a.shape.dropLast(2)), Array(b.shape.dropLast(2)))
    require(
      a.size(-1) == b.size(-2) && batch != nil,
      "matmul: \(summary) and \(other.summary) do not fit")
    require(
      dtype.isFloatingPoint && other.dtype.isFloatingPoint,
      "matmul: needs floating-point elements, got \(summary) and \(other.summary)")
    let y = a.product(b, batch: batch ?? [])
    switch (rank == 1, other.rank == 1) {
    case (false, false): return y
    case (true, false): return y.squeeze(-2)
    case (false, true): return y.squeeze(-1)
    case (true, true): return y.squeeze(-1).squeeze(-1)
    }
  }

  /// The product of operands with at least two axes.
  private func product(_ other: Tensor, batch: [Int]) -> Tensor {
    differentiable(self, other) { a, b in
      let dtype = DType.promoted(a.dtype, b.dtype)
      if a.rank == 2 && b.rank == 2 && a.dtype == b.dtype && a.array.size(1) > 0 {
        return Tensor(matrixProduct(a.array, b.array))
      }
      let device = NDArray.commonDevice(of: a.array, b.array, "matmul")
      let y = NDArray.uninitialized(
        dtype: dtype, shape: batch + [a.size(-2), b.size(-1)], on: device)
      if a.size(-1) == 0 {
        Backend.fill(y, with: 0)
      } else {
        Backend.matmul(a.array.converted(to: dtype), b.array.converted(to: dtype), into: y)
      }
      return Tensor(y)
    } first: { _, b, _ in
      { dy in dy.matmul(b.transpose()) }
    } second: { a, b, _ in
      let isShared = b.rank == 2 && a.rank > 2
      return { dy in
        // One product over all leading axes instead of one each and a sum.
        if isShared { return a.flattenedRows().transpose().matmul(dy.flattenedRows()) }
        return a.transpose().matmul(dy)
      }
    }
  }

  /// The sums of a matrix's columns.
  fileprivate func columnSums() -> Tensor {
    if isTraced || count == 0 { return sum(axis: 0) }
    let (x, columns) = (array.contiguous(), array.size(1))
    let y = NDArray.uninitialized(dtype: dtype, shape: [columns], on: device)
    Backend.reduce(.sum, x, outer: 1, reduced: array.size(0), inner: columns, into: y)
    return Tensor(y)
  }

  /// All axes but the last joined: [rows, columns].
  fileprivate func flattenedRows() -> Tensor {
    rank == 2 ? self : reshape([shape.dropLast().reduce(1, *), size(-1)])
  }
}

/// x weight^T + bias, as PyTorch's `linear`.
///
/// - Parameters:
///   - x: [..., inputs]
///   - weight: [outputs, inputs], or [inputs] for one output without an axis.
///   - bias: [outputs], or [] for the same everywhere.
/// - Returns: [..., outputs]
public func linear(_ x: Tensor, _ weight: Tensor, bias: Tensor? = nil) -> Tensor {
  require(
    (1...2).contains(weight.rank) && x.rank >= 1 && x.size(-1) == weight.size(-1),
    "linear: needs x [..., inputs] and weights [outputs, inputs], got \(x.summary) and \(weight.summary)"
  )
  if let bias {
    require(
      bias.rank == 0 || bias.rank == weight.rank - 1 && bias.size(0) == weight.size(0),
      "linear: the bias must have the shape \(weight.shape.dropLast()), got \(bias.summary)")
  }
  let isOneType = x.dtype == weight.dtype && bias?.dtype ?? x.dtype == x.dtype
  guard weight.rank == 2, weight.size(1) > 0, bias?.rank != 0, isOneType, x.dtype.isFloatingPoint
  else {
    let y = x.matmul(weight.rank == 1 ? weight : weight.transpose())
    return bias.map { y + $0 } ?? y
  }
  return differentiable(bias.map { [x, weight, $0] } ?? [x, weight]) { inputs in
    let (x, weight) = (inputs[0], inputs[1])
    let rows = x.flattenedRows()
    let y = matrixProduct(rows.array, weight.array.transposed(0, 1))
    if inputs.count > 2 { Backend.addRow(inputs[2].array.contiguous(), to: y) }
    if x.rank == 2 { return [Tensor(y)] }
    return [Tensor(y).reshape(x.shape.dropLast() + [weight.size(0)])]
  } pullbacks: { inputs, _ in
    { [x = inputs[0], weight = inputs[1]] cotangents, wanted in
      guard let dy = cotangents[0]?.flattenedRows() else { return wanted.map { _ in nil } }
      var dx = wanted[0] ? dy.matmul(weight) : nil
      if x.rank != 2 { dx = dx?.reshape(x.shape) }
      let dw = wanted[1] ? dy.transpose().matmul(x.flattenedRows()) : nil
      if wanted.count == 2 { return [dx, dw] }
      return [dx, dw, wanted[2] ? dy.columnSums() : nil]
    }
  }[0]
}

/// The product of two matrices of one type with at least one multiplication per element.
private func matrixProduct(_ a: NDArray, _ b: NDArray) -> NDArray {
  let y = NDArray.uninitialized(
    dtype: a.dtype, rows: a.size(0), columns: b.size(1),
    on: NDArray.commonDevice(of: a, b, "matmul"))
  Backend.matmul(a, b, into: y)
  return y
}
