import TestSupport
import Testing

@testable import Autograd

/// What PyTorch's reference cases do not say.
@Suite struct SortingTests {
  @Test func integers() {
    expect(Tensor(scalars: [Int.max, 1, Int.min, 1]).argsort(), equals: [2, 1, 3, 0])
    expect(Tensor(scalars: [true, false]).sort().values, equals: [0, 1])
  }

  /// Against the standard library's sort of numbered elements.
  @Test(arguments: [DType.float32, .float64, .float16, .int32, .int64, .uint8, .bool])
  func orderByDefinition(_ dtype: DType) {
    var random = RandomStream(seed: 5)
    let special = [0, -0.0, .nan, .infinity, -.infinity, 1, -1, 1e-40, -3e38, -.nan]
    for size in [1, 2, 31, 33, 700] {
      // Few different values, so that many are equal.
      var numbers = random.integers([2, size], in: -40..<40).scalars(as: Double.self)
      if dtype.isFloatingPoint {
        for (place, number) in numbers.enumerated() where number < -30 {
          numbers[place] = special[Int(-number) % 10]
        }
      }
      let x = Tensor(numbers, shape: [2, size], dtype: .float64).asType(dtype)
      let keys = x.scalars(as: Double.self)
      for descending in [false, true] {
        let orders = (0..<2).map { row in
          (0..<size).sorted { a, b in
            let (first, second) = (keys[row * size + a], keys[row * size + b])
            if first == second || first.isNaN && second.isNaN { return a < b }
            let isLess = second.isNaN || first < second
            return isLess != descending
          }
        }
        #expect(x.argsort(descending: descending).scalars(as: Int.self) == orders.flatMap { $0 })
        for k in [1, 5, 32, 33, size] where k <= size {
          let (values, indices) = x.topK(k, largest: descending)
          let first = orders.flatMap { $0.prefix(k) }
          #expect(indices.scalars(as: Int.self) == first)
          let expected = first.enumerated().map { keys[$0 / k * size + $1].bitPattern }
          #expect(values.scalars(as: Double.self).map(\.bitPattern) == expected)
        }
      }
    }
  }

  @Test(arguments: [DType.int32, .int64])
  func largeIntegers(_ dtype: DType) {
    var random = RandomStream(seed: 6)
    let range = dtype == .int64 ? Int.min..<Int.max : Int(Int32.min)..<Int(Int32.max)
    let x = random.integers([1000], in: range, dtype: dtype)
    #expect(x.sort().values.scalars(as: Int.self) == x.scalars(as: Int.self).sorted())
  }

  @Test func orderOfManyThreads() {
    var random = RandomStream(seed: 4)
    let x = random.uniform([64, 1000])
    let (values, indices) = x.sort()
    expect(x.gather(axis: 1, indices), equals: Reference(values))
    #expect((values[.all, 1...] .>= values[.all, ..<(-1)]).all().item() == 1)
    expect(x.topK(5).values, equals: Reference(x.sort(descending: true).values[.all, ..<5]))
  }

  @Test func topKBeyondTheAxisStops() async {
    let result = await #expect(processExitsWith: .failure, observing: [\.standardErrorContent]) {
      _ = Tensor.zeros([2, 3]).topK(4)
    }
    expect(result, names: "topK", "k is 4", "axis 1 of float32 [2, 3]")
  }
}
