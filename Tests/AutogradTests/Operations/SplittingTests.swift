import TestSupport
import Testing

@testable import Autograd

/// What PyTorch's reference cases do not say.
@Suite struct SplittingTests {
  @Test func narrowBeyondTheEnd() async {
    let result = await #expect(processExitsWith: .failure, observing: [\.standardErrorContent]) {
      _ = Tensor.zeros([4]).narrow(axis: 0, from: 2, count: 3)
    }
    expect(result, names: "narrow", "3 indices", "2", "axis 0", "float32 [4]")
  }

  @Test func splitIntoOtherSizes() async {
    let result = await #expect(processExitsWith: .failure, observing: [\.standardErrorContent]) {
      _ = Tensor.zeros([4]).split([1, 2])
    }
    expect(result, names: "split", "sizes [1, 2]", "axis 0", "float32 [4]")
  }

  @Test func sizesTooLargeToAdd() async {
    let split = await #expect(processExitsWith: .failure, observing: [\.standardErrorContent]) {
      _ = Tensor.zeros([4]).split([.max, 5])
    }
    expect(split, names: "split", "sizes [9223372036854775807, 5]", "axis 0")
    let unflattened = await #expect(
      processExitsWith: .failure, observing: [\.standardErrorContent]
    ) { _ = Tensor.zeros([0]).unflatten(axis: 0, into: [.max, 3]) }
    expect(unflattened, names: "unflatten", "[9223372036854775807, 3]", "axis 0")
  }
}
