import Autograd

/// A tensor that belongs to a module's state but is not trained, such as a running mean.
///
/// It is saved and loaded with the parameters, under its path, and initializing sets it back.
public final class Buffer {
  /// The sizes, nil where they are not known yet.
  public private(set) var shape: [Int?]
  /// The type of the elements, also of integers.
  public private(set) var dtype: DType
  /// Where the value is, or will be; `Module.to(_:)` moves it.
  public private(set) var device = Device.cpu
  /// What every element is at first.
  public let initial: Double
  /// The value; nil until it is needed.
  var stored: Tensor?
  /// Whether the value is built up from small changes, for which 16 bits are too coarse.
  var isRunningAverage = false
  /// Whether a file may lack it, as those of old versions of PyTorch do.
  var isOptional = false

  /// A declared buffer.
  ///
  /// - Parameters:
  ///   - shape: The sizes, nil where only the first use will tell.
  ///   - initial: What every element is at first.
  ///   - dtype: The type of the elements.
  public init(shape: [Int?], initial: Double, dtype: DType = .float32) {
    checkDeclared(shape, "Buffer")
    self.shape = shape
    self.initial = initial
    self.dtype = dtype
  }

  var isDrawable: Bool { isSized }

  /// Whether the buffer has a value.
  public var isReady: Bool { stored != nil }

  /// The value, in the shape that the caller expects; the first call creates it.
  public func value(shape expected: [Int]) -> Tensor {
    require(allows(expected), "a buffer of shape \(described) is used as \(expected)")
    // Written only once: several threads may run a model in evaluation mode.
    if stored == nil { shape = expected }
    return value
  }

  /// The value of a buffer all of whose sizes are known; setting it keeps shape, type and device.
  public var value: Tensor {
    get {
      if let stored { return stored }
      let created = Tensor.full(knownSizes("buffer"), initial, dtype: dtype, device: device)
      stored = created
      return created
    }
    set {
      require(
        allows(newValue.shape), "a buffer of shape \(described) cannot take \(newValue.summary)")
      shape = newValue.shape
      stored = newValue.stoppingGradient().asType(dtype).to(device)
    }
  }

  /// Goes back to the first value.
  public func reset() { stored = nil }

  /// Changes the type of the elements; integers stay integers, and running averages have 32 bits at least.
  func convert(to dtype: DType) {
    guard self.dtype.isFloatingPoint else { return }
    let dtype = isRunningAverage && dtype.isHalf ? .float32 : dtype
    self.dtype = dtype
    stored = stored?.asType(dtype)
  }

  /// Moves the value to a device, or the one that will be; a single number, which the host reads, stays.
  func move(to device: Device) {
    if shape.isEmpty { return }
    self.device = device
    stored = stored?.to(device)
  }
}

/// What is saved and loaded: a parameter or a buffer.
protocol State: AnyObject {
  var shape: [Int?] { get }
  var isReady: Bool { get }
  /// Whether there is a value, or reading it makes one.
  var isDrawable: Bool { get }
  var value: Tensor { get set }
  /// The type of the elements, to which a value read from a file is converted.
  var dtype: DType { get }
  var device: Device { get }
}

extension State {
  /// Whether the sizes that are known allow a shape.
  func allows(_ sizes: [Int]) -> Bool {
    sizes.count == shape.count
      && zip(shape, sizes).allSatisfy { known, size in known == nil || known == size }
  }

  /// The sizes, which must all be known; `kind` is the word for this state in a message.
  func knownSizes(_ kind: String) -> [Int] {
    let sizes = shape.compactMap(\.self)
    require(
      sizes.count == shape.count,
      "a \(kind) of shape \(described) has no value yet; call materialize(for:) or the model first")
    return sizes
  }

  /// Whether all sizes are known.
  var isSized: Bool { isReady || !shape.contains(nil) }

  /// The shape in a message, as in `[120, ?]`.
  var described: String {
    "[" + shape.map { $0.map(String.init) ?? "?" }.joined(separator: ", ") + "]"
  }
}

extension Buffer: State {}
extension Parameter: State {}

extension Buffer: CustomStringConvertible {
  /// The shape, `?` for unknown sizes.
  public var description: String { "Buffer \(described)" }
}
