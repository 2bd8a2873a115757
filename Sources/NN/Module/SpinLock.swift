internal import Platform
import Synchronization

extension Atomic where Value == Bool {
  /// Runs a closure while no other thread runs one with the same flag.
  ///
  /// For a few instructions at a time that wait for nothing. Unlike `Mutex` it needs no system call, and the thread
  /// sanitizer sees it.
  @inline(__always)
  borrowing func withLock<Result>(_ body: () -> Result) -> Result {
    while exchange(true, ordering: .acquiring) { sched_yield() }
    defer { store(false, ordering: .releasing) }
    return body()
  }
}
