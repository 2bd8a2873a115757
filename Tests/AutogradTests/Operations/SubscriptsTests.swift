import TestSupport
import Testing

@testable import Autograd

/// Values of every kind of subscript are PyTorch's reference cases; here are the rest.
@Suite struct SubscriptsTests {
  private let x = Tensor((0..<12).map(Double.init), shape: [3, 4])

  @Test func rangesOfEveryKind() {
    expect(x[1], equals: [4, 5, 6, 7])
    expect(x[-1, -4], equals: [8], shape: [])
    expect(x[0..<2, 1], equals: [1, 5])
    expect(x[1...1, 3...], equals: [7], shape: [1, 1])
    expect(x[(-2)...(-1), 0], equals: [4, 8])
    expect(x[0, ..<(-1)], equals: [0, 1, 2])
    expect(x[0, ...(-2)], equals: [0, 1, 2])
    expect(x[0, ...1], equals: [0, 1])
    expect(x[0, 2..<99], equals: [2, 3])
    expect(x[.slice(step: -1), 0], equals: [8, 4, 0])
    expect(x[0, .slice(from: 2, to: 0, step: -1)], equals: [2, 1])
    expect(x[0, .slice(from: -1, step: -3)], equals: [3, 0])
    expect(x[0, .slice(from: 0, to: 2, step: -1)], equals: [], shape: [0])
    #expect(x[.newAxis, .all, .newAxis].shape == [1, 3, 1, 4])
    #expect(x[.ellipsis, .newAxis].shape == [3, 4, 1])
  }

  // Memory is counted in processes of their own, where nothing else allocates.

