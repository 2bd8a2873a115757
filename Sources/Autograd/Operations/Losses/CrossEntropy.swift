/// The cross-entropy of targets under logits: -log softmax(logits)[label], or the mean of
/// -log softmax(logits) under target probabilities; as PyTorch's `cross_entropy`.
///
/// - Parameters:
///   - logits: [batch, classes], [batch, classes, ...] for several targets per example, or [classes].
///   - targets: Integers 0 ..< classes, [batch] or [batch, ...] or []; or probabilities in the logits'
///     shape.
///   - weight: [classes], a weight for each class.
///   - ignoreIndex: The label of targets that do not count.
///   - labelSmoothing: The share of every target that is spread over all classes evenly, 0 to 1.
///   - reduction: What becomes of the losses; the mean is weighted by the labels' weights.
/// - Returns: A scalar tensor, or for `.none` the labels' shape.
public func crossEntropy(
  _ logits: Tensor, _ targets: Tensor, weight: Tensor? = nil, ignoreIndex: Int = -100,
  labelSmoothing: Double = 0, reduction: Reduction = .mean
) -> Tensor {
  require(
    logits.rank >= 1 && logits.dtype.isFloatingPoint,
    "crossEntropy: needs logits [batch, classes, ...], got \(logits.summary)")
  require(
    labelSmoothing >= 0 && labelSmoothing <= 1,
    "crossEntropy: the label smoothing must be between 0 and 1, got \(labelSmoothing)")
  if targets.dtype.isFloatingPoint {
    let axis = logits.rank == 1 ? 0 : 1
    let classes = logits.size(axis)
    require(
      targets.shape == logits.shape,
      """
      crossEntropy: class labels must be integers: Tensor(scalars:) or asType(.int64), got \(targets.summary); class \
      probabilities must have the shape of the logits \(logits.summary)
      """)
    require(
      ignoreIndex == -100,
      "crossEntropy: class probabilities have no label to ignore, got ignoreIndex \(ignoreIndex)")
    checkClassWeight("crossEntropy", weight, classes)
    var goal = targets
    if labelSmoothing > 0 {
      goal = goal * (1 - labelSmoothing) + labelSmoothing / Double(classes)
    }
    var terms = logits.logSoftmax(axis: axis) * goal
    if let weight { terms = terms * byClass(weight, axis, logits.rank) }
    let losses = -terms.sum(axis: axis)
    if reduction == .mean { return losses.sum() / Double(losses.count) }
    return reduction.applied(to: losses, batch: logits.size(0))
  }
  return labelLoss(
    "crossEntropy", logits, { $0.logSoftmax(axis: 1) }, targets, weight, ignoreIndex,
    labelSmoothing, reduction)
}

/// The negative log-likelihood of labels under log-probabilities, as PyTorch's `nll_loss`.
///
/// - Parameters:
///   - logProbabilities: [batch, classes], [batch, classes, ...] or [classes].
///   - labels: Integers 0 ..< classes, [batch] or [batch, ...] or [].
///   - weight: [classes], a weight for each class.
///   - ignoreIndex: The label of targets that do not count.
///   - reduction: What becomes of the losses; the mean is weighted by the labels' weights.
/// - Returns: A scalar tensor, or for `.none` the labels' shape.
public func nllLoss(
  _ logProbabilities: Tensor, _ labels: Tensor, weight: Tensor? = nil, ignoreIndex: Int = -100,
  reduction: Reduction = .mean
) -> Tensor {
  require(
    logProbabilities.rank >= 1 && logProbabilities.dtype.isFloatingPoint,
    "nllLoss: needs log-probabilities [batch, classes, ...], got \(logProbabilities.summary)")
  return labelLoss(
    "nllLoss", logProbabilities, { $0 }, labels, weight, ignoreIndex, 0, reduction)
}

/// The loss of labels under what `logarithms` makes of scores [batch, classes, ...].
private func labelLoss(
  _ operation: StaticString, _ scores: Tensor, _ logarithms: (Tensor) -> Tensor, _ labels: Tensor,
  _ weight: Tensor?, _ ignored: Int, _ smoothing: Double, _ reduction: Reduction
) -> Tensor {
  if scores.rank == 1 {
    let loss = labelLoss(
      operation, scores.unsqueeze(0), logarithms, labels.unsqueeze(0), weight, ignored, smoothing,
      reduction)
    return reduction == .none ? loss.reshape([]) : loss
  }
  var expected = scores.shape
  let classes = expected.remove(at: 1)
  require(
    labels.shape == expected && !labels.dtype.isFloatingPoint && labels.dtype != .bool,
    """
    \(operation): labels for \(scores.summary) must be integers \(expected): Tensor(scalars:) or asType(.int64), \
    got \(labels.summary)
    """)
  checkClassWeight(operation, weight, classes)
  let wide = labels.array.contiguous(as: .int64)
  let narrowed = wide.uninitializedLike(dtype: .int32)
  let range = IndexRange(
    operation: operation, areLabels: true, bound: classes, ignored: ignored)
  // nil if no label is the one to ignore.
  let isCounted =
    Backend.checkIndices(wide, in: range, into: narrowed) ? Tensor(wide) .!= ignored : nil
  let indices = Tensor(narrowed)
  let weighted = weight.map {
    $0.gathered(0, indices.reshape([indices.count])).reshape(expected)
  }
  let values = logarithms(scores)
  var losses = -values.gathered(1, indices.unsqueeze(1)).squeeze(1)
  if let weight = weighted { losses = losses * weight }
  if let isCounted { losses = Tensor.where(isCounted, losses, 0) }
  if smoothing > 0 {
    let all = weight.map { values * byClass($0, 1, values.rank) } ?? values
    var spread = all.sum(axis: 1) * (smoothing / Double(classes))
    if let isCounted { spread = Tensor.where(isCounted, spread, 0) }
    losses = losses * (1 - smoothing) - spread
  }
  if reduction == .mean, weighted != nil || isCounted != nil {
    var counts = weighted ?? Tensor.ones(expected, dtype: scores.dtype, device: scores.device)
    if let isCounted { counts = Tensor.where(isCounted, counts, 0) }
    return losses.sum() / counts.sum()
  }
  return reduction.applied(to: losses, batch: scores.size(0))
}

private func checkClassWeight(_ operation: StaticString, _ weight: Tensor?, _ classes: Int) {
  guard let weight else { return }
  require(
    weight.shape == [classes] && weight.dtype.isFloatingPoint,
    "\(operation): the weight must have one entry for each of \(classes) classes, got \(weight.summary)"
  )
}

/// A vector along one axis of others.
private func byClass(_ weight: Tensor, _ axis: Int, _ rank: Int) -> Tensor {
  weight.reshape((0..<rank).map { $0 == axis ? -1 : 1 })
}
