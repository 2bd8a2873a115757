import Autograd

/// One checkpoint as a safetensors file: tensors, and texts in the metadata, among them a format version and a SHA-256
/// sum over names, types, shapes, texts and data.
///
/// A file is valid if its header is whole, its sizes are right and its sum is the one that it states.
enum CheckpointFile {
  /// The version of the format that is written, and the only one that is read.
  private static let version = "2"
  private static let (versionName, sumName) = ("checkpoint", "sha256")

  /// Writes a checkpoint beside `path` and then moves it there.
  static func write(
    _ state: StateDictionary, _ texts: [String: String], to path: String
  ) throws(FileError) {
    var texts = texts.merging(["format": "pt", versionName: version]) { $1 }
    texts[sumName] = sum(state, texts)
    try Safetensors.write(state, metadata: texts, to: path)
  }

  /// Reads a checkpoint.
  ///
  /// - Throws: A `FileError` if it cannot be read or is not valid.
  static func read(
    _ path: String
  ) throws(FileError) -> (state: StateDictionary, texts: [String: String]) {
    let contents = try Safetensors.contents(of: path)
    var texts = contents.metadata
    guard let found = texts[versionName] else {
      throw FileError(path, "is not a checkpoint: it has no format version")
    }
    guard found == version else {
      throw FileError(
        path, "is a checkpoint of format \(found); this library reads format \(version)")
    }
    let stated = texts.removeValue(forKey: sumName)
    guard contents.foreign.isEmpty, stated == sum(contents.state, texts) else {
      throw FileError(path, "is damaged: its SHA-256 sum is not the one that it states")
    }
    return (contents.state, texts)
  }

  private static func sum(_ state: StateDictionary, _ texts: [String: String]) -> String {
    var sum = SHA256()
    sum.update(Safetensors.header(of: state, metadata: texts))
    for (_, tensor) in state { tensor.withBytes { sum.update($0) } }
    return sum.hexadecimal()
  }
}
