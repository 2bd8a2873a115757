import Autograd

/// What an optimizer, a schedule or an average remembers from step to step and can write to a file.
///
/// Restored together with the model's values, it takes the same steps bit for bit for the same gradients.
/// It does not hold the random streams of layers: after a restart, `Dropout` draws other numbers.
public protocol SavedState: AnyObject {
  /// Everything that the next step depends on, named; a copy.
  var state: [(name: String, tensor: Tensor)] { get }

  /// Goes back to a state that `state` returned, in an object made with the same arguments.
  ///
  /// - Parameters:
  ///   - state: The tensors by their names.
  ///   - path: Where they come from, for errors.
  /// - Throws: A `FileError` that says what does not fit: a tensor that is missing, unknown, of another shape or
  ///   with NaN, or a number that the object could not have had. Then nothing was changed.
  func restore(_ state: [String: Tensor], from path: String) throws(FileError)
}

extension SavedState {
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
    try restore(named: try Safetensors.read(path), from: path)
  }

  /// Restores tensors with names of a file.
  package func restore(
    named tensors: [(name: String, tensor: Tensor)], from path: String
  ) throws(FileError) {
    let state = Dictionary(
      tensors.map { ($0.name, $0.tensor) }, uniquingKeysWith: { first, _ in first })
    guard state.count == tensors.count else {
      throw FileError(path, "has names that differ only in how their characters are composed")
    }
    try restore(state, from: path)
  }
}

/// Takes a saved state apart, and names what is missing, unexpected or of another kind.
struct StateReader {
  /// By the names' bytes: a Swift string equals another one that is composed differently.
  private var rest: [[UInt8]: Tensor]
  /// The third parts of names such as `state.0.step`, by `state.0.`.
  private var parts: [String: [String]] = [:]
  private let path: String
  private let owner: String

  init(_ state: [String: Tensor], of owner: String, from path: String) {
    rest = Dictionary(uniqueKeysWithValues: state.map { (Array($0.key.utf8), $0.value) })
    self.owner = owner
    self.path = path
    for name in state.keys.sorted() {
      let words = name.split(separator: ".", maxSplits: 2, omittingEmptySubsequences: false)
      if words.count == 3 {
        parts["\(words[0]).\(words[1]).", default: []].append(String(words[2]))
      }
    }
  }

  func has(_ name: String) -> Bool { rest[Array(name.utf8)] != nil }

  func failure(_ reason: String) -> FileError {
    FileError(path, "does not fit \(owner): \(reason)")
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
    guard isInside.all().item() == 1 else {
      throw failure(
        "\(name) has NaN or an element outside of \(range)")
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

  /// A whole number of at least 0.
  mutating func count(_ name: String) throws(FileError) -> Int {
    let number = try number(name)
    guard let count = Int(exactly: number), count >= 0 else {
      throw failure("\(name) must be a whole number of at least 0, got \(number)")
    }
    return count
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
    guard var names = parts[prefix] else { return state }
    names.removeAll { $0 == "step" }
    state.step = try count(prefix + "step")
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
