/// How the losses of a batch become the result.
public enum Reduction: Sendable {
  /// Their mean.
  case mean
  /// Their sum.
  case sum
  /// They themselves, one each.
  case none
  /// Their sum divided by the size of the first axis.
  case batchMean

  func applied(to losses: Tensor, batch: Int) -> Tensor {
    switch self {
    case .mean: losses.mean()
    case .sum: losses.sum()
    case .none: losses
    case .batchMean: losses.sum() / Double(batch)
    }
  }
}

func requireSameShape(_ operation: StaticString, _ x: Tensor, _ target: Tensor) {
  require(
    x.shape == target.shape && x.dtype.isFloatingPoint,
    "\(operation): needs two tensors of one shape, got \(x.summary) and \(target.summary)")
}

extension Reduction {
  fileprivate func callAsFunction(_ losses: Tensor) -> Tensor {
    applied(to: losses, batch: losses.rank == 0 ? 1 : losses.size(0))
  }

  /// The losses times weights of their shape, their mean divided by the weights' sum.
  fileprivate func callAsFunction(
    _ losses: Tensor, weight: Tensor?, _ operation: StaticString
  ) -> Tensor {
    guard let weight else { return self(losses) }
    require(
      weight.shape == losses.shape,
      "\(operation): the weight \(weight.summary) must have the losses' shape \(losses.shape)")
    return self == .mean ? (losses * weight).sum() / weight.sum() : self(losses * weight)
  }
}

/// The squared error (x - target)².
///
/// - Parameters:
///   - x: Any shape.
///   - target: The same shape.
///   - weight: A factor for each loss in the same shape; the mean is divided by their sum.
///   - reduction: What becomes of the losses.
/// - Returns: A scalar tensor, or for `.none` x's shape.
public func mseLoss(
  _ x: Tensor, _ target: Tensor, weight: Tensor? = nil, reduction: Reduction = .mean
) -> Tensor {
  requireSameShape("mseLoss", x, target)
  if weight == nil && reduction == .mean { return meanSquare(x - target) }
  return reduction((x - target).square(), weight: weight, "mseLoss")
}

/// The mean of the squares, whose gradient is finite wherever 2 x / count is, as PyTorch's.
private func meanSquare(_ x: Tensor) -> Tensor {
  differentiable(
    x, { $0.square().mean() }, pullback: { x, _ in { dy in dy * (x * (2 / Double(x.count))) } },
    operation: "mseLoss")
}

/// The absolute error |x - target|.
///
/// - Parameters: As for `mseLoss`.
/// - Returns: A scalar tensor, or for `.none` x's shape.
public func l1Loss(
  _ x: Tensor, _ target: Tensor, weight: Tensor? = nil, reduction: Reduction = .mean
) -> Tensor {
  requireSameShape("l1Loss", x, target)
  return reduction((x - target).abs(), weight: weight, "l1Loss")
}

/// Half the squared error over beta where the error is below beta, else the absolute error less beta
/// / 2 (Girshick 2015).
///
/// - Parameters:
///   - x: Any shape.
///   - target: The same shape.
///   - beta: Where the two meet; 0 gives `l1Loss`.
///   - reduction: What becomes of the losses.
/// - Returns: A scalar tensor, or for `.none` x's shape.
public func smoothL1Loss(
  _ x: Tensor, _ target: Tensor, beta: Double = 1, reduction: Reduction = .mean
) -> Tensor {
  requireSameShape("smoothL1Loss", x, target)
  require(
    beta >= 0 && beta.isFinite, "smoothL1Loss: beta must be finite and not negative, got \(beta)")
  return reduction(
    beta == 0
      ? (x - target).abs() : huber(x, target, width: beta, slope: 1, operation: "smoothL1Loss"))
}

