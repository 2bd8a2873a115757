import TestSupport
import Testing

@testable import Autograd

struct RearrangingTests {
  private let x = Tensor(scalars: [0, 1, 2, 3, 4, 5], shape: [2, 3])

  private func ints(_ x: Tensor) -> [Int] { x.scalars(as: Int.self) }

  @Test func flips() {
    #expect(ints(x.flip()) == [5, 4, 3, 2, 1, 0])
    #expect(ints(x.flip(0)) == [3, 4, 5, 0, 1, 2])
    #expect(ints(x.transpose().flip([-1])) == [3, 0, 4, 1, 5, 2])
    #expect(ints(x.expand([2, 2, 3]).flip([0, 2])) == [2, 1, 0, 5, 4, 3, 2, 1, 0, 5, 4, 3])
    #expect(Tensor.zeros([0, 2]).flip().shape == [0, 2] && Tensor(3).flip().item() == 3)
    // Large ones are copied in blocks and by several threads.
    for shape in [[300, 257], [70_000]] {
      let count = shape.reduce(1, *)
      let large = Tensor.arange(count).reshape(shape)
      for dtype in [DType.int64, .int32, .float32] {
        #expect(ints(large.asType(dtype).flip()) == (0..<count).reversed())
      }
      #expect(ints(large.transpose(0, -1).flip().transpose(0, -1)) == (0..<count).reversed())
    }
  }

  @Test func rolls() {
    #expect(ints(x.roll(1)) == [5, 0, 1, 2, 3, 4])
    #expect(ints(x.roll(-1, axis: 1)) == [1, 2, 0, 4, 5, 3])
    #expect(ints(x.roll(7, axis: 1)) == ints(x.roll(1, axis: -1)))
    #expect(ints(x.roll([1, 1], axes: [0, 1])) == [5, 3, 4, 2, 0, 1])
    #expect(Tensor.zeros([0]).roll(3).shape == [0] && Tensor(3).roll(1).item() == 3)
  }

  @Test func triangles() {
    #expect(ints(x.tril()) == [0, 0, 0, 3, 4, 0])
    #expect(ints(x.triu(diagonal: 1)) == [0, 1, 2, 0, 0, 5])
    #expect(
      ints(x.tril(diagonal: 9)) == ints(x) && ints(x.tril(diagonal: -.max)).allSatisfy { $0 == 0 })
    // What is cut off may be anything.
    let wild = Tensor([[1, .infinity], [2, .nan]])
    #expect(wild.tril(diagonal: -1).scalars() == [0, 0, 2, 0])
    #expect(gradient(at: wild) { $0.tril().slice(axis: 1, to: 1).sum() }.scalars() == [1, 0, 1, 0])
  }

  @Test func mistakesAreNamed() async {
    let result = await #expect(processExitsWith: .failure, observing: [\.standardErrorContent]) {
      _ = Tensor.zeros([3]).tril()
    }
    expect(result, names: "tril", "float32 [3]")
    await #expect(processExitsWith: .failure) { _ = Tensor.zeros([3]).roll([1], axes: []) }
    await #expect(processExitsWith: .failure) { _ = Tensor.zeros([3]).flip([0, -1]) }
  }

  @Test func theFarthestDiagonalsAndShifts() {
    #expect(ints(x.triu(diagonal: .min)) == ints(x) && ints(x.tril(diagonal: .max)) == ints(x))
    #expect(x.diagonal(offset: .min).count == 0 && x.diagonal(offset: .max).count == 0)
    // -2^63 is 1 more than a multiple of 3.
    #expect(ints(x.roll(.min, axis: 1)) == ints(x.roll(1, axis: 1)))
  }
}
