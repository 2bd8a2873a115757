import TestCases
import TestSupport
import Testing

@testable import Autograd

struct IndexingTests {
  /// What Python's `range(size)[start:end:step]` yields.
  private func places(_ size: Int, _ start: Int, _ end: Int?, _ step: Int) -> [Int] {
    let first = min(max(start < 0 ? start + size : start, 0), size)
    let wanted = end.map { $0 < 0 ? $0 + size : $0 } ?? size
    return Array(stride(from: first, to: min(max(wanted, 0), size), by: step))
  }

  @Test(arguments: Layout.allCases)
  func slices(_ layout: Layout) {
    let x = layout.make([5, 6]) { Reference.random($0) }
    let plain = Reference(x)
    let ends: [Int?] = [nil, -9, -6, -1, 0, 1, 3, 5, 6, 20]
    for start in [-20, -5, -1, 0, 1, 4, 5, 9] {
      for end in ends {
        for step in [1, 2, 3, 7] {
          let (rows, columns) = (places(5, start, end, step), places(6, start, end, step))
          expect(
            x.slice(axis: 0, from: start, to: end, step: step),
            equals: Reference(shape: [rows.count, 6]) { plain[[rows[$0[0]], $0[1]]] })
          expect(
            x.slice(axis: -1, from: start, to: end, step: step),
            equals: Reference(shape: [5, columns.count]) { plain[[$0[0], columns[$0[1]]]] })
        }
      }
    }
  }

  @Test(arguments: DType.allCases)
  func slicingAndJoiningEveryType(_ dtype: DType) {
    let x = Tensor([[1, 0, 1], [0, 0, 1]], dtype: dtype)
    let picked = x.transpose().slice(axis: 0, step: 2)
    #expect(picked.dtype == dtype)
    expect(picked, equals: [1, 0, 1, 1], shape: [2, 2])
    expect(
      concatenate([x, picked.transpose()], axis: 1), equals: [1, 0, 1, 1, 1, 0, 0, 1, 0, 1],
      shape: [2, 5])
    expect(x.select(axis: 1, at: -1), equals: [1, 1])
  }

  @Test func select() {
    let x = Tensor([[1, 2, 3], [4, 5, 6]])
    expect(x.select(axis: 0, at: 1), equals: [4, 5, 6])
    expect(x.select(axis: 1, at: -2), equals: [2, 5])
    expect(Tensor([7]).select(axis: 0, at: 0), equals: [7], shape: [])
  }

  @Test(arguments: Layout.allCases)
  func concatenation(_ layout: Layout) {
    for axis in [0, 1, 2] {
      var shapes = [[2, 3, 2], [2, 3, 2], [2, 3, 2]]
      shapes[0][axis] = 1
      shapes[1][axis] = 0
      shapes[2][axis] = 4
      let parts = shapes.enumerated().map { index, shape in
        layout.make(shape) { Reference.random($0, seed: index) }
      }
      let plain = parts.map { Reference($0) }
      var shape = shapes[0]
      shape[axis] = 5
      let expected = Reference(shape: shape) { place in
        if place[axis] < 1 { return plain[0][place] }
        var shifted = place
        shifted[axis] -= 1
        return plain[2][shifted]
      }
      expect(concatenate(parts, axis: axis), equals: expected)
      expect(concatenate(parts, axis: axis - 3), equals: expected)
    }
  }

  @Test func stacking() {
    let (a, b) = (Tensor([1, 2]), Tensor([3, 4]))
    expect(stack([a, b]), equals: [1, 2, 3, 4], shape: [2, 2])
    expect(stack([a, b], axis: 1), equals: [1, 3, 2, 4], shape: [2, 2])
    expect(stack([a, b], axis: -1), equals: [1, 3, 2, 4], shape: [2, 2])
    expect(stack([Tensor(1), Tensor(2)]), equals: [1, 2])
    let mixed = concatenate([Tensor(scalars: [1]), Tensor([0.5])])
    #expect(mixed.dtype == .float32)
    expect(mixed, equals: [1, 0.5])
  }

  /// PyTorch 2.13.
  @Test(arguments: [DType.uint8, .int32, .int64])
  func gatherAndScatter(_ type: DType) {
    let x = Tensor((0..<6).map(Double.init), shape: [2, 3])
    let columns = Tensor([2, 0, 0, 1, 1, 1, 2, 0], shape: [2, 4], dtype: type)
    expect(x.gather(axis: 1, columns), equals: [2, 0, 0, 1, 4, 4, 5, 3], shape: [2, 4])
    expect(x.gather(axis: 0, Tensor([[1, 0, 1]], dtype: type)), equals: [3, 1, 5], shape: [1, 3])
    let indices = Tensor([3, 0, 3, 1, 1, 1], shape: [2, 3], dtype: type)
    expect(
      x.scatterSum(axis: 1, indices, size: 4), equals: [1, 0, 0, 2, 0, 12, 0, 0], shape: [2, 4])
    expect(
      Tensor.zeros([2, 0]).scatterSum(axis: 1, Tensor.zeros([2, 0], dtype: type), size: 2),
      equals: [0, 0, 0, 0], shape: [2, 2])
  }

