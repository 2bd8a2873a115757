import Autograd

/// The safetensors file format, version 0.x of Hugging Face: named tensors with a JSON header.
///
/// Read and written are F32, F64, F16, BF16, I32, I64, U8 and BOOL.
public enum Safetensors {
  private static let dtypes: [(code: String, dtype: DType)] = [
    ("F32", .float32), ("F64", .float64), ("I32", .int32), ("I64", .int64), ("U8", .uint8),
    ("BOOL", .bool), ("F16", .float16), ("BF16", .bfloat16),
  ]

  /// The name of the texts in a header that describe the file.
  private static let metadataName = "__metadata__"

  /// More bytes than any tensor has: sums of a few such numbers do not overflow.
  private static let largestTensor = 1 << 48

  /// The largest header that the format allows, in bytes.
  static let headerLimit = 100_000_000

  /// One tensor's entry in the header.
  private struct Entry {
    var name: String
    var dtype: String
    var shape: [Int]
    var dataOffsets: [Int]

    /// The entry as a member of the header's object.
    var json: String {
      func list(_ numbers: [Int]) -> String { numbers.map(String.init).joined(separator: ",") }
      return JSON.quoted(name)
        + ":{\"data_offsets\":[\(list(dataOffsets))],\"dtype\":\"\(dtype)\",\"shape\":[\(list(shape))]}"
    }
  }

  // MARK: Writing

  /// Writes named tensors, whole or not at all.
  ///
  /// - Parameters:
  ///   - tensors: The tensors, in the order in which their data will lie.
  ///   - metadata: Texts about the file; by default what Python's libraries look for in a file of tensors.
  ///   - path: Where; an existing file is replaced.
  /// - Throws: A `FileError` if the file cannot be written.
  public static func write(
    _ tensors: StateDictionary, metadata: [String: String] = ["format": "pt"], to path: String
  ) throws(FileError) {
    let header = header(of: tensors, metadata: metadata)
    // Tensor by tensor: all bytes in a row would be a second copy of a model.
    try writeAtomically(to: path) { write in
      withUnsafeBytes(of: UInt64(header.count).littleEndian) { write($0) }
      header.withUnsafeBytes { write($0) }
      for (_, tensor) in tensors { tensor.withBytes(write) }
    }
  }

  /// The header that describes tensors, in JSON and padded to 8 bytes.
  static func header(of tensors: StateDictionary, metadata: [String: String]) -> [UInt8] {
    var entries: [Entry] = []
    var end = 0
    for (name, tensor) in tensors {
      require(name != metadataName, "safetensors: the name \(name) is reserved for metadata")
      let start = end
      end += tensor.count * tensor.dtype.byteCount
      entries.append(
        Entry(
          name: name, dtype: code(tensor.dtype), shape: tensor.shape, dataOffsets: [start, end]))
    }
    entries.sort { $0.name.utf8.lexicographicallyPrecedes($1.name.utf8) }
    let texts = metadata.sorted { $0.key < $1.key }
      .map { JSON.quoted($0.key) + ":" + JSON.quoted($0.value) }.joined(separator: ",")
    let members =
      (texts.isEmpty ? [] : ["\"\(metadataName)\":{\(texts)}"]) + entries.map(\.json)
    var header = Array(("{" + members.joined(separator: ",") + "}").utf8)
    header += Array(repeating: UInt8(ascii: " "), count: (8 - header.count % 8) % 8)
    return header
  }

  private static func code(_ dtype: DType) -> String {
    dtypes.first { $0.dtype == dtype }?.code ?? ""
  }

  // MARK: Reading

  /// What a file holds.
  struct Contents {
    var state = StateDictionary()
    /// Tensors of types that this library does not have, and the types' names.
    var foreign: [(name: String, type: String)] = []
    var metadata: [String: String] = [:]
  }

  /// Reads all tensors of a file, in the order in which their data lies, or of all files that an index
  /// (`….safetensors.index.json`) names.
  ///
  /// - Throws: A `FileError` that says what is wrong with the file, or that it cannot be read.
  public static func read(_ path: String) throws(FileError) -> StateDictionary {
    try known(contents(of: path), path)
  }

  /// Reads the texts that describe a file.
  ///
  /// - Throws: As `read`.
  public static func metadata(of path: String) throws(FileError) -> [String: String] {
    try contents(of: path).metadata
  }

  /// Reads all tensors from the bytes of a file.
  package static func tensors(
    in bytes: [UInt8], from path: String
  ) throws(FileError) -> StateDictionary {
    try known(contents(in: bytes, path), path)
  }

  private static func known(
    _ contents: Contents, _ path: String
  ) throws(FileError) -> StateDictionary {
    if let (name, type) = contents.foreign.first {
      let known = dtypes.map(\.code).joined(separator: ", ")
      throw FileError(path, "\(name) has the type \(type); this library reads \(known)")
    }
    return contents.state
  }

  static func contents(of path: String) throws(FileError) -> Contents {
    if path.hasSuffix(".index.json") { return try contents(ofIndex: path) }
    return try OpenFile.withContents(of: path) { bytes throws(FileError) in
      try contents(in: bytes, path)
    }
  }

