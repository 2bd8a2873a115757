import Autograd
import Synchronization

/// A tensor that belongs to a module's state but is not trained, such as a running mean.
///
/// It is saved and loaded with the parameters, under its path, and initializing sets it back.
public final class Buffer {
  private let lock = Atomic(false)
  // The lock guards both.
  @exclusivity(unchecked)
  private var sizes: [Int?]
  @exclusivity(unchecked)
  private var stored: Tensor?

  /// The sizes, nil where they are not known yet.
  public var shape: [Int?] { lock.withLock { sizes } }
  /// The type of the elements, also of integers.
  public private(set) var dtype: DType
  /// Where the value is, or will be; `Module.to(_:)` moves it.
  public private(set) var device = Device.cpu
  /// What every element is at first.
  public let initial: Double
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
    sizes = shape
    self.initial = initial
    self.dtype = dtype
  }

  var isDrawable: Bool { isSized }

  /// Whether the buffer has a value.
  public var isReady: Bool { lock.withLock { stored != nil } }

  /// The value, in the shape that the caller expects; the first call creates it.
  public func value(shape expected: [Int]) -> Tensor {
    require(allows(expected), "a buffer of shape \(described) is used as \(expected)")
    return value(orIn: expected)
  }

  /// The value of a buffer all of whose sizes are known; setting it keeps shape, type and device.
  public var value: Tensor {
    get { value(orIn: nil) }
    set {
      require(
        allows(newValue.shape), "a buffer of shape \(described) cannot take \(newValue.summary)")
      let newValue = newValue.stoppingGradient().asType(dtype).to(device)
      lock.withLock {
        sizes = newValue.shape
        stored = newValue
      }
    }
  }

  /// The value for this thread, created in a shape, that of the buffer for nil, if there is none.
  private func value(orIn shape: [Int]?) -> Tensor {
    if Substitution.isUsed, let value = Substitution.value(of: self) { return value }
    if let value = lock.withLock({ stored }) { return value }
    let created = Tensor.full(
      shape ?? knownSizes("buffer"), initial, dtype: dtype, device: device)
    return lock.withLock {
      if stored == nil {
        sizes = created.shape
        stored = created
      }
      return stored!
    }
  }

  /// The value, nil until it is needed; for going back to a former one.
  var storedValue: Tensor? {
    get { lock.withLock { stored } }
    set { lock.withLock { stored = newValue } }
  }

  /// Goes back to the first value.
  public func reset() { lock.withLock { stored = nil } }

  /// Changes the type of the elements; integers stay integers, and running averages have 32 bits at least.
  func convert(to dtype: DType) {
    guard self.dtype.isFloatingPoint else { return }
    let dtype = isRunningAverage && dtype.isHalf ? .float32 : dtype
    self.dtype = dtype
    replace { $0.asType(dtype) }
  }

  /// Moves the value to a device, or the one that will be; a single number, which the host reads, stays.
  func move(to device: Device) {
    if shape.isEmpty { return }
    self.device = device
    replace { $0.to(device) }
  }

  private func replace(_ change: (Tensor) -> Tensor) {
    if let changed = lock.withLock({ stored }).map(change) { lock.withLock { stored = changed } }
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
