import Autograd

extension Module {
  /// Writes all parameters and buffers to a safetensors file under their paths, which are PyTorch's names.
  ///
  /// Python reads it with `safetensors.torch.load_file`, and `load_state_dict` takes the result for
  /// a PyTorch model of the same structure. A tied parameter stands there under each of its paths, as in
  /// PyTorch's `state_dict`.
  ///
  /// - Throws: A `FileError` if the file cannot be written; nothing is half written.
  public func save(to path: String) throws(FileError) {
    let named = stateAliases
    for (name, state) in named {
      require(
        state.isSized,
        "save: \(name) \(state.described) has no shape yet; call materialize(for:) first")
    }
    try Safetensors.write(named.map { ($0.path, $0.state.value.stoppingGradient()) }, to: path)
  }

  /// Reads all parameters and buffers from a safetensors file, also one that PyTorch's `state_dict` was saved
  /// to.
  ///
  /// A lazy model gets its shapes. A tied parameter may stand under any of its paths. `num_batches_tracked` of
  /// batch norms may be missing, as in files of old versions of PyTorch; it stays as it is then.
  ///
  /// - Throws: A `FileError` if the file cannot be read, or that lists every name that is missing,
  ///   unexpected, has another shape, or is tied to one with other values; then nothing was changed.
  public func load(from path: String) throws(FileError) {
    try load(try Safetensors.read(path), from: path)
  }

  /// Takes all parameters and buffers from the tensors of a file.
  package func load(
    _ tensors: [(name: String, tensor: Tensor)], from path: String
  ) throws(FileError) {
    // By the names' bytes: canonically equivalent spellings are different names.
    let states = Dictionary(
      stateAliases.map { (Array($0.path.utf8), $0.state) }, uniquingKeysWith: { first, _ in first })
    var values: [ObjectIdentifier: (name: String, tensor: Tensor)] = [:]
    var (unexpected, misshapen, untied): ([String], [String], [String]) = ([], [], [])
    for (name, tensor) in tensors {
      guard let state = states[Array(name.utf8)] else {
        unexpected.append(name)
        continue
      }
      if !state.allows(tensor.shape)
        || tensor.dtype.isFloatingPoint != state.dtype.isFloatingPoint
      {
        misshapen.append("\(name) (\(tensor.summary), expected \(state.described))")
      } else if let other = values[ObjectIdentifier(state)], !other.tensor.agrees(with: tensor) {
        untied.append("\(other.name) and \(name)")
      }
      values[ObjectIdentifier(state)] = (name, tensor)
    }
    let named = namedState
    let missing = named.filter {
      values[ObjectIdentifier($0.state)] == nil && ($0.state as? Buffer)?.isOptional != true
    }.map(\.path)
    let problems = [
      ("missing", missing), ("unexpected", unexpected), ("misshapen", misshapen),
      ("tied but different", untied),
    ].filter { !$0.1.isEmpty }
      .map { "\($0.0): \($0.1.joined(separator: ", "))" }
    guard problems.isEmpty else {
      throw FileError(path, "does not fit \(name): " + problems.joined(separator: "; "))
    }
    for (_, state) in named {
      guard let (_, value) = values[ObjectIdentifier(state)] else { continue }
      state.value = value.asType(state.dtype)
    }
  }

}

extension Tensor {
  /// Whether another tensor of the same shape has the same values; NaN equals NaN.
  fileprivate func agrees(with other: Tensor) -> Bool {
    let areNaN = (self .!= self) .& (other .!= other)
    return ((self .== other) .| areNaN).all().item() == 1
  }
}

extension Module {
  /// All parameters and buffers, each once, under its first path.
  private var namedState: [(path: String, state: any State)] {
    var seen = Set<ObjectIdentifier>()
    return stateAliases.filter { seen.insert(ObjectIdentifier($0.state)).inserted }
  }
}
