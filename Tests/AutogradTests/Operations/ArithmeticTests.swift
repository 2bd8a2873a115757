import Foundation
import TestCases
import TestSupport
import Testing

@testable import Autograd

struct ArithmeticTests {
  struct Operation: Sendable, CustomTestStringConvertible {
    let name: String
    let tensors: @Sendable (Tensor, Tensor) -> Tensor
    let numbers: @Sendable (Double, Double) -> Double
    var testDescription: String { name }
  }

  static let operations = [
    Operation(name: "+", tensors: { $0 + $1 }, numbers: { $0 + $1 }),
    Operation(name: "-", tensors: { $0 - $1 }, numbers: { $0 - $1 }),
    Operation(name: "*", tensors: { $0 * $1 }, numbers: { $0 * $1 }),
    Operation(name: "/", tensors: { $0 / $1 }, numbers: { $0 / $1 }),
    Operation(
      name: "pow", tensors: { ($0 + 3).pow($1) }, numbers: { Foundation.pow($0 + 3, $1) }),
    Operation(name: "maximum", tensors: { maximum($0, $1) }, numbers: { Swift.max($0, $1) }),
    Operation(name: "minimum", tensors: { minimum($0, $1) }, numbers: { Swift.min($0, $1) }),
  ]

  static let shapes: [[[Int]]] = [
    [[], [], []], [[3], [], [3]], [[], [2, 3], [2, 3]], [[2, 3], [3], [2, 3]],
    [[3], [2, 3], [2, 3]], [[1, 3], [2, 3], [2, 3]], [[1, 3], [3], [1, 3]],
    [[1, 1], [4], [1, 4]],
    [[2, 3, 4], [3, 4], [2, 3, 4]], [[2, 3, 4], [1, 3, 1], [2, 3, 4]], [[2, 1], [1, 3], [2, 3]],
    [[4, 1, 3], [5, 1], [4, 5, 3]], [[0], [1], [0]],
    [[0, 3], [3], [0, 3]], [[2, 0], [2, 1], [2, 0]], [[1], [1, 1, 1], [1, 1, 1]], [[7], [7], [7]],
    [[17, 33], [33], [17, 33]], [[17, 33], [17, 1], [17, 33]],
    [[3, 1, 5, 1], [1, 4, 1, 6], [3, 4, 5, 6]],
    [[1, 1], [2, 3], [2, 3]],
  ]

  @Test(arguments: operations, shapes)
  func broadcasting(_ operation: Operation, _ shapes: [[Int]]) {
    for aLayout in Layout.allCases {
      for bLayout in Layout.allCases {
        let a = aLayout.make(shapes[0]) { Reference.random($0, seed: 1) }
        let b = bLayout.make(shapes[1]) { Reference.random($0, seed: 2) }
        let (plainA, plainB) = (Reference(a), Reference(b))
        let expected = Reference(shape: shapes[2]) { operation.numbers(plainA[$0], plainB[$0]) }
        expect(
          operation.tensors(a, b), equals: expected, tolerance: 1e-14, "\(aLayout) \(bLayout)")
        expect(a, equals: plainA, "left operand")
        expect(b, equals: plainB, "right operand")
      }
    }
  }

  @Test(arguments: [DType.float32, .float64, .int32, .int64, .uint8])
  func everyNumericType(_ dtype: DType) {
    let a = Tensor([7, 5, 3, 9, 2], dtype: dtype)
    let b = Tensor([2, 5, 1, 4, 2], dtype: dtype)
    expect(a + b, equals: [9, 10, 4, 13, 4])
    expect(a - b, equals: [5, 0, 2, 5, 0])
    expect(a * b, equals: [14, 25, 3, 36, 4])
    expect(a / b, equals: [3.5, 1, 3, 2.25, 1])
    expect(maximum(a, b), equals: [7, 5, 3, 9, 2])
    expect(minimum(a, b), equals: [2, 5, 1, 4, 2])
    expect(a + 1, equals: [8, 6, 4, 10, 3])
    expect(10 - a, equals: [3, 5, 7, 1, 8])
    expect(2 * a, equals: [14, 10, 6, 18, 4])
    expect(a / 2, equals: [3.5, 2.5, 1.5, 4.5, 1])
    expect(9 / a, equals: [9.0 / 7, 1.8, 3, 1, 4.5], tolerance: 1e-7)
    for result in [a + b, a - b, a * b, a + 1, 10 - a, 2 * a, maximum(a, b)] {
      #expect(result.dtype == dtype)
    }
    #expect((a / b).dtype == (dtype.isFloatingPoint ? dtype : .float32))
    #expect((9 / a).dtype == (dtype.isFloatingPoint ? dtype : .float32))
  }

  @Test(arguments: DType.allCases, DType.allCases)
  func promotion(_ a: DType, _ b: DType) {
    if a == .bool && b == .bool { return }
    let wider = DType.promoted(a, b)
    let (x, y) = (Tensor([1, 0, 1], dtype: a), Tensor([[1], [0]], dtype: b))
    let sum = x + y
    #expect(sum.dtype == wider)
    expect(sum, equals: [2, 1, 2, 1, 0, 1], shape: [2, 3])
    let quotient = x / Tensor([1], dtype: b)
    #expect(quotient.dtype == (wider.isFloatingPoint ? wider : .float32))
  }

  @Test func integersWrapAround() {
    expect(Tensor(scalars: [3 as UInt8]) - Tensor(scalars: [5 as UInt8]), equals: [254])
    expect(Tensor(scalars: [Int32.max]) + 1, equals: [Double(Int32.min)])
  }

