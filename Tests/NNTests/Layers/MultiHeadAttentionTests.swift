import Autograd
import Testing

@testable import NN

@Suite struct MultiHeadAttentionTests {
  @Test func start() {
    let attention = MultiHeadAttention(50, heads: 5)
    attention.initialize(seed: 1)
    let values = attention.values
    // in_proj_weight, in_proj_bias, out_proj.weight, out_proj.bias
    let largest = values.map { $0.map(abs).max() ?? 1 }
    let (inputs, outputs) = (Float(6.0 / 200).squareRoot(), 1 / Float(50).squareRoot())
    #expect(largest[0] <= inputs && largest[0] > 0.99 * inputs)
    #expect(largest[2] <= outputs && largest[2] > 0.99 * outputs)
    #expect(largest[1] == 0 && largest[3] == 0)
    let sized = MultiHeadAttention(50, heads: 5, keySize: 30)
    let keys = sized.parameters[1].value.abs().max().item()
    #expect(keys <= (6.0 / 80).squareRoot() && keys > 0.99 * (6.0 / 80).squareRoot())
  }

  @Test func printing() {
    #expect(
      MultiHeadAttention(4, heads: 1, dropout: 0.5, bias: false, keySize: 3, batchFirst: false)
        .description == """
          MultiHeadAttention 4, 1 head, keys of 3, values of 4, steps first, no bias(
            out_proj: Linear 4 -> 4, no bias
            dropout: Dropout 0.5
          )
          """)
  }

  @Test func keysAndValuesMayBeLeftOut() {
    let (x, memory) = (inputs([2, 3, 4]), inputs([2, 5, 4], seed: 2))
    let attention = MultiHeadAttention(4, heads: 2)
    #expect(relativeError(attention(x), attention(x, x, x)) < 1e-6)
    #expect(relativeError(attention(x, memory), attention(x, memory, memory)) < 1e-6)
    #expect(relativeError(attention(x, x), attention(x, memory, memory)) > 1e-2)
    let sized = MultiHeadAttention(4, heads: 2, keySize: 4, valueSize: 5)
    let values = inputs([2, 3, 5], seed: 3)
    #expect(sized(x, nil, values).floats == sized(x, x, values).floats)
  }

  @Test func weightsDoNotChangeTheResult() {
    let x = inputs([2, 3, 4])
    let attention = MultiHeadAttention(4, heads: 2)
    let (output, weights) = attention.withWeights(x, causal: true)
    #expect(relativeError(attention(x, causal: true), output) < 1e-6)
    #expect(weights.shape == [2, 3, 3])
    #expect(relativeError(weights.sum(axes: [2]), .ones([2, 3])) < 1e-6)
    let unbatched = attention.withWeights(x.select(axis: 0, at: 1), averaged: false)
    #expect(unbatched.weights.shape == [2, 3, 3] && unbatched.output.shape == [3, 4])
  }

  @Test func masksWorkTogether() {
    let x = inputs([2, 3, 4])
    let attention = MultiHeadAttention(4, heads: 2)
    attention.initialize(seed: 3)
    let mask = Tensor([0, 0, 0, 1, 0, 0, 0, 0, 0], shape: [3, 3])
    let padding = Tensor([0, 0, 0, 0, 0, 1], shape: [2, 3])
    let causal = Tensor([0, 1, 1, 0, 0, 1, 0, 0, 0], shape: [3, 3])
    // One mask for each example and head, in which all three are.
    let all = (mask + causal).reshape([1, 1, 3, 3]) + padding.reshape([2, 1, 1, 3])
    let whole = (all.expand([2, 2, 3, 3]).reshape([4, 3, 3])) .> 0
    let expected = attention(x, mask: whole)
    let (mask1, padding1) = (mask .> 0, padding .> 0)
    #expect(
      relativeError(attention(x, mask: mask1, keyPaddingMask: padding1, causal: true), expected)
        < 1e-6)
    // The same as numbers that are added, and mixed.
    let (mask2, padding2) = (hiding(mask), hiding(padding))
    for (mask, padding) in [(mask2, padding2), (mask1, padding2), (mask2, padding1)] {
      #expect(
        relativeError(attention(x, mask: mask, keyPaddingMask: padding, causal: true), expected)
          < 1e-6)
    }
    #expect(relativeError(attention(x, mask: mask1, causal: true), expected) > 1e-3)
  }

  private func hiding(_ mask: Tensor) -> Tensor {
    Tensor.where(mask .> 0, Tensor.full(mask.shape, -Double.infinity), 0)
  }

  @Test func fullyMaskedQueryGetsTheBias() {
    let attention = MultiHeadAttention(2, heads: 1)
    attention.parameters[3].value = Tensor([5, 7])
    let y = attention(inputs([1, 2, 2]), keyPaddingMask: .ones([1, 2]) .> 0)
    #expect(y.floats == [5, 7, 5, 7])
  }

  @Test func dropsWeightsWhileTraining() {
    let x = inputs([1, 20, 4])
    let (attention, plain) = (
      MultiHeadAttention(4, heads: 2, dropout: 0.5), MultiHeadAttention(4, heads: 2)
    )
    for module in [attention, plain] { module.initialize(seed: 1) }
    let expected = plain.withWeights(x, averaged: false)
    let found = attention.withWeights(x, averaged: false)
    let ratios = (found.weights / expected.weights).floats
    #expect(ratios.allSatisfy { abs($0) < 1e-5 || abs($0 - 2) < 1e-5 })
    let share = Double(ratios.count { $0 < 1 }) / Double(ratios.count)
    #expect(abs(share - 0.5) < 0.08)
    #expect(relativeError(attention(x), expected.output) > 0.01)
    #expect(relativeError(attention.evaluating { attention(x) }, expected.output) < 1e-6)
  }
}
