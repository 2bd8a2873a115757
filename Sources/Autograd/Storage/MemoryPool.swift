import Synchronization

#if canImport(Glibc)
  import Glibc
#elseif canImport(Musl)
  import Musl
#else
  import Darwin
#endif

/// Keeps freed blocks for the next tensor of about the same size, so that a training loop in its
/// steady state causes neither page faults nor system calls.
///
/// Sizes are rounded up to four classes per power of two (at most 25 % waste); blocks are aligned
/// to 64 bytes, a cache line and a 512-bit vector, large ones to a huge page. What is kept is bounded: beyond the bound a
/// block goes back to the system.
package enum MemoryPool {
  private static let alignment = 64
  /// What one entry of the processor's address table may span on Linux: an array of 16 MB has 8 such pages
  /// instead of 4,096 small ones, more than the table holds.
  private static let hugePageByteCount = 1 << 21
  private static let keptByteLimit = 1 << 30

  private struct Lists: ~Copyable {
    var free: [[UnsafeMutableRawPointer]] = Array(repeating: [], count: 256)
    var keptBytes = 0
    var (usedBytes, peakBytes) = (0, 0)
  }
  // The pointers inside are owned by the pool alone; they are handed out and taken back one by one.
  private struct Guarded: ~Copyable, @unchecked Sendable { var lists = Lists() }
  private static let pool = Mutex(Guarded())

  /// The class whose blocks hold `byteCount` bytes.
  static func sizeClass(for byteCount: Int) -> Int {
    let units = max(byteCount, alignment) - 1
    let exponent = Int.bitWidth - 1 - units.leadingZeroBitCount
    let quarter = (units >> (exponent - 2)) & 3
    return exponent * 4 + quarter
  }

  /// The size of the blocks of a class in bytes.
  static func byteCount(of sizeClass: Int) -> Int {
    let exponent = sizeClass / 4
    return (1 << exponent) + ((sizeClass & 3) + 1) << (exponent - 2)
  }

  static func allocate(sizeClass: Int) -> UnsafeMutableRawPointer {
    let kept: UInt? = pool.withLock { guarded in
      guarded.lists.usedBytes += byteCount(of: sizeClass)
      guarded.lists.peakBytes = max(guarded.lists.peakBytes, guarded.lists.usedBytes)
      guard let block = guarded.lists.free[sizeClass].popLast() else { return nil }
      guarded.lists.keptBytes -= byteCount(of: sizeClass)
      return UInt(bitPattern: block)
    }
    if let kept, let block = UnsafeMutableRawPointer(bitPattern: kept) { return block }
    var block: UnsafeMutableRawPointer?
    let size = byteCount(of: sizeClass)
    let isLarge = size >= 2 * hugePageByteCount
    guard posix_memalign(&block, isLarge ? hugePageByteCount : alignment, size) == 0, let block
    else { fail("out of memory: a tensor needs \(size) bytes") }
    #if os(Linux)
      // Only a wish; the last, unfilled page stays a small one.
      if isLarge { madvise(block, size & ~(hugePageByteCount - 1), Int32(MADV_HUGEPAGE)) }
    #endif
    return block
  }

  static func release(_ block: UnsafeMutableRawPointer, sizeClass: Int) {
    let size = byteCount(of: sizeClass)
    let address = UInt(bitPattern: block)
    let isKept = pool.withLock { guarded in
      guarded.lists.usedBytes -= size
      guard guarded.lists.keptBytes + size <= keptByteLimit else { return false }
      guarded.lists.keptBytes += size
      guarded.lists.free[sizeClass].append(UnsafeMutableRawPointer(bitPattern: address)!)
      return true
    }
    if !isKept { free(block) }
  }

  /// The most bytes in use at once while a closure ran, less those in use before, by all threads.
  package static func peakBytes(during body: () throws -> Void) rethrows -> Int {
    let before = pool.withLock { guarded in
      guarded.lists.peakBytes = guarded.lists.usedBytes
      return guarded.lists.usedBytes
    }
    try body()
    return pool.withLock { $0.lists.peakBytes } - before
  }
}
