import Autograd
import TestSupport
import Testing

@testable import NN

@Suite struct InitializerTests {
  private static func draw(
    _ initializer: Initializer, _ shape: [Int], fanIn: Int? = nil, seed: UInt64 = 0
  ) -> [Double] {
    var random = RandomStream(seed: seed)
    return initializer.draw(shape, fanIn: fanIn, &random).doubles
  }

  private static func moments(_ values: [Double]) -> (mean: Double, deviation: Double) {
    let mean = values.reduce(0, +) / Double(values.count)
    let variance = values.reduce(0) { $0 + ($1 - mean) * ($1 - mean) } / Double(values.count)
    return (mean, variance.squareRoot())
  }

  struct Case: Sendable, CustomTestStringConvertible {
    let initializer: Initializer
    let shape: [Int]
    var fanIn: Int?
    var mean = 0.0
    let deviation: Double
    var isUniform = false
    var testDescription: String { "\(initializer) \(shape)" }
  }

  /// Weights of 60,000 elements with the deviations that PyTorch's fans give.
  static let cases = [
    Case(
      initializer: .uniform(low: -1, high: 3), shape: [60_000], mean: 1,
      deviation: 4 / 12.0.squareRoot(), isUniform: true),
    Case(
      initializer: .normal(mean: 2, standardDeviation: 0.5), shape: [60_000], mean: 2,
      deviation: 0.5),
    Case(initializer: .normal(), shape: [59_999], deviation: 1),
    Case(
      initializer: .standard, shape: [200, 300],
      deviation: (1 / 300.0).squareRoot() / 3.0.squareRoot(), isUniform: true),
    Case(
      initializer: .standard, shape: [50, 48, 5, 5],
      deviation: (1 / 1200.0).squareRoot() / 3.0.squareRoot(), isUniform: true),
    Case(
      initializer: .standard, shape: [60_000], fanIn: 25,
      deviation: 0.2 / 3.0.squareRoot(), isUniform: true),
    Case(
      initializer: .xavierUniform(), shape: [200, 300],
      deviation: (2 / 500.0).squareRoot(), isUniform: true),
    Case(
      initializer: .xavierUniform(gain: 2), shape: [50, 48, 5, 5],
      deviation: 2 * (2 / 2450.0).squareRoot(), isUniform: true),
    Case(
      initializer: .xavierNormal(), shape: [50, 48, 5, 5], deviation: (2 / 2450.0).squareRoot()),
    Case(
      initializer: .kaimingUniform(), shape: [200, 300],
      deviation: (2 / 300.0).squareRoot(), isUniform: true),
    Case(
      initializer: .kaimingUniform(mode: .fanOut), shape: [50, 48, 5, 5],
      deviation: (2 / 1250.0).squareRoot(), isUniform: true),
    Case(
      initializer: .kaimingUniform(gain: 1), shape: [50, 48, 5, 5],
      deviation: (1 / 1200.0).squareRoot(), isUniform: true),
    Case(initializer: .kaimingNormal(), shape: [200, 300], deviation: (2 / 300.0).squareRoot()),
    Case(
      initializer: .kaimingNormal(mode: .fanOut, gain: 1), shape: [200, 300],
      deviation: (1 / 200.0).squareRoot()),
  ]

  @Test(arguments: cases) func momentsAndBounds(_ item: Case) throws {
    let values = Self.draw(item.initializer, item.shape, fanIn: item.fanIn)
    let (mean, deviation) = Self.moments(values)
    #expect(abs(mean - item.mean) < 0.02 * item.deviation)
    #expect(abs(deviation / item.deviation - 1) < 0.01)
    let farthest = try #require(values.map { abs($0 - item.mean) }.max()) / item.deviation
    if item.isUniform {
      #expect(farthest <= 3.0.squareRoot() * 1.000001 && farthest > 1.72)
    } else {
      #expect(farthest > 3.5 && farthest < 6)
    }
  }

  @Test func constants() {
    #expect(Self.draw(.constant(0.25), [3]) == [0.25, 0.25, 0.25])
    #expect(Self.draw(.zeros, [2, 1]) == [0, 0])
    #expect(Self.draw(.ones, []) == [1])
    #expect(Self.draw(.xavierUniform(), [0, 3]).isEmpty)
  }

  @Test func aDrawIsAFunctionOfStreamAndShape() {
    for item in Self.cases {
      let draw = { seed in Self.draw(item.initializer, item.shape, fanIn: item.fanIn, seed: seed) }
      #expect(draw(1) == draw(1))
      #expect(draw(1) != draw(2))
    }
  }

  @Test func descriptions() {
    #expect("\(Initializer.standard)" == "standard")
    #expect("\(Initializer.constant(2))" == "constant(2.0)")
    #expect("\(Initializer.uniform(low: -1, high: 1))" == "uniform(-1.0, 1.0)")
    #expect(Linear(1, 1).weight.initializer.description == "standard")
  }

  @Test func theDefaultOfLinearAndConv2dIsPyTorchs() throws {
    func bound(_ parameter: Parameter?) throws -> Double {
      try #require(parameter?.value.doubles.map(abs).max())
    }
    let linear = Linear(25, 2_000)
    for found in [try bound(linear.weight), try bound(linear.bias)] {
      #expect(found <= 0.2 && found > 0.199)  // 1 / sqrt(25)
    }
    let convolution = Conv2d(8, 4_000, kernelSize: 5, groups: 2)
    for found in [try bound(convolution.weight), try bound(convolution.bias)] {
      #expect(found <= 0.1 && found > 0.099)  // 1 / sqrt(4 * 25)
    }
  }

  @Test func initCNNChangesWeightsOfLinearAndConv2dOnly() {
    final class Own: Module {
      let weight = Parameter(shape: [3, 3])
    }
    let (linear, convolution, own) = (Linear(4, 8), Conv2d(2, 4, kernelSize: 3), Own())
    for module in [linear, convolution, own] as [any Module] { module.initialize(seed: 0) }
    let biases = [linear.bias!.value.floats, convolution.bias!.value.floats]
    let weights = [linear.weight.value.floats, convolution.weight.value.floats]
    for module in [linear, convolution, own, ReLU()] as [any Module] { initCNN(module) }
    #expect([linear.bias!.value.floats, convolution.bias!.value.floats] == biases)
    #expect(linear.weight.value.floats != weights[0])
    #expect(convolution.weight.value.floats != weights[1])
    #expect(linear.weight.initializer.description == "xavierUniform")
    #expect(convolution.weight.initializer.description == "xavierUniform")
    #expect(own.weight.initializer.description == "standard")
    // Xavier: sqrt(6 / (fanIn + fanOut))
    #expect(linear.weight.value.doubles.allSatisfy { abs($0) <= 0.5.squareRoot() })
  }

  static let mistakes = [
    Mistake("standard", "weight", "[3]") { _ = draw(.standard, [3]) },
    Mistake("kaimingNormal", "weight", "[3]") { _ = draw(.kaimingNormal(), [3]) },
    Mistake("uniform", "low", "high", "1.0", "0.0") { _ = Initializer.uniform(low: 1, high: 0) },
    Mistake("normal", "standard deviation", "0", "-1.0") {
      _ = Initializer.normal(standardDeviation: -1)
    },
  ]

  @Test(arguments: mistakes.indices) func mistakesStop(index: Int) async {
    let result = await #expect(
      processExitsWith: .failure, observing: [\.standardErrorContent]
    ) { [index] in
      InitializerTests.mistakes[index].body()
    }
    expect(result, names: Self.mistakes[index].names)
  }
}
