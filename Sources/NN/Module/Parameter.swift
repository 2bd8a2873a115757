import Autograd
internal import Platform
import Synchronization

/// A tensor that training changes, with an identity that outlives its values.
///
/// A parameter is *declared* first: it has an initializer and a shape some sizes of which may still
/// be unknown. It becomes *ready* when a layer asks for its value and states the shape, or when a
/// value is loaded. Optimizers, names and counts work on declared parameters too.
///
/// Its first value is a pure function of a random stream, the initializer and the shape: models
/// start bit for bit alike, in whatever order their parameters are drawn.
///
/// Several threads may use a parameter at once, not while one of them takes its gradients or changes it: then the
/// others stop with a message.
public final class Parameter {
  // Without a check at run time of each access to what every step of a training touches: the lock is held, or the
  // thread owns the frames.

  private let lock = Atomic(false)
  /// What the lock guards.
  @exclusivity(unchecked)
  private var state: State
  /// One frame for each `valueAndGradients` that is running, with the value as its tape watches it; they belong to
  /// the owner.
  @exclusivity(unchecked)
  private var frames: [(tape: Tape, view: Tensor?)] = []

  private struct State {
    var shape: [Int?]
    var stored: Tensor?
    /// The number of inputs that an output of the layer sums over, for initializers that need it and
    /// cannot see it in the shape (of a bias).
    var fanIn: Int?
    /// The thread that takes gradients or changes the value; 0 if none does.
    var owner: UInt = 0
    /// Whether an optimizer has the value.
    var isTaken = false

    var isOwnedElsewhere: Bool { owner != 0 && owner != currentThread() }
  }

  /// The sizes, nil where they are not known yet.
  public var shape: [Int?] { lock.withLock { state.shape } }

  /// The type of the elements.
  public private(set) var dtype = DType.float32

  /// Where the value is, or will be once it is drawn; `Module.to(_:)` moves it.
  public private(set) var device = Device.cpu

  /// How the value is drawn.
  public private(set) var initializer: Initializer

  /// The weight whose shape tells the fan in of a bias.
  private let weight: Parameter?

  private var random: RandomStream

  /// A declared parameter.
  ///
  /// - Parameters:
  ///   - shape: The sizes, nil where only the first use will tell.
  ///   - initializer: How its value is drawn.
  ///   - fanIn: The inputs per output, where the shape does not show it.
  public convenience init(shape: [Int?], initializer: Initializer = .standard, fanIn: Int? = nil) {
    self.init(shape, initializer, fanIn: fanIn)
  }

  /// A declared bias: a weight tells its fan in, and its first size the outputs unless stated.
  convenience init(biasOf weight: Parameter, outputs: Int? = nil) {
    self.init([outputs ?? weight.shape[0]], .standard, weight: weight)
  }

  /// A parameter that has a value already, to which initializing goes back.
  public convenience init(_ value: Tensor) {
    require(
      value.dtype.isFloatingPoint, "Parameter: needs floating-point values, got \(value.summary)")
    checkConstant(value)
    let value = value.stoppingGradient()
    self.init(value.shape, Initializer("given") { _, _, _ in value })
    state.stored = value
    dtype = value.dtype
    device = value.device
  }

  private init(
    _ shape: [Int?], _ initializer: Initializer, fanIn: Int? = nil, weight: Parameter? = nil
  ) {
    checkDeclared(shape, "Parameter")
    state = State(shape: shape, fanIn: fanIn)
    self.initializer = initializer
    self.weight = weight
    random = RandomStream.unseeded()
  }

  // MARK: The value

  /// Whether the parameter has a value.
  public var isReady: Bool { lock.withLock { state.stored != nil || state.isTaken } }

  /// Whether the parameter has a value or can be drawn: a bias must know its weight's shape, too.
  var isDrawable: Bool { isSized && (isReady || weight?.isSized ?? true) }

