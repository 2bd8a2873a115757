/// softmax(query keyᵀ scale) value (Vaswani and others 2017), as PyTorch's
/// `scaled_dot_product_attention`.
///
/// - Parameters:
///   - query: [..., queries, size]
///   - key: [..., keys, size]
///   - value: [..., keys, valueSize]
///   - mask: Broadcast to [..., queries, keys]: bool, true where a key may be seen; or numbers that are
///     added to the scores.
///   - isCausal: Whether query i sees keys up to i only.
///   - scale: The factor for scores; nil for 1 / sqrt(size).
/// - Returns: [..., queries, valueSize]; zeros for a query that sees no key.
public func scaledDotProductAttention(
  _ query: Tensor, _ key: Tensor, _ value: Tensor, mask: Tensor? = nil, isCausal: Bool = false,
  scale: Double? = nil
) -> Tensor {
  require(
    query.rank >= 2 && key.rank >= 2 && value.rank >= 2 && query.size(-1) == key.size(-1)
      && key.size(-2) == value.size(-2),
    """
    scaledDotProductAttention: needs [..., queries, size], [..., keys, size] and [..., keys, valueSize], got \
    \(query.summary), \(key.summary) and \(value.summary)
    """)
  require(
    mask == nil || !isCausal, "scaledDotProductAttention: give a mask or isCausal, not both")
  let scale = scale ?? 1 / Double(query.size(-1)).squareRoot()
  var scores = (query * scale).matmul(key.transpose())
  if isCausal {
    let (rows, columns) = (query.size(-2), key.size(-2))
    let seen = Tensor(
      scalars: (0..<rows * columns).map { $0 % columns <= $0 / columns }, shape: [rows, columns])
    scores = Tensor.where(seen, scores, -Double.infinity)
  }
  guard let mask else { return scores.softmax().matmul(value) }
  scores = mask.dtype == .bool ? Tensor.where(mask, scores, -Double.infinity) : scores + mask
  if scores.count == 0 { return scores.softmax().matmul(value) }
  // A query that sees nothing: its scores, all minus infinity, have no softmax.
  let isBlind = scores.stoppingGradient().max(axis: -1, keepDims: true) .== -Double.infinity
  if isBlind.asType(.uint8).max().item() == 0 { return scores.softmax().matmul(value) }
  let weights = Tensor.where(isBlind, 0, scores).softmax()
  return Tensor.where(isBlind, 0, weights).matmul(value)
}
