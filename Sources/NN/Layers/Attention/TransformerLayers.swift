import Autograd

/// Self-attention and two linear maps, each with a connection around it and a layer norm: a layer of the
/// encoder (Vaswani and others 2017), or with a causal mask of a model like GPT.
///
/// As it is, x becomes norm1(x + attention(x)) and that norm2(x + linear2(activation(linear1(x)))); with
/// `normFirst` the norms stand before attention and linear1 (Xiong and others 2020).
///
/// Paths, as in PyTorch: `self_attn`, `linear1`, `linear2`, `norm1`, `norm2`.
public final class TransformerEncoderLayer: Layer {
  private let attention: MultiHeadAttention
  private let feedForward: FeedForward
  private let connections: [Connection]

  /// A layer with its sizes stated.
  ///
  /// - Parameters:
  ///   - width: The size of the last axis of input and result.
  ///   - heads: The heads of the attention; they divide the width.
  ///   - feedForward: The features between the two linear maps.
  ///   - dropout: The probability with which elements are dropped while training: of attention's
  ///     weights, between the linear maps and before each sum.
  ///   - activation: What is between the linear maps.
  ///   - normEpsilon: Added to the variances in layer norms.
  ///   - batchFirst: Whether sequences are [batch, steps, ...] instead of [steps, batch, ...], which is
  ///     PyTorch's default.
  ///   - normFirst: Whether the layer normalizes before each part rather than after it.
  ///   - bias: Whether linear maps and layer norms add biases.
  public init(
    _ width: Int, heads: Int, feedForward: Int = 2048, dropout: Double = 0.1,
    activation: any Layer = ReLU(), normEpsilon: Double = 1e-5, batchFirst: Bool = true,
    normFirst: Bool = false, bias: Bool = true
  ) {
    attention = MultiHeadAttention(
      width, heads: heads, dropout: dropout, bias: bias, batchFirst: batchFirst)
    self.feedForward = FeedForward(width, feedForward, dropout, activation, bias)
    connections = (0..<2).map { _ in Connection(width, dropout, normEpsilon, normFirst, bias) }
  }

  /// The parts under PyTorch's names.
  public var members: [Member] {
    [Member("self_attn", attention)] + feedForward.members + connectionMembers(connections)
  }

  /// The sizes and options, as in `512, 8 heads, norm first`.
  public var details: String {
    attention.details + (connections[0].normFirst ? ", norm first" : "")
  }

  /// - Parameter x: [batch, steps, width], or [steps, batch, width] unless batches come first, or
  ///   [steps, width] without a batch.
  /// - Returns: The same shape.
  public func forward(_ x: consuming Tensor) -> Tensor { encoded(x, nil, nil, false) }

  /// - Parameters:
  ///   - x: [batch, steps, width], or [steps, batch, width] unless batches come first, or
  ///     [steps, width] without a batch.
  ///   - mask: [steps, steps] or [batch * heads, steps, steps]: bool, true where a step must not be
  ///     seen; or numbers that are added to the scores.
  ///   - keyPaddingMask: [batch, steps], or [steps] without a batch: bool, true for steps that no query
  ///     may see; or numbers that are added to the scores.
  ///   - causal: Whether a step sees earlier ones and itself only.
  /// - Returns: The same shape.
  public func callAsFunction(
    _ x: Tensor, mask: Tensor? = nil, keyPaddingMask: Tensor? = nil, causal: Bool = false
  ) -> Tensor {
    running { encoded(x, mask, keyPaddingMask, causal) }
  }

  private func encoded(_ x: Tensor, _ mask: Tensor?, _ padding: Tensor?, _ causal: Bool) -> Tensor {
    let y = connections[0].around(x) {
      attention($0, mask: mask, keyPaddingMask: padding, causal: causal)
    }
    return connections[1].around(y, feedForward.applied(to:))
  }
}

/// Self-attention, attention to the encoder's result and two linear maps, each with a connection around
/// it and a layer norm: a layer of the decoder (Vaswani and others 2017).
///
/// Paths, as in PyTorch: `self_attn`, `multihead_attn`, `linear1`, `linear2`, `norm1`, `norm2`, `norm3`.
public final class TransformerDecoderLayer: Module {
  private let attention, memoryAttention: MultiHeadAttention
  private let feedForward: FeedForward
  private let connections: [Connection]

