import Testing

@testable import Autograd

/// What PyTorch's reference cases do not say.
@Suite struct PartsTests {
  @Test func narrowBeyondTheEnd() async {
    let result = await #expect(processExitsWith: .failure, observing: [\.standardErrorContent]) {
      _ = Tensor.zeros([4]).narrow(axis: 0, from: 2, count: 3)
    }
    expectMessage(result, "narrow: 3 places from 2 are not in axis 0 of float32 [4]")
  }

  @Test func splitIntoOtherSizes() async {
    let result = await #expect(processExitsWith: .failure, observing: [\.standardErrorContent]) {
      _ = Tensor.zeros([4]).split([1, 2])
    }
    expectMessage(result, "split: the sizes [1, 2] do not make up axis 0 of float32 [4]")
  }
}
