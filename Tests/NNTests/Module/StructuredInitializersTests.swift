import Autograd
import Foundation
import TestSupport
import Testing

@testable import NN

@Suite struct StructuredInitializersTests {
  private static func draw(_ initializer: Initializer, _ shape: [Int], seed: UInt64 = 0) -> Tensor {
    var random = RandomStream(seed: seed)
    return initializer.draw(shape, &random)
  }

  /// PyTorch 2.13: `torch.nn.init.calculate_gain`.
  @Test func gains() {
    #expect(calculateGain(.linear) == 1 && calculateGain(.sigmoid) == 1)
    #expect(calculateGain(.tanh) == 1.6666666666666667)
    #expect(calculateGain(.relu) == 1.4142135623730951)
    #expect(calculateGain(.leakyReLU()) == 1.4141428569978354)
    #expect(calculateGain(.leakyReLU(slope: 0.2)) == 1.3867504905630728)
    #expect(calculateGain(.selu) == 0.75)
  }

  @Test func kaimingWithANonlinearity() {
    // gain / sqrt(fan) = 0.75 / sqrt(400); uniform bounds are sqrt(3) times that.
    let values = Self.draw(.kaimingUniform(nonlinearity: .selu), [100, 400]).doubles
    let bound = 0.75 / 20 * 3.0.squareRoot()
    let largest = values.map(abs).max() ?? 0
    #expect(largest <= bound * 1.000001 && largest > bound * 0.999)
    let normal = Self.draw(
      .kaimingNormal(mode: .fanOut, nonlinearity: .tanh), [400, 100]
    ).doubles
    let variance = normal.reduce(0) { $0 + $1 * $1 } / Double(normal.count)
    #expect(abs(variance / (25.0 / 9 / 400) - 1) < 0.02)
  }

  /// Moments of the truncated normal in closed form (Johnson, Kotz and Balakrishnan 1994).
  @Test(arguments: [(0.0, 1.0, -2.0, 2.0), (1, 0.5, 0.5, 3), (0, 1, 2, 2.5), (-3, 2, -1, 9)])
  func truncatedNormals(_ mean: Double, _ deviation: Double, _ low: Double, _ high: Double) {
    let values = Self.draw(
      .truncatedNormal(mean: mean, standardDeviation: deviation, low: low, high: high), [200, 400]
    ).doubles
    func density(_ x: Double) -> Double { exp(-x * x / 2) / (2 * .pi).squareRoot() }
    func share(_ x: Double) -> Double { (1 + erf(x / 2.0.squareRoot())) / 2 }
    let (a, b) = ((low - mean) / deviation, (high - mean) / deviation)
    let inside = share(b) - share(a)
    let shift = (density(a) - density(b)) / inside
    let expected = mean + deviation * shift
    let variance =
      deviation * deviation * (1 + (a * density(a) - b * density(b)) / inside - shift * shift)
    let found = values.reduce(0, +) / Double(values.count)
    let spread = values.reduce(0) { $0 + ($1 - found) * ($1 - found) } / Double(values.count)
    #expect(abs(found - expected) < 0.015 * variance.squareRoot())
    #expect(abs(spread / variance - 1) < 0.02)
    #expect(values.allSatisfy { $0 >= low - 1e-6 && $0 <= high + 1e-6 })
  }

  /// Far from the mean: the mean above a bound is density / what lies above it, which is its asymptotic series.
  @Test(arguments: [9.0, 20, 34, 36, 50])
  func truncatedNormalsFarFromTheMean(_ bound: Double) {
    let b = bound * bound
    let excess = (1 - (2 - (10 - 74 / b) / b) / b) / bound
    for side in [1.0, -1] {
      let values = Self.draw(
        side > 0
          ? .truncatedNormal(mean: 1, standardDeviation: 2, low: 1 + 2 * bound, high: .infinity)
          : .truncatedNormal(mean: 1, standardDeviation: 2, low: -.infinity, high: 1 - 2 * bound),
        [200, 400]
      ).doubles.map { side * ($0 - 1) / 2 - bound }
      #expect(values.allSatisfy { $0 >= 0 })
      #expect(abs(values.reduce(0, +) / Double(values.count) / excess - 1) < 0.015)
    }
    let narrow = Self.draw(
      .truncatedNormal(low: bound, high: bound + 0.1 / bound), [100, 400]
    ).doubles.map { ($0 - bound) * bound }
    // Nearly an exponential distribution cut off at 0.1.
    #expect(abs(narrow.reduce(0, +) / Double(narrow.count) - 0.0492) < 5e-4)
    #expect(narrow.allSatisfy { $0 >= -1e-5 && $0 <= 0.10001 })
  }

  @Test func theInverseOfErf() {
    for y in [-0.999999, -0.5, -1e-9, 0, 1e-12, 0.3, 0.9, 0.99999999] {
      let x = Initializer.inverseErf(y)
      #expect(abs(erf(x) - y) <= 1e-15, "\(y)")
    }
    #expect(Initializer.inverseErf(1) == .infinity && Initializer.inverseErf(2).isNaN)
  }

