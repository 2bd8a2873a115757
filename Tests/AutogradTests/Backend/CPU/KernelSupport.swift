import CKernels
import Testing

@testable import Autograd

/// A kernel set by its name, so that parameterised tests say which one failed.
struct KernelSet: CustomTestStringConvertible, Sendable {
  nonisolated(unsafe) let kernels: CKKernels
  var testDescription: String { String(cString: kernels.name) }

  /// Every set that this processor can run but the reference.
  static let all = CPU.available.dropLast().map { KernelSet(kernels: $0.pointee) }
  static let reference = KernelSet(kernels: CPU.available.last!.pointee)
}

extension DType {
  /// The types that kernels compute with; the others are only copied and converted.
  static let computed = allCases.filter { !$0.isHalf }
}

/// Elements of one type in memory of their own, with a margin whose bytes must not change.
final class Cells {
  let dtype: DType
  let count: Int
  let memory: UnsafeMutableRawPointer
  private static let margin = 256
  private static let canary: UInt8 = 0xA5

  /// Uninitialized elements.
  init(_ dtype: DType, _ count: Int) {
    (self.dtype, self.count) = (dtype, count)
    let size = count * dtype.byteCount
    memory = .allocate(byteCount: size + Cells.margin, alignment: 64)
    memory.initializeMemory(as: UInt8.self, repeating: Cells.canary, count: size + Cells.margin)
  }

  /// Random elements; floating-point ones with zeros, infinities, NaN and denormals if `isWild`.
  convenience init(
    _ dtype: DType, _ count: Int, _ random: inout RandomStream, isWild: Bool = false
  ) {
    self.init(dtype, count)
    let special = [0, -0.0, .infinity, -.infinity, .nan, 1e-40, -1e-40, 1, 1e30, -2]
    for index in 0..<count {
      let isSpecial = isWild && Int.random(in: 0..<4, using: &random) == 0
      let bits = random.next()
      let number =
        isSpecial ? special[Int(bits % 10)] : Double(Int64(bitPattern: bits)) * 0x1p-61
      switch dtype {
      case .float32: store(Float(number), index)
      case .float64: store(number, index)
      case .int32: store(Int32(truncatingIfNeeded: isSpecial ? bits : bits % 100), index)
      case .int64: store(Int64(truncatingIfNeeded: isSpecial ? bits : bits % 100), index)
      case .uint8: store(UInt8(truncatingIfNeeded: bits), index)
      case .bool: store(UInt8(bits & 1), index)
      case .float16, .bfloat16: store(UInt16(truncatingIfNeeded: bits), index)
      }
    }
  }

  deinit { memory.deallocate() }

  func makeNaN(_ index: Int) {
    if dtype == .float32 { store(Float.nan, index) } else { store(Double.nan, index) }
  }

  private func store<Element>(_ element: Element, _ index: Int) {
    memory.storeBytes(
      of: element, toByteOffset: index * dtype.byteCount, as: Element.self)
  }

  /// The elements as doubles; integers up to 2^53 exactly.
  var values: [Double] {
    (0..<count).map { index in
      let place = memory + index * dtype.byteCount
      return switch dtype {
      case .float32: Double(place.load(as: Float.self))
      case .float64: place.load(as: Double.self)
      case .int32: Double(place.load(as: Int32.self))
      case .int64: Double(place.load(as: Int64.self))
      case .uint8, .bool: Double(place.load(as: UInt8.self))
      case .float16, .bfloat16: Double(place.load(as: UInt16.self))  // the bits
      }
    }
  }

  var bytes: [UInt8] {
    Array(UnsafeRawBufferPointer(start: memory, count: count * dtype.byteCount))
  }

  /// Makes all elements zero.
  func clear() {
    memory.initializeMemory(as: UInt8.self, repeating: 0, count: count * dtype.byteCount)
  }

  var isMarginIntact: Bool {
    UnsafeRawBufferPointer(start: memory + count * dtype.byteCount, count: Cells.margin)
      .allSatisfy { $0 == Cells.canary }
  }

  /// Whether these are the same elements: the same bits (any NaN is NaN), or, with a tolerance, so many
  /// units in the last place apart, or so much for sums of the given sizes.
  func agree(with other: Cells, ulps: Double = 0, slack: ((Int) -> Double)? = nil) -> Bool {
    if !isMarginIntact || !other.isMarginIntact || count != other.count { return false }
    if !dtype.isFloatingPoint { return bytes == other.bytes }
    return zip(values, other.values).enumerated().allSatisfy { index, pair in
      let (a, b) = pair
      if a.isNaN || b.isNaN { return a.isNaN && b.isNaN }
      if a == b { return a.sign == b.sign || ulps > 0 || slack != nil }
      if a.isInfinite || b.isInfinite { return false }
      let unit = dtype == .float32 ? Double(max(abs(Float(b)).ulp, .leastNonzeroMagnitude)) : b.ulp
      return abs(a - b) <= ulps * unit + (slack?(index) ?? 0)
    }
  }
}

/// An operand of a two-dimensional loop with strides of every kind.
struct Operand {
  let cells: Cells
  let source: CKSource

  init(
    _ dtype: DType, inner: Int, outer: Int, _ random: inout RandomStream, isWild: Bool = false
  ) {
    var (innerStride, outerStride) = (1, inner)
    switch Int.random(in: 0..<7, using: &random) {
    case 0: break
    case 1: (innerStride, outerStride) = (0, 0)
    case 2: (innerStride, outerStride) = (0, 1)
    case 3: (innerStride, outerStride) = (1, 0)
    case 4: (innerStride, outerStride) = (outer, 1)
    case 5: (innerStride, outerStride) = (-1, -inner - 2)
    default:
      (innerStride, outerStride) = (
        Int.random(in: -3...3, using: &random), Int.random(in: -40...40, using: &random)
      )
    }
    let reach = max(0, inner - 1) * abs(innerStride) + max(0, outer - 1) * abs(outerStride)
    cells = Cells(dtype, reach + 1, &random, isWild: isWild)
    let start =
      (innerStride < 0 ? max(0, inner - 1) * -innerStride : 0)
      + (outerStride < 0 ? max(0, outer - 1) * -outerStride : 0)
    source = CKSource(
      data: cells.memory + start * dtype.byteCount, inner: innerStride, outer: outerStride)
  }
}

/// Sizes around the borders of vectors and their multiples.
func randomSize(_ random: inout RandomStream) -> Int {
  switch Int.random(in: 0..<6, using: &random) {
  case 0: Int.random(in: 0...3, using: &random)
  case 1: [15, 16, 17, 31, 32, 33, 63, 64, 65].randomElement(using: &random)!
  default: Int.random(in: 1...50, using: &random)
  }
}
