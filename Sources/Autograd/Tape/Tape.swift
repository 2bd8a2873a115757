internal import Platform
import Synchronization

/// Sends the gradient of one result back to one input.
///
/// Pullbacks are written with tensor operations, so they are differentiable themselves. The tape
/// sums a gradient over broadcast axes and converts it to the input's type, so a pullback need not.
///
/// `dy` is handed over: an element-wise pullback works in its memory if there is no other reference to it.
public typealias Pullback = @Sendable (_ dy: __owned Tensor) -> Tensor

/// Sends the gradients of several results back to several inputs.
///
/// A cotangent is nil for a result that nothing depended on; a gradient that is not wanted may be
/// nil.
public typealias Pullbacks =
  @Sendable (_ cotangents: [Tensor?], _ wanted: [Bool]) -> [Tensor?]

/// `Pullbacks` that also get what the operation saved, nil where they are differentiated themselves.
public typealias SavingPullbacks<Saved> =
  @Sendable (_ cotangents: [Tensor?], _ wanted: [Bool], _ saved: Saved?) -> [Tensor?]

/// A recording of differentiable operations that can be replayed backwards.
///
/// An operation is recorded if and only if one of its operands is watched by the tape. Gradients
/// are returned, not stored. Tapes nest: a gradient computed while an outer tape watches is itself
/// recorded on the outer one. The outer one is the older one: a gradient is recorded by older tapes
/// than its own, never by younger ones.
///
/// ```swift
/// let tape = Tape()
/// let x = tape.watch(Tensor([1, 2, 3]))
/// let dx = tape.gradient(of: (x * x).sum(), at: x)  // [2, 4, 6]
/// ```
public final class Tape: Sendable {
  /// Shape and type of an input; its gradient is summed and cast to match.
  struct GradientSpec: Sendable {
    let shape: [Int]
    let dtype: DType

    init(_ array: NDArray) { self.init(shape: array.shape, dtype: array.dtype) }

    init(shape: [Int], dtype: DType) {
      self.shape = shape
      self.dtype = dtype
    }
  }

  /// A `GradientSpec` stored inline up to rank 4, so that recording a small tensor does not allocate.
  struct InlineSpec: Sendable {
    private let sizes: (Int, Int, Int, Int)
    private let rank: Int
    private let dtype: DType
    private let furtherSizes: [Int]

    @inline(__always)
    init(_ array: NDArray) {
      rank = array.rank
      dtype = array.dtype
      sizes = (
        rank > 0 ? array.size(0) : 0, rank > 1 ? array.size(1) : 0, rank > 2 ? array.size(2) : 0,
        rank > 3 ? array.size(3) : 0
      )
      furtherSizes = rank > 4 ? Array(array.shape[4...]) : []
    }

    @inline(__always)
    func fits(_ array: NDArray) -> Bool {
      array.rank == rank && array.dtype == dtype && (rank < 1 || array.size(0) == sizes.0)
        && (rank < 2 || array.size(1) == sizes.1) && (rank < 3 || array.size(2) == sizes.2)
        && (rank < 4 || array.size(3) == sizes.3)
        && (rank < 5 || array.shape[4...].elementsEqual(furtherSizes))
    }

    var spec: Tape.GradientSpec {
      let first = [sizes.0, sizes.1, sizes.2, sizes.3]
      return Tape.GradientSpec(shape: first.prefix(rank) + furtherSizes, dtype: dtype)
    }
  }

  /// One slot of the tape.
  ///
  /// A spec is nil where the input has the result's shape and type.
  enum Entry: Sendable {
    case leaf
    case released
    case unary(Int, GradientSpec?, Pullback)
    case binary(Int, GradientSpec?, Pullback, Int, GradientSpec?, Pullback)
    case list(ListEntry)
    /// A further result of the list entry some slots before.
    case laterResult
  }

  final class ListEntry: Sendable {
    /// Where an input was recorded, and what its gradient must match.
    struct Input: Sendable {
      let slot: Int
      let spec: InlineSpec
    }

    /// Nil for those that this tape does not watch.
    let inputs: [Input?]
    let resultCount: Int
    let pullbacks: Pullbacks

    init(inputs: [Input?], resultCount: Int, pullbacks: @escaping Pullbacks) {
      self.inputs = inputs
      self.resultCount = resultCount
      self.pullbacks = pullbacks
    }
  }

  private enum Phase: UInt8 {
    case recording
    case replaying
    case finished
  }

  private struct Recording {
    var entries = ContiguousArray<Entry>()
    var leafCount = 0
  }

  /// Increases with each tape: inner tapes have larger numbers.
  let serial: UInt64
  private let phase = Atomic<UInt8>(Phase.recording.rawValue)
  /// The thread that replays.
  private let replayer = Atomic<UInt>(0)
  private let recording = Mutex(Recording())
  private static let lastSerial = Atomic<UInt64>(0)

  /// An empty tape that watches nothing.
  public init() {
    serial = Tape.lastSerial.wrappingAdd(1, ordering: .relaxed).newValue
  }

  var isFinished: Bool { phase.load(ordering: .acquiring) == Phase.finished.rawValue }

  // MARK: Recording