  private static func contents(in bytes: [UInt8], _ path: String) throws(FileError) -> Contents {
    let result = bytes.withUnsafeBytes { bytes in
      Result { () throws(FileError) in try contents(in: bytes, path) }
    }
    return try result.get()
  }

  private static func contents(
    in bytes: UnsafeRawBufferPointer, _ path: String
  ) throws(FileError) -> Contents {
    guard bytes.count >= 8 else {
      throw FileError(path, "has \(bytes.count) bytes; a safetensors file has 8 or more")
    }
    let length = UInt64(littleEndian: bytes.loadUnaligned(as: UInt64.self))
    guard length <= headerLimit, Int(length) <= bytes.count - 8 else {
      throw FileError(
        path,
        "is not a safetensors file, or truncated: its header would have \(length) bytes")
    }
    let start = 8 + Int(length)
    let (entries, metadata) = try header(Array(bytes[8..<start]), path)
    var contents = Contents(metadata: metadata)
    var next = 0
    for entry in entries {
      let name = entry.name
      let type = try type(of: entry, path)
      let offsets = entry.dataOffsets
      // How large an element of another type is, is not known.
      let isPossible = (next...next + largestTensor).contains(offsets[1])
      let byteCount = type?.byteCount ?? (isPossible ? offsets[1] - next : 0)
      guard offsets == [next, next + byteCount] else {
        throw FileError(
          path,
          "the data of \(name) lies at \(offsets); expected [\(next), \(next + byteCount)]")
      }
      guard byteCount <= bytes.count - start - next else {
        throw FileError(
          path,
          "is truncated: \(name) ends at byte \(start + next + byteCount) of \(bytes.count)")
      }
      let data = UnsafeRawBufferPointer(rebasing: bytes[(start + next)...].prefix(byteCount))
      next += byteCount
      guard let dtype = type?.dtype else {
        contents.foreign.append((name, entry.dtype))
        continue
      }
      // Any other byte in a Bool is undefined behavior.
      if dtype == .bool, let index = data.firstIndex(where: { $0 > 1 }) {
        throw FileError(
          path, "element \(index) of \(name) is the byte \(data[index]); a BOOL is 0 or 1")
      }
      contents.state.append(name, Tensor(bytes: data, entry.shape, dtype))
    }
    guard start + next == bytes.count else {
      throw FileError(path, "has \(bytes.count - start - next) bytes after the last tensor")
    }
    return contents
  }

  /// The header's entries in the order of their data, and of the header where that is the same; and its texts.
  private static func header(
    _ header: [UInt8], _ path: String
  ) throws(FileError) -> (entries: [Entry], metadata: [String: String]) {
    func failure(_ problem: String) -> FileError {
      FileError(path, "its header is not that of a safetensors file (\(problem))")
    }
    let json: JSON
    do { json = try JSON(parsing: header) } catch { throw failure("\(error)") }
    guard let members = json.members else { throw failure("it is not a JSON object") }
    var entries: [Entry] = []
    var metadata: [String: String] = [:]
    for member in members {
      if member.name == metadataName {
        for text in member.value.members ?? [] { metadata[text.name] = text.value.string }
        continue
      }
      guard let dtype = member.value["dtype"]?.string, let shape = integers(member.value["shape"]),
        let dataOffsets = integers(member.value["data_offsets"])
      else {
        throw failure("\(member.name) needs a dtype and integers as shape and data_offsets")
      }
      entries.append(Entry(name: member.name, dtype: dtype, shape: shape, dataOffsets: dataOffsets))
    }
    let sorted = entries.enumerated().sorted { a, b in
      a.element.dataOffsets == b.element.dataOffsets
        ? a.offset < b.offset
        : a.element.dataOffsets.lexicographicallyPrecedes(b.element.dataOffsets)
    }
    return (sorted.map(\.element), metadata)
  }

  private static func integers(_ json: JSON?) -> [Int]? {
    guard let list = json?.array else { return nil }
    let integers = list.compactMap(\.integer)
    return integers.count == list.count ? integers : nil
  }

  /// The type and size of an entry's data, nil for a type that this library does not have.
  private static func type(
    of entry: Entry, _ path: String
  ) throws(FileError) -> (dtype: DType, byteCount: Int)? {
    let name = entry.name
    let dtype = dtypes.first { $0.code == entry.dtype }?.dtype
    // Zeros are left out of the product, so that the other sizes are bounded too.
    var byteCount = dtype?.byteCount ?? 1
    for size in entry.shape where size != 0 {
      let (product, overflows) = byteCount.multipliedReportingOverflow(by: size)
      guard size >= 0, !overflows, product <= largestTensor else {
        throw FileError(path, "\(name) has the impossible shape \(entry.shape)")
      }
      byteCount = product
    }
    if entry.shape.contains(0) { byteCount = 0 }
    guard entry.dataOffsets.count == 2 else {
      throw FileError(path, "\(name) must have two data_offsets")
    }
    return dtype.map { ($0, byteCount) }
  }
}
