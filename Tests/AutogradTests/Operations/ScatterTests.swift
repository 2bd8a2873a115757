import Testing

@testable import Autograd

/// What PyTorch's reference cases do not say.
@Suite struct ScatterTests {
  @Test func integersGatheredAndScattered() {
    let places = Tensor(scalars: [1, 0, 1])
    for type in [DType.int32, .int64, .uint8] {
      let x = Tensor([3, 4], dtype: type)
      #expect(x.gather(axis: 0, places).dtype == type)
      expect(x.gather(axis: 0, places), equals: [4, 3, 4])
      expect(x.scatterAdd(axis: 0, places, Tensor([1, 2, 5], dtype: type)), equals: [5, 10])
      expect(x.topK(1).values, equals: [4])
    }
    #expect(
      Tensor(scalars: [Int.max]).gather(axis: 0, Tensor(scalars: [0])).bits == [UInt64(Int.max)])
  }

  @Test func theLastOfSeveralScatteredStays() {
    let x = Tensor.zeros([3]).scatter(axis: 0, Tensor(scalars: [1, 1, 0]), Tensor([4, 5, 6]))
    expect(x, equals: [6, 5, 0])
    var y = Tensor.zeros([3])
    y[[1, 1, 0]] = Tensor([4, 5, 6])
    expect(y, equals: [6, 5, 0])
  }

  @Test func scatterOutOfRange() async {
    let result = await #expect(processExitsWith: .failure, observing: [\.standardErrorContent]) {
      _ = Tensor.zeros([3]).scatter(axis: 0, Tensor(scalars: [3]), 1)
    }
    expectMessage(result, "scatter: index 3 is out of range for size 3")
  }

  @Test func maskOfNumbers() async {
    let result = await #expect(processExitsWith: .failure, observing: [\.standardErrorContent]) {
      _ = Tensor.zeros([3]).maskedFill(Tensor([1]), 0)
    }
    expectMessage(result, "maskedFill: needs a bool mask that fits float32 [3], got float32 [1]")
  }
}
