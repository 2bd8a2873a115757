import CKernels
import Testing

@testable import Autograd

/// The bits of an element-wise result depend on the element's value alone: not on its neighbors, its
/// place in a vector, the strides, or the length. (Any NaN is NaN.)
@Suite struct ElementBitsTests {
  /// Elements that functions compute in vector code, then others, some of which take a branch of
  /// their own.
  private static let ordinary: [Double] =
    (0..<24).map { Double($0 * $0) * 0.137 - 20.3 } + [1, 2, 3, -1, 0.5, -0.25, 100, 1e5]
  private static let odd: [Double] = [
    0, -0.0, .infinity, -.infinity, .nan, 1e6, 1_000_001, -2e6, 3e7, 1e10, -1e12, 1e30, -3e38, 88.8,
    -104, 1e-20, -1e-30, 1e-40, -3e-42, 1e9, 1.5e9, -1e9, 7e-9, 12_345.678, 89, -87.4,
  ]
  private static let pool = ordinary + odd

  /// Elements of the pool in memory, seen with strides.
  private struct Operand {
    let cells: Cells
    let source: CKSource
    /// The elements' indices in the pool, in the order of the loop.
    let picks: [Int]

    init(_ dtype: DType, inner: Int, outer: Int, _ random: inout RandomStream) {
      let strides = [
        (1, inner), (1, inner), (1, inner + 3), (2, 2 * inner), (-1, -inner), (outer, 1), (0, 0),
        (0, 1), (1, 0), (3, 1),
      ].randomElement(using: &random)!
      let reach = (inner - 1) * abs(strides.0) + (outer - 1) * abs(strides.1)
      let offset = Int.random(in: 0..<8, using: &random)
      cells = Cells(dtype, offset + reach + 1)
      // Ordinary elements only, now and then an odd one among them, or a half of each.
      let share = [0, 0.01, 0.5].randomElement(using: &random)!
      let all = (0..<cells.count).map { _ in
        Double.random(in: 0..<1, using: &random) < share
          ? ElementBitsTests.ordinary.count
            + Int.random(in: 0..<ElementBitsTests.odd.count, using: &random)
          : Int.random(in: 0..<ElementBitsTests.ordinary.count, using: &random)
      }
      for (index, pick) in all.enumerated() { cells.store(ElementBitsTests.pool[pick], at: index) }
      let start = offset + (strides.0 < 0 ? reach : 0)
      source = CKSource(
        data: cells.memory + start * dtype.byteCount, inner: strides.0, outer: strides.1)
      picks = (0..<outer * inner).map {
        all[start + $0 / inner * strides.1 + $0 % inner * strides.0]
      }
    }
  }

  private func expectSame(
    _ y: Cells, _ alone: (Int) -> UInt64, _ description: @autoclosure () -> String
  ) {
    #expect(y.isMarginIntact)
    if let index = (0..<y.count).first(where: { y.bits(at: $0) != alone($0) }) {
      Issue.record("\(description()) element \(index): \(y.values[index])")
    }
  }

  @Test(arguments: KernelSet.all + [.reference], [DType.float32, .float64])
  func map(_ set: KernelSet, _ dtype: DType) {
    var random = RandomStream(seed: 81)
    let (type, pool) = (dtype.kernelType, Self.pool)
    let (one, result) = (Cells(dtype, 1), Cells(dtype, 1))
    let oneSource = CKSource(data: one.memory, inner: 1, outer: 0)
    for operation in (0...CKMap.truncate.rawValue).compactMap(CKMap.init(rawValue:)) {
      let alone = pool.map { value in
        one.store(value, at: 0)
        set.kernels.map(operation, type, 1, 1, oneSource, result.memory)
        return result.bits(at: 0)
      }
      for inner in 1...300 {
        let outer = Int.random(in: 1...3, using: &random)
        let x = Operand(dtype, inner: inner, outer: outer, &random)
        let isDense = x.source.inner == 1 && x.source.outer == inner
        let y = Cells(dtype, inner * outer)
        set.kernels.map(operation, type, inner, outer, x.source, y.memory)
        expectSame(y, { alone[x.picks[$0]] }, "map \(operation.rawValue) \(inner) \(x.source)")
        if isDense {  // in place
          y.memory.copyMemory(from: x.source.data, byteCount: y.count * dtype.byteCount)
          let source = CKSource(data: y.memory, inner: 1, outer: inner)
          set.kernels.map(operation, type, inner, outer, source, y.memory)
          expectSame(y, { alone[x.picks[$0]] }, "map \(operation.rawValue) \(inner) in place")
        }
      }
    }
  }