  @Test(arguments: [[5, 5], [3, 7], [8, 2], [1, 4], [6, 2, 3, 3], [40, 3, 2], [64, 100]])
  func orthogonalRowsOrColumns(_ shape: [Int]) {
    let w = Self.draw(.orthogonal(gain: 1.5), shape)
    #expect(w.dtype == .float32 && w.shape == shape)
    let matrix = w.reshape([shape[0], -1]).asType(.float64)
    let product =
      matrix.size(0) <= matrix.size(1)
      ? matrix.matmul(matrix.transpose()) : matrix.transpose().matmul(matrix)
    let count = product.size(0)
    for (place, value) in product.doubles.enumerated() {
      let expected = place / count == place % count ? 2.25 : 0
      #expect(abs(value - expected) < 1e-6)
    }
  }

  /// The first column of a random orthogonal matrix points anywhere: its mean is 0.
  @Test func orthogonalMatricesHaveNoPreferredSigns() {
    let mean =
      (0..<400).map { Self.draw(.orthogonal(), [3, 3], seed: $0).doubles[0] }
      .reduce(0, +) / 400
    #expect(abs(mean) < 0.1)
    #expect(Self.draw(.orthogonal(), [0, 3]).count == 0)
  }

  @Test func sparseColumns() {
    let w = Self.draw(.sparse(sparsity: 0.33, standardDeviation: 2), [10, 500]).doubles
    var rows = [Int](repeating: 0, count: 10)
    for column in 0..<500 {
      let zeros = (0..<10).filter { w[$0 * 500 + column] == 0 }
      #expect(zeros.count == 4)  // 3.3, rounded up as in PyTorch
      for row in zeros { rows[row] += 1 }
    }
    #expect(rows.allSatisfy { abs($0 - 200) < 50 })
    let rest = w.filter { $0 != 0 }
    let variance = rest.reduce(0) { $0 + $1 * $1 } / Double(rest.count)
    #expect(abs(variance / 4 - 1) < 0.1)
  }

  @Test func identities() {
    #expect(Self.draw(.eye, [2, 3]).floats == [1, 0, 0, 0, 1, 0])
    #expect(Self.draw(.eye, [3, 2]).floats == [1, 0, 0, 1, 0, 0])
    // PyTorch: dirac_(empty(2, 1, 3), groups=2)
    #expect(Self.draw(.dirac(groups: 2), [2, 1, 3]).floats == [0, 1, 0, 0, 1, 0])
    // PyTorch: dirac_(empty(3, 2, 2)): the third output gets nothing.
    #expect(Self.draw(.dirac(), [3, 2, 2]).floats == [0, 1, 0, 0, 0, 0, 0, 1, 0, 0, 0, 0])
  }

  @Test(arguments: [1, 2]) func diracConvolutionsPassTheirInputOn(_ groups: Int) {
    let layer = Conv2d(4, 4, kernelSize: 3, padding: 1, groups: groups, bias: false)
    layer.weight.initialize(with: .dirac(groups: groups))
    let x = inputs([2, 4, 5, 6])
    #expect(layer(x).floats == x.floats)
  }

  @Test func aDrawIsAFunctionOfStreamAndShape() {
    for initializer in [
      .truncatedNormal(), .orthogonal(), .sparse(sparsity: 0.5),
      .kaimingNormal(nonlinearity: .tanh),
    ] as [Initializer] {
      #expect(
        Self.draw(initializer, [6, 7], seed: 1).floats
          == Self.draw(initializer, [6, 7], seed: 1).floats)
      #expect(
        Self.draw(initializer, [6, 7], seed: 1).floats
          != Self.draw(initializer, [6, 7], seed: 2).floats)
    }
    #expect("\(Initializer.orthogonal())" == "orthogonal(1.0)")
    #expect("\(Initializer.truncatedNormal())" == "truncatedNormal(0.0, 1.0, -2.0, 2.0)")
  }

  static let mistakes = [
    Mistake("orthogonal", "[3]") { _ = draw(.orthogonal(), [3]) },
    Mistake("sparse", "sparsity", "0", "1", "2.0") { _ = Initializer.sparse(sparsity: 2) },
    Mistake("sparse", "[1, 2, 3]") { _ = draw(.sparse(sparsity: 0.1), [1, 2, 3]) },
    Mistake("eye", "[3]") { _ = draw(.eye, [3]) },
    Mistake("dirac", "2 groups", "[3, 2, 1]") { _ = draw(.dirac(groups: 2), [3, 2, 1]) },
    Mistake("truncatedNormal", "mean", "standard deviation", "0", "low", "high") {
      _ = Initializer.truncatedNormal(low: 1, high: 1)
    },
  ]

  @Test(arguments: mistakes.indices) func mistakesStop(index: Int) async {
    let result = await #expect(
      processExitsWith: .failure, observing: [\.standardErrorContent]
    ) { [index] in
      StructuredInitializersTests.mistakes[index].body()
    }
    expect(result, names: Self.mistakes[index].names)
  }
}
