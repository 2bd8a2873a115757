internal import CKernels
import Dispatch
internal import Platform
import Synchronization

/// Runs the chunks of a parallel region on a few threads, which spin briefly between regions before they sleep.
///
/// Waking a sleeping processor takes 40 to 55 microseconds, longer than most regions of a small
/// model. So workers spin for a short while before they sleep; between two regions of a training
/// step they are usually still awake.
///
/// Work is split by size, never by the number of threads, and chunks are claimed by a counter: which
/// thread runs a chunk varies, what it computes does not. The caller waits for chunks, not for
/// threads: a worker that does not get a processor in time costs nothing.
public enum ThreadPool {
  /// The number of threads that compute, the caller included; one per processor that the process may use
  /// unless set.
  ///
  /// Results are bit for bit the same for any number, at least 1. Set it before or between
  /// computations. Fewer threads take part where the system refuses them.
  public static var threadCount: Int {
    get { limit.load(ordering: .relaxed) }
    set {
      require(newValue >= 1, "threadCount: at least one is needed, got \(newValue)")
      limit.store(newValue, ordering: .relaxed)
      workers.withLock { $0.isComplete = false }
    }
  }

  package static let processorCount = ProcessorCount.current

  private static let limit = Atomic<Int>(processorCount)
  private static let workers = Mutex(Workers())

  private struct Workers {
    var all: [Worker] = []
    /// Whether the system refused another one; it is not asked again at every region.
    var isComplete = false
  }

  /// Held while a region runs; a region that finds it taken runs on its caller alone.
  private static let isBusy = Atomic<Bool>(false)

  /// Calls `body` once for every chunk in `0 ..< chunkCount`, in any order and on any thread.
  ///
  /// The callers choose the number of chunks by size and by the thresholds in `Tuning`; see `forEachPart`.
  static func run(_ chunkCount: Int, _ body: (Int) -> Void) {
    let helpers = min(threadCount, chunkCount) - 1
    guard
      helpers > 0, chunkCount <= ParallelRegion.chunkLimit,
      !isBusy.exchange(true, ordering: .acquiring)
    else {
      for chunk in 0..<chunkCount { body(chunk) }
      return
    }
    defer { isBusy.store(false, ordering: .releasing) }
    withoutActuallyEscaping(body) { body in
      withUnsafePointer(to: body) { body in
        ParallelRegion.publish(chunkCount, UnsafeRawPointer(body))
        workers.withLock { workers in
          while workers.all.count < helpers && !workers.isComplete {
            if let worker = Worker(number: workers.all.count) {
              workers.all.append(worker)
            } else {
              workers.isComplete = true
            }
          }
          for worker in workers.all.prefix(helpers) { worker.wake() }
        }
        ParallelRegion.runChunks()
        ParallelRegion.waitForChunks(chunkCount)
      }
    }
  }

  /// Calls `body` for parts that together are `0 ..< count`, in any order and on any thread.
  ///
  /// What decides how many parts there are: `Tuning.grain` elements make one, and each of the `count` rows or
  /// elements is `width` of them. Dense element-wise loops and reductions come here directly, broadcast ones by way of
  /// `StridedLoop`. Few long sums (`CPU.reduce`, by `Tuning.fewSums`), matrix products and convolutions count their own.
  @inline(__always)
  static func forEachPart(
    of count: Int, width: Int = 1, _ body: (_ start: Int, _ count: Int) -> Void
  ) {
    let elements = count * max(width, 1)
    if elements < Tuning.parallelCount {
      if count > 0 { body(0, count) }
      return
    }
    let parts = min(count, elements / Tuning.grain)
    run(parts) { part in
      let start = count * part / parts
      body(start, count * (part + 1) / parts - start)
    }
  }

  /// How many regions were given to several threads so far, modulo 2^24, and the number of chunks of the last one.
  static var regions: (count: Int, lastChunks: Int) { ParallelRegion.published }

