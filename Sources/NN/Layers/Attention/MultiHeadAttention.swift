import Autograd

/// Attention in several heads (Vaswani and others 2017): queries, keys and values go through linear
/// maps, are cut into heads, attend in each head by `scaledDotProductAttention`, and the heads' results,
/// side by side, go through one more linear map.
///
/// ```swift
/// let attention = MultiHeadAttention(512, heads: 8)
/// let y = attention(x)                                       // x attends to itself
/// let z = attention(x, memory, causal: true)
/// let (output, weights) = attention.withWeights(x, memory)   // weights [batch, queries, keys]
/// ```
///
/// As in PyTorch's `nn.MultiheadAttention` a boolean mask is true where a key must *not* be seen,
/// unlike that of `scaledDotProductAttention`. A query that sees no key gets the bias of the output map,
/// where PyTorch has nan.
///
/// Parameters, as in PyTorch: `in_proj_weight` [3 * width, width] for queries, keys and values, or,
/// where keys or values have a size of their own, `q_proj_weight` [width, width], `k_proj_weight`
/// [width, keySize] and `v_proj_weight` [width, valueSize], all Xavier-uniform; `in_proj_bias`
/// [3 * width], zeros; `out_proj.weight` [width, width], uniform in ±1/sqrt(width), and `out_proj.bias`
/// [width], zeros.
public final class MultiHeadAttention: Module {
  /// The size of the last axis of queries and results.
  public let width: Int
  /// How many heads there are; each has width / heads features.
  public let heads: Int
  private let keySize: Int
  private let valueSize: Int
  private let batchFirst: Bool
  /// One weight for all three, or one for each of query, key and value.
  private let inputWeights: [Parameter]
  private let inputBias: Parameter?
  private let output: Linear
  /// Of weights.
  private let dropout: Dropout

  /// Attention with its sizes stated.
  ///
  /// - Parameters:
  ///   - width: The size of the last axis of queries and results.
  ///   - heads: How many heads there are; they divide the width.
  ///   - dropout: The probability with which a weight is dropped while training.
  ///   - bias: Whether the linear maps add biases.
  ///   - keySize: The size of the keys' last axis; nil for the width.
  ///   - valueSize: The size of the values' last axis; nil for the width.
  ///   - batchFirst: Whether sequences are [batch, steps, ...] instead of [steps, batch, ...], which is
  ///     PyTorch's default.
  public init(
    _ width: Int, heads: Int, dropout: Double = 0, bias: Bool = true, keySize: Int? = nil,
    valueSize: Int? = nil, batchFirst: Bool = true
  ) {
    let (keySize, valueSize) = (keySize ?? width, valueSize ?? width)
    require(
      width >= 1 && keySize >= 1 && valueSize >= 1,
      """
      MultiHeadAttention: the width, keySize and valueSize must be at least 1, got \(width), \
      \(keySize) and \(valueSize)
      """)
    require(
      heads >= 1 && width % heads == 0,
      "MultiHeadAttention: \(heads) heads do not divide the width \(width)")
    self.width = width
    self.heads = heads
    self.keySize = keySize
    self.valueSize = valueSize
    self.batchFirst = batchFirst
    let shapes =
      keySize == width && valueSize == width
      ? [[3 * width, width]] : [[width, width], [width, keySize], [width, valueSize]]
    inputWeights = shapes.map { Parameter(shape: $0, initializer: .xavierUniform()) }
    inputBias = bias ? Parameter(shape: [3 * width], initializer: .zeros) : nil
    output = Linear(width, width, bias: bias)
    output.bias?.initialize(with: .zeros)
    self.dropout = Dropout(dropout)
  }

  /// The weights and biases, and `dropout`, if there is any.
  public var members: [Member] {
    let names =
      inputWeights.count == 1
      ? ["in_proj_weight"] : ["q_proj_weight", "k_proj_weight", "v_proj_weight"]
    return zip(names, inputWeights).map { Member($0, $1) }
      + (inputBias.map { [Member("in_proj_bias", $0)] } ?? []) + [Member("out_proj", output)]
      + (dropout.probability > 0 ? [Member("dropout", dropout)] : [])
  }