  @Test func partsAreViewsAndTheWholeIsItself() async {
    await #expect(processExitsWith: .success) {
      let x = Tensor.zeros([3, 4])
      let before = allocationCount.load(ordering: .relaxed)
      let part = x[1..<3, .slice(step: 2)]
      #expect(allocationCount.load(ordering: .relaxed) == before)
      #expect(part.strides == [4, 2] && x[.ellipsis].isContiguous)
    }
  }

  @Test func writingLeavesOthersAlone() {
    var y = x
    let view = y[1]
    y[1] = Tensor(-1)
    expect(y, equals: [0, 1, 2, 3, -1, -1, -1, -1, 8, 9, 10, 11], shape: [3, 4])
    expect(x[1], equals: [4, 5, 6, 7])
    expect(view, equals: [4, 5, 6, 7])
    y[.all, 0] += Tensor([10, 20, 30])
    expect(y[.all, 0], equals: [10, 19, 38])
    y[[2, 0], 3] = Tensor([5, 6])
    expect(y[.all, 3], equals: [6, -1, 5])
    y[y .> 9] = Tensor(0)
    expect(y, equals: [0, 1, 2, 6, 0, -1, -1, -1, 0, 9, 0, 5].map { Double($0) }, shape: [3, 4])
    y[0] = y[2]  // of the same memory
    expect(y[0], equals: [0, 9, 0, 5])
    y[.slice(step: -1)] = y
    expect(y[0], equals: [0, 9, 0, 5])
    expect(y[1], equals: [19, -1, -1, -1].map { $0 == 19 ? 0 : $0 })
  }

  @Test func writingHappensInPlaceWhereNobodyElseSees() async {
    await #expect(processExitsWith: .success) {
      var y = Tensor.zeros([100, 100])
      let row = Tensor.ones([100])
      let before = allocationCount.load(ordering: .relaxed)
      for index in 0..<100 { y[index] = row }
      #expect(allocationCount.load(ordering: .relaxed) == before)
      #expect(y.sum().item() == 10_000)
    }
  }

  @Test func writtenValuesAreConvertedAndBroadcast() {
    var counts = Tensor.zeros([2, 3], dtype: .int64)
    counts[1] = Tensor([1.9])
    #expect(counts.dtype == .int64)
    expect(counts, equals: [0, 0, 0, 1, 1, 1], shape: [2, 3])
    counts[.all, 0] = Tensor.full([1, 1, 2], 7)
    expect(counts[.all, 0], equals: [7, 7])
    var traced = Tensor([1, 2, 3])
    let tape = Tape()
    let value = tape.watch(Tensor([5], dtype: .float64))
    traced[1..<2] = value * 2
    #expect(traced.dtype == .float32)
    let dx = tape.gradient(of: traced.sum(), at: value)
    #expect(dx.dtype == .float64)
    expect(dx, equals: [2])
  }

  @Test func replacedValuesGetNoGradient() {
    let tape = Tape()
    let (x, v) = (tape.watch(Tensor([1, 2, 3])), tape.watch(Tensor([10, 20, 30, 40])))
    var y = x
    y[[0, 2, 0, 2]] = v
    let gradients = tape.pullback(of: y, cotangent: Tensor([5, 6, 7]), at: [x, v])
    #expect(gradients[0].scalars() == [0, 6, 0])
    #expect(gradients[1].scalars() == [0, 0, 5, 7])
    let rows = gradient(at: Tensor([[1, 2], [3, 4]])) { v in
      var y = Tensor.zeros([3, 2])
      y[[1, 1]] = v
      return (y * 2).sum()
    }
    #expect(rows.scalars() == [0, 0, 2, 2])
  }

  @Test func indexOutOfRangeStops() async {
    let result = await #expect(processExitsWith: .failure, observing: [\.standardErrorContent]) {
      _ = Tensor.zeros([2, 3])[0, -4]
    }
    expect(result, names: "subscript", "index -4", "size 3", "axis 1", "float32 [2, 3]")
  }

  @Test func indexTensorOutOfRangeStops() async {
    let result = await #expect(processExitsWith: .failure, observing: [\.standardErrorContent]) {
      _ = Tensor.zeros([2, 3])[.all, [0, 3]]
    }
    expect(result, names: "subscript", "index 3", "size 3")
  }

  @Test func moreItemsThanAxesStop() async {
    let result = await #expect(processExitsWith: .failure, observing: [\.standardErrorContent]) {
      _ = Tensor.zeros([2])[0, .newAxis, 1]
    }
    expect(result, names: "subscript", "2 items", "float32 [2]")
  }

  @Test func maskThatDoesNotFitStops() async {
    let result = await #expect(processExitsWith: .failure, observing: [\.standardErrorContent]) {
      _ = Tensor.zeros([2, 3])[Tensor(scalars: [true, false, true])]
    }
    expect(result, names: "subscript", "mask bool [3]", "float32 [2, 3]", "axis 0")
  }

  @Test func assignedValueThatDoesNotFitStops() async {
    let result = await #expect(processExitsWith: .failure, observing: [\.standardErrorContent]) {
      var x = Tensor.zeros([2, 3])
      x[0] = Tensor.zeros([2])
    }
    expect(result, names: "subscript", "float32 [2]", "[3]", "float32 [2, 3]")
  }

  @Test func floatingPointIndicesStop() async {
    let result = await #expect(processExitsWith: .failure, observing: [\.standardErrorContent]) {
      _ = Tensor.zeros([2, 3])[Tensor([1])]
    }
    expect(result, names: "subscript", "integers", "bool mask", "float32 [1]")
  }

  @Test func stepsAndEndsBeyondAnyAxis() {
    let x = Tensor([1, 2, 3])
    #expect(x[.slice(from: .min, to: .max, step: .max)].scalars() == [1])
    #expect(x[.slice(from: 1, step: .max)].scalars() == [2])
    #expect(x[.slice(step: .min)].scalars() == [3])
    #expect(x[0...Int.max].scalars() == [1, 2, 3] && x[...Int.max].scalars() == [1, 2, 3])
    #expect(gradient(at: x) { $0[.slice(step: .max)].sum() }.scalars() == [1, 0, 0])
    let empty = Tensor.zeros([0])
    #expect(empty[.slice(step: .max)].count == 0 && empty[.slice(step: .min)].count == 0)
  }
}
