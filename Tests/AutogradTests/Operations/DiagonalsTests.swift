import TestSupport
import Testing

@testable import Autograd

/// What PyTorch's reference cases do not say.
@Suite struct DiagonalsTests {
  @Test func aDiagonalIsAView() {
    let x = Tensor((0..<12).map(Double.init), shape: [3, 4])
    #expect(x.diagonal(offset: 1).strides == [5])
    expect(x.diagonal(offset: 1), equals: [1, 6, 11])
    expect(Tensor([.nan, 1]).diag(), equals: [.nan, 0, 0, 1], shape: [2, 2])
    #expect(Tensor(scalars: [1, 2]).diag(offset: -1).dtype == .int64)
    expect(trace(Tensor(scalars: [1, 2, 3, 4], shape: [2, 2])), equals: [5], shape: [])
  }

  @Test func dotOfOtherLengths() async {
    let result = await #expect(processExitsWith: .failure, observing: [\.standardErrorContent]) {
      _ = Tensor.zeros([2]).dot(Tensor.zeros([3]))
    }
    expect(result, names: "dot", "float32 [2]", "float32 [3]")
  }
}