  /// The sizes and options, as in `512, 8 heads`.
  public var details: String {
    var parts = ["\(width)", heads == 1 ? "1 head" : "\(heads) heads"]
    if inputWeights.count > 1 { parts.append("keys of \(keySize), values of \(valueSize)") }
    if !batchFirst { parts.append("steps first") }
    if inputBias == nil { parts.append("no bias") }
    return parts.joined(separator: ", ")
  }

  /// - Parameters:
  ///   - query: [batch, queries, width], or [queries, batch, width] unless batches come first, or
  ///     [queries, width] without a batch.
  ///   - key: [batch, keys, keySize], laid out like the query; nil for the query itself.
  ///   - value: [batch, keys, valueSize], laid out like the query; nil for the key.
  ///   - mask: [queries, keys] or [batch * heads, queries, keys]: bool, true where a key must not be
  ///     seen; or numbers that are added to the scores.
  ///   - keyPaddingMask: [batch, keys], or [keys] without a batch: bool, true for keys that no query may
  ///     see; or numbers that are added to the scores.
  ///   - causal: Whether query i sees keys up to i only, besides what masks say.
  /// - Returns: The shape of the query.
  public func callAsFunction(
    _ query: Tensor, _ key: Tensor? = nil, _ value: Tensor? = nil, mask: Tensor? = nil,
    keyPaddingMask: Tensor? = nil, causal: Bool = false
  ) -> Tensor {
    running {
      attend(query, key, value, mask, keyPaddingMask, causal, wantsWeights: false).output
    }
  }

  /// The result together with the weights that keys have in it.
  ///
  /// While training the weights are those after dropout. If `averaged` is false, the weights of each head
  /// are returned, not their mean. The other parameters are those of a call without weights.
  ///
  /// - Returns: The output in the shape of the query, and weights [batch, queries, keys], or
  ///   [batch, heads, queries, keys] if they are not averaged, without `batch` if the query has none.
  public func withWeights(
    _ query: Tensor, _ key: Tensor? = nil, _ value: Tensor? = nil, mask: Tensor? = nil,
    keyPaddingMask: Tensor? = nil, causal: Bool = false, averaged: Bool = true
  ) -> (output: Tensor, weights: Tensor) {
    running {
      let (output, found) = attend(
        query, key, value, mask, keyPaddingMask, causal, wantsWeights: true)
      guard var weights = found else { fail("the weights were not kept") }
      if averaged { weights = weights.mean(axis: 1) }
      return (output, query.rank == 3 ? weights : weights.squeeze(0))
    }
  }

  /// The output in the shape of the query, and weights [batch, heads, queries, keys].
  private func attend(
    _ query: Tensor, _ key: Tensor?, _ value: Tensor?, _ mask: Tensor?, _ padding: Tensor?,
    _ causal: Bool, wantsWeights: Bool
  ) -> (output: Tensor, weights: Tensor?) {
    checkOperands(query, key ?? query, value ?? key ?? query)
    let isBatch = query.rank == 3
    func arranged(_ x: Tensor) -> Tensor {
      isBatch ? batchFirst ? x : x.transpose(0, 1) : x.unsqueeze(0)
    }
    let (q, k, v) = projected(arranged(query), key.map(arranged), value.map(arranged))
    let sizes = (batch: q.size(0), queries: q.size(2), keys: k.size(2))
    let seen = combined(
      sizes, mask, isBatch ? padding : padding?.unsqueeze(0), causal, dtype: q.dtype)
    let isOnlyCausal = causal && mask == nil && padding == nil
    var (result, weights): (Tensor, Tensor?)
    if wantsWeights || dropout.isTraining && dropout.probability > 0 {
      let kept = dropout(attentionWeights(q, k, mask: seen, causal: isOnlyCausal))
      (result, weights) = (kept.matmul(v), kept)
    } else {
      result = scaledDotProductAttention(q, k, v, mask: seen, causal: isOnlyCausal)
      weights = nil
    }
    result = output(result.transpose(1, 2).reshape([sizes.batch, sizes.queries, width]))
    return (isBatch ? batchFirst ? result : result.transpose(0, 1) : result.squeeze(0), weights)
  }

