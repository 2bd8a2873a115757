import Autograd
import Testing

@testable import NN

@Suite struct TransformerTests {
  private func small(dropout: Double = 0) -> Transformer {
    Transformer(
      4, heads: 2, encoderLayers: 2, decoderLayers: 1, feedForward: 6, dropout: dropout)
  }

  @Test func start() {
    let transformer = Transformer(
      32, heads: 4, encoderLayers: 2, decoderLayers: 1, feedForward: 48)
    transformer.initialize(seed: 1)
    for (path, parameter) in transformer.namedParameters {
      let largest = parameter.value.abs().max().item()
      if parameter.value.rank == 2 {
        let bound = (6 / Double(parameter.value.shape.reduce(0, +))).squareRoot()
        #expect(largest <= bound && largest > 0.98 * bound, "\(path)")
      } else if path.contains("norm") {
        #expect(largest == (path.hasSuffix("weight") ? 1 : 0), "\(path)")
      }
    }
    // Layers are not copies of each other.
    let layers = transformer.encoder.layers
    #expect(layers[0].parameters[0].value.floats != layers[1].parameters[0].value.floats)
  }

  @Test func printing() {
    let layer = TransformerEncoderLayer(4, heads: 2, feedForward: 6, normFirst: true)
    #expect(
      TransformerEncoder(1, norm: LayerNorm(4)) { layer }.description == """
        TransformerEncoder 1 layer(
          layers.0: TransformerEncoderLayer 4, 2 heads, norm first(
            self_attn: MultiHeadAttention 4, 2 heads(
              out_proj: Linear 4 -> 4
              dropout: Dropout 0.1
            )
            linear1: Linear 4 -> 6
            activation: ReLU
            dropout: Dropout 0.1
            linear2: Linear 6 -> 4
            norm1: LayerNorm 4
            norm2: LayerNorm 4
            dropout1: Dropout 0.1
            dropout2: Dropout 0.1
          )
          norm: LayerNorm 4
        )
        """)
  }

  @Test func masksByTheirNames() {
    let transformer = small()
    transformer.initialize(seed: 2)
    let (source, target) = (inputs([2, 3, 4]), inputs([2, 3, 4], seed: 2))
    let causal = Tensor([0, 1, 1, 0, 0, 1, 0, 0, 0], shape: [3, 3]) .> 0
    let padding = Tensor([0, 0, 1, 0, 0, 0], shape: [2, 3]) .> 0
    let plain = transformer(source, target)
    // Causality by a mask and by name, for each of the three attentions.
    let pairs = [
      (
        transformer(source, target, sourceMask: causal),
        transformer(source, target, sourceCausal: true)
      ),
      (
        transformer(source, target, targetMask: causal),
        transformer(source, target, targetCausal: true)
      ),
      (
        transformer(source, target, memoryMask: causal),
        transformer(source, target, memoryCausal: true)
      ),
    ]
    for (byMask, byName) in pairs {
      #expect(relativeError(byMask, byName) < 1e-5)
      #expect(relativeError(byMask, plain) > 1e-3)
    }
    #expect(relativeError(pairs[0].0, pairs[1].0) > 1e-3)
    #expect(relativeError(pairs[1].0, pairs[2].0) > 1e-3)
    // Each padding changes the first example only.
    let padded = [
      transformer(source, target, sourceKeyPaddingMask: padding),
      transformer(source, target, targetKeyPaddingMask: padding),
      transformer(source, target, memoryKeyPaddingMask: padding),
    ]
    for y in padded {
      #expect(relativeError(y.select(axis: 0, at: 0), plain.select(axis: 0, at: 0)) > 1e-3)
      #expect(relativeError(y.select(axis: 0, at: 1), plain.select(axis: 0, at: 1)) < 1e-5)
    }
    #expect(relativeError(padded[0], padded[2]) > 1e-3)
  }

  @Test func causalTargetsDoNotSeeWhatFollows() {
    let transformer = small()
    let (source, target) = (inputs([1, 2, 4]), inputs([1, 3, 4], seed: 2))
    let changed = concatenate(
      [target.slice(axis: 1, to: 2), inputs([1, 1, 4], seed: 3)], axis: 1)
    let (a, b) = (
      transformer(source, target, targetCausal: true),
      transformer(source, changed, targetCausal: true)
    )
    #expect(relativeError(a.slice(axis: 1, to: 2), b.slice(axis: 1, to: 2)) < 1e-5)
    #expect(relativeError(a, b) > 1e-3)
  }

  @Test func dropoutFollowsTheMode() {
    let (dropping, plain) = (small(dropout: 0.2), small())
    for module in [dropping, plain] { module.initialize(seed: 4) }
    let (source, target) = (inputs([2, 3, 4]), inputs([2, 2, 4], seed: 2))
    let first = dropping(source, target)
    #expect(relativeError(first, dropping(source, target)) > 1e-3)
    #expect(
      dropping.evaluating { dropping(source, target) }.floats == plain(source, target).floats)
    dropping.initialize(seed: 4)
    #expect(dropping(source, target).floats == first.floats)
  }

  @Test func encodersAreLayers() {
    let stack = Sequential(
      LazyLinear(4), TransformerEncoderLayer(4, heads: 2, feedForward: 5, activation: PReLU()),
      TransformerEncoder(2) { TransformerEncoderLayer(4, heads: 1, feedForward: 3) })
    stack.materialize(for: .zeros([1, 2, 3]))
    #expect(stack(inputs([2, 5, 3])).shape == [2, 5, 4])
    let layer = TransformerEncoderLayer(4, heads: 2, feedForward: 5, dropout: 0)
    let x = inputs([2, 3, 4])
    #expect(layer(x).floats == Sequential(layer)(x).floats)
    #expect(layer(x).floats != layer(x, causal: true).floats)
    #expect(stack.namedParameters.map(\.path).contains("1.activation.weight"))
    #expect(stack.namedParameters.map(\.path).contains("2.layers.1.norm2.bias"))
  }
}
