import Platform
import Synchronization
import TestSupport
import Testing

@testable import Autograd

/// Serialized because the number of threads is one for the process.
///
/// Other tests may run meanwhile: their results do not depend on it.
@Suite(.serialized) struct ThreadPoolTests {
  private final class Marks: Sendable {
    private let counts: Mutex<[Int]>
    init(_ count: Int) { counts = Mutex([Int](repeating: 0, count: count)) }
    func add(_ index: Int) { counts.withLock { $0[index] += 1 } }
    var areAllOne: Bool { counts.withLock { $0.allSatisfy { $0 == 1 } } }
  }

  private func withThreads<Result>(_ count: Int, _ body: () async -> Result) async -> Result {
    let before = ThreadPool.threadCount
    ThreadPool.threadCount = count
    #expect(ThreadPool.threadCount == count)
    let result = await body()
    ThreadPool.threadCount = before
    return result
  }

  @Test(arguments: [1, 2, 4, 7])
  func everyChunkRunsOnce(_ threads: Int) async {
    await withThreads(threads) {
      for chunks in Array(0...40) + [1_000, 4_097] {
        let marks = Marks(chunks)
        ThreadPool.run(chunks) { marks.add($0) }
        #expect(marks.areAllOne)
      }
    }
  }

  @Test func regionsFollowEachOtherAndPause() async {
    await withThreads(4) {
      for pause in [0, 0, 50, 200, 1_000, 5_000] {
        for _ in 0..<200 / (pause / 100 + 1) {
          let marks = Marks(9)
          ThreadPool.run(9) { marks.add($0) }
          #expect(marks.areAllOne)
          if pause > 0 { usleep(UInt32(pause)) }  // around the time after which workers sleep
        }
      }
    }
  }

  @Test func nestedRegions() async {
    await withThreads(4) {
      for _ in 0..<50 {
        let marks = Marks(12 * 13 * 3)
        ThreadPool.run(12) { outer in
          ThreadPool.run(13) { middle in
            ThreadPool.run(3) { marks.add((outer * 13 + middle) * 3 + $0) }
          }
        }
        #expect(marks.areAllOne)
      }
    }
  }

