import Foundation
import TestCases
import TestSupport
import Testing

@testable import Autograd

struct ElementwiseTests {
  struct Function: Sendable, CustomTestStringConvertible {
    let name: String
    let tensor: @Sendable (Tensor) -> Tensor
    let number: @Sendable (Double) -> Double
    var range: ClosedRange<Double> = -20...20
    /// Units in the last place that float32 results may be off.
    var ulps = 0.0
    var testDescription: String { name }
  }

  static let functions = [
    Function(name: "-", tensor: { -$0 }, number: { -$0 }),
    Function(name: "abs", tensor: { $0.abs() }, number: { abs($0) }),
    Function(name: "sign", tensor: { $0.sign() }, number: { $0 > 0 ? 1 : $0 < 0 ? -1 : 0 }),
    Function(name: "relu", tensor: { $0.relu() }, number: { max($0, 0) }),
    Function(name: "square", tensor: { $0.square() }, number: { $0 * $0 }, ulps: 0.5),
    Function(name: "reciprocal", tensor: { $0.reciprocal() }, number: { 1 / $0 }, ulps: 0.5),
    Function(
      name: "sqrt", tensor: { $0.sqrt() }, number: { $0.squareRoot() }, range: 0...1e6, ulps: 0.5),
    Function(name: "exp", tensor: { $0.exp() }, number: { exp($0) }, range: -80...80, ulps: 2),
    Function(name: "log", tensor: { $0.log() }, number: { log($0) }, range: 1e-6...1e3, ulps: 2),
    Function(
      name: "log near 1", tensor: { $0.log() }, number: { log($0) }, range: 0.9...1.1, ulps: 2),
    Function(name: "tanh", tensor: { $0.tanh() }, number: { tanh($0) }, range: -10...10, ulps: 2),
    Function(
      name: "tanh near 0", tensor: { $0.tanh() }, number: { tanh($0) }, range: -0.1...0.1, ulps: 2),
    Function(
      name: "sigmoid", tensor: { $0.sigmoid() }, number: { 1 / (1 + exp(-$0)) }, range: -80...80,
      ulps: 2),
    Function(
      name: "pow 3", tensor: { $0.pow(3) }, number: { $0 * $0 * $0 }, ulps: 2),
    Function(
      name: "pow -0.5", tensor: { $0.pow(-0.5) }, number: { 1 / $0.squareRoot() },
      range: 0.01...100,
      ulps: 2),
  ]

  @Test(arguments: functions)
  func values(_ function: Function) {
    let wide = Reference.random(
      [3001], low: function.range.lowerBound, high: function.range.upperBound)
    let narrow = wide.asType(.float32)
    let found32 = function.tensor(narrow).scalars(as: Float.self)
    for (x, y) in zip(narrow.scalars(as: Float.self), found32) {
      let expected = function.number(Double(x))
      let error = (Double(y) - expected).magnitude / Double(Float(expected).ulp)
      #expect(error <= function.ulps, "\(x)")
    }
    let found64 = function.tensor(wide).scalars(as: Double.self)
    for (x, y) in zip(wide.scalars(as: Double.self), found64) {
      let expected = function.number(x)
      #expect((y - expected).magnitude <= 4e-15 * max(expected.magnitude, 1e-3), "\(x)")
    }
  }

  @Test(arguments: functions)
  func layouts(_ function: Function) {
    for layout in Layout.allCases {
      for shape in [[], [1], [5, 3], [0, 2], [2, 3, 4], [70, 3]] {
        let x = layout.make(shape) {
          Reference.random($0, low: function.range.lowerBound, high: function.range.upperBound)
        }
        let plain = Reference(x)
        let expected = Reference(shape: shape) { function.number(plain[$0]) }
        expect(function.tensor(x), equals: expected, tolerance: 4e-15, "\(layout)")
        expect(x, equals: plain, "the operand")
      }
    }
  }

  /// PyTorch 2.13.
  @Test(arguments: [DType.float32, .float64])
  func specialValues(_ dtype: DType) {
    func tensor(_ values: [Double]) -> Tensor { Tensor(values, dtype: dtype) }
    let inf = Double.infinity
    expect(tensor([-1, 0, -0.0, inf, .nan]).sqrt(), equals: [.nan, 0, 0, inf, .nan])
    expect(tensor([-1, 0, -0.0, inf, .nan]).log(), equals: [.nan, -inf, -inf, inf, .nan])
    expect(tensor([1e4, -1e4, inf, -inf, .nan]).exp(), equals: [inf, 0, inf, 0, .nan])
    expect(tensor([1e4, -1e4, inf, -inf, .nan]).sigmoid(), equals: [1, 0, 1, 0, .nan])
    expect(tensor([1e4, -1e4, inf, -inf, .nan]).tanh(), equals: [1, -1, 1, -1, .nan])
    expect(tensor([.nan, -inf, inf, -0.0]).relu(), equals: [.nan, 0, inf, 0])
    expect(tensor([-inf, -0.0, .nan]).abs(), equals: [inf, 0, .nan])
    expect(tensor([0, -0.0, inf, .nan]).reciprocal(), equals: [inf, -inf, 0, .nan])
    #expect(tensor([-0.0]).sqrt().scalars(as: Double.self)[0].sign == .minus)
    #expect((-tensor([0])).scalars(as: Double.self)[0].sign == .minus)
  }

  /// PyTorch 2.13.
  @Test func gradientsAtKinks() {
    let x = Tensor([.nan, -1, 0, 1])
    expect(gradient(at: x) { $0.relu().sum() }, equals: [1, 0, 0, 1])
    expect(gradient(at: Tensor([-1, 0, 1])) { $0.abs().sum() }, equals: [-1, 0, 1])
  }

  @Test(arguments: [DType.int32, .int64])
  func integers(_ dtype: DType) {
    let x = Tensor([-3, 0, 4], dtype: dtype)
    for (found, expected) in [
      (-x, [3.0, 0, -4]), (x.abs(), [3, 0, 4]), (x.sign(), [-1, 0, 1]), (x.relu(), [0, 0, 4]),
      (x.square(), [9, 0, 16]),
    ] {
      #expect(found.dtype == dtype)
      expect(found, equals: expected)
    }
  }

  @Test func conversions() {
    let x = Tensor([-1.7, 0, 0.4, 2.9])
    expect(x.asType(.int32), equals: [-1, 0, 0, 2])
    expect(x.asType(.int64), equals: [-1, 0, 0, 2])
    expect(x.asType(.bool), equals: [1, 0, 1, 1])
    expect(Tensor([200.9, 0]).asType(.uint8), equals: [200, 0])
    expect(
      x.transposedPair().asType(.float64), equals: x.transposedPair().scalars().map(Double.init),
      shape: [2, 2])
    expect(Tensor([Double.nan]).asType(.bool), equals: [1])
  }

  @Test func floatingPointOnly() async {
    let result = await #expect(processExitsWith: .failure, observing: [\.standardErrorContent]) {
      _ = Tensor(scalars: [1, 2, 3]).exp()
    }
    expect(result, names: "exp()", "int64 [3]")
  }
}

extension Tensor {
  fileprivate func transposedPair() -> Tensor { reshape([2, 2]).transpose() }
}
