import Autograd

/// The whole transformer (Vaswani and others 2017): a stack of encoder layers over a source, and one of
/// decoder layers over a target that looks at the encoder's result.
///
/// ```swift
/// let transformer = Transformer(512, heads: 8)
/// let y = transformer(source, target, targetCausal: true)
/// ```
///
/// Embeddings, positions and the map to a vocabulary are not part of it. Paths are PyTorch's, as in
/// `encoder.layers.0.self_attn.in_proj_weight` and `decoder.norm.bias`; all matrices are
/// Xavier-uniform. The layers start different, where PyTorch copies the first before it draws anew.
public final class Transformer: Module {
  /// The stack over the source.
  public let encoder: TransformerEncoder
  /// The stack over the target.
  public let decoder: TransformerDecoder

  /// A transformer whose two stacks end in a layer norm each.
  ///
  /// - Parameters:
  ///   - width: The size of the last axis of source, target and result.
  ///   - heads: The heads of each attention; they divide the width.
  ///   - encoderLayers: How many layers the encoder has.
  ///   - decoderLayers: How many layers the decoder has.
  ///   - feedForward: The features between the two linear maps of a layer.
  ///   - dropout: The probability with which elements are dropped while training.
  ///   - activation: What is between the linear maps; all layers share it.
  ///   - normEpsilon: Added to the variances in layer norms.
  ///   - batchFirst: Whether sequences are [batch, steps, ...] instead of [steps, batch, ...], which is
  ///     PyTorch's default.
  ///   - normFirst: Whether layers normalize before each part rather than after it.
  ///   - bias: Whether linear maps and layer norms add biases.
  public init(
    _ width: Int = 512, heads: Int = 8, encoderLayers: Int = 6, decoderLayers: Int = 6,
    feedForward: Int = 2048, dropout: Double = 0.1, activation: any Layer = ReLU(),
    normEpsilon: Double = 1e-5, batchFirst: Bool = true, normFirst: Bool = false, bias: Bool = true
  ) {
    func norm() -> LayerNorm { LayerNorm([width], epsilon: normEpsilon, bias: bias) }
    encoder = TransformerEncoder(encoderLayers, norm: norm()) {
      TransformerEncoderLayer(
        width, heads: heads, feedForward: feedForward, dropout: dropout, activation: activation,
        normEpsilon: normEpsilon, batchFirst: batchFirst, normFirst: normFirst, bias: bias)
    }
    decoder = TransformerDecoder(decoderLayers, norm: norm()) {
      TransformerDecoderLayer(
        width, heads: heads, feedForward: feedForward, dropout: dropout, activation: activation,
        normEpsilon: normEpsilon, batchFirst: batchFirst, normFirst: normFirst, bias: bias)
    }
    for parameter in parameters where parameter.shape.count > 1 {
      parameter.initialize(with: .xavierUniform())
    }
  }

  /// `encoder` and `decoder`.
  public var members: [Member] { [Member("encoder", encoder), Member("decoder", decoder)] }

  /// Masks are those of `MultiHeadAttention`: booleans are true where something must not be seen.
  ///
  /// - Parameters:
  ///   - source: [batch, sourceSteps, width], or [sourceSteps, batch, width] unless batches come first,
  ///     or [sourceSteps, width] without a batch.
  ///   - target: [batch, targetSteps, width], laid out like the source.
  ///   - sourceMask: [sourceSteps, sourceSteps], which part of the source each of its steps sees.
  ///   - targetMask: [targetSteps, targetSteps], which part of the target each of its steps sees.
  ///   - memoryMask: [targetSteps, sourceSteps], which part of the encoder's result the target sees.
  ///   - sourceKeyPaddingMask: [batch, sourceSteps]
  ///   - targetKeyPaddingMask: [batch, targetSteps]
  ///   - memoryKeyPaddingMask: [batch, sourceSteps]
  ///   - sourceCausal: Whether a step of the source sees earlier ones and itself only.
  ///   - targetCausal: Whether a step of the target sees earlier ones and itself only.
  ///   - memoryCausal: Whether step i of the target sees the encoder's result up to i only.
  /// - Returns: The shape of the target.
  public func callAsFunction(
    _ source: Tensor, _ target: Tensor, sourceMask: Tensor? = nil, targetMask: Tensor? = nil,
    memoryMask: Tensor? = nil, sourceKeyPaddingMask: Tensor? = nil,
    targetKeyPaddingMask: Tensor? = nil, memoryKeyPaddingMask: Tensor? = nil,
    sourceCausal: Bool = false, targetCausal: Bool = false, memoryCausal: Bool = false
  ) -> Tensor {
    running {
      let memory = encoder(
        source, mask: sourceMask, keyPaddingMask: sourceKeyPaddingMask, causal: sourceCausal)
      return decoder(
        target, memory, mask: targetMask, memoryMask: memoryMask,
        keyPaddingMask: targetKeyPaddingMask, memoryKeyPaddingMask: memoryKeyPaddingMask,
        causal: targetCausal, memoryCausal: memoryCausal)
    }
  }
}

