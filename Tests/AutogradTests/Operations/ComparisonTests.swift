import TestCases
import TestSupport
import Testing

@testable import Autograd

struct ComparisonTests {
  struct Operation: Sendable, CustomTestStringConvertible {
    let name: String
    let tensors: @Sendable (Tensor, Tensor) -> Tensor
    let number: @Sendable (Tensor, Double) -> Tensor
    let plain: @Sendable (Double, Double) -> Bool
    var testDescription: String { name }
  }

  static let operations = [
    Operation(name: "==", tensors: { $0 .== $1 }, number: { $0 .== $1 }, plain: { $0 == $1 }),
    Operation(name: "!=", tensors: { $0 .!= $1 }, number: { $0 .!= $1 }, plain: { $0 != $1 }),
    Operation(name: "<", tensors: { $0 .< $1 }, number: { $0 .< $1 }, plain: { $0 < $1 }),
    Operation(name: "<=", tensors: { $0 .<= $1 }, number: { $0 .<= $1 }, plain: { $0 <= $1 }),
    Operation(name: ">", tensors: { $0 .> $1 }, number: { $0 .> $1 }, plain: { $0 > $1 }),
    Operation(name: ">=", tensors: { $0 .>= $1 }, number: { $0 .>= $1 }, plain: { $0 >= $1 }),
  ]

  @Test(arguments: operations, ArithmeticTests.shapes)
  func broadcasting(_ operation: Operation, _ shapes: [[Int]]) {
    for layout in Layout.allCases {
      for dtype in [DType.float32, .float64, .int64] {
        let a = layout.make(shapes[0]) { Reference.random($0, seed: 1, dtype: dtype) }
        let b = layout.make(shapes[1]) { Reference.random($0, seed: 2, dtype: dtype) }
        let (plainA, plainB) = (Reference(a), Reference(b))
        let found = operation.tensors(a, b)
        #expect(found.dtype == .bool)
        expect(
          found,
          equals: Reference(shape: shapes[2]) { operation.plain(plainA[$0], plainB[$0]) ? 1 : 0 },
          "\(layout) \(dtype)")
      }
    }
  }

  @Test(arguments: operations)
  func specialValues(_ operation: Operation) {
    let special = [Double.nan, -.infinity, -1, -0.0, 0, 1, .infinity]
    for dtype in [DType.float32, .float64] {
      let x = Tensor(special, dtype: dtype)
      for value in special {
        let expected = special.map { operation.plain($0, value) ? 1.0 : 0 }
        expect(operation.number(x, value), equals: expected)
        expect(operation.tensors(x, Tensor(value, dtype: dtype)), equals: expected)
      }
    }
  }

  @Test(arguments: operations)
  func integersBesideAnyNumber(_ operation: Operation) {
    let numbers = [-1.0, 0, 1.5, 1e300, -1e300, .infinity, -.infinity, .nan]
    for dtype in [DType.int32, .int64, .uint8, .bool] {
      let x = Tensor([0, 1, 1], dtype: dtype)
      for number in numbers {
        expect(
          operation.number(x, number),
          equals: [0, 1, 1].map { operation.plain($0, number) ? 1 : 0 })
      }
    }
  }

  @Test func mixedTypes() {
    expect(Tensor(scalars: [1, 2, 3]) .> Tensor([1.5]), equals: [0, 1, 1])
    expect(Tensor(scalars: [true, false]) .== Tensor(scalars: [1, 1]), equals: [1, 0])
    // 2^53 + 1 is no float64: integers are compared as integers.
    let big = Tensor(scalars: [9_007_199_254_740_993])
    expect(big .== Tensor(scalars: [9_007_199_254_740_992]), equals: [0])
  }

  @Test(arguments: ArithmeticTests.shapes)
  func whereBroadcasts(_ shapes: [[Int]]) {
    for layout in Layout.allCases {
      let condition = layout.make(shapes[0]) { Reference.random($0, seed: 3) } .> 0
      let a = layout.make(shapes[1]) { Reference.random($0, seed: 4) }
      let b = layout.make([1]) { Reference.random($0, seed: 5) }
      let (c, x, y) = (Reference(condition), Reference(a), Reference(b))
      let shape = shapes[2].isEmpty ? [1] : shapes[2]
      expect(
        Tensor.where(condition, a, b),
        equals: Reference(shape: shape) { c[$0] != 0 ? x[$0] : y[$0] })
      expect(
        Tensor.where(condition, b, a),
        equals: Reference(shape: shape) { c[$0] != 0 ? y[$0] : x[$0] })
    }
  }

