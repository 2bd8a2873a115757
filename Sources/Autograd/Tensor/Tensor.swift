/// An n-dimensional array of numbers with value semantics.
///
/// The element type is a run-time property, so layers and models have plain types. Transposes,
/// slices and expansions share memory with the tensor they come from; since no tensor can be
/// changed while another one sees its memory, this never shows.
///
/// A tensor that a `Tape` watches, or that was computed from one, carries that fact with it:
/// operations on it are recorded.
public struct Tensor: Sendable {
  // Unchecked because ManagedBuffer declares itself not Sendable; an array does not change while
  // more than one reference to it exists.
  nonisolated(unsafe) var array: NDArray
  var trace: Trace

  init(_ array: NDArray, trace: Trace = .none) {
    self.array = array
    self.trace = trace
  }

  /// The sizes along each axis; empty for a scalar tensor.
  public var shape: [Int] { array.shape }

  /// The number of axes.
  public var rank: Int { array.rank }

  /// The number of elements: the product of the sizes.
  public var count: Int { array.count }

  package func hasShape(of other: Tensor) -> Bool { array.hasShape(of: other.array) }

  /// Where the elements are stored, and what computes with them.
  public var device: Device { array.device }

  /// The type of the elements.
  public var dtype: DType { array.dtype }

  /// The distance in elements between neighbors along each axis; 0 along expanded axes.
  public var strides: [Int] { array.strides }

  /// Whether elements lie in memory without gaps in row-major order.
  public var isContiguous: Bool { array.isDense }

  /// The size along one axis; negative axes count from the end.
  public func size(_ axis: Int) -> Int { array.size(checkedAxis(axis, "size")) }

  /// Whether operations on this tensor are being recorded on a tape.
  public var isTraced: Bool { trace.isLive }

  /// A constant with these values: gradients do not flow through it.
  public func stoppingGradient() -> Tensor { Tensor(array) }

  // MARK: Axes

  /// The axis counted from 0, or a failure that names the operation.
  func checkedAxis(_ axis: Int, _ operation: StaticString, rank: Int? = nil) -> Int {
    wrappedIndex(axis, below: rank ?? self.rank, "\(operation): axis", summary)
  }

  /// The axes counted from 0 in ascending order; nil stands for all of them.
  ///
  /// A scalar tensor has none, but 0 and -1 may be given for it, as in PyTorch.
  func checkedAxes(_ axes: [Int]?, _ operation: StaticString) -> [Int] {
    guard let axes else { return Array(0..<rank) }
    if rank == 0 && (axes == [0] || axes == [-1]) { return [] }
    let result = axes.map { checkedAxis($0, operation) }.sorted()
    for index in result.indices.dropFirst() {
      require(
        result[index] != result[index - 1],
        "\(operation): axis \(result[index]) is given twice in \(axes)")
    }
    return result
  }

  /// Type and shape in one short phrase for messages, as in `float32 [2, 3]`.
  package var summary: String { "\(dtype) \(shape)" }

  // MARK: Reusing memory

  /// Whether an array's memory can take a result of the same shape and type: it is dense, and no other
  /// reference to it exists (a recorded operation that needs it would hold one).
  static func canReuse(_ array: inout NDArray) -> Bool {
    array.isDense && NDArray.isUnique(&array)
  }

  /// Whether an array's memory can take a result on a device.
  static func canReuse(_ array: inout NDArray, on device: Device) -> Bool {
    array.device == device && canReuse(&array)
  }
}

// MARK: Creating

extension Tensor {
  /// A tensor of the values in a flat array.
  ///
  /// - Parameters:
  ///   - values: The elements in row-major order.
  ///   - shape: The sizes; their product is the number of values. Default: one axis.
  ///   - dtype: The type of the elements, float32 unless stated, whatever the Swift type.
  ///   - device: Where to store them.
  @_specialize(where Value == Double)
  @_specialize(where Value == Float)
  public init<Value: BinaryFloatingPoint>(
    _ values: [Value], shape: [Int]? = nil, dtype: DType = .float32, device: Device = .cpu
  ) {
    // Specialized, because it took 100 ns for each element where another file called it in a build
    // without whole-module optimization, such as the tests'.
    let shape = shape ?? [values.count]
    Tensor.check(shape, "Tensor", holds: values.count)
    if dtype == .float32 {
      self.init(scalars: values.map { Float($0) }, shape: shape, device: device)
    } else {
      let doubles = Tensor(scalars: values.map { Double($0) }, shape: shape)
      self = Tensor(doubles.array.contiguous(as: dtype)).to(device)
    }
  }

