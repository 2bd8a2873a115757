/// softmax(query keyᵀ scale) value (Vaswani and others 2017), as PyTorch's
/// `scaled_dot_product_attention`.
///
/// - Parameters:
///   - query: [..., queries, size]
///   - key: [..., keys, size]
///   - value: [..., keys, valueSize]
///   - mask: Broadcast to [..., queries, keys]: bool, true where a key may be seen; or numbers that are
///     added to the scores.
///   - causal: Whether query i sees keys up to i only.
///   - scale: The factor for scores; nil for 1 / sqrt(size).
///   - enableGQA: Whether the heads, the axis before the last two, of key and value are fewer than the
///     query's and each serves as many neighbors as fit (Ainslie and others 2023).
/// - Returns: [..., queries, valueSize]; zeros for a query that sees no key.
public func scaledDotProductAttention(
  _ query: Tensor, _ key: Tensor, _ value: Tensor, mask: Tensor? = nil, causal: Bool = false,
  scale: Double? = nil, enableGQA: Bool = false
) -> Tensor {
  require(
    query.rank >= 2 && key.rank >= 2 && value.rank >= 2 && query.size(-1) == key.size(-1)
      && key.size(-2) == value.size(-2),
    """
    scaledDotProductAttention: needs [..., queries, size], [..., keys, size] and [..., keys, valueSize], got \
    \(query.summary), \(key.summary) and \(value.summary)
    """)
  if let mask {
    let scores = [query.size(-2), key.size(-2)]
    require(
      zip(mask.shape.suffix(2).reversed(), scores.reversed()).allSatisfy { $0 == $1 || $0 == 1 },
      "scaledDotProductAttention: the mask \(mask.summary) does not fit scores [..., \(scores[0]), \(scores[1])]"
    )
  }
  let (key, value) = enableGQA ? (key.serving(query), value.serving(query)) : (key, value)
  return attentionWeights(query, key, mask: mask, causal: causal, scale: scale).matmul(value)
}

extension Tensor {
  /// Each head as often as brings their number to that of the query's heads.
  fileprivate func serving(_ query: Tensor) -> Tensor {
    require(
      rank >= 3 && query.rank >= 3 && size(-3) >= 1 && query.size(-3) % size(-3) == 0,
      """
      scaledDotProductAttention: the heads of \(summary) must divide those of the query \(query.summary)
      """)
    return repeatInterleave(query.size(-3) / size(-3), axis: -3)
  }
}

/// softmax(query keyᵀ scale), the weights by which `scaledDotProductAttention` sums values.
///
/// - Parameters: As there, checked already.
/// - Returns: [..., queries, keys]; zeros for a query that sees no key.
package func attentionWeights(
  _ query: Tensor, _ key: Tensor, mask: Tensor? = nil, causal: Bool = false, scale: Double? = nil
) -> Tensor {
  require(
    mask == nil || !causal, "scaledDotProductAttention: give a mask or causal: true, not both")
  let scale = scale ?? 1 / Double(query.size(-1)).squareRoot()
  var scores = (query * scale).matmul(key.transpose())
  if causal {
    let seen = seenCausally(
      queries: query.size(-2), keys: key.size(-2), device: query.device)
    scores = Tensor.where(seen, scores, -Double.infinity)
  }
  guard let mask else { return scores.softmax() }
  scores = mask.dtype == .bool ? Tensor.where(mask, scores, -Double.infinity) : scores + mask
  return scores.maskedSoftmax()
}

/// Where query i sees key j because j is at most i: bool [queries, keys].
package func seenCausally(queries: Int, keys: Int, device: Device) -> Tensor {
  Tensor(
    scalars: (0..<queries * keys).map { $0 % keys <= $0 / keys }, shape: [queries, keys],
    device: device)
}
