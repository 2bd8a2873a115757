import TestCases
import TestSupport
import Testing

@testable import Autograd

struct ReductionsTests {
  static let shapes = [
    [], [1], [7], [2, 3, 1, 4], [3, 5, 2], [2, 0, 3], [0], [67, 5], [5, 67],
  ]

  /// All subsets of a shape's axes.
  static func subsets(_ rank: Int) -> [[Int]] {
    (0..<1 << rank).map { bits in (0..<rank).filter { bits >> $0 & 1 == 1 } }
  }

  /// The elements that fall together, by place in the result with kept axes.
  private func groups(_ x: Reference, _ axes: [Int]) -> (shape: [Int], groups: [[Double]]) {
    let shape = x.shape.enumerated().map { axes.contains($0.offset) ? 1 : $0.element }
    let reduced = axes.map { x.shape[$0] }
    let groups = Reference.places(shape).map { place in
      Reference.places(reduced).map { inner in
        var full = place
        for (axis, position) in zip(axes, inner) { full[axis] = position }
        return x[full]
      }
    }
    return (shape, groups)
  }

  @Test(arguments: shapes, Layout.allCases)
  func allAxes(_ shape: [Int], _ layout: Layout) {
    let x = layout.make(shape) { Reference.random($0) }
    for axes in Self.subsets(shape.count) {
      let (kept, groups) = groups(Reference(x), axes)
      let dropped = shape.indices.filter { !axes.contains($0) }.map { shape[$0] }
      func check(_ plain: ([Double]) -> Double, _ f: (Bool) -> Tensor) {
        let values = groups.map(plain)
        expect(f(true), equals: values, shape: kept, tolerance: 1e-13)
        expect(f(false), equals: values, shape: dropped, tolerance: 1e-13)
      }
      let negative: [Int] = axes.reversed().map { $0 - shape.count }
      check({ $0.reduce(0, +) }, { x.sum(axes: axes, keepDims: $0) })
      check({ $0.reduce(0, +) }, { x.sum(axes: negative, keepDims: $0) })
      check({ $0.reduce(0, +) / Double($0.count) }, { x.mean(axes: axes, keepDims: $0) })
      if groups.contains([]) { continue }
      check({ $0.max()! }, { x.max(axes: axes, keepDims: $0) })
      check({ $0.min()! }, { x.min(axes: negative, keepDims: $0) })
      if axes.count == 1 {
        check({ $0.reduce(0, +) }, { x.sum(axis: axes[0], keepDims: $0) })
        check({ $0.reduce(0, +) / Double($0.count) }, { x.mean(axis: axes[0], keepDims: $0) })
        check({ $0.max()! }, { x.max(axis: axes[0], keepDims: $0) })
        check({ $0.min()! }, { x.min(axis: axes[0], keepDims: $0) })
        check(
          { Double($0.firstIndex(of: $0.max()!)!) }, { x.argmax(axis: negative[0], keepDims: $0) })
      }
    }
  }

  @Test(arguments: [DType.int32, .int64, .uint8, .bool])
  func integers(_ dtype: DType) {
    let x = Tensor([1, 0, 1, 1, 0, 1], shape: [2, 3], dtype: dtype)
    #expect(x.sum().dtype == .int64)
    expect(x.sum(axis: 1), equals: [2, 2])
    expect(x.sum(axes: []), equals: [1, 0, 1, 1, 0, 1], shape: [2, 3])
    if dtype != .bool {
      let y = x * 100
      #expect(y.max().dtype == dtype)
      expect(y.sum(axis: 0), equals: [200, 0, 200])
      expect(y.max(axis: 0), equals: [100, 0, 100])
      expect(y.min(axis: 1), equals: [0, 0])
      expect((y * 2).sum(), equals: [800], shape: [])
    }
    expect(x.argmax(axis: 0), equals: [0, 0, 0])
    expect(x.transpose().argmax(axis: 0), equals: [0, 0])
  }

  /// PyTorch 2.13.
  @Test(arguments: [DType.float32, .float64])
  func notANumber(_ dtype: DType) {
    let x = Tensor([[1, .nan, 5], [7, 7, 2]], dtype: dtype)
    expect(x.max(axis: 1), equals: [.nan, 7])
    expect(x.min(axis: 1), equals: [.nan, 2])
    expect(x.min(axis: 0), equals: [1, .nan, 2])
    expect(x.sum(axis: 1), equals: [.nan, 16])
    expect(x.argmax(axis: 1), equals: [1, 0])
    expect(x.argmax(), equals: [1], shape: [])
    expect(Tensor(5, dtype: dtype).argmax(axis: 0, keepDims: true), equals: [0], shape: [])
    expect(Tensor(5, dtype: dtype).argmin(axis: -1), equals: [0], shape: [])
    let inf = Double.infinity
    expect(Tensor([-inf, -inf], dtype: dtype).max(), equals: [-inf], shape: [])
    expect(Tensor([inf, -inf], dtype: dtype).sum(), equals: [.nan], shape: [])
    for position in [0, 1, 15, 16, 31, 69] {
      var values = [Double](repeating: -3, count: 70)
      values[position] = .nan
      let row = Tensor(values, dtype: dtype)
      expect(row.max(), equals: [.nan], shape: [])
      expect(row.min(), equals: [.nan], shape: [])
      expect(row.argmax(), equals: [Double(position)], shape: [])
      expect(row.expand([2, 70]).max(axis: 0), equals: values)
    }
  }

