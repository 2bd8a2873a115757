import TestSupport
import Testing

@testable import Autograd

/// What PyTorch's reference cases do not say.
@Suite struct AttentionTests {
  /// PyTorch's results for it differ between its implementations.
  @Test func aQueryThatSeesNothingGetsZeros() {
    let (query, key) = (Tensor([[1, 2], [3, 4]]), Tensor([[1, 0], [0, 1], [1, 1]]))
    let value = Tensor([[1], [2], [3]])
    let mask = Tensor(scalars: [false, false, false, false, true, false], shape: [2, 3])
    let y = scaledDotProductAttention(query, key, value, mask: mask)
    expect(y, equals: [0, 2], shape: [2, 1])
    let added = Tensor.where(mask, Tensor(0), -Double.infinity)
    expect(
      scaledDotProductAttention(query, key, value, mask: added), equals: [0, 2], shape: [2, 1])
    let slope = gradient(at: query) {
      scaledDotProductAttention($0, key, value, mask: mask).sum()
    }
    expect(slope, equals: [0, 0, 0, 0], shape: [2, 2])
  }

  static let mistakes = [
    Mistake("scaledDotProductAttention", "float32 [2, 3]", "float32 [2, 4]") {
      _ = scaledDotProductAttention(.zeros([2, 3]), .zeros([2, 4]), .zeros([2, 3]))
    },
    Mistake("scaledDotProductAttention", "mask bool [3, 2]", "[..., 2, 4]") {
      _ = scaledDotProductAttention(
        .zeros([2, 3]), .zeros([4, 3]), .zeros([4, 1]), mask: .zeros([3, 2], dtype: .bool))
    },
    Mistake("scaledDotProductAttention", "mask", "causal: true") {
      _ = scaledDotProductAttention(
        .zeros([2, 3]), .zeros([2, 3]), .zeros([2, 3]), mask: .zeros([2, 2]), causal: true)
    },
    Mistake("scaledDotProductAttention", "heads", "float32 [2, 1, 3]", "float32 [3, 1, 3]") {
      _ = scaledDotProductAttention(
        .zeros([3, 1, 3]), .zeros([2, 1, 3]), .zeros([2, 1, 3]), enableGQA: true)
    },
  ]

  @Test(arguments: mistakes.indices) func mistakesStop(index: Int) async {
    let result = await #expect(
      processExitsWith: .failure, observing: [\.standardErrorContent]
    ) { [index] in
      AttentionTests.mistakes[index].body()
    }
    expect(result, names: Self.mistakes[index].names)
  }
}
