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
  /// - Throws: A `FileError` that says what does not fit; then nothing was changed.
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
    let tensors = try Safetensors.read(path)
    try restore(
      Dictionary(tensors.map { ($0.name, $0.tensor) }, uniquingKeysWith: { first, _ in first }),
      from: path)
  }
}

/// Takes a saved state apart, and names what is missing, unexpected or of another kind.
struct StateReader {
  private var rest: [String: Tensor]
  private let path: String
  private let owner: String

  init(_ state: [String: Tensor], of owner: String, from path: String) {
    rest = state
    self.owner = owner
    self.path = path
  }

  /// The names not taken yet that begin with a prefix.
  func names(startingWith prefix: String) -> [String] {
    rest.keys.filter { $0.hasPrefix(prefix) }.sorted()
  }

  func failure(_ reason: String) -> FileError {
    FileError(path, "does not fit \(owner): \(reason)")
  }

  mutating func tensor(_ name: String) throws(FileError) -> Tensor {
    guard let tensor = rest.removeValue(forKey: name) else { throw failure("\(name) is missing") }
    return tensor
  }

  mutating func number(_ name: String) throws(FileError) -> Double {
    let tensor = try tensor(name)
    guard tensor.count == 1 else {
      throw failure("\(name) must be one number, got \(tensor.summary)")
    }
    return tensor.item()
  }

  func finish() throws(FileError) {
    guard rest.isEmpty else {
      throw failure("unexpected: " + rest.keys.sorted().joined(separator: ", "))
    }
  }
}
