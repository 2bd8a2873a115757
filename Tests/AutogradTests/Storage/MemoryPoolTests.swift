import Synchronization
import Testing

@testable import Autograd

@Suite struct MemoryPoolTests {
  @Test func classesHoldTheirRequestsWithLittleWaste() {
    var previous = 0
    var requests = Array(0...5_000)
    for exponent in 12..<48 { requests += (-2...2).map { 1 << exponent + $0 } }
    for exponent in 12..<46 { requests += (-1...1).map { 5 << exponent + $0 } }
    for request in requests.sorted() {
      let sizeClass = MemoryPool.sizeClass(for: request)
      let size = MemoryPool.byteCount(of: sizeClass)
      #expect(size >= request && sizeClass >= previous && sizeClass < 256)
      #expect(request < 64 || Double(size) <= 1.25 * Double(request))
      // No smaller class would do.
      #expect(request <= 64 || MemoryPool.byteCount(of: sizeClass - 1) < request)
      previous = sizeClass
    }
  }

  @Test func classesGrow() {
    let sizes = (23..<200).map { MemoryPool.byteCount(of: $0) }
    #expect(zip(sizes, sizes.dropFirst()).allSatisfy { $0 < $1 })
    for sizeClass in 23..<200 {
      #expect(MemoryPool.sizeClass(for: MemoryPool.byteCount(of: sizeClass)) == sizeClass)
    }
  }

  @Test func blocksAreAlignedDistinctAndComeBack() async {
    // In a process of its own: elsewhere another thread could take the block in between.
    await #expect(processExitsWith: .success) {
      let sizeClass = MemoryPool.sizeClass(for: 10_000)
      let blocks = (0..<10).map { _ in MemoryPool.allocate(sizeClass: sizeClass) }
      precondition(Set(blocks).count == 10)
      precondition(blocks.allSatisfy { UInt(bitPattern: $0) % 64 == 0 })
      for block in blocks { MemoryPool.release(block, sizeClass: sizeClass) }
      let again = (0..<10).map { _ in MemoryPool.allocate(sizeClass: sizeClass) }
      precondition(Set(again) == Set(blocks))
    }
  }

  @Test func threadsNeverGetTheSameBlock() async {
    let collisions = EventCounter()
    await withTaskGroup(of: Void.self) { group in
      for task in 0..<8 {
        group.addTask {
          for round in 0..<2_000 {
            let sizeClass = MemoryPool.sizeClass(for: 300 + 100 * (round % 4))
            let block = MemoryPool.allocate(sizeClass: sizeClass)
            let mark = task * 10_000 + round
            block.storeBytes(of: mark, as: Int.self)
            (block + 248).storeBytes(of: mark, as: Int.self)
            if block.load(as: Int.self) != mark || (block + 248).load(as: Int.self) != mark {
              collisions.increment()
            }
            MemoryPool.release(block, sizeClass: sizeClass)
          }
        }
      }
    }
    #expect(collisions.count == 0)
  }
}
