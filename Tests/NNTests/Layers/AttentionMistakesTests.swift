import Autograd
import Testing

@testable import NN

/// What attention and transformers stop at, and what they say.
@Suite struct AttentionMistakesTests {
  static let mistakes = [
    Mistake("MultiHeadAttention: 3 heads do not divide the width 4") {
      _ = MultiHeadAttention(4, heads: 3)
    },
    Mistake("MultiHeadAttention: 0 heads do not divide the width 4") {
      _ = MultiHeadAttention(4, heads: 0)
    },
    Mistake(
      "the width, keySize and valueSize must be at least 1, got 4, 0 and 4"
    ) { _ = MultiHeadAttention(4, heads: 2, keySize: 0) },
    Mistake("the probability must be between 0 and 1, got 1.5") {
      _ = MultiHeadAttention(4, heads: 2, dropout: 1.5)
    },
    Mistake(
      """
      MultiHeadAttention 4, 2 heads: expected a query [batch, queries, 4], a key [batch, keys, 4] \
      and a value [batch, keys, 4], got [2, 3, 5], [2, 3, 5] and [2, 3, 5]
      """
    ) { _ = MultiHeadAttention(4, heads: 2)(.zeros([2, 3, 5])) },
    Mistake("a key [keys, batch, 3] and a value [keys, batch, 4], got [2, 3, 4], [2, 1, 3]") {
      let attention = MultiHeadAttention(4, heads: 2, keySize: 3, batchFirst: false)
      _ = attention(.zeros([2, 3, 4]), .zeros([2, 1, 3]), .zeros([2, 3, 4]))
    },
    Mistake("a query [queries, 4], a key [keys, 4] and a value [keys, 4], got [3, 4], [2, 4]") {
      _ = MultiHeadAttention(4, heads: 2)(.zeros([3, 4]), .zeros([2, 4]), .zeros([3, 4]))
    },
    Mistake("expected a mask [3, 3] or [4, 3, 3] of booleans or numbers to be added, got") {
      _ = MultiHeadAttention(4, heads: 2)(.zeros([2, 3, 4]), mask: .zeros([2, 3, 3]))
    },
    Mistake("expected a mask [3, 3] or [2, 3, 3] of booleans or numbers to be added, got int32") {
      _ = MultiHeadAttention(4, heads: 2)(.zeros([3, 4]), mask: .zeros([3, 3], dtype: .int32))
    },
    Mistake("expected a key padding mask [batch, keys], here [2, 3], of booleans or numbers") {
      _ = MultiHeadAttention(4, heads: 2)(.zeros([2, 3, 4]), keyPaddingMask: .zeros([3, 2]))
    },
    Mistake("TransformerEncoder: needs at least 1 layer, got 0") {
      _ = TransformerEncoder(0) { TransformerEncoderLayer(4, heads: 2) }
    },
    Mistake("TransformerDecoder: needs at least 1 layer, got -1") {
      _ = Transformer(4, heads: 2, encoderLayers: 1, decoderLayers: -1)
    },
    Mistake("MultiHeadAttention: 3 heads do not divide the width 4") {
      _ = TransformerDecoderLayer(4, heads: 3)
    },
    Mistake("Linear: needs at least 1 input and output, got 4 -> 0") {
      _ = TransformerEncoderLayer(4, heads: 2, feedForward: 0)
    },
    Mistake("Dropout: the probability must be between 0 and 1, got 2.0") {
      _ = TransformerEncoderLayer(4, heads: 2, dropout: 2)
    },
    Mistake("Transformer.encoder.layers.0.self_attn (MultiHeadAttention 4, 2 heads): expected") {
      let transformer = Transformer(4, heads: 2, encoderLayers: 1, decoderLayers: 1)
      _ = transformer(.zeros([2, 3, 5]), .zeros([2, 3, 4]))
    },
    Mistake("decoder.layers.0.multihead_attn (MultiHeadAttention 4, 2 heads): expected") {
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
    expect(result, says: Self.mistakes[index].message)
  }
}
