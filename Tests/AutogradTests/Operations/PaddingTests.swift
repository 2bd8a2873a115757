import TestSupport
import Testing

@testable import Autograd

struct PaddingTests {
  private let x = Tensor(scalars: [1, 2, 3], shape: [1, 3])

  private func ints(_ x: Tensor) -> [Int] { x.scalars(as: Int.self) }

  @Test func modes() {
    #expect(ints(x.pad([2, 1])) == [0, 0, 1, 2, 3, 0])
    #expect(ints(x.pad([1, -2], mode: .constant(7))) == [7, 1])
    #expect(ints(x.pad([2, 1], mode: .reflect)) == [3, 2, 1, 2, 3, 2])
    #expect(ints(x.pad([2, 1], mode: .replicate)) == [1, 1, 1, 2, 3, 3])
    #expect(ints(x.pad([3, 1], mode: .circular)) == [1, 2, 3, 1, 2, 3, 1])
    #expect(ints(x.pad([-1, 3], mode: .circular)) == [2, 3, 2, 3, 2])
    #expect(ints(x.pad([2, -2], mode: .circular)) == [1, 1, 1])
    #expect(ints(x.pad([0, 0, 1, 0])) == [0, 0, 0, 1, 2, 3])
    #expect(ints(x.pad([-1, 3], mode: .replicate)) == [2, 3, 3, 3, 3])
    #expect(ints(x.pad([])) == [1, 2, 3])
  }

  @Test func emptyOnes() {
    #expect(Tensor.zeros([0, 2]).pad([0, 1]).shape == [0, 3])
    #expect(Tensor.zeros([0]).pad([1, 1], mode: .constant(4)).scalars() == [4, 4])
    #expect(x.pad([-1, -2]).shape == [1, 0])
    #expect(Tensor(3).pad([]).item() == 3)
  }

  @Test func mistakesAreNamed() async {
    let result = await #expect(processExitsWith: .failure, observing: [\.standardErrorContent]) {
      _ = Tensor.zeros([1, 3]).pad([3, 0], mode: .reflect)
    }
    expect(result, names: "pad", "reflect", "4 elements", "axis 1", "float32 [1, 3]", "3 and 0")
    let huge = await #expect(processExitsWith: .failure, observing: [\.standardErrorContent]) {
      _ = Tensor.zeros([3]).pad([.max, 0])
    }
    expect(huge, names: "pad", "[9223372036854775807, 0]")
    await #expect(processExitsWith: .failure) { _ = Tensor.zeros([3]).pad([1]) }
    await #expect(processExitsWith: .failure) {
      _ = Tensor.zeros([3]).pad([4, 0], mode: .circular)
    }
    await #expect(processExitsWith: .failure) {
      _ = Tensor.zeros([1]).pad([1, -1], mode: .circular)
    }
    await #expect(processExitsWith: .failure) { _ = Tensor.zeros([3]).pad([1, 1, 1, 1]) }
    await #expect(processExitsWith: .failure) { _ = Tensor.zeros([3]).pad([-2, -2]) }
    await #expect(processExitsWith: .failure) {
      _ = Tensor.zeros([0]).pad([1, 0], mode: .replicate)
    }
  }
}