  /// The number of elements, nil while a size is unknown.
  public var count: Int? { product(shape[...]) }

  /// The value, in the shape that the caller expects; the first call draws it, later ones check.
  ///
  /// While `valueAndGradients` runs, operations on the result are recorded.
  ///
  /// - Parameters:
  ///   - expected: The shape as the layer uses it.
  ///   - fanIn: The inputs per output, where the shape does not show it.
  public func value(shape expected: [Int], fanIn: Int? = nil) -> Tensor {
    if usable() == nil {
      checkFit(expected)
      draw(as: expected, fanIn: fanIn)
    }
    let value = value
    require(
      value.rank == expected.count
        && expected.indices.allSatisfy { value.size($0) == expected[$0] },
      "a parameter of shape \(described) is used as \(expected)")
    return value
  }

  /// The value of a parameter all of whose sizes are known.
  ///
  /// While `valueAndGradients` runs, operations on it are recorded. Setting it keeps the shape, if
  /// that is known, and the device, takes over the type, and is not possible while gradients are being taken.
  public var value: Tensor {
    get {
      if let value = usable() { return value }
      draw(as: knownSizes("parameter"))
      return usable()!  // it was drawn just now
    }
    set {
      checkConstant(newValue)
      checkFit(newValue.shape)
      let newValue = newValue.stoppingGradient().to(device)
      change {
        $0.shape = newValue.shape
        $0.stored = newValue
      }
      dtype = newValue.dtype
    }
  }

  /// The value for this thread, nil if it is not drawn yet.
  @inline(__always)
  private func usable() -> Tensor? {
    if Substitution.isUsed, let value = Substitution.value(of: self) { return value }
    let (value, owner) = lock.withLock { (state.stored, state.owner) }
    if owner == 0 { return value }
    if owner != currentThread() { failOwnedElsewhere() }
    return value.map { view(of: $0, inFrame: frames.count - 1) }
  }

  private func view(of value: Tensor, inFrame frame: Int) -> Tensor {
    guard frame >= 0 else { return value }
    if let view = frames[frame].view { return view }
    let view = frames[frame].tape.watch(view(of: value, inFrame: frame - 1))
    frames[frame].view = view
    return view
  }

  private func failOwnedElsewhere() -> Never {
    fail(
      """
      a parameter of shape \(described) is used by this thread while another one trains it (valueAndGradients or an \
      optimizer's step); use what frozen(for:) returns, or wait until the step has ended
      """)
  }

  /// Changes the state unless gradients are being taken.
  private func change(_ body: (inout State) -> Void) {
    let owner = lock.withLock {
      let owner = state.owner
      if owner == 0 { body(&state) }
      return owner
    }
    if owner == 0 { return }
    if owner != currentThread() { failOwnedElsewhere() }
    fail("a parameter cannot be changed while valueAndGradients runs")
  }

  /// Changes the value; the closure gets the only reference, so that it can work in place.
  func update(_ change: (inout Tensor) -> Void) {
    var taken: Tensor?
    self.change {
      taken = $0.stored.take()
      $0.isTaken = taken != nil
      $0.owner = taken == nil ? 0 : currentThread()
    }
    guard var value = taken.take() else { return }
    change(&value)
    let shape = shape
    let keepsShape =
      value.rank == shape.count && shape.indices.allSatisfy { shape[$0] == value.size($0) }
    require(
      keepsShape && value.dtype == dtype,
      "a parameter \(dtype) \(described) cannot become \(value.summary); check its gradient's shape"
    )
    value = value.stoppingGradient()
    lock.withLock {
      state.stored = value
      (state.owner, state.isTaken) = (0, false)
    }
  }

  /// Changes the type of the value, or of the one that will be drawn.
  func convert(to dtype: DType) {
    replace { $0.asType(dtype) }
    self.dtype = dtype
  }

  /// Moves the value to a device, or the one that will be drawn.
  func move(to device: Device) {
    replace { $0.to(device) }
    self.device = device
  }

