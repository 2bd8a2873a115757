internal import CKernels
import Dispatch
import Synchronization

#if canImport(Glibc)
  import Glibc
#elseif canImport(Musl)
  import Musl
#else
  import Darwin
#endif

/// Runs the chunks of a parallel region on a few threads that stay awake between regions.
///
/// Waking a sleeping processor takes 40 to 55 microseconds, longer than most regions of a small
/// model. So workers spin for a short while before they sleep; between two regions of a training
/// step they are usually still awake.
///
/// Work is split by size, never by the number of threads, and chunks are claimed by a counter:
/// which thread runs a chunk varies, what it computes does not.
package enum ThreadPool {
  /// The number of threads that take part, the caller included.
  ///
  /// Default: one per processor.
  ///
  /// Set it before or between computations.
  package static var threadCount: Int {
    get { limit.load(ordering: .relaxed) }
    set {
      require(newValue >= 1, "threads: at least one is needed, got \(newValue)")
      limit.store(newValue, ordering: .relaxed)
    }
  }

  package static let processorCount = max(1, sysconf(Int32(_SC_NPROCESSORS_ONLN)))

  private static let limit = Atomic<Int>(max(1, sysconf(Int32(_SC_NPROCESSORS_ONLN))))
  private static let workers = Mutex<[Worker]>([])
  /// Held while a region runs; a region that finds it taken runs on its caller alone.
  private static let isBusy = Atomic<Bool>(false)

  /// Calls `body` once for every chunk in `0 ..< chunkCount`, in any order and on any thread.
  static func run(_ chunkCount: Int, _ body: (Int) -> Void) {
    let helpers = min(threadCount, chunkCount) - 1
    guard helpers > 0, !isBusy.exchange(true, ordering: .acquiring) else {
      for chunk in 0..<chunkCount { body(chunk) }
      return
    }
    defer { isBusy.store(false, ordering: .releasing) }
    withoutActuallyEscaping(body) { body in
      let region = Region(chunkCount: chunkCount, body: body)
      let active = workers.withLock { workers in
        while workers.count < helpers { workers.append(Worker()) }
        return Array(workers[0..<helpers])
      }
      for worker in active { worker.start(region) }
      region.runChunks()
      for worker in active { worker.wait() }
    }
  }

  /// One region: its chunks and how many of them are claimed.
  fileprivate final class Region: @unchecked Sendable {
    // Unchecked because `body` is not Sendable: the caller waits until every worker is done with
    // it, and the primitives' bodies write to disjoint places.
    let chunkCount: Int
    let body: (Int) -> Void
    let next = Atomic<Int>(0)

    init(chunkCount: Int, body: @escaping (Int) -> Void) {
      self.chunkCount = chunkCount
      self.body = body
    }

    func runChunks() {
      while true {
        let chunk = next.wrappingAdd(1, ordering: .relaxed).oldValue
        if chunk >= chunkCount { return }
        body(chunk)
      }
    }
  }

  /// A thread that waits for regions: first spinning, then asleep.
  fileprivate final class Worker: @unchecked Sendable {
    // Unchecked because `region` is a plain variable: it is written by the starting thread while
    // `state` is idle and read by the worker after `state` became started.
    private static let (idle, asleep, started) = (0, 1, 2)
    private static let spinCount = 4000

    private let state = Atomic<Int>(0)
    private let wake = DispatchSemaphore(value: 0)
    private var region: Region?

    init() {
      let pointer = Unmanaged.passRetained(self).toOpaque()
      #if canImport(Darwin)
        var thread: pthread_t?
      #else
        var thread = pthread_t()
      #endif
      let code = pthread_create(
        &thread, nil,
        { pointer in
          #if canImport(Darwin)
            Unmanaged<Worker>.fromOpaque(pointer).takeUnretainedValue().loop()
          #else
            Unmanaged<Worker>.fromOpaque(pointer!).takeUnretainedValue().loop()
          #endif
        }, pointer)
      require(code == 0, "threads: the system refused a thread (error \(code))")
      #if canImport(Darwin)
        if let thread { pthread_detach(thread) }
      #else
        pthread_detach(thread)
      #endif
    }

    func start(_ region: Region) {
      self.region = region
      if state.exchange(Worker.started, ordering: .acquiringAndReleasing) == Worker.asleep {
        wake.signal()
      }
    }

    /// Returns when the worker has nothing more to do with the region.
    func wait() {
      var spins = 0
      while state.load(ordering: .acquiring) == Worker.started {
        spins += 1
        if spins < Worker.spinCount { CKSpinHint() } else { sched_yield() }
      }
    }

    private func loop() -> Never {
      while true {
        awaitStart()
        region?.runChunks()
        region = nil
        state.store(Worker.idle, ordering: .releasing)
      }
    }

    private func awaitStart() {
      for _ in 0..<Worker.spinCount {
        if state.load(ordering: .acquiring) == Worker.started { return }
        CKSpinHint()
      }
      let (slept, _) = state.compareExchange(
        expected: Worker.idle, desired: Worker.asleep, ordering: .acquiringAndReleasing)
      if slept { wake.wait() }
    }

  }
}

/// Sets how many threads compute, the caller included; one per processor unless set.
///
/// Results are bit for bit the same for any number. To be called between computations.
public func setThreadCount(_ count: Int) { ThreadPool.threadCount = count }
