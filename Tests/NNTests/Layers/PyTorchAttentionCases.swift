import Autograd

@testable import NN

extension PyTorchLayersTests {
  static let attention = [
    LayerCase("MHA", MultiHeadAttention(6, heads: 2, batchFirst: false)) {
      flat($0.withWeights($1[0], $1[1], $1[2]))
    },
    LayerCase("MHA-self", MultiHeadAttention(6, heads: 3)) {
      flat($0.withWeights($1[0], averaged: false))
    },
    LayerCase("MHA-sizes", MultiHeadAttention(4, heads: 2, keySize: 3, valueSize: 5)) {
      flat($0.withWeights($1[0], $1[1], $1[2]))
    },
    LayerCase("MHA-plain", MultiHeadAttention(4, heads: 1, bias: false)) {
      flat($0.withWeights($1[0], $1[1], $1[2]))
    },
    LayerCase("MHA-masks", MultiHeadAttention(4, heads: 2)) {
      flat($0.withWeights($1[0], mask: $1[2], keyPaddingMask: $1[1]))
    },
    LayerCase("MHA-added", MultiHeadAttention(4, heads: 2, batchFirst: false)) {
      [$0($1[0], $1[0], mask: $1[1])]
    },
    LayerCase("MHA-causal", MultiHeadAttention(4, heads: 2, dropout: 0.4, batchFirst: false)) {
      flat($0.withWeights($1[0], causal: true))
    },
  ]

  static let transformers =
    [
      LayerCase(
        "EncoderLayer-masks",
        TransformerEncoderLayer(4, heads: 2, feedForward: 5, dropout: 0, activation: GELU())
      ) { [$0($1[0], mask: $1[1], keyPaddingMask: $1[2])] },
      LayerCase(
        "EncoderLayer-plain",
        TransformerEncoderLayer(
          4, heads: 1, feedForward: 3, dropout: 0.3, normEpsilon: 0.1, bias: false)),
      LayerCase(
        "DecoderLayer-masks",
        TransformerDecoderLayer(4, heads: 2, feedForward: 5, dropout: 0, activation: GELU())
      ) {
        [$0($1[0], $1[1], mask: $1[2], keyPaddingMask: $1[3], memoryKeyPaddingMask: $1[3])]
      },
      LayerCase(
        "Encoder",
        TransformerEncoder(2, norm: LayerNorm(4)) {
          TransformerEncoderLayer(4, heads: 2, feedForward: 5, dropout: 0)
        }
      ) { [$0($1[0], keyPaddingMask: $1[2], causal: true)] },
      LayerCase(
        "Transformer",
        Transformer(
          4, heads: 2, encoderLayers: 1, decoderLayers: 2, feedForward: 5, dropout: 0)
      ) { [$0($1[0], $1[1], targetMask: $1[2])] },
    ] + [false, true].flatMap(plainLayers)

  private static func plainLayers(normFirst: Bool) -> [LayerCase] {
    let suffix = normFirst ? "-norm-first" : ""
    return [
      LayerCase(
        "EncoderLayer" + suffix,
        TransformerEncoderLayer(
          4, heads: 2, feedForward: 5, dropout: 0, batchFirst: false, normFirst: normFirst)),
      LayerCase(
        "DecoderLayer" + suffix,
        TransformerDecoderLayer(
          4, heads: 2, feedForward: 5, dropout: 0, batchFirst: false, normFirst: normFirst)
      ) { [$0($1[0], $1[1])] },
    ]
  }

  private static func flat(_ results: (output: Tensor, weights: Tensor)) -> [Tensor] {
    [results.output, results.weights]
  }
}