  /// The region that runs, one at a time.
  ///
  /// Its state is one word: a generation, the number of chunks, and the next one to claim. A chunk is
  /// claimed by exchanging the word, so a worker that comes late cannot claim one of a region that it
  /// did not see; and a region does not end before its claimed chunks are done, so whoever holds a
  /// claim may use the body.
  fileprivate enum ParallelRegion {
    static let chunkLimit = (1 << chunkBits) - 1
    private static let chunkBits: UInt64 = 20
    private static let mask: UInt64 = (1 << chunkBits) - 1

    private static let state = Atomic<UInt64>(0)
    private static let completed = Atomic<Int>(0)
    /// The address of the body, a pointer to `(Int) -> Void`.
    private static let body = Atomic<UInt>(0)

    static func publish(_ chunkCount: Int, _ newBody: UnsafeRawPointer) {
      completed.store(0, ordering: .relaxed)
      body.store(UInt(bitPattern: newBody), ordering: .relaxed)
      let generation = (state.load(ordering: .relaxed) >> (2 * chunkBits)) &+ 1
      state.store(
        generation << (2 * chunkBits) | UInt64(chunkCount) << chunkBits,
        ordering: .sequentiallyConsistent)
    }

    static var published: (count: Int, lastChunks: Int) {
      let state = state.load(ordering: .relaxed)
      return (Int(state >> (2 * chunkBits)), Int(state >> chunkBits & mask))
    }

    /// Whether a chunk waits to be claimed.
    static var hasChunks: Bool {
      let state = state.load(ordering: .sequentiallyConsistent)
      return state & mask < state >> chunkBits & mask
    }

    private static func claim() -> Int? {
      var current = state.load(ordering: .acquiring)
      while current & mask < current >> chunkBits & mask {
        let (claimed, seen) = state.weakCompareExchange(
          expected: current, desired: current + 1, ordering: .acquiring)
        if claimed { return Int(current & mask) }
        current = seen
      }
      return nil
    }

    static func runChunks() {
      while let chunk = claim() {
        let address = UnsafeRawPointer(bitPattern: body.load(ordering: .relaxed))!
        address.assumingMemoryBound(to: ((Int) -> Void).self).pointee(chunk)
        completed.wrappingAdd(1, ordering: .releasing)
      }
    }

    static func waitForChunks(_ count: Int) {
      var spins = 0
      while completed.load(ordering: .acquiring) < count {
        spins += 1
        if spins < Tuning.spinCount { CKSpinHint() } else { sched_yield() }
      }
    }

    /// Waits a short while for a chunk that a worker may take; whether there is one.
    static func spin(_ worker: Worker) -> Bool {
      for _ in 0..<Tuning.spinCount {
        if worker.hasWork { return true }
        CKSpinHint()
      }
      return false
    }
  }

  /// A thread that takes part in regions: first spinning, then asleep.
  fileprivate final class Worker: Sendable {
    private let isAsleep = Atomic<Bool>(false)
    private let alarm = DispatchSemaphore(value: 0)
    /// Counted from 0; workers beyond the number of threads stay out.
    private let number: Int

    // The least size of a thread's stack, on which kernels keep blocks. Musl's default is 128 KiB.
    private static let stackByteCount = 512 << 10

    /// Nil if the system refuses a thread.
    init?(number: Int) {
      self.number = number
      var attributes = pthread_attr_t()
      pthread_attr_init(&attributes)
      defer { pthread_attr_destroy(&attributes) }
      var stackByteCount = 0
      pthread_attr_getstacksize(&attributes, &stackByteCount)
      pthread_attr_setstacksize(&attributes, max(stackByteCount, Worker.stackByteCount))
      pthread_attr_setdetachstate(&attributes, Int32(PTHREAD_CREATE_DETACHED))
      #if canImport(Darwin)
        var thread: pthread_t?
      #else
        var thread = pthread_t()
      #endif
      // It lives as long as the process, as its thread does.
      let retained = Unmanaged.passRetained(self)
      let code = pthread_create(
        &thread, &attributes,
        { (pointer: UnsafeMutableRawPointer?) in
          if let pointer { Unmanaged<Worker>.fromOpaque(pointer).takeUnretainedValue().loop() }
          return nil
        }, retained.toOpaque())
      if code != 0 {
        retained.release()
        return nil
      }
    }

    /// Whether there is a chunk that this worker may take.
    var hasWork: Bool { number < ThreadPool.threadCount - 1 && ParallelRegion.hasChunks }

    /// Called after a region was published.
    func wake() {
      if isAsleep.exchange(false, ordering: .sequentiallyConsistent) { alarm.signal() }
    }

    private func loop() -> Never {
      while true {
        if ParallelRegion.spin(self) {
          ParallelRegion.runChunks()
          continue
        }
        // Either this thread sees the next region here, or its caller sees this thread asleep.
        isAsleep.store(true, ordering: .sequentiallyConsistent)
        if hasWork && isAsleep.exchange(false, ordering: .sequentiallyConsistent) {
          continue
        }
        alarm.wait()
      }
    }
  }
}