  @Test func severalCallersAtOnce() async {
    await withThreads(4) {
      await withTaskGroup(of: Bool.self) { group in
        for task in 0..<8 {
          group.addTask {
            (0..<300).allSatisfy { round in
              let count = 1 + (round + task) % 17
              let marks = Marks(count)
              ThreadPool.run(count) { marks.add($0) }
              return marks.areAllOne
            }
          }
        }
        for await isRight in group { #expect(isRight) }
      }
    }
  }

  @Test func theRegionsWritesAreVisibleAfterwards() async {
    await withThreads(4) {
      for round in 0..<500 {
        let values = UnsafeMutableBufferPointer<Int>.allocate(capacity: 64)
        defer { values.deallocate() }
        values.initialize(repeating: -1)
        nonisolated(unsafe) let target = values
        ThreadPool.run(64) { target[$0] = $0 + round }
        #expect(values.enumerated().allSatisfy { $1 == $0 + round })
      }
    }
  }

  @Test func theNumberOfThreadsChangesNoBit() async {
    var random = RandomStream(seed: 31)
    let (a, b) = (random.normal([300, 700]), random.normal([700, 450]))
    let batches = (random.normal([6, 90, 80]), random.normal([6, 80, 70]))
    let images = random.normal([70, 3, 20, 21])
    let weight = random.normal([8, 3, 5, 5])
    let (block, blockWeight) = (random.normal([8, 8, 40, 40]), random.normal([8, 8, 3, 3]))
    let long = random.normal([1_200_001])
    let wide = random.normal([37, 70, 501], dtype: .float64)
    func results() -> [[UInt64]] {
      let product = gradients(at: [a, b]) { $0[0].matmul($0[1]).square().mean() }
      let batched = gradients(at: [batches.0, batches.1]) { $0[0].matmul($0[1]).tanh().sum() }
      let convolution = gradients(at: [images, weight]) {
        conv2d($0[0], $0[1], stride: 2, padding: 2).square().sum()
      }
      // One block of images on several threads, and input gradients with a stride as results.
      let interleaved = gradients(at: [block, blockWeight]) {
        conv2d($0[0], $0[1], bias: .zeros([8]), padding: 1).square().sum()
      }
      let transposed = gradients(at: [block, blockWeight]) {
        convTranspose2d($0[0], $0[1], stride: 2).square().sum()
      }
      let fused = gradients(at: [images, weight]) {
        let fused = ConvActivationPool(
          convolution: SlidingWindow("", kernel: [5, 5], stride: 1, padding: 2, dilation: 1),
          activation: .sigmoid,
          pool: .average(
            SlidingWindow("", kernel: [2, 2], stride: 2, padding: 0, dilation: 1),
            countIncludesPadding: true))
        return fused($0[0], $0[1], .zeros([8]))?.square().sum() ?? Tensor(0)
      }
      let pooled = gradient(at: images) {
        (avgPool2d($0, kernelSize: 2, stride: 2) * maxPool2d($0, kernelSize: 2, stride: 2)).sum()
      }
      let sums = [
        long.sum(), long.mean(), long.max(), wide.sum(axis: 0), wide.sum(axis: 1),
        wide.sum(axis: 2), wide.transpose().sum(axis: 0), wide.softmax(), wide.logSumExp(axis: 0),
        wide.transpose() + wide.transpose().exp(), wide.argmax(axis: 1), b[.all, 0].matmul(b),
        Tensor.where(long .> 0, long, 0), a.matmul(b), conv2d(images, weight),
      ]
      var stream = RandomStream(seed: 32)
      let drawn = [
        stream.uniform([100_001]), stream.normal([100_001]), stream.normal([9], dtype: .float64),
        stream.integers([100_001], in: 0..<7), stream.bernoulli([100_001], probability: 0.1),
        Tensor(scalars: stream.permutation(100_001)),
      ]
      let ordered = [wide.argsort(axis: 1), wide.topK(3).indices, long[..<200_001].argsort()]
      return
        (product + batched + convolution + interleaved + transposed + fused + [pooled] + sums
        + drawn + ordered)
        .map(\.bits)
    }
    let one = await withThreads(1) { results() }
    for threads in [2, 4] {
      let other = await withThreads(threads) { results() }
      for index in one.indices { #expect(one[index] == other[index], "\(threads), \(index)") }
    }
  }

  /// In a process of its own, where no other test's regions come between.
  @Test func largePoolsGathersAndVectorsAreSplit() async {
    await #expect(processExitsWith: .success) {
      ThreadPool.threadCount = 2
      func expectChunks(_ expected: Int, _ name: String, _ body: () -> Void) {
        let before = ThreadPool.regions.count
        body()
        let (count, chunks) = ThreadPool.regions
        #expect(count == before + 1 && chunks == expected, "\(name): \(count - before), \(chunks)")
      }
      func array(_ shape: [Int]) -> NDArray { Tensor.ones(shape).array }
      let shape = PoolingShape(
        window: WindowGeometry(
          inputSize: [64, 64], outputSize: [32, 32], kernel: [2, 2], stride: [2, 2]),
        countIncludesPadding: true)
      let (x, y) = (array([32, 64, 64]), array([32, 32, 32]))
      let indices = Tensor.zeros([32, 32, 32], dtype: .int32).array
      // A chunk for every 2^15 elements, and for every 2^17 products of a vector.
      expectChunks(4, "average") { CPU.averagePool(x, shape, planes: 32, into: y) }
      expectChunks(4, "gradient") { CPU.averagePoolGradient(y, shape, planes: 32, into: x) }
      expectChunks(4, "maximum") { CPU.maxPoolIndices(x, shape, planes: 32, into: indices) }
      for isAdjoint in [false, true] {
        expectChunks(4, isAdjoint ? "scatter" : "gather") {
          CPU.gatherPlanes(
            isAdjoint ? y : x, indices, planes: 32, xCount: isAdjoint ? 1024 : 4096,
            yCount: isAdjoint ? 4096 : 1024, isAdjoint: isAdjoint, into: isAdjoint ? x : y)
        }
      }
      let (row, matrix) = (array([1, 1_024]), array([1_024, 512]))
      expectChunks(4, "vector") { CPU.matmul(row, matrix, into: array([1, 512])) }
      // One block of interleaved images.
      let convolution = ConvolutionShape(
        batch: 8, inputChannels: 16, outputChannels: 16,
        window: WindowGeometry(
          inputSize: [64, 64], outputSize: [64, 64], kernel: [3, 3], padding: [1, 1]))
      let (images, weight) = (array([8, 16, 64, 64]), array([16, 16, 3, 3]))
      CPU.convolution(images, weight, bias: nil, convolution, into: array(images.shape))
      #expect(ThreadPool.regions.lastChunks >= 8)
      CPU.convolutionWeightGradient(images, images, convolution, into: weight)
      #expect(ThreadPool.regions.lastChunks >= 8)
    }
  }

  #if canImport(Glibc)
    /// With Musl's default a worker's stack would be 128 KiB.
    @Test func workersHaveLargeStacks() async {
      await #expect(processExitsWith: .success) {
        setDefaultStack(128 << 10)
        ThreadPool.threadCount = 4
        let caller = UInt(pthread_self())
        let smallest = Atomic<Int>(.max)
        for _ in 0..<50 {
          ThreadPool.run(40) { _ in
            usleep(100)  // until the workers are awake
            if UInt(pthread_self()) == caller { return }
            smallest.min(ownStack(), ordering: .relaxed)
          }
        }
        let found = smallest.load(ordering: .relaxed)
        #expect(found >= 512 << 10 && found < .max)
      }
    }