/// Quadratic in the error e = x - target, e² / (2 width), where |e| ≤ slope * width; linear with that slope beyond.
///
/// A large error is never squared, whose gradient would be 0 times infinity.
private func huber(
  _ x: Tensor, _ target: Tensor, width: Double, slope: Double, operation: StaticString
) -> Tensor {
  /// Computes the loss in one pass, or with a `dy` its product with the derivative; nil where that is not possible.
  @Sendable func fused(_ x: Tensor, _ target: Tensor, dy: Tensor? = nil) -> Tensor? {
    let canFuse = [x, target, dy ?? x].allSatisfy {
      $0.isConstant && $0.dtype == x.dtype && $0.device == .cpu
    }
    if !canFuse { return nil }
    let y = x.array.uninitializedLike(dtype: x.dtype)
    Backend.huber(
      x.array.contiguous(), target.array.contiguous(), width: width, slope: slope,
      dy: dy.map { $0.array.repeatsOneElement ? $0.array : $0.array.contiguous() }, into: y)
    return Tensor(y)
  }
  @Sendable func derivative(_ error: Tensor) -> Tensor {
    (width == 1 ? error : error / width).clamp(min: -slope, max: slope)
  }
  @Sendable func gradient(_ dy: Tensor, _ x: Tensor, _ target: Tensor) -> Tensor {
    fused(x, target, dy: dy) ?? dy * derivative(x - target)
  }
  return differentiable(
    x, target,
    { x, target in
      if let y = fused(x, target) { return y }
      let error = x - target
      let slope = derivative(error)
      return slope * (error - slope * (0.5 * width))
    }, first: { x, target, _ in { dy in gradient(dy, x, target) } },
    second: { x, target, _ in { dy in -gradient(dy, x, target) } }, operation: operation)
}

/// Half the squared error up to delta, else delta (|error| - delta / 2) (Huber 1964).
///
/// - Parameters:
///   - x: Any shape.
///   - target: The same shape.
///   - delta: Where the two meet, above 0.
///   - weight: A factor for each loss in the same shape. As in PyTorch, the mean is divided by the
///     number of losses, where that of `mseLoss` and `l1Loss` is divided by the sum of weights.
///   - reduction: What becomes of the losses.
/// - Returns: A scalar tensor, or for `.none` x's shape.
public func huberLoss(
  _ x: Tensor, _ target: Tensor, delta: Double = 1, weight: Tensor? = nil,
  reduction: Reduction = .mean
) -> Tensor {
  requireSameShape("huberLoss", x, target)
  require(
    delta > 0 && delta.isFinite, "huberLoss: delta must be finite and above 0, got \(delta)")
  var losses = huber(x, target, width: 1, slope: delta, operation: "huberLoss")
  if let weight {
    requireSameShape("huberLoss", x, weight)
    losses = losses * weight
  }
  return reduction(losses)
}

/// The cross-entropy of yes-or-no targets under logits, stable for logits of any size.
///
/// - Parameters:
///   - logits: Any shape.
///   - target: Probabilities in the same shape.
///   - weight: A factor for the losses, broadcast to them.
///   - positiveWeight: A factor for the positive part, broadcast likewise.
///   - reduction: What becomes of the losses.
/// - Returns: A scalar tensor, or for `.none` the logits' shape.
public func binaryCrossEntropyWithLogits(
  _ logits: Tensor, _ target: Tensor, weight: Tensor? = nil, positiveWeight: Tensor? = nil,
  reduction: Reduction = .mean
) -> Tensor {
  requireSameShape("binaryCrossEntropyWithLogits", logits, target)
  var positive = -logits.logSigmoid()
  if let positiveWeight { positive = positive * ((positiveWeight - 1) * target + 1) }
  var losses = (1 - target) * logits + positive
  if let weight { losses = losses * weight }
  require(
    losses.shape == logits.shape,
    "binaryCrossEntropyWithLogits: the weights do not fit \(logits.summary)")
  return reduction(losses)
}

/// The cross-entropy of yes-or-no targets under probabilities; logarithms count as at least -100.
///
/// - Parameters:
///   - probabilities: Elements from 0 to 1, any shape; checked on the CPU only, since the check needs their values.
///   - target: Probabilities in the same shape.
///   - weight: A factor for the losses, broadcast to them.
///   - reduction: What becomes of the losses.
/// - Returns: A scalar tensor, or for `.none` the probabilities' shape.
public func binaryCrossEntropy(
  _ probabilities: Tensor, _ target: Tensor, weight: Tensor? = nil, reduction: Reduction = .mean
) -> Tensor {
  requireSameShape("binaryCrossEntropy", probabilities, target)
  if probabilities.count > 0 && probabilities.device == .cpu {
    let p = probabilities.stoppingGradient()
    require(
      p.min().item() >= 0 && p.max().item() <= 1,
      "binaryCrossEntropy: probabilities must be between 0 and 1, got \(p.min().item()) to \(p.max().item())"
    )
  }
  var losses = differentiable(probabilities, target) { p, target in
    -(target * maximum(p.log(), -100) + (1 - target) * maximum((-p).log1p(), -100))
  } first: { p, target, _ in
    { dy in dy * (p - target) / maximum(p * (1 - p), 1e-12) }
  } second: { p, _, _ in
    { dy in dy * ((-p).log1p() - p.log()) }
  }
  if let weight { losses = losses * weight }
  require(
    losses.shape == probabilities.shape,
    "binaryCrossEntropy: the weight does not fit \(probabilities.summary)")
  return reduction(losses)
}

