import Autograd

extension Module {
  /// Writes all parameters to a safetensors file under their paths, which are PyTorch's names.
  ///
  /// Python reads it with `safetensors.torch.load_file`, and `load_state_dict` takes the result for
  /// a PyTorch model of the same structure.
  ///
  /// - Throws: A `FileError` if the file cannot be written; nothing is half written.
  public func save(to path: String) throws(FileError) {
    let named = namedParameters
    for (name, parameter) in named {
      require(
        parameter.isReady || parameter.count != nil,
        "save: \(name) \(parameter.described) has no shape yet; call materialize(for:) first")
    }
    try Safetensors.write(named.map { ($0.path, $0.parameter.value.stoppingGradient()) }, to: path)
  }

  /// Reads all parameters from a safetensors file, also one that PyTorch's `state_dict` was saved
  /// to.
  ///
  /// A lazy model gets its shapes. A shared parameter may stand under any of its paths.
  ///
  /// - Throws: A `FileError` if the file cannot be read, or that lists every name that is missing,
  ///   unexpected, or has another shape; then nothing was changed.
  public func load(from path: String) throws(FileError) {
    let tensors = try Safetensors.read(path)
    let aliases = parameterAliases
    var values: [ObjectIdentifier: Tensor] = [:]
    var (unexpected, misshapen): ([String], [String]) = ([], [])
    for (name, tensor) in tensors {
      guard let (_, parameter) = aliases.first(where: { $0.path == name }) else {
        unexpected.append(name)
        continue
      }
      if !parameter.allows(tensor.shape) || !tensor.dtype.isFloatingPoint {
        misshapen.append("\(name) (\(tensor.summary), expected \(parameter.described))")
      }
      values[ObjectIdentifier(parameter)] = tensor
    }
    let named = namedParameters
    let missing = named.filter { values[ObjectIdentifier($0.parameter)] == nil }.map(\.path)
    let problems = [("missing", missing), ("unexpected", unexpected), ("misshapen", misshapen)]
      .filter { !$0.1.isEmpty }
      .map { "\($0.0): \($0.1.joined(separator: ", "))" }
    guard problems.isEmpty else {
      throw FileError(
        path, "does not fit \(name): " + problems.joined(separator: "; "))
    }
    for (_, parameter) in named {
      guard let value = values[ObjectIdentifier(parameter)] else { continue }
      parameter.value = value.asType(parameter.isReady ? parameter.value.dtype : .float32)
    }
  }
}
