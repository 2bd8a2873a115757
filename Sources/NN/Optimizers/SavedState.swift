import Autograd

/// What a schedule, a plateau or a callback remembers from step to step and can write to a file.
///
/// Restored together with the model's values, it goes on bit for bit. What remembers something about parameters has
/// `NamedState` instead.
public protocol SavedState: AnyObject {
  /// Everything that the next step depends on, named; a copy.
  var state: StateDictionary { get }

  /// Goes back to a state that `state` returned, in an object made with the same arguments.
  ///
  /// - Parameters:
  ///   - state: The tensors by their names.
  ///   - source: What errors call the tensors, as in the path of a file.
  /// - Throws: A `FileError` that says what does not fit: a tensor that is missing, unknown, of another shape or
  ///   with NaN, or a number that the object could not have had. Then nothing was changed.
  func restore(_ state: StateDictionary, from source: String) throws(FileError)
}

extension SavedState {
  /// Goes back to a state that `state` returned.
  public func restore(_ state: StateDictionary) throws(FileError) {
    try restore(state, from: "state")
  }

  /// Writes the state to a safetensors file.
  ///
  /// - Throws: A `FileError` if the file cannot be written; nothing is half written.
  public func save(to path: String) throws(FileError) {
    try Safetensors.write(state, to: path)
  }

  /// Reads the state from a file that `save(to:)` wrote.
  ///
  /// - Throws: A `FileError` if the file cannot be read or does not fit; then nothing was changed.
  public func load(from path: String) throws(FileError) {
    try restore(try Safetensors.read(path), from: path)
  }
}

/// What an optimizer or an average remembers about parameters and can write to a file, under the parameters' names.
///
/// Names, not positions: layers that change places keep their moments, and a state never goes to another
/// parameter of the same shape. The names are the caller's:
///
/// ```swift
/// let names = generator.namedParameters.map { (path: "generator." + $0, parameter: $1) }
/// let state = optimizer.state(named: names)
/// ```
///
/// Restored together with the model's values and its `randomStreams`, it takes the same steps bit for bit for the same
/// gradients.
public protocol NamedState: AnyObject {
  /// Everything that the next step depends on; a copy.
  ///
  /// - Parameter names: A name for each of its parameters, as a model's `namedParameters`; others do not matter. A
  ///   parameter without one stops the program.
  func state(named names: [(path: String, parameter: Parameter)]) -> StateDictionary

  /// Goes back to a state that `state(named:)` returned, in an object made with the same arguments.
  ///
  /// - Parameters:
  ///   - state: The tensors by their names.
  ///   - names: A name for each of its parameters.
  ///   - source: What errors call the tensors, as in the path of a file.
  /// - Throws: A `FileError` that says what does not fit: a tensor that is missing, unknown, of another shape or
  ///   with NaN, or a number that the object could not have had. Then nothing was changed.
  func restore(
    _ state: StateDictionary, named names: [(path: String, parameter: Parameter)],
    from source: String
  ) throws(FileError)
}

extension NamedState {
  /// Goes back to a state that `state(named:)` returned.
  public func restore(
    _ state: StateDictionary, named names: [(path: String, parameter: Parameter)]
  ) throws(FileError) {
    try restore(state, named: names, from: "state")
  }

  /// Writes the state to a safetensors file.
  ///
  /// - Throws: A `FileError` if the file cannot be written; nothing is half written.
  public func save(
    to path: String, named names: [(path: String, parameter: Parameter)]
  ) throws(FileError) {
    try Safetensors.write(state(named: names), to: path)
  }

  /// Reads the state from a file that `save(to:named:)` wrote.
  ///
  /// - Throws: A `FileError` if the file cannot be read or does not fit; then nothing was changed.
  public func load(
    from path: String, named names: [(path: String, parameter: Parameter)]
  ) throws(FileError) {
    try restore(try Safetensors.read(path), named: names, from: path)
  }
}