  @Test(arguments: KernelSet.all + [.reference], [DType.float32, .float64])
  func zip(_ set: KernelSet, _ dtype: DType) {
    var random = RandomStream(seed: 82)
    let (type, pool) = (dtype.kernelType, Self.pool)
    let (first, second, result) = (Cells(dtype, 1), Cells(dtype, 1), Cells(dtype, 1))
    let source = { (cells: Cells) in CKSource(data: cells.memory, inner: 1, outer: 0) }
    for operation in (0...CKZip.truncatedRemainder.rawValue).compactMap(CKZip.init(rawValue:)) {
      let alone = pool.map { a in
        first.store(a, at: 0)
        return pool.map { b in
          second.store(b, at: 0)
          set.kernels.zip(operation, type, 1, 1, source(first), source(second), result.memory)
          return result.bits(at: 0)
        }
      }
      for inner in 1...300 {
        let outer = Int.random(in: 1...3, using: &random)
        let a = Operand(dtype, inner: inner, outer: outer, &random)
        let b = Operand(dtype, inner: inner, outer: outer, &random)
        let y = Cells(dtype, inner * outer)
        set.kernels.zip(operation, type, inner, outer, a.source, b.source, y.memory)
        let expected = { alone[a.picks[$0]][b.picks[$0]] }
        expectSame(y, expected, "zip \(operation.rawValue) \(inner) \(a.source) \(b.source)")
        for (operand, isLeft) in [(a, true), (b, false)]
        where operand.source.inner == 1 && operand.source.outer == inner {  // in place
          y.memory.copyMemory(from: operand.source.data, byteCount: y.count * dtype.byteCount)
          let target = CKSource(data: y.memory, inner: 1, outer: inner)
          set.kernels.zip(
            operation, type, inner, outer, isLeft ? target : a.source, isLeft ? b.source : target,
            y.memory)
          expectSame(y, expected, "zip \(operation.rawValue) \(inner) in place")
        }
      }
    }
  }

  /// The same of tensors: transposed, every second column, and expanded.
  @Test func views() {
    var random = RandomStream(seed: 83)
    let scalars = (0..<70 * 90).map { _ in Float(Self.pool.randomElement(using: &random)!) }
    let x = Tensor(scalars: scalars).reshape([70, 90])
    let exponents = Tensor(scalars: scalars.shuffled(using: &random)).reshape([70, 90])
    let functions: [@Sendable (Tensor, Tensor) -> Tensor] = [
      { x, _ in x.sin() }, { x, _ in x.cos() }, { $0.pow($1) }, { $0.atan2($1) },
      { $0.remainder($1) }, { $0.fmod($1) },
    ]
    func bits(_ tensor: Tensor) -> [UInt32] {
      tensor.scalars(as: Float.self).map { $0.isNaN ? Float.nan.bitPattern : $0.bitPattern }
    }
    for (index, function) in functions.enumerated() {
      let expected = function(x, exponents)
      let turned = function(x.transpose(), exponents.transpose()).transpose()
      let second = function(x.slice(axis: 1, step: 2), exponents.slice(axis: 1, step: 2))
      let expanded = function(x, exponents[3].expand([70, 90]))
      let copied = function(x, Tensor.ones([70, 90]) * exponents[3])
      let areSame = [
        bits(turned) == bits(expected),
        bits(second) == bits(expected.slice(axis: 1, step: 2)),
        bits(expanded) == bits(copied),
      ]
      #expect(areSame == [true, true, true], "\(index)")
    }
  }
}

extension Cells {
  fileprivate func store(_ value: Double, at index: Int) {
    let place = index * dtype.byteCount
    if dtype == .float32 {
      memory.storeBytes(of: Float(value), toByteOffset: place, as: Float.self)
    } else {
      memory.storeBytes(of: value, toByteOffset: place, as: Double.self)
    }
  }

  /// The bits of a floating-point element; any NaN is the same.
  fileprivate func bits(at index: Int) -> UInt64 {
    let place = memory + index * dtype.byteCount
    if dtype == .float32 {
      let value = place.load(as: Float.self)
      return UInt64(value.isNaN ? Float.nan.bitPattern : value.bitPattern)
    }
    let value = place.load(as: Double.self)
    return value.isNaN ? Double.nan.bitPattern : value.bitPattern
  }
}
