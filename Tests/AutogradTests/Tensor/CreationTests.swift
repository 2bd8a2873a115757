import TestSupport
import Testing

@testable import Autograd

/// What PyTorch's reference cases do not say.
@Suite struct CreationTests {
  @Test func creation() {
    #expect(Tensor.arange(1, 5).dtype == .int64)
    #expect(Tensor.arange(0, 1, step: 0.25).dtype == .float32)
    expect(Tensor.arange(5, 1, step: -2), equals: [5, 3])
    #expect(Tensor.linspace(0, 0.7, count: 8).scalars().last == 0.7)
    #expect(Tensor.eye(2, dtype: .bool).dtype == .bool)
    #expect(Tensor.oneHot(Tensor(scalars: [1]), classCount: 2, dtype: .float32).dtype == .float32)
  }

  @Test func oneHotOutOfRange() async {
    let result = await #expect(processExitsWith: .failure, observing: [\.standardErrorContent]) {
      _ = Tensor.oneHot(Tensor(scalars: [0, 2]), classCount: 2)
    }
    expect(result, names: "oneHot", "index 2", "size 2")
  }

  @Test func rangesThatDoNotEnd() async {
    let result = await #expect(processExitsWith: .failure, observing: [\.standardErrorContent]) {
      _ = Tensor.arange(0, 3, step: -1)
    }
    expect(result, names: "arange", "3", "0", "steps", "-1")
    let tiny = await #expect(processExitsWith: .failure, observing: [\.standardErrorContent]) {
      _ = Tensor.arange(0, 1e300, step: 1e-300)
    }
    expect(tiny, names: "arange", "0.0", "1e+300", "steps", "1e-300")
  }
}