  private func replace(_ change: (Tensor) -> Tensor) {
    var value: Tensor?
    self.change { value = $0.stored }
    if let changed = value.map(change) { self.change { $0.stored = changed } }
  }

  /// The elements of a weight per output, nil while a size is unknown.
  private var inputsPerOutput: Int? { product(shape.dropFirst()) }

  private func checkFit(_ sizes: [Int]) {
    require(allows(sizes), "a parameter of shape \(described) cannot take the shape \(sizes)")
  }

  /// Draws the value, which keeps what another thread drew meanwhile: the same bits.
  private func draw(as sizes: [Int], fanIn: Int? = nil, again: Bool = false) {
    let fanIn = fanIn ?? lock.withLock { state.fanIn }
    var random = random
    // Drawn on the CPU, so that a model starts bit for bit alike on every device.
    let value = initializer.draw(sizes, fanIn: fanIn ?? weight?.inputsPerOutput, &random)
      .asType(dtype).to(device)
    lock.withLock {
      guard state.stored == nil || again else { return }
      state.shape = sizes
      state.stored = value
      state.fanIn = fanIn
    }
  }

  // MARK: Initialization

  /// Replaces the initializer; a value that exists is drawn again.
  public func initialize(with initializer: Initializer) {
    self.initializer = initializer
    redraw()
  }

  /// Replaces the random stream; a value that exists is drawn again.
  public func initialize(from random: RandomStream) {
    self.random = random
    redraw()
  }

  private func redraw() {
    change { _ in }
    if isReady { draw(as: knownSizes("parameter"), again: true) }
  }

  // MARK: Gradients

  /// Gets the parameter's gradient whenever `valueAndGradients` has found one, and returns what takes its
  /// place: PyTorch's `register_hook` on a parameter.
  public var gradientHook: ((_ gradient: Tensor) -> Tensor)?

  /// Lets a tape watch the value, also one that does not exist yet, until `endWatching`.
  ///
  /// - Returns: Whether the tape did not do so already.
  func beginWatching(_ tape: Tape) -> Bool { begin(tape, nil) }

  /// Uses a tensor in place of the value until `endWatching`; it may be recorded.
  func beginUsing(_ tensor: Tensor) { _ = begin(Tape(), tensor) }

  private func begin(_ tape: Tape, _ view: Tensor?) -> Bool {
    let isOwnedElsewhere = lock.withLock {
      if state.isOwnedElsewhere { return true }
      state.owner = currentThread()
      return false
    }
    if isOwnedElsewhere { failOwnedElsewhere() }
    if frames.last?.tape === tape { return false }
    frames.append((tape, view))
    return true
  }

  /// Goes back to the value as it was watched before.
  func endWatching() {
    frames.removeLast()
    if frames.isEmpty { lock.withLock { state.owner = 0 } }
  }

  /// The value as the innermost tape watches it, if it was used since.
  var watched: Tensor? { frames.last?.view }
}

/// A parameter's value is where gradients end: one that is being recorded would lose its own.
private func checkConstant(_ value: Tensor) {
  require(
    !value.isTraced,
    """
    a parameter cannot take \(value.summary), which is being recorded: gradients would not flow through it; take \
    stoppingGradient() of it
    """)
}

/// Parameters without those that came before in the list.
func eachOnce(_ parameters: [Parameter]) -> [Parameter] {
  var seen = Set<ObjectIdentifier>()
  return parameters.filter { seen.insert(ObjectIdentifier($0)).inserted }
}

/// The product of sizes, nil while one is unknown.
private func product(_ sizes: ArraySlice<Int?>) -> Int? {
  var product = 1
  for size in sizes {
    guard let size else { return nil }
    product *= size
  }
  return product
}

extension Parameter: CustomStringConvertible {
  /// The shape, `?` for unknown sizes.
  public var description: String { "Parameter \(described)" }
}