  @Test(arguments: Layout.allCases)
  func gatherAlongEveryAxis(_ layout: Layout) {
    let x = layout.make([3, 4, 2]) { Reference.random($0) }
    let plain = Reference(x)
    for axis in 0..<3 {
      var shape = [3, 4, 2]
      shape[axis] = 5
      let size = x.size(axis)
      let indices = layout.make(shape) {
        Reference.random($0, seed: axis, low: 0, high: Double(size), dtype: .int64)
      }
      let chosen = Reference(indices)
      let gathered = x.gather(axis: axis, indices)
      expect(
        gathered,
        equals: Reference(shape: shape) { place in
          var source = place
          source[axis] = Int(chosen[place])
          return plain[source]
        })
      var sums = [Double](repeating: 0, count: 24)
      for place in Reference.places(shape) {
        var target = place
        target[axis] = Int(chosen[place])
        sums[(target[0] * 4 + target[1]) * 2 + target[2]] += Reference(gathered)[place]
      }
      expect(
        gathered.scatterSum(axis: axis, indices, size: size), equals: sums, shape: [3, 4, 2],
        tolerance: 1e-14)
      let added = x.scatterAdd(axis: axis, indices, gathered)
      let sum = x + gathered.scatterSum(axis: axis, indices, size: size)
      #expect(added.bits == sum.bits)
    }
  }

  @Test func concatenateOfShapesThatDoNotFit() async {
    let result = await #expect(processExitsWith: .failure, observing: [\.standardErrorContent]) {
      _ = concatenate([Tensor.zeros([2, 3]), Tensor.zeros([2, 4])])
    }
    expect(result, names: "concatenate", "tensor 1", "float32 [2, 4]", "float32 [2, 3]", "axis 0")
  }

  @Test func concatenateOfNothing() async {
    let result = await #expect(processExitsWith: .failure, observing: [\.standardErrorContent]) {
      _ = concatenate([])
    }
    expect(result, names: "concatenate", "at least one tensor")
  }

  @Test func stackOfShapesThatDiffer() async {
    let result = await #expect(processExitsWith: .failure, observing: [\.standardErrorContent]) {
      _ = stack([Tensor.zeros([2]), Tensor.zeros([3])])
    }
    expect(result, names: "stack", "tensor 1", "float32 [3]", "float32 [2]")
  }

  @Test func aNegativeSizeIsNamed() async {
    let result = await #expect(
      processExitsWith: .failure, observing: [\.standardErrorContent]
    ) { _ = Tensor([1]).scatterSum(axis: 0, Tensor(scalars: [0]), size: -1) }
    expect(result, names: "scatterSum", "size", "-1")
  }

  @Test func gatherOutOfRange() async {
    let result = await #expect(processExitsWith: .failure, observing: [\.standardErrorContent]) {
      _ = Tensor.zeros([2, 3]).gather(axis: 1, Tensor(scalars: [0, 3], shape: [2, 1]))
    }
    expect(result, names: "gather", "index 3", "size 3")
  }

  @Test func indicesOutOfRangeInLaterPlanes() async {
    let result = await #expect(processExitsWith: .failure, observing: [\.standardErrorContent]) {
      var indices = [Int32](repeating: 0, count: 1 << 17)
      indices[100_000] = -7
      let x = Tensor.zeros([1 << 7, 1 << 10])
      _ = x.scatterAdd(axis: 1, Tensor(scalars: indices, shape: x.shape), x)
    }
    expect(result, names: "scatterAdd", "index -7", "size 1024")
  }

  @Test func gatherFromNothing() async {
    let result = await #expect(processExitsWith: .failure, observing: [\.standardErrorContent]) {
      _ = Tensor.zeros([2, 0]).gather(axis: 1, Tensor(scalars: [0, 0], shape: [2, 1]))
    }
    expect(result, names: "gather", "index 0", "size 0")
  }

  @Test func scatterToANegativePlace() async {
    let result = await #expect(processExitsWith: .failure, observing: [\.standardErrorContent]) {
      _ = Tensor.zeros([2]).scatterSum(axis: 0, Tensor(scalars: [0, -1]), size: 2)
    }
    expect(result, names: "scatterSum", "index -1", "size 2")
  }

  @Test func gatherWithIndicesThatDoNotFit() async {
    let result = await #expect(processExitsWith: .failure, observing: [\.standardErrorContent]) {
      _ = Tensor.zeros([2, 3]).gather(axis: 1, Tensor.zeros([3, 1], dtype: .int64))
    }
    expect(result, names: "gather", "indices int64 [3, 1]", "float32 [2, 3]", "axis 1")
  }

  @Test func gatherWithFloatingPointIndices() async {
    let result = await #expect(processExitsWith: .failure, observing: [\.standardErrorContent]) {
      _ = Tensor.zeros([2]).gather(axis: 0, Tensor([1]))
    }
    expect(result, names: "gather", "indices", "integers", "1", "float32 [1]")
  }

  @Test func selectOutOfRange() async {
    let result = await #expect(processExitsWith: .failure, observing: [\.standardErrorContent]) {
      _ = Tensor.zeros([2, 3]).select(axis: 1, at: -4)
    }
    expect(result, names: "select", "index -4", "axis 1", "float32 [2, 3]")
  }

  @Test func sliceWithoutAStep() async {
    let result = await #expect(processExitsWith: .failure, observing: [\.standardErrorContent]) {
      _ = Tensor.zeros([2]).slice(axis: 0, step: 0)
    }
    expect(result, names: "slice", "step", "1", "0")
  }

  @Test func aStepBeyondTheAxisTakesThePlaceItStartsAt() {
    let x = Tensor([1, 2, 3])
    #expect(x.slice(axis: 0, from: 1, step: .max).scalars() == [2])
    #expect(x.slice(axis: 0, from: .min, to: .max, step: .max).scalars() == [1])
    let dx = gradient(at: x) { $0.slice(axis: 0, from: 1, step: .max).sum() }
    #expect(dx.scalars() == [0, 1, 0])
  }
}