  @Test func argmaxOfAllElements() {
    let x = Tensor([[1, 2], [9, 4], [9, 0]])
    expect(x.argmax(), equals: [2], shape: [])
    expect(x.transpose().argmax(), equals: [1], shape: [])
    expect(x.argmax(keepDims: true), equals: [2], shape: [1, 1])
    expect(Tensor(5).argmax(), equals: [0], shape: [])
    #expect(x.argmax().dtype == .int64)
  }

  @Test func emptyMeans() {
    expect(Tensor.zeros([2, 0]).mean(axis: 1), equals: [.nan, .nan])
    expect(Tensor.zeros([0]).sum(), equals: [0], shape: [])
    expect(Tensor.zeros([0, 2]).sum(axis: 1), equals: [], shape: [0])
  }

  /// PyTorch 2.13.
  @Test func equalOnesShareTheGradient() {
    let x = Tensor([[1, 3, 3], [2, 2, 2]])
    let third = Double(Float(1) / 3)
    expect(
      gradient(at: x) { $0.max(axis: 1).sum() }, equals: [0, 0.5, 0.5, third, third, third],
      shape: [2, 3])
    expect(
      gradient(at: x) { $0.min(axes: [0]).sum() }, equals: [1, 0, 0, 0, 1, 1], shape: [2, 3])
  }

  /// Rounding must not grow with the count, neither along rows nor along columns.
  @Test func longFloat32Sums() {
    let x = Tensor.full([1 << 20], 0.1)
    let exact = Double(Float(0.1)) * Double(1 << 20)
    #expect(abs(x.sum().item() - exact) < 1e-5 * exact)
    let columns = Tensor.full([1 << 17, 3], 0.1).sum(axis: 0).scalars(as: Double.self)
    for sum in columns { #expect(abs(sum - exact / 8) < 1e-5 * exact) }
    let noisy = Reference.random([300_007], dtype: .float32)
    let plain = noisy.scalars(as: Double.self).reduce(0, +)
    #expect(abs(noisy.sum().item() - plain) < 1e-1)
    #expect(noisy.max().item() == noisy.scalars(as: Double.self).max()!)
  }

  @Test func axisOutOfRange() async {
    let result = await #expect(processExitsWith: .failure, observing: [\.standardErrorContent]) {
      _ = Tensor.zeros([2, 3]).sum(axis: 2)
    }
    expect(result, names: "sum", "axis 2", "float32 [2, 3]")
  }

  @Test func axisGivenTwice() async {
    let result = await #expect(processExitsWith: .failure, observing: [\.standardErrorContent]) {
      _ = Tensor.zeros([2, 3]).mean(axes: [1, -1])
    }
    expect(result, names: "mean", "axis 1", "[1, -1]")
  }

  @Test func placesOfExtremes() async {
    let axis = await #expect(processExitsWith: .failure, observing: [\.standardErrorContent]) {
      _ = Tensor.zeros([2, 3]).argmin(axis: 2)
    }
    expect(axis, names: "argmin", "axis 2", "float32 [2, 3]")
  }

  @Test func largestOfNothing() async {
    let result = await #expect(processExitsWith: .failure, observing: [\.standardErrorContent]) {
      _ = Tensor.zeros([2, 0]).max(axis: 1)
    }
    expect(result, names: "max", "float32 [2, 0]")
  }

  @Test func meanOfIntegers() async {
    let result = await #expect(processExitsWith: .failure, observing: [\.standardErrorContent]) {
      _ = Tensor(scalars: [1, 2]).mean()
    }
    expect(result, names: "mean", "int64 [2]")
  }

  @Test func argminOfEveryKind() {
    #expect(Tensor(scalars: [Int.max, Int.min, 0]).argmin().item() == 1)
    #expect(Tensor(scalars: [UInt8(3), 0, 255]).argmin().item() == 1)
    #expect(Tensor(scalars: [true, false]).argmin().item() == 1)
    #expect(Tensor([2, 1, 1]).argmin(axis: 0, keepDims: true).shape == [1])
  }
}
