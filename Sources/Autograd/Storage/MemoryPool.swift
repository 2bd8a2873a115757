internal import Platform
import Synchronization

/// Keeps the freed blocks of one device's memory for later arrays of about the same size, so that a
/// training loop in its steady state causes neither page faults nor system calls.
///
/// Sizes are rounded up to four classes per power of two (at most 25 % waste). Beyond `cacheLimit` a freed
/// block returns to the system at once, and all of them do before an allocation is allowed to fail.
package final class MemoryPool: Sendable {
  /// The pool of the host's memory.
  package static let host = MemoryPool(hostWith: MemoryLimit.current())

  /// A pool of the host's memory, of which there is so much for the process, nil if that is not known.
  convenience init(hostWith memory: Int?) {
    self.init(allocate: allocateOnHost, free: { free($0) }, smallestBlock: hostAlignment)
    cacheLimit = MemoryPool.cacheLimit(memory: memory)
  }

  /// The most bytes to keep of a memory: an eighth of it, at most 1 GiB.
  static func cacheLimit(memory: Int?) -> Int { min(1 << 30, (memory ?? .max) / 8) }

  private struct Lists: ~Copyable {
    var free: [[UnsafeMutableRawPointer]] = Array(repeating: [], count: 256)
    var cachedBytes = 0
    var (usedBytes, peakBytes) = (0, 0)
    var cacheLimit = 1 << 30
  }
  // The pool alone owns the addresses in the lists; they are handed out and taken back one at a time.
  private struct Guarded: ~Copyable, @unchecked Sendable { var lists = Lists() }
  private let guarded = Mutex(Guarded())
  private let allocateBlock: @Sendable (_ byteCount: Int) -> UnsafeMutableRawPointer?
  private let freeBlock: @Sendable (UnsafeMutableRawPointer) -> Void
  private let smallestBlock: Int

  /// - Parameters:
  ///   - allocate: Allocates a block, nil if the memory is exhausted.
  ///   - free: Frees such a block.
  ///   - smallestBlock: The size of the smallest blocks in bytes.
  init(
    allocate: @escaping @Sendable (Int) -> UnsafeMutableRawPointer?,
    free: @escaping @Sendable (UnsafeMutableRawPointer) -> Void, smallestBlock: Int
  ) {
    allocateBlock = allocate
    freeBlock = free
    self.smallestBlock = smallestBlock
  }

  /// The class whose blocks hold `byteCount` bytes.
  func sizeClass(for byteCount: Int) -> Int {
    let units = max(byteCount, smallestBlock) - 1
    let exponent = Int.bitWidth - 1 - units.leadingZeroBitCount
    let quarter = (units >> (exponent - 2)) & 3
    return exponent * 4 + quarter
  }

  /// The size of the blocks of a class in bytes.
  func byteCount(of sizeClass: Int) -> Int {
    let exponent = sizeClass / 4
    return (1 << exponent) + ((sizeClass & 3) + 1) << (exponent - 2)
  }

  func allocate(sizeClass: Int) -> UnsafeMutableRawPointer {
    let size = byteCount(of: sizeClass)
    let cached: UInt? = guarded.withLock { guarded in
      guarded.lists.usedBytes += size
      guarded.lists.peakBytes = max(guarded.lists.peakBytes, guarded.lists.usedBytes)
      guard let block = guarded.lists.free[sizeClass].popLast() else { return nil }
      guarded.lists.cachedBytes -= size
      return UInt(bitPattern: block)
    }
    if let cached, let block = UnsafeMutableRawPointer(bitPattern: cached) { return block }
    if let block = allocateBlock(size) { return block }
    empty()  // cached blocks of other classes may be what is missing
    guard let block = allocateBlock(size) else {
      fail("out of memory: a tensor needs \(size) bytes, \(usage.used - size) are in use")
    }
    return block
  }

  func release(_ block: UnsafeMutableRawPointer, sizeClass: Int) {
    let size = byteCount(of: sizeClass)
    let address = UInt(bitPattern: block)
    let isCached = guarded.withLock { guarded in
      guarded.lists.usedBytes -= size
      guard guarded.lists.cachedBytes + size <= guarded.lists.cacheLimit else { return false }
      guarded.lists.cachedBytes += size
      guarded.lists.free[sizeClass].append(UnsafeMutableRawPointer(bitPattern: address)!)
      return true
    }
    if !isCached { freeBlock(block) }
  }

  /// Returns all cached blocks to the system.
  func empty() { trim(to: 0) }

  /// The most bytes of freed blocks that are kept.
  var cacheLimit: Int {
    get { guarded.withLock { $0.lists.cacheLimit } }
    set {
      require(newValue >= 0, "memoryCacheLimit: must not be negative, got \(newValue)")
      guarded.withLock { $0.lists.cacheLimit = newValue }
      trim(to: newValue)
    }
  }

  /// Frees cached blocks, the largest first, until at most `limit` bytes are left.
  private func trim(to limit: Int) {
    var blocks: [UInt] = []
    guarded.withLock { guarded in
      for sizeClass in guarded.lists.free.indices.reversed() {
        while guarded.lists.cachedBytes > limit, let block = guarded.lists.free[sizeClass].popLast()
        {
          guarded.lists.cachedBytes -= byteCount(of: sizeClass)
          blocks.append(UInt(bitPattern: block))
        }
      }
    }
    for block in blocks { freeBlock(UnsafeMutableRawPointer(bitPattern: block)!) }
  }

  var usage: Device.MemoryUsage {
    guarded.withLock { guarded in
      Device.MemoryUsage(
        used: guarded.lists.usedBytes, peak: guarded.lists.peakBytes,
        cached: guarded.lists.cachedBytes)
    }
  }

  /// The most bytes in use at once while a closure ran, minus those in use before, by all threads.
  package func peakBytes(during body: () throws -> Void) rethrows -> Int {
    let before = guarded.withLock { guarded in
      guarded.lists.peakBytes = guarded.lists.usedBytes
      return guarded.lists.usedBytes
    }
    try body()
    return usage.peak - before
  }
}

// MARK: The host's memory

/// A cache line, and a 512-bit vector.
private let hostAlignment = 64
/// The size of a transparent huge page (2 MiB): a 16 MB array needs 8 TLB entries instead of 4,096.
private let hugePageByteCount = 1 << 21

private func allocateOnHost(_ byteCount: Int) -> UnsafeMutableRawPointer? {
  var block: UnsafeMutableRawPointer?
  let isLarge = byteCount >= 2 * hugePageByteCount
  guard posix_memalign(&block, isLarge ? hugePageByteCount : hostAlignment, byteCount) == 0 else {
    return nil
  }
  #if os(Linux)
    // A hint; the last, partly filled page stays a small one.
    if isLarge, let block {
      madvise(block, byteCount & ~(hugePageByteCount - 1), Int32(MADV_HUGEPAGE))
    }
  #endif
  return block
}