  /// The same values as a variable that this tape watches.
  ///
  /// - Parameter x: A floating-point tensor.
  public func watch(_ x: Tensor) -> Tensor {
    require(
      x.dtype.isFloatingPoint, "watch: only floating-point tensors have gradients, got \(x.summary)"
    )
    require(!isFinished, "watch: this tape is finished; a gradient was already taken from it")
    let slot = append(.leaf)
    recording.withLock { $0.leafCount += 1 }
    return Tensor(x.array, trace: x.trace.adding(self, slot: slot))
  }

  /// Adds an entry and returns its slot.
  @inline(__always)
  func append(_ entry: Entry) -> Int {
    if phase.load(ordering: .acquiring) == Phase.replaying.rawValue { failReplaying() }
    return recording.withLock { recording in
      if recording.entries.isEmpty { recording.entries.reserveCapacity(64) }
      recording.entries.append(entry)
      return recording.entries.count - 1
    }
  }

  /// Adds an entry with several results and returns the first one's slot.
  func append(_ entry: ListEntry) -> Int {
    if phase.load(ordering: .acquiring) == Phase.replaying.rawValue { failReplaying() }
    return recording.withLock { recording in
      recording.entries.append(.list(entry))
      for _ in 1..<max(1, entry.resultCount) { recording.entries.append(.laterResult) }
      return recording.entries.count - max(1, entry.resultCount)
    }
  }

  private func failReplaying() -> Never {
    require(
      replayer.load(ordering: .acquiring) == currentThread(),
      """
      Tape: an operation was recorded by this thread while another one replays the tape. A traced tensor, or a model \
      that is being trained, is used by two threads; use stoppingGradient(), or what the model's frozen(for:) returns
      """)
    fail(
      """
      Tape: an operation was recorded while the tape is replayed. A pullback used a traced value from outside; it \
      must use only the values that `differentiable` hands it
      """)
  }

  // MARK: Replaying

  /// The gradient of a tensor of one element at a watched tensor, in that tensor's shape and type.
  ///
  /// Zeros if `y` does not depend on `x`. With `keepTape` the recording stays for further calls; else the
  /// tape is finished.
  public func gradient(of y: Tensor, at x: Tensor, keepTape: Bool = false) -> Tensor {
    gradient(of: y, at: [x], keepTape: keepTape)[0]
  }

  /// The gradients of a tensor of one element at watched tensors, in their order.
  public func gradient(of y: Tensor, at xs: [Tensor], keepTape: Bool = false) -> [Tensor] {
    require(
      y.count == 1,
      "gradient: y must have one element, got \(y.summary); sum it, or use pullback(of:at:) with a cotangent"
    )
    require(
      y.dtype.isFloatingPoint,
      "gradient: y must be floating point to have gradients, got \(y.summary)")
    return pullback(of: y, cotangent: y.onesLike(), at: xs, keepTape: keepTape)
  }

  /// The vector-Jacobian product: the gradient of the sum of `cotangent * y` at watched tensors.
  ///
  /// The cotangent is the gradient that flows into `y`, in y's shape.
  public func pullback(
    of y: Tensor, cotangent: Tensor, at xs: [Tensor], keepTape: Bool = false
  ) -> [Tensor] {
    let gradients = gradientsIfAny(of: [(y, cotangent)], at: xs, keepTape: keepTape)
    return zip(xs, gradients).map { x, gradient in gradient ?? x.zerosLike() }
  }

  /// The gradients at watched tensors, nil where nothing depends on them.
  package func gradientsIfAny(
    of seeds: [(y: Tensor, cotangent: Tensor)], at xs: [Tensor], keepTape: Bool = false
  ) -> [Tensor?] {
    let slots = xs.map { x in
      guard let slot = x.trace.slot(on: self) else {
        fail("gradient: x (\(x.summary)) is not watched by this tape; use what watch(_:) returned")
      }
      return slot
    }
    let (isMine, found) = phase.compareExchange(
      expected: Phase.recording.rawValue, desired: Phase.replaying.rawValue,
      ordering: .acquiringAndReleasing)
    require(
      isMine,
      found == Phase.finished.rawValue
        ? "gradient: this tape is finished; pass keepTape: true to replay it again"
        : "gradient: this tape is being replayed; one replay at a time")
    replayer.store(currentThread(), ordering: .releasing)
    // Nothing is appended from here on, so the entries can be taken out of the lock.
    let (taken, leafCount) = recording.withLock { recording in
      let entries = recording.entries
      if !keepTape { recording.entries = [] }
      return (entries, recording.leafCount)
    }
    var replay = Replay(entries: taken, keepsEntries: keepTape)
    for (y, cotangent) in seeds {
      require(
        cotangent.array.hasShape(of: y.array),
        "gradient: the cotangent must have y's shape \(y.shape), got \(cotangent.summary)")
      if let slot = y.trace.slot(on: self) { replay.add(cotangent.asType(y.dtype), to: slot) }
    }
    let gradients = replay.run(wanted: slots, leafCount: leafCount)
    phase.store((keepTape ? Phase.recording : .finished).rawValue, ordering: .releasing)
    return gradients
  }

  /// Ends the recording: tensors that outlive it are constants from now on.
  package func finish() {
    phase.store(Phase.finished.rawValue, ordering: .releasing)
    recording.withLock { $0.entries = [] }
  }
}