/// Encoder layers one on top of the other, and a layer that normalizes the last one's result.
///
/// ```swift
/// let encoder = TransformerEncoder(6, norm: LayerNorm(512)) { TransformerEncoderLayer(512, heads: 8) }
/// ```
///
/// Paths, as in PyTorch: `layers.0`, ..., `norm`.
public final class TransformerEncoder: Layer {
  /// The layers in order.
  public let layers: [TransformerEncoderLayer]
  /// What the last layer's result goes through; nil for nothing.
  public let norm: (any Layer)?

  /// A stack of layers of which each is made anew.
  ///
  /// - Parameters:
  ///   - count: How many layers there are.
  ///   - norm: What the last layer's result goes through; nil for nothing.
  ///   - layer: Makes a layer.
  public init(_ count: Int, norm: (any Layer)? = nil, layer: () -> TransformerEncoderLayer) {
    require(count >= 1, "TransformerEncoder: needs at least 1 layer, got \(count)")
    layers = (0..<count).map { _ in layer() }
    self.norm = norm
  }

  /// `layers` and `norm`.
  public var members: [Member] { stackMembers(layers, norm) }

  /// The number of layers.
  public var details: String { layerCount(layers.count) }

  /// - Parameter x: [batch, steps, width], or as the layers expect it.
  /// - Returns: The same shape.
  public func forward(_ x: consuming Tensor) -> Tensor { encoded(x, nil, nil, false) }

  /// - Parameters:
  ///   - x: [batch, steps, width], or as the layers expect it.
  ///   - mask: [steps, steps]; this and the rest as for `MultiHeadAttention`.
  ///   - keyPaddingMask: [batch, steps]
  ///   - causal: Whether a step sees earlier ones and itself only.
  /// - Returns: The same shape.
  public func callAsFunction(
    _ x: Tensor, mask: Tensor? = nil, keyPaddingMask: Tensor? = nil, causal: Bool = false
  ) -> Tensor {
    running { encoded(x, mask, keyPaddingMask, causal) }
  }

  private func encoded(_ x: Tensor, _ mask: Tensor?, _ padding: Tensor?, _ causal: Bool) -> Tensor {
    let y = layers.reduce(x) {
      $1($0, mask: mask, keyPaddingMask: padding, causal: causal)
    }
    return norm.map { $0(y) } ?? y
  }
}

/// Decoder layers one on top of the other, and a layer that normalizes the last one's result.
///
/// Paths, as in PyTorch: `layers.0`, ..., `norm`.
public final class TransformerDecoder: Module {
  /// The layers in order.
  public let layers: [TransformerDecoderLayer]
  /// What the last layer's result goes through; nil for nothing.
  public let norm: (any Layer)?

  /// A stack of layers of which each is made anew.
  ///
  /// - Parameters:
  ///   - count: How many layers there are.
  ///   - norm: What the last layer's result goes through; nil for nothing.
  ///   - layer: Makes a layer.
  public init(_ count: Int, norm: (any Layer)? = nil, layer: () -> TransformerDecoderLayer) {
    require(count >= 1, "TransformerDecoder: needs at least 1 layer, got \(count)")
    layers = (0..<count).map { _ in layer() }
    self.norm = norm
  }

  /// `layers` and `norm`.
  public var members: [Member] { stackMembers(layers, norm) }

  /// The number of layers.
  public var details: String { layerCount(layers.count) }

  /// - Parameters: As for a decoder layer.
  /// - Returns: The shape of x.
  public func callAsFunction(
    _ x: Tensor, _ memory: Tensor, mask: Tensor? = nil, memoryMask: Tensor? = nil,
    keyPaddingMask: Tensor? = nil, memoryKeyPaddingMask: Tensor? = nil, causal: Bool = false,
    memoryCausal: Bool = false
  ) -> Tensor {
    running {
      let y = layers.reduce(x) {
        $1(
          $0, memory, mask: mask, memoryMask: memoryMask, keyPaddingMask: keyPaddingMask,
          memoryKeyPaddingMask: memoryKeyPaddingMask, causal: causal, memoryCausal: memoryCausal)
      }
      return norm.map { $0(y) } ?? y
    }
  }
}

private func layerCount(_ count: Int) -> String { count == 1 ? "1 layer" : "\(count) layers" }

private func stackMembers(_ layers: [any Module], _ norm: (any Layer)?) -> [Member] {
  layers.enumerated().map { Member("layers.\($0)", $1) } + (norm.map { [Member("norm", $0)] } ?? [])
}
