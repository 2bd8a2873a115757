import CKernels
import Testing

@testable import Autograd

/// Conversions of 16-bit numbers: every number, and every rounding, on each kernel set.
@Suite struct HalfKernelTests {
  private static let types: [DType] = [.float16, .bfloat16]

  private func converted(_ set: KernelSet, _ x: Cells, to type: DType) -> Cells {
    let y = Cells(type, x.count)
    set.kernels.copy(
      x.dtype.kernelType, type.kernelType, x.count, 1,
      CKSource(data: x.memory, inner: 1, outer: 0), y.memory, 1, 0)
    return y
  }

  private func bits(_ cells: Cells) -> [UInt16] {
    withExtendedLifetime(cells) {
      Array(
        UnsafeBufferPointer(
          start: cells.memory.assumingMemoryBound(to: UInt16.self), count: cells.count))
    }
  }

  @Test(arguments: KernelSet.all, types)
  func everyHalfSurvivesTheWayToFloatAndBack(_ set: KernelSet, _ type: DType) {
    let halves = Cells(type, 1 << 16)
    for index in 0..<halves.count {
      halves.memory.storeBytes(of: UInt16(index), toByteOffset: 2 * index, as: UInt16.self)
    }
    let floats = converted(set, halves, to: .float32)
    #expect(floats.agree(with: converted(.reference, halves, to: .float32)))
    let back = converted(set, floats, to: type)
    #expect(back.isMarginIntact)
    for (index, pair) in zip(floats.values, bits(back)).enumerated() {
      if !pair.0.isNaN && pair.1 != UInt16(index) {
        Issue.record("\(index) is \(pair.0) and comes back as \(pair.1)")
        return
      }
    }
  }

  /// Float32 numbers with every upper half and with lower halves at and beside ties.
  @Test(arguments: KernelSet.all, types)
  func floatsAreRoundedLikeTheReference(_ set: KernelSet, _ type: DType) {
    let ends: [UInt32] = [
      0, 1, 0x0fff, 0x1000, 0x1001, 0x1fff, 0x2000, 0x3000, 0x7fff, 0x8000, 0x8001, 0xffff,
    ]
    let floats = Cells(.float32, ends.count << 16)
    let words = floats.memory.assumingMemoryBound(to: UInt32.self)
    for index in 0..<floats.count {
      words[index] = UInt32(index / ends.count) << 16 | ends[index % ends.count]
    }
    let (found, expected) = (
      converted(set, floats, to: type), converted(.reference, floats, to: type)
    )
    let (ours, theirs) = (bits(found), bits(expected))
    let infinity: UInt16 = type == .float16 ? 0x7c00 : 0x7f80
    for index in ours.indices where ours[index] != theirs[index] {
      let areNaN = ours[index] & 0x7fff > infinity && theirs[index] & 0x7fff > infinity
      if areNaN { continue }
      Issue.record("\(floats.values[index]) gave \(ours[index]), not \(theirs[index])")
      return
    }
  }

  /// Swift's own conversion says the same as the reference.
  #if !(os(macOS) && arch(x86_64))
    @Test func referenceRoundsLikeSwift() {
      var random = RandomStream(seed: 7)
      let floats = Cells(.float32, 20_000)
      let words = floats.memory.assumingMemoryBound(to: UInt32.self)
      for index in 0..<floats.count { words[index] = UInt32(truncatingIfNeeded: random.next()) }
      let halves = bits(converted(.reference, floats, to: .float16))
      let expected = floats.values.map { Float16($0) }
      let areEqual = zip(halves, expected).map { $1.isNaN || $0 == $1.bitPattern }
      #expect(areEqual.allSatisfy { $0 })
    }
  #endif

  @Test(arguments: KernelSet.all, types)
  func stridesOfEveryKind(_ set: KernelSet, _ type: DType) {
    var random = RandomStream(seed: 8)
    for (from, to) in [(type, type), (type, .float32), (.float32, type)] {
      for _ in 0..<50 {
        let (inner, outer) = (randomSize(&random), randomSize(&random))
        let x = Operand(from, inner: inner, outer: outer, &random)
        let (yInner, yOuter) =
          [(1, inner), (1, inner + 3), (outer, 1)].randomElement(using: &random)!
        let results = [set, .reference].map { set in
          let y = Cells(to, (inner + 3) * (outer + 3))
          set.kernels.copy(
            from.kernelType, to.kernelType, inner, outer, x.source, y.memory, yInner, yOuter)
          return y
        }
        #expect(
          from == .float32 || to == type
            ? results[0].bytes == results[1].bytes : results[0].agree(with: results[1]),
          "\(from) to \(to), \(inner) \(outer)")
      }
    }
  }
}
