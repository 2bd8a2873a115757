extension Tensor {
  /// A function of each vector along an axis, which becomes the last one meanwhile.
  private func alongRows(_ function: RowOp, _ axis: Int, _ name: StaticString) -> Tensor {
    require(dtype.isFloatingPoint, "\(name): needs floating-point elements, got \(summary)")
    let columns = size(axis)
    let x = transpose(axis, -1).array.contiguous()
    var shape = x.shape
    if function == .logSumExp { shape[rank - 1] = 1 }
    guard columns > 0 else {
      // An empty sum of exponentials is 0, its logarithm minus infinity.
      return Tensor.full(shape, -Double.infinity, dtype: dtype, device: device)
        .transpose(axis, -1)
    }
    let y = NDArray.uninitialized(dtype: dtype, shape: shape, on: device)
    Backend.rows(function, x, rows: x.count / columns, columns: columns, into: y)
    return Tensor(y).transpose(axis, -1)
  }

  /// exp(x) / sum(exp(x)) along an axis, without overflow.
  public func softmax(axis: Int = -1) -> Tensor {
    if rank == 0 { return reshape([1]).softmax(axis: 0).reshape([]) }
    return softmax(.softmax, checkedAxis(axis, "softmax"))
  }

  /// The softmax of the last axis, zeros where all elements are -infinity.
  func maskedSoftmax() -> Tensor { softmax(.maskedSoftmax, rank - 1) }

  private func softmax(_ function: RowOp, _ axis: Int) -> Tensor {
    differentiable(self) {
      $0.alongRows(function, axis, "softmax")
    } pullback: { _, y in
      { dy in
        let weighted = dy * y
        return weighted - y * weighted.sum(axis: axis, keepDims: true)
      }
    }
  }

  /// The logarithm of the softmax along an axis, without overflow.
  public func logSoftmax(axis: Int = -1) -> Tensor {
    if rank == 0 { return reshape([1]).logSoftmax(axis: 0).reshape([]) }
    let axis = checkedAxis(axis, "logSoftmax")
    return differentiable(self) {
      $0.alongRows(.logSoftmax, axis, "logSoftmax")
    } pullback: { x, _ in
      { dy in dy - x.softmax(axis: axis) * dy.sum(axis: axis, keepDims: true) }
    }
  }

  /// log(sum(exp(x))) along an axis, without overflow.
  public func logSumExp(axis: Int = -1, keepDims: Bool = false) -> Tensor {
    if rank == 0 { return reshape([1]).logSumExp(axis: 0) }
    let axis = checkedAxis(axis, "logSumExp")
    let result = differentiable(self) {
      $0.alongRows(.logSumExp, axis, "logSumExp")
    } pullback: { x, _ in
      // Rows of -infinity get zeros, as in PyTorch.
      { dy in dy * x.softmax(.maskedSoftmax, axis) }
    }
    return keepDims ? result : result.squeeze(axis)
  }

  /// log(sum(exp(x))) over several axes, without overflow; nil for all of them.
  public func logSumExp(axes: [Int]?, keepDims: Bool = false) -> Tensor {
    let axes = checkedAxes(axes, "logSumExp")
    let result = joiningLast(axes).logSumExp(axis: -1)
    return result.reshape(reducedShape(axes, keepDims))
  }
}