  /// A matrix from its rows, which must have equal lengths.
  public init<Value: BinaryFloatingPoint>(
    _ rows: [[Value]], dtype: DType = .float32, device: Device = .cpu
  ) {
    let shape = Tensor.checkedShape(of: rows)
    self.init(rows.flatMap { $0 }, shape: shape, dtype: dtype, device: device)
  }

  /// The shape of a matrix given by its rows, which must have equal lengths.
  static func checkedShape<Value>(of rows: [[Value]]) -> [Int] {
    let width = rows.first?.count ?? 0
    for (index, row) in rows.enumerated() {
      require(
        row.count == width,
        "Tensor: row 0 has \(width) values, row \(index) has \(row.count)")
    }
    return [rows.count, width]
  }

  /// A scalar tensor (no axes) of one number.
  public init(_ value: some Number, dtype: DType = .float32, device: Device = .cpu) {
    self = .full([], value, dtype: dtype, device: device)
  }

  /// A tensor whose element type is that of the Swift values: Int gives int64, UInt8 uint8, Bool
  /// bool.
  ///
  /// - Parameters:
  ///   - scalars: The elements in row-major order.
  ///   - shape: The sizes; their product is the number of scalars. Default: one axis.
  ///   - device: Where to store them.
  public init<Scalar: TensorScalar>(
    scalars: [Scalar], shape: [Int]? = nil, device: Device = .cpu
  ) {
    let shape = shape ?? [scalars.count]
    Tensor.check(shape, "Tensor", holds: scalars.count)
    let onHost = Tensor(shape: shape, of: Scalar.self) { elements in
      _ = elements.initialize(from: scalars)
    }
    self = device == .cpu ? onHost : onHost.to(device)
  }

  /// A tensor on the CPU that a closure fills.
  ///
  /// - Parameters:
  ///   - shape: The sizes.
  ///   - of: The Swift type of the elements, which decides the element type.
  ///   - fill: Gets the uninitialized elements in row-major order and must write all of them.
  public init<Scalar: TensorScalar>(
    shape: [Int], of: Scalar.Type, fill: (UnsafeMutableBufferPointer<Scalar>) throws -> Void
  ) rethrows {
    Tensor.check(shape, "Tensor")
    let array = NDArray.uninitialized(dtype: Scalar.dtype, shape: shape, on: .cpu)
    try array.withElements(as: Scalar.self, fill)
    self.init(array)
  }

  /// What a primitive computes of tensors, which are made dense: a constant on their device, of the first one's type
  /// and shape unless stated.
  static func result(
    of primitive: Primitive, _ inputs: [Tensor], dtype: DType? = nil, shape: [Int]? = nil
  ) -> Tensor {
    let arrays = inputs.map { $0.array.contiguous() }
    let y = NDArray.uninitialized(
      dtype: dtype ?? arrays[0].dtype, shape: shape ?? arrays[0].shape,
      on: NDArray.commonDevice(of: arrays, primitive.name))
    Backend.run(primitive, arrays, into: [y])
    return Tensor(y)
  }

  /// A tensor of one value.
  public static func full(
    _ shape: [Int], _ value: some Number, dtype: DType = .float32, device: Device = .cpu
  ) -> Tensor {
    check(shape, "full")
    if dtype == .int64, let integer = value.inexactInteger {
      return Tensor(scalars: [integer], shape: [], device: device).expand(shape).contiguous()
    }
    return Tensor(
      NDArray.filled(shape: shape, value: value.doubleValue, dtype: dtype, on: device))
  }

  /// A tensor of zeros.
  public static func zeros(
    _ shape: [Int], dtype: DType = .float32, device: Device = .cpu
  ) -> Tensor {
    full(shape, 0, dtype: dtype, device: device)
  }

  /// A tensor of ones.
  public static func ones(
    _ shape: [Int], dtype: DType = .float32, device: Device = .cpu
  ) -> Tensor {
    full(shape, 1, dtype: dtype, device: device)
  }