  /// A layer with its sizes stated.
  ///
  /// - Parameters: As for an encoder layer.
  public init(
    _ width: Int, heads: Int, feedForward: Int = 2048, dropout: Double = 0.1,
    activation: any Layer = ReLU(), normEpsilon: Double = 1e-5, batchFirst: Bool = true,
    normFirst: Bool = false, bias: Bool = true
  ) {
    func attention() -> MultiHeadAttention {
      MultiHeadAttention(width, heads: heads, dropout: dropout, bias: bias, batchFirst: batchFirst)
    }
    (self.attention, memoryAttention) = (attention(), attention())
    self.feedForward = FeedForward(width, feedForward, dropout, activation, bias)
    connections = (0..<3).map { _ in Connection(width, dropout, normEpsilon, normFirst, bias) }
  }

  /// The parts under PyTorch's names.
  public var members: [Member] {
    [Member("self_attn", attention), Member("multihead_attn", memoryAttention)]
      + feedForward.members + connectionMembers(connections)
  }

  /// The sizes and options, as in `512, 8 heads, norm first`.
  public var details: String {
    attention.details + (connections[0].normFirst ? ", norm first" : "")
  }

  /// Masks are those of `MultiHeadAttention`: booleans are true where something must not be seen.
  ///
  /// - Parameters:
  ///   - x: [batch, steps, width], or [steps, batch, width] unless batches come first, or
  ///     [steps, width] without a batch.
  ///   - memory: [batch, memorySteps, width], laid out like x: what the encoder made.
  ///   - mask: [steps, steps], which steps of x each of them sees.
  ///   - memoryMask: [steps, memorySteps], which steps of the memory each step of x sees.
  ///   - keyPaddingMask: [batch, steps]
  ///   - memoryKeyPaddingMask: [batch, memorySteps]
  ///   - causal: Whether a step of x sees earlier ones and itself only.
  ///   - memoryCausal: Whether step i of x sees the memory up to i only.
  /// - Returns: The shape of x.
  public func callAsFunction(
    _ x: Tensor, _ memory: Tensor, mask: Tensor? = nil, memoryMask: Tensor? = nil,
    keyPaddingMask: Tensor? = nil, memoryKeyPaddingMask: Tensor? = nil, causal: Bool = false,
    memoryCausal: Bool = false
  ) -> Tensor {
    running {
      var y = connections[0].around(x) {
        attention($0, mask: mask, keyPaddingMask: keyPaddingMask, causal: causal)
      }
      y = connections[1].around(y) {
        memoryAttention(
          $0, memory, mask: memoryMask, keyPaddingMask: memoryKeyPaddingMask, causal: memoryCausal)
      }
      return connections[2].around(y, feedForward.applied(to:))
    }
  }
}

/// The two linear maps of a layer with what is between them.
private struct FeedForward {
  let linear1, linear2: Linear
  let activation: any Layer
  let dropout: Dropout

  init(_ width: Int, _ features: Int, _ dropout: Double, _ activation: any Layer, _ bias: Bool) {
    linear1 = Linear(width, features, bias: bias)
    linear2 = Linear(features, width, bias: bias)
    self.activation = activation
    self.dropout = Dropout(dropout)
  }

  var members: [Member] {
    [
      Member("linear1", linear1), Member("activation", activation), Member("dropout", dropout),
      Member("linear2", linear2),
    ]
  }

  func applied(to x: Tensor) -> Tensor { linear2(dropout(activation(linear1(x)))) }
}

/// The way around a part of a layer, with dropout on the way through and a norm at one end.
private struct Connection {
  let norm: LayerNorm
  let dropout: Dropout
  let normFirst: Bool

  init(_ width: Int, _ dropout: Double, _ epsilon: Double, _ normFirst: Bool, _ bias: Bool) {
    norm = LayerNorm([width], epsilon: epsilon, bias: bias)
    self.dropout = Dropout(dropout)
    self.normFirst = normFirst
  }

  func around(_ x: Tensor, _ part: (Tensor) -> Tensor) -> Tensor {
    normFirst ? x + dropout(part(norm(x))) : norm(x + dropout(part(x)))
  }
}

/// `norm1`, ..., `dropout1`, ...
private func connectionMembers(_ connections: [Connection]) -> [Member] {
  connections.enumerated().map { Member("norm\($0 + 1)", $1.norm) }
    + connections.enumerated().map { Member("dropout\($0 + 1)", $1.dropout) }
}
