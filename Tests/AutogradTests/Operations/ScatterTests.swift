import TestSupport
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
    expect(result, names: "scatter", "index 3", "size 3")
  }

  @Test func maskOfNumbers() async {
    let result = await #expect(processExitsWith: .failure, observing: [\.standardErrorContent]) {
      _ = Tensor.zeros([3]).maskedFill(Tensor([1]), 0)
    }
    expect(result, names: "maskedFill", "bool mask", "float32 [3]", "float32 [1]")
  }

  @Test(arguments: [[7], [3, 4, 5], [2, 1, 3], [5, 1], [1, 1], [0, 3], [2, 0], [40, 31]])
  func placesOfNonzeroElements(_ shape: [Int]) {
    var random = RandomStream(seed: 3)
    let count = shape.reduce(1, *)
    for probability in [0, 0.1, 0.5, 1] {
      let mask = random.bernoulli(shape, probability: probability)
      let held = mask.scalars(as: Bool.self).enumerated().filter(\.element).map(\.offset)
      let places = held.flatMap { place in
        shape.indices.map { place / shape[($0 + 1)...].reduce(1, *) % shape[$0] }
      }
      #expect(mask.nonzero().scalars(as: Int.self) == places)
      #expect(mask.nonzero().shape == [held.count, shape.count])
      let x = random.normal(shape)
      let all = x.scalars()
      #expect(x[mask].scalars() == held.map { all[$0] })
      #expect(x.maskedSelect(mask).scalars() == held.map { all[$0] })
      #expect(x.asType(.float64)[mask].scalars() == held.map { all[$0] })
      var y = x
      y[mask] = Tensor([7])
      let isHeld = Set(held)
      #expect(y.scalars() == (0..<count).map { isHeld.contains($0) ? 7 : all[$0] })
      let (dx, dValue) = (
        gradient(at: x) { x in (x[mask] * Tensor(scalars: held).asType(.float32)).sum() },
        gradient(at: Tensor(2.0)) { value in
          var y = x
          y[mask] = value
          return (y * 3).sum()
        }
      )
      #expect(dx.scalars() == (0..<count).map { isHeld.contains($0) ? Float($0) : 0 })
      #expect(dValue.item() == Double(3 * held.count))
    }
  }

  @Test func masksBesideOtherPlaces() {
    let x = Tensor.arange(24).reshape([2, 3, 4])
    let mask = Tensor(scalars: [true, false, true])
    #expect(x[1, mask, 0].scalars(as: Int.self) == [12, 20])
    #expect(x[.all, mask, 1..<3].scalars(as: Int.self) == [1, 2, 9, 10, 13, 14, 21, 22])
    #expect(x[[1, 0], mask].scalars(as: Int.self) == [12, 13, 14, 15, 8, 9, 10, 11])
    var y = x
    y[0, mask, 2...] = Tensor(-1)
    y[.all, mask, 0] = Tensor(scalars: [-2], shape: [1, 1])
    #expect(
      y.scalars(as: Int.self)
        == [-2, 1, -1, -1, 4, 5, 6, 7, -2, 9, -1, -1]
        + [-2, 13, 14, 15, 16, 17, 18, 19, -2, 21, 22, 23])
  }
}
