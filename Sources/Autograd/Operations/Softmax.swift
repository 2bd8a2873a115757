/// How the losses of a batch become the result.
public enum Reduction: Sendable {
  /// Their mean.
  case mean
  /// Their sum.
  case sum
  /// They themselves, one each.
  case none
}

extension Tensor {
  /// A function of each vector along an axis, which becomes the last one meanwhile.
  private func alongRows(_ function: CPU.RowFunction, _ axis: Int, _ name: StaticString) -> Tensor {
    require(dtype.isFloatingPoint, "\(name): needs floating-point elements, got \(summary)")
    var order = Array(0..<rank)
    order.swapAt(axis, rank - 1)
    let columns = size(axis)
    let x = CPU.contiguous(permute(order).array)
    var shape = x.shape
    if function == .logSumExp { shape[rank - 1] = 1 }
    guard columns > 0 else {
      // An empty sum of exponentials is 0, its logarithm minus infinity.
      return Tensor.full(shape, -Double.infinity, dtype: dtype).permute(order)
    }
    let y = NDArray.uninitialized(dtype: dtype, shape: shape)
    CPU.rows(function, x, rows: x.count / columns, columns: columns, into: y)
    return Tensor(y).permute(order)
  }

  /// exp(x) / sum(exp(x)) along an axis, without overflow.
  public func softmax(axis: Int = -1) -> Tensor {
    if rank == 0 { return reshape([1]).softmax(axis: 0).reshape([]) }
    let axis = checkedAxis(axis, "softmax")
    return differentiable(self) {
      $0.alongRows(.softmax, axis, "softmax")
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
      { dy in dy * x.softmax(axis: axis) }
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

/// The cross-entropy of class labels under logits: -log softmax(logits)[label].
///
/// - Parameters:
///   - logits: [batch, classes], or [batch, classes, ...] for several labels per example.
///   - labels: Integers 0 ..< classes, [batch] or [batch, ...].
///   - reduction: What becomes of the losses; the mean is over all labels.
/// - Returns: A scalar tensor, or for `.none` the labels' shape.
public func crossEntropy(
  _ logits: Tensor, _ labels: Tensor, reduction: Reduction = .mean
) -> Tensor {
  require(
    logits.rank >= 2, "crossEntropy: needs logits [batch, classes, ...], got \(logits.summary)")
  var expected = logits.shape
  let classes = expected.remove(at: 1)
  require(
    labels.shape == expected && !labels.dtype.isFloatingPoint && labels.dtype != .bool,
    "crossEntropy: labels for logits \(logits.summary) must be integers \(expected), got \(labels.summary)"
  )
  if labels.count > 0 {
    let (low, high) = (labels.min().item(), labels.max().item())
    require(
      low >= 0 && high < Double(classes),
      "crossEntropy: label \(Int(low < 0 ? low : high)) is out of range for \(classes) classes")
  }
  let losses = -logits.logSoftmax(axis: 1)
    .gathered(1, labels.asType(.int32).unsqueeze(1)).squeeze(1)
  switch reduction {
  case .mean: return losses.mean()
  case .sum: return losses.sum()
  case .none: return losses
  }
}