/// The names of an object's parameters, in the object's order.
struct ParameterNames {
  private let owner: String
  private var names: [ObjectIdentifier: String] = [:]

  /// Stops where one name is given to two objects; an object's first name counts.
  init(_ names: some Sequence<(path: String, object: AnyObject)>, of owner: String) {
    self.owner = owner
    var objects: [[UInt8]: ObjectIdentifier] = [:]
    for (path, object) in names {
      let id = ObjectIdentifier(object)
      require(
        objects.updateValue(id, forKey: Array(path.utf8)) ?? id == id,
        "\(owner): \(path) names two parameters; give each model's names a prefix of their own")
      if self.names[id] == nil { self.names[id] = path }
    }
  }

  init(_ names: [(path: String, parameter: Parameter)], of owner: String) {
    self.init(names.map { (path: $0.path, object: $0.parameter as AnyObject) }, of: owner)
  }

  /// The name of the parameter or buffer with an index.
  func name(of state: some State, _ index: Int) -> String {
    guard let name = names[ObjectIdentifier(state)] else {
      fail(
        """
        \(owner): \(state is Buffer ? "buffer" : "parameter") \(index) of shape \(state.described) is not among the names \
        given; pass the namedParameters\(state is Buffer ? ", and as buffers the namedBuffers," : "") of every model whose \
        parameters it has
        """)
    }
    return name
  }
}

/// Takes a saved state apart, and names what is missing, unexpected or of another kind.
struct StateReader {
  /// By the names' bytes: a Swift string equals another one that is composed differently.
  private var rest: [[UInt8]: Tensor]
  /// The last parts of names such as `state.net.0.weight.step`, by the bytes of `state.net.0.weight.`.
  private var parts: [[UInt8]: [String]] = [:]
  private let source: String
  private let owner: String
  /// Whether tensors may hold NaN, as those of a run that went on after a loss that was NaN.
  @TaskLocal static var allowsNaN = false

  init(_ state: StateDictionary, of owner: String, from source: String) {
    rest = Dictionary(uniqueKeysWithValues: state.map { (Array($0.name.utf8), $0.tensor) })
    self.owner = owner
    self.source = source
    for name in state.names {
      guard let dot = name.utf8.lastIndex(of: UInt8(ascii: ".")) else { continue }
      let end = name.utf8.index(after: dot)
      parts[Array(name.utf8[..<end]), default: []].append(String(name[end...]))
    }
  }

  func has(_ name: String) -> Bool { rest[Array(name.utf8)] != nil }

  func failure(_ reason: String) -> FileError {
    FileError(source, "does not fit \(owner): \(reason)")
  }

  /// Throws if a name is that of a position, as this library wrote them before tensors were named by paths.
  ///
  /// - Parameter isPositional: Tells by the parts of a name.
  func refusePositions(_ isPositional: ([Substring]) -> Bool) throws(FileError) {
    for name in rest.keys.map({ String(decoding: $0, as: UTF8.self) }).sorted()
    where isPositional(name.split(separator: ".", omittingEmptySubsequences: false)) {
      throw failure(
        """
        \(name) is numbered by position, as earlier versions wrote it, and could belong to any parameter; save it again \
        under the parameters' names
        """)
    }
  }

  /// A tensor whose shape passes a test; floating point without NaN, and with elements in a range.
  mutating func tensor(
    _ name: String, in range: ClosedRange<Double> = -Double.infinity...Double.infinity,
    _ expected: String, where fits: ([Int]) -> Bool
  ) throws(FileError) -> Tensor {
    let tensor = try take(name)
    guard fits(tensor.shape), tensor.dtype.isFloatingPoint else {
      throw failure("\(name) is \(tensor.summary), expected \(expected)")
    }
    let isInside = (tensor .>= range.lowerBound) .& (tensor .<= range.upperBound)
    let isAllowed = Self.allowsNaN ? isInside .| (tensor .!= tensor) : isInside
    guard isAllowed.all().item() == 1 else {
      throw failure(
        "\(name) has NaN or an element outside of \(range)")
    }
    return tensor
  }