  /// Zeros of this tensor's shape and type, on its device.
  public func zerosLike() -> Tensor { .zeros(shape, dtype: dtype, device: device) }

  /// Ones of this tensor's shape and type, on its device.
  public func onesLike() -> Tensor { .ones(shape, dtype: dtype, device: device) }

  static func check(_ shape: [Int], _ operation: StaticString, holds count: Int? = nil) {
    for size in shape {
      require(size >= 0, "\(operation): sizes must not be negative, got shape \(shape)")
    }
    if let count {
      let held = elementCount(shape)
      require(
        held == count,
        """
        \(operation): shape \(shape) holds \(held.map(String.init) ?? "too many") elements, got \(count) \
        values
        """)
    }
  }

  /// The product of sizes, nil where it is beyond what an Int holds.
  package static func elementCount(_ shape: [Int]) -> Int? {
    var count = 1
    for size in shape {
      let (product, overflows) = count.multipliedReportingOverflow(by: size)
      if overflows { return nil }
      count = product
    }
    return count
  }
}

// MARK: Reading

extension Tensor {
  /// The elements in row-major order, converted to a Swift type; waits for the device.
  public func scalars<Scalar: TensorScalar>(as type: Scalar.Type = Float.self) -> [Scalar] {
    let dense = array.onHost.contiguous(as: Scalar.dtype)
    return dense.withElements(as: Scalar.self) { Array($0) }
  }

  /// The only element of a tensor with one element, as a Double; waits for the device.
  public func item() -> Double {
    require(count == 1, "item: needs a tensor of one element, got \(summary)")
    let array = array.onHost
    if dtype == .float32 { return array.withElements(as: Float.self) { Double($0[0]) } }
    return array.contiguous(as: .float64).withElements(as: Double.self) { $0[0] }
  }

  /// Runs a closure with the elements in row-major order, without copying them where they are
  /// dense.
  ///
  /// The buffer is valid only during the call, and must not be written to.
  public func withScalars<Scalar: TensorScalar, Result>(
    as type: Scalar.Type, _ body: (UnsafeBufferPointer<Scalar>) throws -> Result
  ) rethrows -> Result {
    let dense = array.onHost.contiguous(as: Scalar.dtype)
    return try dense.withElements(as: Scalar.self) { try body(UnsafeBufferPointer($0)) }
  }

  /// Runs a closure with the elements' bytes in row-major order.
  package func withBytes<Result>(_ body: (UnsafeRawBufferPointer) throws -> Result) rethrows
    -> Result
  {
    try array.onHost.contiguous().withBytes { try body(UnsafeRawBufferPointer($0)) }
  }

  /// A tensor from its elements' bytes in row-major order.
  package init(bytes: UnsafeRawBufferPointer, _ shape: [Int], _ dtype: DType) {
    Tensor.check(shape, "Tensor", holds: bytes.count / dtype.byteCount)
    let array = NDArray.uninitialized(dtype: dtype, shape: shape, on: .cpu)
    array.withBytes { $0.copyMemory(from: bytes) }
    self.init(array)
  }

  /// These values in another element type; gradients are converted back.
  ///
  /// Floating point to integers truncates towards zero; anything to bool is `x != 0`.
  public func asType(_ dtype: DType) -> Tensor {
    if dtype == self.dtype { return self }
    return differentiable(moving: self) {
      Tensor($0.array.contiguous(as: dtype))
    } pullback: { _, _ in
      { dy in dy }  // the tape converts it
    }
  }

  /// These values on a device; itself if it is there already.
  ///
  /// Recorded: gradients are moved back.
  public func to(_ device: Device) -> Tensor {
    if device == self.device { return self }
    return differentiable(moving: self) { x in
      // A view of little in much memory is made dense first: its copy keeps the strides.
      Tensor((x.array.isCompact ? x.array : x.array.contiguous()).copied(to: device))
    } pullback: { x, _ in
      let origin = x.device
      return { dy in dy.to(origin) }
    }
  }

  /// These values contiguous in row-major order; itself if they are already.
  public func contiguous() -> Tensor {
    if isContiguous { return self }
    return differentiable(moving: self) {
      Tensor($0.array.contiguous())
    } pullback: { _, _ in
      { dy in dy }
    }
  }
}
