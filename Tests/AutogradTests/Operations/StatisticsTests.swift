import TestSupport
import Testing

@testable import Autograd

/// Edges; ordinary values and gradients are PyTorch's, in ReferenceTests.
struct StatisticsTests {
  @Test func productsOfNothingAndOfIntegers() {
    #expect(Tensor.zeros([0]).prod().item() == 1)
    #expect(Tensor.zeros([2, 0]).prod(axis: 1).scalars() == [1, 1])
    #expect(Tensor.zeros([0, 2]).prod(axis: 1).shape == [0])
    let x = Tensor(scalars: [1, 2, 3, 4, 5, 6, 7], shape: [7])
    #expect(x.prod().scalars(as: Int.self) == [5040])
    #expect(x.reshape([7, 1]).prod(axis: 0, keepDims: true).shape == [1, 1])
    #expect(Tensor([2, .nan]).prod().item().isNaN)
  }

  @Test func productsHaveGradientsAtZeros() {
    func slopes(_ xs: [Double]) -> [Double] {
      gradient(at: Tensor(xs, dtype: .float64)) { $0.prod() }.scalars(as: Double.self)
    }
    #expect(slopes([2, 0, 5]) == [0, 10, 0])
    #expect(slopes([0, 0, 5]) == [0, 0, 0])
    #expect(slopes([3]) == [1])
  }

  @Test func variancesOfTooFew() {
    #expect(Tensor([3]).variance().item().isNaN)
    #expect(Tensor([3]).variance(correction: 0).item() == 0)
    #expect(Tensor([1, 3]).variance().item() == 2)
    #expect(Tensor([1, 3]).variance(correction: 5).item() == .infinity)
    // The mean is taken off first: no digits are lost.
    #expect(Tensor([1e6, 1e6 + 1, 1e6 + 2]).variance().item() == 1)
    let x = Tensor([[2, 2], [1, 5]])
    let slope = gradient(at: x) { $0.standardDeviation(axis: 1).sum() }.scalars()
    #expect(slope[0] == 0 && slope[1] == 0 && slope[2] < 0)
  }

  @Test func normsAtTheZeroVectorHaveNoGradient() {
    for order in [2, 1, 3, 1.5, 0.5, .infinity, 0] as [Double] {
      let (value, slope) = valueAndGradient(at: Tensor.zeros([4])) { $0.norm(order) }
      #expect(value.item() == 0 && slope.scalars() == [0, 0, 0, 0], "\(order)")
    }
    #expect(Tensor([3, 0, -4]).norm().item() == 5)
    #expect(Tensor([3, 0, -4]).norm(0).item() == 2)
    #expect(Tensor([3, 0, -4]).norm(-.infinity).item() == 0)
    #expect(Tensor([3, .nan]).norm().item().isNaN)
    #expect(Tensor(-3).norm().item() == 3)
    let slope = gradient(at: Tensor([1, -2, 2])) { $0.norm(.infinity) }
    #expect(slope.scalars() == [0, -0.5, 0.5])
  }

  @Test func squaresNeitherOverflowNorVanish() {
    for (scale, tolerance) in [(Float(1e20), 1e-6), (1e-25, 1e-6), (1e-38, 1e-6)] {
      let x = Tensor([3 * scale, 4 * scale, 0, -scale])
      let norm = Double(scale) * 26.0.squareRoot()
      expect(x.norm() / scale, equals: [norm / Double(scale)], shape: [], tolerance: tolerance)
      expect(
        x.reshape([1, 4]).norm(axis: 1) / scale, equals: [norm / Double(scale)],
        tolerance: tolerance)
      // The deviations from 1.5 are 1.5, 2.5, -1.5 and -2.5.
      expect(
        x.standardDeviation() / scale, equals: [(17.0 / 3).squareRoot()], shape: [],
        tolerance: tolerance)
      expect(
        gradient(at: x) { $0.norm() }, equals: [3, 4, 0, -1].map { $0 / 26.0.squareRoot() },
        tolerance: tolerance)
    }
    let halves = Tensor([300, 400], dtype: .float16)
    #expect(halves.norm().item() == 500 && halves.norm(axis: 0).item() == 500)
    #expect(Tensor([.infinity, 1]).norm().item() == .infinity)
    #expect(Tensor([.nan, 1]).norm().item().isNaN)
  }

  @Test func runningSums() {
    let x = Tensor(scalars: [1, 2, 3, 4, 5, 6], shape: [2, 3])
    #expect(x.cumsum(axis: 1).scalars(as: Int.self) == [1, 3, 6, 4, 9, 15])
    #expect(x.cumsum(axis: 0).scalars(as: Int.self) == [1, 2, 3, 5, 7, 9])
    #expect(x.asType(.uint8).cumsum(axis: 0).dtype == .int64)
    #expect(x.transpose().asType(.float32).cumsum(axis: -1).scalars() == [1, 5, 2, 7, 3, 9])
    #expect(Tensor.zeros([2, 0, 3]).cumsum(axis: 1).shape == [2, 0, 3])
    #expect(Tensor(7).cumsum(axis: 0).item() == 7)
    // Float32 is added in double precision: the plain sum would stop at 2^24.
    let ones = Tensor.ones([17_000_000]).cumsum(axis: 0)
    #expect(ones.slice(axis: 0, from: -1).item() == 17_000_000)
  }

  @Test func scalarTensorsTakeTheirOnlyAxis() {
    let x = Tensor(2)
    #expect(x.sum(axis: 0).item() == 2 && x.max(axis: -1).item() == 2)
    #expect(x.prod(axis: 0).item() == 2 && x.logSumExp(axes: [0]).item() == 2)
    #expect(x.sum(axis: 0, keepDims: true).shape == [])
  }

  @Test func logSumExpOverAxes() {
    let x = Tensor([[1000, 1000], [1000, 1000]])
    #expect(abs(x.logSumExp(axes: nil).item() - (1000 + 1.3862944)) < 1e-3)
    #expect(x.logSumExp(axes: [0, 1], keepDims: true).shape == [1, 1])
    #expect(
      Tensor.zeros([0, 3]).logSumExp(axes: [0]).scalars() == Array(repeating: -.infinity, count: 3))
  }

  @Test func mistakesAreNamed() async {
    let result = await #expect(processExitsWith: .failure, observing: [\.standardErrorContent]) {
      _ = Tensor.zeros([2, 3]).variance(axes: [0, -2])
    }
    expect(result, names: "variance", "axis 0", "[0, -2]")
    await #expect(processExitsWith: .failure) { _ = Tensor(scalars: [1, 2]).norm() }
    await #expect(processExitsWith: .failure) { _ = Tensor(1).sum(axis: 1) }
  }

  @Test func productsOfIntegers() {
    let x = Tensor(scalars: [2, 3, -4]).asType(.int32).cumprod(axis: 0)
    #expect(x.dtype == .int64)
    expect(x, equals: [2, 6, -24])
  }
}