  /// A tensor whose shape passes a test, with any elements.
  mutating func any(
    _ name: String, _ expected: String, where fits: ([Int]) -> Bool
  ) throws(FileError) -> Tensor {
    let tensor = try take(name)
    guard fits(tensor.shape) else {
      throw failure("\(name) is \(tensor.summary), expected \(expected)")
    }
    return tensor
  }

  /// A single number, not NaN.
  mutating func number(_ name: String) throws(FileError) -> Double {
    let tensor = try take(name)
    guard tensor.count == 1, case let number = tensor.item(), !number.isNaN else {
      throw failure("\(name) must be one number, got \(tensor.count == 1 ? "nan" : tensor.summary)")
    }
    return number
  }

  /// A single number, also NaN.
  mutating func anyNumber(_ name: String) throws(FileError) -> Double {
    let tensor = try take(name)
    guard tensor.count == 1 else {
      throw failure("\(name) must be one number, got \(tensor.summary)")
    }
    return tensor.item()
  }

  /// A whole number of at least 0.
  mutating func count(_ name: String) throws(FileError) -> Int {
    let number = try number(name)
    guard let count = Int(exactly: number), count >= 0 else {
      throw failure("\(name) must be a whole number of at least 0, got \(number)")
    }
    return count
  }

  /// A random stream.
  mutating func stream(_ name: String) throws(FileError) -> RandomStream {
    let tensor = try take(name)
    guard let stream = RandomStream(state: tensor) else {
      throw failure("\(name) is \(tensor.summary), expected the int64 [3] of a random stream")
    }
    return stream
  }

  /// A tensor of integers whose shape passes a test.
  mutating func integers(
    _ name: String, _ expected: String, where fits: ([Int]) -> Bool
  ) throws(FileError) -> Tensor {
    let tensor = try take(name)
    guard fits(tensor.shape), !tensor.dtype.isFloatingPoint else {
      throw failure("\(name) is \(tensor.summary), expected integers \(expected)")
    }
    return tensor
  }

  /// What is remembered about a parameter under a prefix; `known` is nil for a custom rule.
  mutating func parameterState(
    _ prefix: String, of parameter: Parameter, _ known: [RememberedTensor]?
  ) throws(FileError) -> ParameterState {
    var state = ParameterState()
    guard var names = parts[Array(prefix.utf8)], names != ["group"] else { return state }
    names.removeAll { $0 == "step" || $0 == "group" }
    state.step = try count(prefix + "step")
    guard state.step <= 1 << 53 else { throw failure("\(prefix)step is too large: \(state.step)") }
    for one in known ?? [] where one.isNeeded && !names.contains(one.name) {
      names.append(one.name)
    }
    for name in names {
      let kind = known?.first { $0.name == name }
      // What a rule does not know stays, and is unexpected.
      if known != nil && kind == nil { continue }
      let isScalar = kind?.isScalar
      let expected = isScalar == true ? "one number" : parameter.described
      let tensor = try tensor(prefix + name, in: kind?.range ?? -.infinity ... .infinity, expected)
      {
        isScalar != false && $0 == [] || isScalar != true && parameter.allows($0)
      }
      // A single number on the CPU goes along with any device.
      state.tensors[name] = tensor.rank == 0 ? tensor : tensor.widened().to(parameter.device)
    }
    return state
  }

  func finish() throws(FileError) {
    guard rest.isEmpty else {
      let names = rest.keys.map { String(decoding: $0, as: UTF8.self) }.sorted()
      throw failure("unexpected: " + names.joined(separator: ", "))
    }
  }

  private mutating func take(_ name: String) throws(FileError) -> Tensor {
    guard let tensor = rest.removeValue(forKey: Array(name.utf8)) else {
      throw failure("\(name) is missing")
    }
    return tensor
  }
}