/// The Kullback-Leibler divergence of targets from log-probabilities: target (log target - x).
///
/// - Parameters:
///   - x: Log-probabilities, any shape.
///   - target: Probabilities in the same shape, or their logarithms.
///   - logTarget: Whether the targets are logarithms.
///   - reduction: What becomes of the losses; `.batchMean` is the mathematical definition.
/// - Returns: A scalar tensor, or for `.none` x's shape.
public func klDivergence(
  _ x: Tensor, _ target: Tensor, logTarget: Bool = false, reduction: Reduction = .mean
) -> Tensor {
  requireSameShape("klDivergence", x, target)
  if logTarget { return reduction(target.exp() * (target - x)) }
  let isZero = target.stoppingGradient() .== 0
  let entropy = Tensor.where(isZero, 0, target * Tensor.where(isZero, 1, target).log())
  return reduction(entropy - target * x)
}

/// x where the target is 1, max(0, margin - x) where it is -1.
///
/// - Parameters:
///   - x: Distances, any shape.
///   - target: 1 or -1, the same shape.
///   - margin: The margin for distances with target -1.
///   - reduction: What becomes of the losses.
/// - Returns: A scalar tensor, or for `.none` x's shape.
public func hingeEmbeddingLoss(
  _ x: Tensor, _ target: Tensor, margin: Double = 1, reduction: Reduction = .mean
) -> Tensor {
  requireSameShape("hingeEmbeddingLoss", x, target)
  let target = target.stoppingGradient()
  let near = Tensor.where(target .== -1, 0, x)
  let far = Tensor.where(target .== 1, 0, maximum(margin - x, 0))
  return reduction(near + far)
}

/// 1 - cos(a, b) where the target is 1, max(0, cos(a, b) - margin) where it is -1.
///
/// - Parameters:
///   - a: [batch, size] or [size].
///   - b: The same shape.
///   - target: 1 or -1, [batch] or [].
///   - margin: The margin for pairs with target -1.
///   - reduction: What becomes of the losses.
/// - Returns: A scalar tensor, or for `.none` the target's shape.
public func cosineEmbeddingLoss(
  _ a: Tensor, _ b: Tensor, _ target: Tensor, margin: Double = 0, reduction: Reduction = .mean
) -> Tensor {
  requireSameShape("cosineEmbeddingLoss", a, b)
  require(
    a.rank >= 1 && target.shape == Array(a.shape.dropLast()),
    "cosineEmbeddingLoss: targets for \(a.summary) must be \(a.shape.dropLast()), got \(target.summary)"
  )
  let tiny = 1e-12
  let squares = (a.square().sum(axis: -1) + tiny) * (b.square().sum(axis: -1) + tiny)
  let cosine = (a * b).sum(axis: -1) / squares.sqrt()
  let target = target.stoppingGradient()
  let zero = cosine.zerosLike()
  return reduction(
    Tensor.where(target .== 1, 1 - cosine, zero)
      + Tensor.where(target .== -1, maximum(cosine - margin, 0), zero))
}

/// max(0, |anchor - positive| - |anchor - negative| + margin), with p-norms of the last axis.
///
/// - Parameters:
///   - anchor: [batch, size] or [size].
///   - positive: What should be near, the same shape.
///   - negative: What should be far, the same shape.
///   - margin: How much farther the negative must be to cost nothing.
///   - p: The order of the norm.
///   - epsilon: Added to differences.
///   - swap: Whether the negative's distance from the positive counts if it is shorter.
///   - reduction: What becomes of the losses.
/// - Returns: A scalar tensor, or for `.none` [batch].
public func tripletMarginLoss(
  _ anchor: Tensor, _ positive: Tensor, _ negative: Tensor, margin: Double = 1, p: Double = 2,
  epsilon: Double = 1e-6, swap: Bool = false, reduction: Reduction = .mean
) -> Tensor {
  require(
    margin > 0 && p > 0, "tripletMarginLoss: margin and p must be above 0, got \(margin) and \(p)")
  requireSameShape("tripletMarginLoss", anchor, positive)
  requireSameShape("tripletMarginLoss", anchor, negative)
  func distance(_ a: Tensor, _ b: Tensor) -> Tensor { (a - b + epsilon).norm(p, axis: -1) }
  var far = distance(anchor, negative)
  if swap { far = minimum(far, distance(positive, negative)) }
  return reduction(maximum(distance(anchor, positive) - far + margin, 0))
}