    /// A thread that no memory has room for is refused, and the caller computes alone.
    @Test func refusedThreadsAreDoneWithout() async {
      await #expect(processExitsWith: .success) {
        setDefaultStack(1 << 50)
        ThreadPool.threadCount = 4
        for _ in 0..<3 {
          let marks = Marks(100)
          ThreadPool.run(100) { marks.add($0) }
          precondition(marks.areAllOne)
        }
        // And are asked for again once the number is set again.
        setDefaultStack(1 << 20)
        ThreadPool.threadCount = 3
        let caller = UInt(pthread_self())
        let helped = Atomic<Bool>(false)
        for _ in 0..<50 {
          ThreadPool.run(40) { _ in
            usleep(100)
            if UInt(pthread_self()) != caller { helped.store(true, ordering: .relaxed) }
          }
        }
        let isHelped = helped.load(ordering: .relaxed)
        #expect(isHelped)
      }
    }
  #endif

  #if canImport(Glibc)
    /// The child of a process with awake workers has none of them, and computes alone.
    @Test func aForkedProcessComputes() async {
      await #expect(processExitsWith: .success) {
        ThreadPool.threadCount = 4
        let (a, b) = (Tensor.ones([300, 700]), Tensor.ones([700, 450]))
        let fork = function("fork", (@convention(c) () -> Int32).self)
        for _ in 0..<5 {
          let expected = a.matmul(b).bits
          let child = fork()
          if child == 0 { _exit(a.matmul(b).bits == expected ? 0 : 1) }
          var status: Int32 = -1
          precondition(waitpid(child, &status, 0) == child && status == 0)
          precondition(a.matmul(b).bits == expected)
        }
      }
    }
  #endif

  @Test func atLeastOneThread() async {
    let result = await #expect(
      processExitsWith: .failure, observing: [\.standardErrorContent]
    ) { ThreadPool.threadCount = 0 }
    expect(result, names: "threadCount", "0")
  }
}

#if canImport(Glibc)
  private typealias DefaultAttributes = @convention(c) (UnsafePointer<pthread_attr_t>) -> Int32
  private typealias OwnAttributes =
    @convention(c) (pthread_t, UnsafeMutablePointer<pthread_attr_t>) -> Int32

  /// A GNU function that Swift does not see.
  private func function<Function>(_ name: String, _ type: Function.Type) -> Function {
    unsafeBitCast(dlsym(nil, name), to: type)
  }

  /// Sets the size of stacks that new threads do not ask for.
  private func setDefaultStack(_ byteCount: Int) {
    var attributes = pthread_attr_t()
    pthread_attr_init(&attributes)
    pthread_attr_setstacksize(&attributes, byteCount)
    let set = function("pthread_setattr_default_np", DefaultAttributes.self)
    precondition(set(&attributes) == 0)
  }

  private func ownStack() -> Int {
    var (attributes, byteCount) = (pthread_attr_t(), 0)
    let get = function("pthread_getattr_np", OwnAttributes.self)
    precondition(get(pthread_self(), &attributes) == 0)
    pthread_attr_getstacksize(&attributes, &byteCount)
    return byteCount
  }
#endif