  @Test func largeIntegersAreExact() {
    let large = 9_007_199_254_740_993  // 2^53 + 1
    let ids = Tensor(scalars: [large - 1, large, large + 1])
    #expect((ids .== large).scalars(as: Bool.self) == [false, true, false])
    #expect((ids .< large).scalars(as: Bool.self) == [true, false, false])
    #expect((ids - large).scalars(as: Int.self) == [-1, 0, 1])
    #expect((large - ids).scalars(as: Int.self) == [1, 0, -1])
    #expect((Tensor(scalars: [1, 2]) + large).scalars(as: Int.self) == [large + 1, large + 2])
    #expect((Tensor(scalars: [1, -1]) * large).scalars(as: Int.self) == [large, -large])
    #expect(Tensor.full([2], large, dtype: .int64).scalars(as: Int.self) == [large, large])
    #expect(maximum(ids, large).scalars(as: Int.self) == [large, large, large + 1])
    #expect(
      Tensor.where(ids .== large, Int.max, ids).scalars(as: Int.self)
        == [large - 1, .max, large + 1])
    #expect((Tensor([1]) .< large).item() == 1)
  }

  @Test func whereHidesNaN() {
    let x = Tensor([-1, 4, .nan])
    expect(Tensor.where(Tensor(scalars: [false, true, false]), x.sqrt(), 0), equals: [0, 2, 0])
    expect(Tensor.where(Tensor([0, 2, .nan]), 1, x), equals: [-1, 1, 1])
    let mixed = Tensor.where(
      Tensor(scalars: [true, false]), Tensor(scalars: [1, 2]), Tensor([0.5]))
    #expect(mixed.dtype == .float32)
    expect(mixed, equals: [1, 0.5])
    for dtype in DType.allCases {
      let chosen = Tensor.where(
        Tensor(scalars: [true, false]), Tensor([1, 1], dtype: dtype), Tensor([0, 0], dtype: dtype))
      #expect(chosen.dtype == dtype)
      expect(chosen, equals: [1, 0])
    }
  }

  /// PyTorch 2.13.
  @Test(arguments: [DType.float32, .float64])
  func maximumAndMinimumWithNaN(_ dtype: DType) {
    let a = Tensor([[1, .nan, 2], [.nan, 3, 0]], dtype: dtype)
    let b = Tensor([2, 1, .nan], dtype: dtype)
    let nan = Double.nan
    expect(maximum(a, b), equals: [2, nan, nan, nan, 3, nan], shape: [2, 3])
    expect(minimum(a, b), equals: [1, nan, nan, nan, 1, nan], shape: [2, 3])
    expect(maximum(b, 1.5), equals: [2, 1.5, nan])
    expect(minimum(b, 1.5), equals: [1.5, 1, nan])
  }

  /// PyTorch 2.13.
  @Test func equalOnesShareTheGradient() {
    let inputs = [Tensor([1, 2, 3]), Tensor([1, 1, 4])]
    let larger = gradients(at: inputs) { maximum($0[0], $0[1]).sum() }
    expect(larger[0], equals: [0.5, 1, 0])
    expect(larger[1], equals: [0.5, 0, 1])
    let smaller = gradients(at: inputs) { minimum($0[0], $0[1]).sum() }
    expect(smaller[0], equals: [0.5, 0, 1])
    expect(smaller[1], equals: [0.5, 1, 0])
  }

  /// PyTorch 2.13: no one wins, so both get all of it.
  @Test func theGradientWhereOneIsNaN() {
    let inputs = [Tensor([.nan, 1, 2]), Tensor([1, .nan, 1])]
    let larger = gradients(at: inputs) { maximum($0[0], $0[1]).sum() }
    expect(larger[0], equals: [1, 1, 1])
    expect(larger[1], equals: [1, 1, 0])
    let smaller = gradients(at: inputs) { minimum($0[0], $0[1]).sum() }
    expect(smaller[0], equals: [1, 1, 0])
    expect(smaller[1], equals: [1, 1, 1])
  }

  @Test func comparisonOfShapesThatDoNotFit() async {
    let result = await #expect(processExitsWith: .failure, observing: [\.standardErrorContent]) {
      _ = (Tensor.zeros([2, 3]) .< Tensor.zeros([2]))
    }
    expect(result, names: ".<", "[2, 3]", "[2]", "broadcast")
  }

  @Test func whereOfShapesThatDoNotFit() async {
    let result = await #expect(processExitsWith: .failure, observing: [\.standardErrorContent]) {
      _ = Tensor.where(Tensor(scalars: [true, false]), Tensor.zeros([3]), Tensor.zeros([1]))
    }
    expect(result, names: "where", "[2]", "[3]", "[1]", "broadcast")
  }
}