  private func checkOperands(_ query: Tensor, _ key: Tensor, _ value: Tensor) {
    let isBatch = query.rank == 3
    let batchAxis = batchFirst ? 0 : 1
    let steps = isBatch ? 1 - batchAxis : 0
    func fits(_ x: Tensor, _ size: Int) -> Bool {
      x.rank == query.rank && x.size(-1) == size
        && (!isBatch || x.size(batchAxis) == query.size(batchAxis))
    }
    let layout = { (steps: String, size: Int) in
      !isBatch
        ? "[\(steps), \(size)]"
        : self.batchFirst ? "[batch, \(steps), \(size)]" : "[\(steps), batch, \(size)]"
    }
    require(
      (2...3).contains(query.rank) && fits(query, width) && fits(key, keySize)
        && fits(value, valueSize) && key.size(steps) == value.size(steps),
      """
      expected a query \(layout("queries", width)), a key \(layout("keys", keySize)) and a value \
      \(layout("keys", valueSize)), got \(query.shape), \(key.shape) and \(value.shape)
      """)
  }

  /// Query, key and value after their linear maps: [batch, heads, steps, width / heads] each.
  ///
  /// Inputs that are the same tensor are projected by one product.
  private func projected(
    _ query: Tensor, _ key: Tensor?, _ value: Tensor?
  ) -> (query: Tensor, key: Tensor, value: Tensor) {
    var inputs = [(tensor: query, maps: 1)]
    for next in [key, value] {
      if let next {
        inputs.append((next, 1))
      } else {
        inputs[inputs.count - 1].maps += 1
      }
    }
    if inputWeights.count > 1 {
      inputs = [query, key ?? query, value ?? key ?? query].map { ($0, 1) }
    }
    let counts = inputs.map { $0.maps * width }
    let weights = inputWeights.count > 1 ? inputWeights.map(\.value) : rows(inputWeights[0], counts)
    let biases = inputBias.map { rows($0, counts) }
    var results: [Tensor] = []
    for (index, (x, maps)) in inputs.enumerated() {
      // [batch, steps, maps * width] to maps times [batch, heads, steps, width / heads].
      results += linear(x, weights[index], bias: biases?[index]).chunk(maps, axis: -1).map {
        $0.reshape([x.size(0), x.size(1), heads, width / heads]).transpose(1, 2)
      }
    }
    return (results[0], results[1], results[2])
  }

  /// A parameter's value cut along its first axis.
  private func rows(_ parameter: Parameter, _ counts: [Int]) -> [Tensor] {
    counts.count == 1 ? [parameter.value] : parameter.value.split(counts)
  }

  /// All masks in one as `scaledDotProductAttention` takes it, nil if nothing but causality hides keys.
  private func combined(
    _ sizes: (batch: Int, queries: Int, keys: Int), _ mask: Tensor?, _ padding: Tensor?,
    _ causal: Bool, dtype: DType
  ) -> Tensor? {
    if mask == nil && padding == nil { return nil }
    var masks: [Tensor] = []
    if let mask {
      let plane = [sizes.queries, sizes.keys]
      require(
        (mask.shape == plane || mask.shape == [sizes.batch * heads] + plane)
          && (mask.dtype == .bool || mask.dtype.isFloatingPoint),
        """
        expected a mask \(plane) or \([sizes.batch * heads] + plane) of booleans or numbers to be \
        added, got \(mask.summary)
        """)
      masks.append(mask.rank == 2 ? mask : mask.reshape([sizes.batch, heads] + plane))
    }
    if let padding {
      require(
        padding.shape == [sizes.batch, sizes.keys]
          && (padding.dtype == .bool || padding.dtype.isFloatingPoint),
        """
        expected a key padding mask [batch, keys], here \([sizes.batch, sizes.keys]), of booleans or \
        numbers to be added, got \(padding.summary)
        """)
      masks.append(padding.reshape([sizes.batch, 1, 1, sizes.keys]))
    }
    var seen = masks.filter { $0.dtype == .bool }.map { .!$0 }
    if causal {
      let device = masks.first?.device ?? .cpu
      seen.append(seenCausally(queries: sizes.queries, keys: sizes.keys, device: device))
    }
    let visible = seen.isEmpty ? nil : seen.dropFirst().reduce(seen[0]) { $0 .& $1 }
    let added = masks.filter { $0.dtype != .bool }.map { $0.asType(dtype) }
    guard let first = added.first else { return visible }
    let sum = added.dropFirst().reduce(first) { $0 + $1 }
    return visible.map { Tensor.where($0, sum, -Double.infinity) } ?? sum
  }
}
