import Autograd
import TestSupport
import Testing

@testable import NN

/// What attention and transformers stop at, and what they say.
@Suite struct AttentionMistakesTests {
  static let mistakes = [
    Mistake("MultiHeadAttention", "3 heads", "width 4") { _ = MultiHeadAttention(4, heads: 3) },
    Mistake("MultiHeadAttention", "0 heads", "width 4") { _ = MultiHeadAttention(4, heads: 0) },
    Mistake("MultiHeadAttention", "keySize", "4, 0 and 4") {
      _ = MultiHeadAttention(4, heads: 2, keySize: 0)
    },
    Mistake("Dropout", "probability", "0", "1", "1.5") {
      _ = MultiHeadAttention(4, heads: 2, dropout: 1.5)
    },
    Mistake("MultiHeadAttention 4, 2 heads", "query [batch, queries, 4]", "[2, 3, 5]") {
      _ = MultiHeadAttention(4, heads: 2)(.zeros([2, 3, 5]))
    },
    Mistake("MultiHeadAttention", "key [keys, batch, 3]", "[2, 3, 4], [2, 1, 3]") {
      let attention = MultiHeadAttention(4, heads: 2, keySize: 3, batchFirst: false)
      _ = attention(.zeros([2, 3, 4]), .zeros([2, 1, 3]), .zeros([2, 3, 4]))
    },
    Mistake("MultiHeadAttention", "key [keys, 4]", "[3, 4], [2, 4]") {
      _ = MultiHeadAttention(4, heads: 2)(.zeros([3, 4]), .zeros([2, 4]), .zeros([3, 4]))
    },
    Mistake("MultiHeadAttention 4, 2 heads", "mask [3, 3]", "[4, 3, 3]", "float32 [2, 3, 3]") {
      _ = MultiHeadAttention(4, heads: 2)(.zeros([2, 3, 4]), mask: .zeros([2, 3, 3]))
    },
    Mistake("MultiHeadAttention 4, 2 heads", "mask [3, 3]", "[2, 3, 3]", "int32 [3, 3]") {
      _ = MultiHeadAttention(4, heads: 2)(.zeros([3, 4]), mask: .zeros([3, 3], dtype: .int32))
    },
    Mistake("MultiHeadAttention 4, 2 heads", "key padding mask", "[2, 3]", "float32 [3, 2]") {
      _ = MultiHeadAttention(4, heads: 2)(.zeros([2, 3, 4]), keyPaddingMask: .zeros([3, 2]))
    },
    Mistake("TransformerEncoder", "1 layer", "0") {
      _ = TransformerEncoder(0) { TransformerEncoderLayer(4, heads: 2) }
    },
    Mistake("TransformerDecoder", "1 layer", "-1") {
      _ = Transformer(4, heads: 2, encoderLayers: 1, decoderLayers: -1)
    },
    Mistake("MultiHeadAttention", "3 heads", "width 4") {
      _ = TransformerDecoderLayer(4, heads: 3)
    },
    Mistake("Linear", "1 input", "4 -> 0") {
      _ = TransformerEncoderLayer(4, heads: 2, feedForward: 0)
    },
    Mistake("Dropout", "probability", "0", "1", "2.0") {
      _ = TransformerEncoderLayer(4, heads: 2, dropout: 2)
    },
    Mistake("Transformer.encoder.layers.0.self_attn (MultiHeadAttention 4, 2 heads)", "[2, 3, 5]") {
      let transformer = Transformer(4, heads: 2, encoderLayers: 1, decoderLayers: 1)
      _ = transformer(.zeros([2, 3, 5]), .zeros([2, 3, 4]))
    },
    Mistake(
      "Transformer.decoder.layers.0.multihead_attn (MultiHeadAttention 4, 2 heads)", "[1, 3, 4]"
    ) {
      let transformer = Transformer(4, heads: 2, encoderLayers: 1, decoderLayers: 1)
      _ = transformer(.zeros([2, 3, 4]), .zeros([1, 3, 4]))
    },
  ]

  @Test(arguments: mistakes.indices) func stop(index: Int) async {
    let result = await #expect(
      processExitsWith: .failure, observing: [\.standardErrorContent]
    ) { [index] in
      AttentionMistakesTests.mistakes[index].body()
    }
    expect(result, names: Self.mistakes[index].names)
  }
}
