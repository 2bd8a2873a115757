import CKernels
import Testing

@testable import Autograd

/// Every kernel set against the plain reference, for element-wise kernels.
@Suite struct ElementwiseKernelTests {
  private static let rounds = 25
  private static let integerMaps: [CKMap] = [.negate, .absolute, .sign, .relu, .square]
  private static let floatMaps: [CKMap] =
    integerMaps + [
      .reciprocal, .squareRoot, .exp, .log, .tanh, .sigmoid, .errorFunction, .sin, .cos, .log1p,
      .expm1, .hardswish, .round, .floor, .ceil, .truncate,
    ]
  private static let integerZips: [CKZip] = [
    .add, .subtract, .multiply, .maximum, .minimum, .remainder, .truncatedRemainder,
  ]
  private static let floatZips: [CKZip] =
    integerZips + [
      .divide, .power, .arcTangent, .reluGradient, .sigmoidGradient, .tanhGradient,
      .hardswishGradient, .leakyRelu, .leakyReluSlope,
    ]

  @Test(arguments: KernelSet.all, DType.computed)
  func map(_ set: KernelSet, _ dtype: DType) {
    var random = RandomStream(seed: 41)
    for operation in dtype.isFloatingPoint ? Self.floatMaps : Self.integerMaps {
      let isExact = Self.integerMaps.contains(operation) || operation.isExact
      for round in 0..<Self.rounds {
        let (inner, outer) = (randomSize(&random), randomSize(&random))
        let x = Operand(dtype, inner: inner, outer: outer, &random, isWild: round % 2 == 1)
        let results = [set, .reference].map { set in
          let y = Cells(dtype, inner * outer)
          set.kernels.map(operation, dtype.kernelType, inner, outer, x.source, y.memory)
          return y
        }
        #expect(
          results[0].agree(with: results[1], ulps: isExact ? 0 : 4),
          "\(operation.rawValue) \(inner) \(outer) \(x.source)")
      }
    }
  }

  @Test(arguments: KernelSet.all, DType.computed)
  func zip(_ set: KernelSet, _ dtype: DType) {
    var random = RandomStream(seed: 42)
    for operation in dtype.isFloatingPoint ? Self.floatZips : Self.integerZips {
      for round in 0..<Self.rounds {
        let (inner, outer) = (randomSize(&random), randomSize(&random))
        let a = Operand(dtype, inner: inner, outer: outer, &random, isWild: round % 2 == 1)
        let b = Operand(dtype, inner: inner, outer: outer, &random, isWild: round % 2 == 1)
        let results = [set, .reference].map { set in
          let y = Cells(dtype, inner * outer)
          set.kernels.zip(operation, dtype.kernelType, inner, outer, a.source, b.source, y.memory)
          return y
        }
        let allowed = operation == .power || operation == .arcTangent ? 2.0 : 0
        #expect(
          results[0].agree(with: results[1], ulps: allowed),
          "\(operation) \(inner) \(outer) \(a.source) \(b.source)")
      }
    }
  }

  /// A result may take the place of a dense operand.
  @Test(arguments: KernelSet.all, DType.computed)
  func inPlace(_ set: KernelSet, _ dtype: DType) {
    var random = RandomStream(seed: 43)
    for count in [1, 7, 64, 65, 1_000] {
      let (a, b) = (Cells(dtype, count, &random), Cells(dtype, count, &random))
      let y = Cells(dtype, count)
      let source = { (cells: Cells) in CKSource(data: cells.memory, inner: 1, outer: 0) }
      let type = dtype.kernelType
      set.kernels.zip(.multiply, type, count, 1, source(a), source(b), y.memory)
      set.kernels.map(.negate, type, count, 1, source(y), y.memory)
      set.kernels.zip(.subtract, type, count, 1, source(b), source(y), y.memory)
      let expected = Cells(dtype, count)
      let kernels = KernelSet.reference.kernels
      kernels.zip(.multiply, type, count, 1, source(a), source(b), expected.memory)
      kernels.map(.negate, type, count, 1, source(expected), expected.memory)
      kernels.zip(.subtract, type, count, 1, source(b), source(expected), expected.memory)
      #expect(y.agree(with: expected))
    }
  }

  @Test(arguments: KernelSet.all, DType.computed)
  func compareAndSelect(_ set: KernelSet, _ dtype: DType) {
    var random = RandomStream(seed: 44)
    let operations: [CKCompare] = [
      .equal, .notEqual, .less, .lessOrEqual, .greater, .greaterOrEqual,
    ]
    for round in 0..<Self.rounds * 4 {
      let (inner, outer) = (randomSize(&random), randomSize(&random))
      let a = Operand(dtype, inner: inner, outer: outer, &random, isWild: true)
      let b = Operand(dtype, inner: inner, outer: outer, &random, isWild: true)
      let condition = Operand(.bool, inner: inner, outer: outer, &random)
      let operation = operations[round % operations.count]
      let results = [set, .reference].map { set in
        let (compared, selected) = (Cells(.bool, inner * outer), Cells(dtype, inner * outer))
        set.kernels.compare(
          operation, dtype.kernelType, inner, outer, a.source, b.source,
          compared.memory.assumingMemoryBound(to: UInt8.self))
        set.kernels.select(
          dtype.kernelType, inner, outer, condition.source, a.source, b.source, selected.memory)
        return (compared, selected)
      }
      #expect(results[0].0.agree(with: results[1].0), "\(operation.rawValue) \(inner) \(outer)")
      #expect(results[0].1.agree(with: results[1].1), "\(inner) \(outer)")
    }
  }

  @Test(arguments: KernelSet.all, DType.computed)
  func copy(_ set: KernelSet, _ from: DType) {
    var random = RandomStream(seed: 45)
    for to in DType.computed {
      for _ in 0..<Self.rounds {
        let (inner, outer) = (randomSize(&random), randomSize(&random))
        let x = Operand(from, inner: inner, outer: outer, &random, isWild: true)
        let (yInner, yOuter) =
          [(1, inner), (1, inner + 3), (outer, 1), (2, 2 * inner)].randomElement(using: &random)!
        let results = [set, .reference].map { set in
          let y = Cells(to, (inner + 3) * (outer + 3) * 2)
          set.kernels.copy(
            from.kernelType, to.kernelType, inner, outer, x.source, y.memory, yInner, yOuter)
          return y
        }
        // Places between the elements keep their bytes.
        #expect(results[0].bytes == results[1].bytes, "\(to) \(inner) \(outer) \(x.source)")
      }
    }
  }

  @Test(arguments: KernelSet.all)
  func copyTransposesLargeMatrices(_ set: KernelSet) {
    var random = RandomStream(seed: 46)
    for dtype in DType.computed {
      for (rows, columns) in [(64, 64), (100, 37), (1, 300), (129, 8), (33, 65)] {
        let x = Cells(dtype, rows * columns, &random)
        let results = [set, .reference].map { set in
          let y = Cells(dtype, rows * columns)
          let source = CKSource(data: x.memory, inner: columns, outer: 1)
          let type = dtype.kernelType
          set.kernels.copy(type, type, rows, columns, source, y.memory, 1, rows)
          return y
        }
        #expect(results[0].bytes == results[1].bytes)
      }
    }
  }
}

extension CKMap {
  /// Correctly rounded by every set.
  fileprivate var isExact: Bool {
    [.reciprocal, .squareRoot, .round, .floor, .ceil, .truncate].contains(self)
  }
}
