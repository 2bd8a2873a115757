import Synchronization
import TestSupport
import Testing

@testable import Autograd

@Suite struct MemoryPoolTests {
  @Test func classesHoldTheirRequestsWithLittleWaste() {
    var previous = 0
    var requests = Array(0...5_000)
    for exponent in 12..<48 { requests += (-2...2).map { 1 << exponent + $0 } }
    for exponent in 12..<46 { requests += (-1...1).map { 5 << exponent + $0 } }
    for request in requests.sorted() {
      let sizeClass = MemoryPool.host.sizeClass(for: request)
      let size = MemoryPool.host.byteCount(of: sizeClass)
      #expect(size >= request && sizeClass >= previous && sizeClass < 256)
      #expect(request < 64 || Double(size) <= 1.25 * Double(request))
      // No smaller class would do.
      #expect(request <= 64 || MemoryPool.host.byteCount(of: sizeClass - 1) < request)
      previous = sizeClass
    }
  }

  @Test func classesGrow() {
    let sizes = (23..<200).map { MemoryPool.host.byteCount(of: $0) }
    #expect(zip(sizes, sizes.dropFirst()).allSatisfy { $0 < $1 })
    for sizeClass in 23..<200 {
      #expect(MemoryPool.host.sizeClass(for: MemoryPool.host.byteCount(of: sizeClass)) == sizeClass)
    }
  }

  @Test func blocksAreAlignedDistinctAndComeBack() async {
    // In a process of its own: elsewhere another thread could take the block in between.
    await #expect(processExitsWith: .success) {
      let sizeClass = MemoryPool.host.sizeClass(for: 10_000)
      let blocks = (0..<10).map { _ in MemoryPool.host.allocate(sizeClass: sizeClass) }
      precondition(Set(blocks).count == 10)
      precondition(blocks.allSatisfy { UInt(bitPattern: $0) % 64 == 0 })
      for block in blocks { MemoryPool.host.release(block, sizeClass: sizeClass) }
      let again = (0..<10).map { _ in MemoryPool.host.allocate(sizeClass: sizeClass) }
      precondition(Set(again) == Set(blocks))
    }
  }

  @Test func threadsNeverGetTheSameBlock() async {
    let collisions = EventCounter()
    await withTaskGroup(of: Void.self) { group in
      for task in 0..<8 {
        group.addTask {
          for round in 0..<2_000 {
            let sizeClass = MemoryPool.host.sizeClass(for: 300 + 100 * (round % 4))
            let block = MemoryPool.host.allocate(sizeClass: sizeClass)
            let mark = task * 10_000 + round
            block.storeBytes(of: mark, as: Int.self)
            (block + 248).storeBytes(of: mark, as: Int.self)
            if block.load(as: Int.self) != mark || (block + 248).load(as: Int.self) != mark {
              collisions.increment()
            }
            MemoryPool.host.release(block, sizeClass: sizeClass)
          }
        }
      }
    }
    #expect(collisions.count == 0)
  }

  /// A pool over a memory of a fixed size, which counts the bytes handed out.
  private static func pool(of capacity: Int) -> (pool: MemoryPool, handedOut: EventCounter) {
    let (state, handedOut) = (SharedSizes(), EventCounter())
    let pool = MemoryPool(
      allocate: { bytes in
        guard state.total + bytes <= capacity else { return nil }
        handedOut.increment()
        let block = UnsafeMutableRawPointer.allocate(byteCount: bytes, alignment: 64)
        state.set(block, bytes)
        return block
      },
      free: { block in
        state.set(block, nil)
        block.deallocate()
      }, smallestBlock: 64)
    return (pool, handedOut)
  }

  @Test func cachedBlocksAreFreedBeforeAnAllocationFails() {
    let (pool, _) = Self.pool(of: 1 << 20)
    let small = pool.sizeClass(for: 1 << 18)
    let blocks = (0..<4).map { _ in pool.allocate(sizeClass: small) }
    for block in blocks { pool.release(block, sizeClass: small) }
    #expect(pool.usage == Device.MemoryUsage(used: 0, peak: 1 << 20, cached: 1 << 20))
    // The memory is full of cached blocks, none of which is large enough.
    let large = pool.sizeClass(for: 1 << 19)
    let block = pool.allocate(sizeClass: large)
    #expect(pool.usage.used == 1 << 19 && pool.usage.cached == 0)
    pool.release(block, sizeClass: large)
  }

  @Test func theCacheIsLimitedAndEmptied() {
    let (pool, handedOut) = Self.pool(of: 1 << 20)
    let sizeClass = pool.sizeClass(for: 1 << 16)
    func useFour() {
      let blocks = (0..<4).map { _ in pool.allocate(sizeClass: sizeClass) }
      for block in blocks { pool.release(block, sizeClass: sizeClass) }
    }
    useFour()
    useFour()
    #expect(handedOut.count == 4 && pool.usage.cached == 4 << 16)
    pool.cacheLimit = 2 << 16
    #expect(pool.usage.cached == 2 << 16)
    useFour()
    #expect(handedOut.count == 6 && pool.usage.cached == 2 << 16)
    pool.empty()
    #expect(pool.usage.cached == 0 && pool.cacheLimit == 2 << 16)
  }

  @Test func theCacheKeepsAnEighthOfTheMemory() {
    #expect(MemoryPool.cacheLimit(memory: nil) == 1 << 30)
    #expect(MemoryPool.cacheLimit(memory: 64 << 30) == 1 << 30)
    #expect(MemoryPool.cacheLimit(memory: 1 << 29) == 1 << 26)
    let memory = MemoryLimit.current()
    #expect(MemoryPool(hostWith: memory).cacheLimit == MemoryPool.cacheLimit(memory: memory))
  }

  @Test func exhaustedMemoryNamesTheSize() async {
    let result = await #expect(processExitsWith: .failure, observing: [\.standardErrorContent]) {
      _ = Tensor.zeros([1 << 50])
    }
    expect(result, names: "out of memory", "bytes")
  }
}

/// The sizes of blocks by address.
private final class SharedSizes: Sendable {
  private let sizes = Mutex<[UInt: Int]>([:])

  var total: Int { sizes.withLock { $0.values.reduce(0, +) } }

  func set(_ block: UnsafeMutableRawPointer, _ bytes: Int?) {
    let address = UInt(bitPattern: block)
    sizes.withLock { $0[address] = bytes }
  }
}
