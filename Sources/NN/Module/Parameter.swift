import Autograd

/// A tensor that training changes, with an identity that outlives its values.
///
/// A parameter is *declared* first: it has an initializer and a shape some sizes of which may still
/// be unknown. It becomes *ready* when a layer asks for its value and states the shape, or when a
/// value is loaded. Optimizers, names and counts work on declared parameters too.
///
/// Its first value is a pure function of a random stream, the initializer and the shape: models
/// start bit for bit alike, in whatever order their parameters are drawn.
public final class Parameter {
  // Without a check at run time of each access to what every step of a training touches: no access here lasts
  // while other code runs, so that none can meet another.

  /// The sizes, nil where they are not known yet.
  @exclusivity(unchecked)
  public private(set) var shape: [Int?]

  /// The type of the elements.
  public private(set) var dtype = DType.float32

  /// Where the value is, or will be once it is drawn; `Module.to(_:)` moves it.
  public private(set) var device = Device.cpu

  /// How the value is drawn.
  public private(set) var initializer: Initializer

  /// The number of inputs that an output of the layer sums over, for initializers that need it and
  /// cannot see it in the shape (of a bias).
  @exclusivity(unchecked)
  private var fanIn: Int?
  /// The weight whose shape tells the fan in of a bias.
  private let weight: Parameter?

  private var random: RandomStream
  @exclusivity(unchecked)
  private var stored: Tensor?
  /// One frame for each `valueAndGradients` that is running, with the value as its tape watches it.
  @exclusivity(unchecked)
  private var frames: [(tape: Tape, view: Tensor?)] = []

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
    stored = value
    dtype = value.dtype
    device = value.device
  }

  private init(
    _ shape: [Int?], _ initializer: Initializer, fanIn: Int? = nil, weight: Parameter? = nil
  ) {
    checkDeclared(shape, "Parameter")
    self.shape = shape
    self.initializer = initializer
    self.fanIn = fanIn
    self.weight = weight
    random = RandomStream.unseeded()
  }

  // MARK: The value

  /// Whether the parameter has a value.
  public var isReady: Bool { stored != nil }

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
    if let fanIn { self.fanIn = fanIn }
    if !isReady {
      fit(expected)
      draw()
    } else {
      require(
        shape.elementsEqual(expected) { $0 == $1 },
        "a parameter of shape \(described) is used as \(expected)")
    }
    return value
  }

  /// The value of a parameter all of whose sizes are known.
  ///
  /// While `valueAndGradients` runs, operations on it are recorded. Setting it keeps the shape, if
  /// that is known, and the device, takes over the type, and is not possible while gradients are being taken.
  public var value: Tensor {
    get {
      if stored == nil { draw() }
      return view(inFrame: frames.count - 1)
    }
    set {
      require(frames.isEmpty, "a parameter cannot be changed while valueAndGradients runs")
      checkConstant(newValue)
      fit(newValue.shape)
      stored = newValue.stoppingGradient().to(device)
      dtype = newValue.dtype
    }
  }

  /// Changes the value; the closure gets the only reference, so that it can work in place.
  func update(_ change: (inout Tensor) -> Void) {
    require(frames.isEmpty, "a parameter cannot be changed while valueAndGradients runs")
    guard var value = stored.take() else { return }
    change(&value)
    let keepsShape =
      value.rank == shape.count && shape.indices.allSatisfy { shape[$0] == value.size($0) }
    require(
      keepsShape && value.dtype == dtype,
      "a parameter \(dtype) \(described) cannot become \(value.summary); check its gradient's shape"
    )
    stored = value.stoppingGradient()
  }

  /// Changes the type of the value, or of the one that will be drawn.
  func convert(to dtype: DType) {
    require(frames.isEmpty, "a parameter cannot be changed while valueAndGradients runs")
    self.dtype = dtype
    stored = stored?.asType(dtype)
  }

  /// Moves the value to a device, or the one that will be drawn.
  func move(to device: Device) {
    require(frames.isEmpty, "a parameter cannot be changed while valueAndGradients runs")
    self.device = device
    stored = stored?.to(device)
  }

  /// The elements of a weight per output, nil while a size is unknown.
  private var inputsPerOutput: Int? { product(shape.dropFirst()) }

  private func fit(_ sizes: [Int]) {
    require(allows(sizes), "a parameter of shape \(described) cannot take the shape \(sizes)")
    shape = sizes
  }

  private func draw() {
    let sizes = knownSizes("parameter")
    var random = random
    // Drawn on the CPU, so that a model starts bit for bit alike on every device.
    stored = initializer.draw(sizes, fanIn: fanIn ?? weight?.inputsPerOutput, &random)
      .asType(dtype).to(device)
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
    require(frames.isEmpty, "a parameter cannot be changed while valueAndGradients runs")
    if isReady { draw() }
  }

  // MARK: Gradients

  /// Gets the parameter's gradient whenever `valueAndGradients` has found one, and returns what takes its
  /// place: PyTorch's `register_hook` on a parameter.
  public var gradientHook: ((_ gradient: Tensor) -> Tensor)?

  /// Lets a tape watch the value, also one that does not exist yet, until `endWatching`.
  ///
  /// - Returns: Whether the tape did not do so already.
  func beginWatching(_ tape: Tape) -> Bool {
    if frames.last?.tape === tape { return false }
    frames.append((tape, nil))
    return true
  }

  /// Uses a tensor in place of the value until `endWatching`; it may be recorded.
  func beginUsing(_ tensor: Tensor) { frames.append((Tape(), tensor)) }

  /// Goes back to the value as it was watched before.
  func endWatching() { frames.removeLast() }

  /// The value as the innermost tape watches it, if it was used since.
  var watched: Tensor? { frames.last?.view }

  private func view(inFrame frame: Int) -> Tensor {
    guard frame >= 0 else { return stored! }  // callers have drawn it
    if let view = frames[frame].view { return view }
    let view = frames[frame].tape.watch(view(inFrame: frame - 1))
    frames[frame].view = view
    return view
  }
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