  @Test func aNumberNeverChangesTheType() {
    #expect((Tensor([1]) * 2.5).dtype == .float32)
    #expect((Tensor([1]) + Float(1)).dtype == .float32)
    #expect((1 - Tensor([1], dtype: .float64)).dtype == .float64)
    #expect((Tensor(scalars: [1, 2]) * 2).dtype == .int64)
  }

  @Test func divisionByZero() {
    expect(
      Tensor([1, -1, 0, 1]) / Tensor([0, 0, 0, -0.0]),
      equals: [.infinity, -.infinity, .nan, -.infinity])
    expect(Tensor(scalars: [1, 0]) / 0, equals: [Double.infinity, Double.nan])
    expect(1 / Tensor([0, Double.infinity]), equals: [Double.infinity, 0])
  }

  /// PyTorch 2.13.
  @Test(arguments: [DType.float32, .float64])
  func powersOfSpecialValues(_ dtype: DType) {
    let bases: [Double] = [0, -2, -2, 2, .infinity, -.infinity, .nan, 1, 0, 0, 4, -8]
    let exponents: [Double] = [0, 3, 0.5, -1, 0, 3, 0, .nan, -1, 2, 0.5, 1.0 / 3]
    expect(
      Tensor(bases, dtype: dtype).pow(Tensor(exponents, dtype: dtype)),
      equals: [1, -8, .nan, 0.5, 1, -.infinity, 1, 1, .infinity, 0, 2, .nan])
  }

  /// PyTorch 2.13.
  @Test func gradientsOfPowersAtZero() {
    let found = gradients(at: [Tensor([0, 0, 2, 3]), Tensor([0, 2, 0, 2])]) {
      $0[0].pow($0[1]).sum()
    }
    expect(found[0], equals: [0, 0, 0, 6])
    expect(found[1], equals: [0, 0, 0.693147182465, 9.887510299683], tolerance: 1e-6)
    for exponent in [0, 1, 2, 3] {
      let slope = gradient(at: Tensor([0, -2], dtype: .float64)) { $0.pow(exponent).sum() }
      expect(slope, equals: [exponent == 1 ? 1 : 0, [0, 1, -4, 12][exponent]])
    }
  }

  @Test func powersOfIntegersAreFloatingPoint() {
    for exponent in [0, 1, 2, 3] {
      let power = Tensor(scalars: [3, -2]).pow(exponent)
      #expect(power.dtype == .float32)
      expect(
        power, equals: [Foundation.pow(3, Double(exponent)), Foundation.pow(-2, Double(exponent))])
    }
  }

  /// More elements than one thread takes, dense and broadcast.
  @Test func manyElements() {
    let count = 200_003
    let a = Reference.random([count], seed: 1)
    let b = Reference.random([count], seed: 2)
    let (x, y) = (a.scalars(as: Double.self), b.scalars(as: Double.self))
    #expect((a * b).scalars(as: Double.self) == zip(x, y).map { $0 * $1 })
    #expect((a - 0.5).scalars(as: Double.self) == x.map { $0 - 0.5 })
    let matrix = a.slice(axis: 0, to: 200_000).reshape([500, 400])
    let row = b.slice(axis: 0, to: 400)
    let (plain, plainRow) = (Reference(matrix), Reference(row))
    expect(matrix + row, equals: Reference(shape: [500, 400]) { plain[$0] + plainRow[$0] })
    expect(
      matrix.transpose() - row.unsqueeze(1),
      equals: Reference(shape: [400, 500]) { plain[[$0[1], $0[0]]] - plainRow[[$0[0]]] })
  }

  @Test func inPlaceOperatorsLeaveCopiesAlone() {
    var a = Tensor([1, 2, 3])
    let copy = a
    a += Tensor([1, 1, 1])
    a -= Tensor(2)
    a *= Tensor([2, 2, 2])
    a *= -1.5
    expect(a, equals: [0, -3, -6])
    expect(copy, equals: [1, 2, 3])
    a += a
    expect(a, equals: [0, -6, -12])
    a += Tensor.zeros([2, 1])
    expect(a, equals: [0, -6, -12, 0, -6, -12], shape: [2, 3])
  }

  @Test func shapesThatDoNotFit() async {
    let result = await #expect(processExitsWith: .failure, observing: [\.standardErrorContent]) {
      _ = Tensor.zeros([2, 3]) * Tensor.zeros([4, 2])
    }
    expect(result, names: "*", "[2, 3]", "[4, 2]", "broadcast")
  }

  @Test func arithmeticOnBools() async {
    let result = await #expect(processExitsWith: .failure, observing: [\.standardErrorContent]) {
      _ = Tensor(scalars: [true, false]) + Tensor(scalars: [true])
    }
    expect(result, names: "+", "bool [2]", "[1]")
  }

  @Test func fractionTimesIntegersStops() async {
    let result = await #expect(processExitsWith: .failure, observing: [\.standardErrorContent]) {
      _ = Tensor(scalars: [1, 2]) * 2.5
    }
    expect(result, names: "2.5", "integer")
  }

  /// A quotient's gradient within the range of numbers is finite, as PyTorch's.
  @Test func quotientsGradientsDoNotOverflowOnTheWay() {
    func gradient(at x: Double, _ function: (Tensor) -> Tensor) -> Double {
      let tape = Tape()
      let variable = tape.watch(Tensor(x, dtype: .float64))
      return tape.gradient(of: function(variable), at: variable).item()
    }
    let quotient = gradient(at: 10) { Tensor(1.7e308, dtype: .float64) / $0 * 70 }
    #expect(abs(quotient / -1.19e308 - 1) < 1e-14)
    let scalar = gradient(at: 10) { 1.7e308 / $0 * 70 }
    #expect(scalar == quotient)
  }
}
