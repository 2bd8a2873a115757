import Autograd

extension Module {
  /// Writes all parameters and buffers to a safetensors file under their paths, which are PyTorch's names.
  ///
  /// Python reads it with `safetensors.torch.load_file`, and `load_state_dict` takes the result for
  /// a PyTorch model of the same structure.
  ///
  /// - Throws: A `FileError` if the file cannot be written; nothing is half written.
  public func save(to path: String) throws(FileError) {
    try Safetensors.write(state, to: path)
  }

  /// The same in several files beside an index, of at most so many bytes each; see `Safetensors.write(_:metadata:toIndex:maximumBytes:)`.
  ///
  /// - Throws: A `FileError` if a file cannot be written.
  public func save(toIndex path: String, maximumBytes: Int) throws(FileError) {
    try Safetensors.write(state, toIndex: path, maximumBytes: maximumBytes)
  }

  /// Reads all parameters and buffers from a safetensors file, also one that PyTorch's `state_dict` was saved
  /// to, or from the index (`….safetensors.index.json`) of a model in several files.
  ///
  /// What fits is as for `restore`. Tensors of types that this library does not have are no error where
  /// the model does not need them and `strict` is false, or `rename` leaves them out.
  ///
  /// - Parameters:
  ///   - path: The file.
  ///   - strict: Whether a missing or an unexpected name is an error.
  ///   - rename: Maps each name to the path here; a tensor for which it returns nil is left out.
  /// - Returns: The missing and unexpected names, none unless `strict` is false.
  /// - Throws: A `FileError` if the file cannot be read, or that lists every name that is missing,
  ///   unexpected, has another shape, or is tied to one with other values; then nothing was changed.
  @discardableResult
  public func load(
    from path: String, strict: Bool = true, renaming rename: (String) -> String? = { $0 }
  ) throws(FileError) -> StateMismatch {
    let file = try Safetensors.contents(of: path)
    return try restore(
      file.state, foreign: file.foreign, strict: strict, from: path, renaming: rename)
  }
}
