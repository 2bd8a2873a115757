import Autograd
internal import Platform

/// Models in several files beside an index, as Hugging Face's libraries write and read them:
/// `{"metadata": {...}, "weight_map": {"name": "file beside the index", ...}}`.
extension Safetensors {
  private static let indexSuffix = ".safetensors.index.json"

  /// Writes named tensors to several files beside an index, which names the file of each.
  ///
  /// The index comes last, and files of an index that is replaced keep their names and contents until then: a reader finds
  /// the old tensors or the new ones, whenever the writer is stopped. Then the old ones are removed; those of a writer that
  /// was killed stay.
  ///
  /// - Parameters:
  ///   - tensors: The tensors, in the order in which their data will lie.
  ///   - metadata: Texts about the files.
  ///   - path: The index, whose name ends in `.safetensors.index.json`. `model.safetensors.index.json` gets files such as
  ///     `model-00001-of-00003.safetensors`.
  ///   - maximumBytes: The largest size of a file's data; a tensor that is larger has a file of its own.
  /// - Throws: A `FileError` if a file cannot be written; then those that were written are removed.
  public static func write(
    _ tensors: StateDictionary, metadata: [String: String] = ["format": "pt"],
    toIndex path: String, maximumBytes: Int
  ) throws(FileError) {
    require(
      path.hasSuffix(indexSuffix),
      "safetensors: the name of an index ends in \(indexSuffix), got \(path)")
    checkAtLeastOne(maximumBytes, "safetensors", "maximumBytes")
    var parts: [StateDictionary] = []
    var (size, total) = (0, 0)
    for (name, tensor) in tensors {
      let bytes = tensor.count * tensor.dtype.byteCount
      if parts.isEmpty || size + bytes > maximumBytes && size > 0 {
        parts.append(StateDictionary())
        size = 0
      }
      parts[parts.count - 1].append(name, tensor)
      (size, total) = (size + bytes, total + bytes)
    }
    let folder = folder(of: path)
    let stem = path.dropFirst(folder.count).dropLast(indexSuffix.count)
    let ours = { (name: String) in name.hasPrefix(stem + "-") && isPart(name) }
    let old = files(ofIndex: path).filter(ours)
    // Nothing that is there is overwritten.
    let isFree = !fileNames(in: folder.isEmpty ? "." : folder).contains(where: ours)
    let tag = isFree ? "" : "-" + String(UInt32.random(in: .min ... .max), radix: 36)
    func number(_ count: Int) -> String { String(count).padded(to: 5, with: "0") }
    var (map, written): ([(name: String, file: String)], Set<String>) = ([], [])
    do throws(FileError) {
      for (index, part) in parts.enumerated() {
        let file = "\(stem)\(tag)-\(number(index + 1))-of-\(number(parts.count)).safetensors"
        try write(part, metadata: metadata, to: folder + file)
        written.insert(file)
        map += part.names.map { ($0, file) }
      }
      let entries = map.map { "    \(JSON.quoted($0.name)): \(JSON.quoted($0.file))" }
      try writeAtomically(
        """
        {
          "metadata": {"total_size": \(total)},
          "weight_map": {
        \(entries.joined(separator: ",\n"))
          }
        }

        """, to: path)
    } catch {
      // The index may be there in spite of the error.
      for file in written.subtracting(files(ofIndex: path)) { unlink(folder + file) }
      throw error
    }
    for file in old.subtracting(written) { unlink(folder + file) }
  }

  /// Whether a name ends as in `-00001-of-00003.safetensors`.
  private static func isPart(_ name: String) -> Bool {
    let parts = name.dropLast(".safetensors".count).split(separator: "-").suffix(3)
    func isNumber(_ text: Substring) -> Bool {
      text.utf8.count >= 5 && text.utf8.allSatisfy { (48...57).contains($0) }
    }
    return name.hasSuffix(".safetensors") && parts.count == 3 && isNumber(parts.first!)
      && parts.dropFirst().first == "of" && isNumber(parts.last!)
  }

  private static func folder(of path: String) -> String {
    path.lastIndex(of: "/").map { String(path[...$0]) } ?? ""
  }

  /// The files that an index names; none if there is no index.
  private static func files(ofIndex path: String) -> Set<String> {
    guard let bytes = try? OpenFile.contents(of: path, maximum: headerLimit),
      let map = (try? JSON(parsing: bytes))?["weight_map"]?.members
    else { return [] }
    return Set(
      map.compactMap(\.value.string).filter { !$0.contains("/") && $0.hasSuffix(".safetensors") })
  }

  /// Reads the files of a model that an index names, and checks that each tensor is in its file.
  static func contents(ofIndex path: String) throws(FileError) -> Contents {
    let bytes = try OpenFile.contents(of: path, maximum: headerLimit)
    let json: JSON
    do {
      json = try JSON(parsing: bytes)
    } catch {
      throw FileError(path, "is not an index of safetensors files (\(error))")
    }
    guard let map = json["weight_map"]?.members else {
      throw FileError(path, "is not an index of safetensors files (it has no weight_map)")
    }
    let folder = folder(of: path)
    var contents = Contents()
    var files: [String: Contents] = [:]
    for (name, value) in map.map({ ($0.name, $0.value) }) {
      guard let file = value.string, !file.contains("/"), !file.hasSuffix(".index.json") else {
        throw FileError(path, "\(name) must be in a file beside the index")
      }
      if files[file] == nil { files[file] = try Safetensors.contents(of: folder + file) }
      let found = files[file]!
      if let tensor = found.state[name] {
        contents.state.append(name, tensor)
      } else if let foreign = found.foreign.first(where: { $0.name == name }) {
        contents.foreign.append(foreign)
      } else {
        throw FileError(folder + file, "has no \(name), which \(path) says is there")
      }
    }
    let known = Set(map.map { Array($0.name.utf8) })
    for (file, found) in files.sorted(by: { $0.key < $1.key }) {
      let others = found.state.names + found.foreign.map(\.name)
      if let name = others.first(where: { !known.contains(Array($0.utf8)) }) {
        throw FileError(folder + file, "has \(name), which \(path) does not name")
      }
    }
    return contents
  }
}
