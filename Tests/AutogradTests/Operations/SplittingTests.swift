import Testing

@testable import Autograd

/// What PyTorch's reference cases do not say.
@Suite struct SplittingTests {
  @Test func narrowBeyondTheEnd() async {
    let result = await #expect(processExitsWith: .failure, observing: [\.standardErrorContent]) {
      _ = Tensor.zeros([4]).narrow(axis: 0, from: 2, count: 3)
    }
    expectMessage(result, "narrow: 3 indices from 2 are not in axis 0 of float32 [4]")
  }

  @Test func splitIntoOtherSizes() async {
    let result = await #expect(processExitsWith: .failure, observing: [\.standardErrorContent]) {
      _ = Tensor.zeros([4]).split([1, 2])
    }
    expectMessage(result, "split: the sizes [1, 2] do not make up axis 0 of float32 [4]")
  }

  @Test func sizesTooLargeToAdd() async {
    let split = await #expect(processExitsWith: .failure, observing: [\.standardErrorContent]) {
      _ = Tensor.zeros([4]).split([.max, 5])
    }
    expectMessage(split, "split: the sizes [9223372036854775807, 5] do not make up axis 0")
    let unflattened = await #expect(
      processExitsWith: .failure, observing: [\.standardErrorContent]
    ) { _ = Tensor.zeros([0]).unflatten(axis: 0, into: [.max, 3]) }
    expectMessage(unflattened, "unflatten: [9223372036854775807, 3] do not make up axis 0")
  }
}
