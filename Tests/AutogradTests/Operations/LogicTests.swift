import TestSupport
import Testing

@testable import Autograd

/// What PyTorch's reference cases do not say.
@Suite struct LogicTests {
  @Test func truthOfNumbers() {
    let x = Tensor([0, -0.0, 2, .nan])
    expect(x .& Tensor(scalars: [true]), equals: [0, 0, 1, 1])
    expect(.!x, equals: [1, 1, 0, 0])
    expect(Tensor(scalars: [0, 3]) .| Tensor(scalars: [false]), equals: [0, 1])
    #expect((x .^ x).dtype == .bool && x.any().dtype == .bool)
    expect(Tensor(scalars: [1, 2]).isFinite(), equals: [1, 1])
    expect(Tensor(scalars: [1, 2]).isNaN(), equals: [0, 0])
    expect(Tensor(scalars: [1, 2]).isInfinite(), equals: [0, 0])
  }
}
