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

  /// The largest header that the format allows, in bytes.
  private static let headerLimit = 100_000_000

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
  ///   - path: Where; an existing file is replaced.
  /// - Throws: A `FileError` if the file cannot be written.
  public static func write(
    _ tensors: [(name: String, tensor: Tensor)], to path: String
  ) throws(FileError) {
    var entries: [Entry] = []
    var names: Set<[UInt8]> = []
    var end = 0
    for (name, tensor) in tensors {
      require(
        names.insert(Array(name.utf8)).inserted,
        "safetensors: the name \(name.escaped) is given twice")
      require(name != metadataName, "safetensors: the name \(name) is reserved for metadata")
      let start = end
      end += tensor.count * tensor.dtype.byteCount
      entries.append(
        Entry(
          name: name, dtype: code(tensor.dtype), shape: tensor.shape, dataOffsets: [start, end]))
    }
    entries.sort { $0.name.utf8.lexicographicallyPrecedes($1.name.utf8) }
    var header = Array(("{" + entries.map(\.json).joined(separator: ",") + "}").utf8)
    header += Array(repeating: UInt8(ascii: " "), count: (8 - header.count % 8) % 8)
    // Tensor by tensor: all bytes in a row would be a second copy of a model.
    try writeAtomically(to: path) { write in
      withUnsafeBytes(of: UInt64(header.count).littleEndian) { write($0) }
      header.withUnsafeBytes { write($0) }
      for (_, tensor) in tensors { tensor.withBytes(write) }
    }
  }

  private static func code(_ dtype: DType) -> String {
    dtypes.first { $0.dtype == dtype }?.code ?? ""
  }

  // MARK: Reading

  /// Reads all tensors of a file, in the order in which their data lies.
  ///
  /// - Throws: A `FileError` that says what is wrong with the file, or that it cannot be read.
  public static func read(_ path: String) throws(FileError) -> [(name: String, tensor: Tensor)] {
    try tensors(in: try OpenFile.contents(of: path, maximum: .max), from: path)
  }

  /// Reads all tensors from the bytes of a file.
  package static func tensors(
    in bytes: [UInt8], from path: String
  ) throws(FileError) -> [(name: String, tensor: Tensor)] {
    guard bytes.count >= 8 else {
      throw FileError(path, "has \(bytes.count) bytes; a safetensors file has 8 or more")
    }
    let length = bytes.withUnsafeBytes { UInt64(littleEndian: $0.loadUnaligned(as: UInt64.self)) }
    guard length <= headerLimit, Int(length) <= bytes.count - 8 else {
      throw FileError(
        path,
        "is not a safetensors file, or truncated: its header would have \(length) bytes")
    }
    let start = 8 + Int(length)
    let entries = try entries(Array(bytes[8..<start]), path)
    var next = 0
    var tensors: [(name: String, tensor: Tensor)] = []
    for entry in entries {
      let name = entry.name
      let (dtype, byteCount) = try check(entry, path)
      let offsets = entry.dataOffsets
      guard offsets == [next, next + byteCount] else {
        throw FileError(
          path,
          "the data of \(name) lies at \(offsets); expected [\(next), \(next + byteCount)]")
      }
      next += byteCount
      guard start + next <= bytes.count else {
        throw FileError(
          path,
          "is truncated: \(name) ends at byte \(start + next) of \(bytes.count)")
      }
      let data = bytes[(start + next - byteCount)..<(start + next)]
      // Any other byte in a Bool is undefined behavior.
      if dtype == .bool, let index = data.firstIndex(where: { $0 > 1 }) {
        throw FileError(
          path,
          "element \(index - data.startIndex) of \(name) is the byte \(data[index]); a BOOL is 0 or 1"
        )
      }
      tensors.append((name, Tensor(bytes: data, entry.shape, dtype)))
    }
    guard start + next == bytes.count else {
      throw FileError(path, "has \(bytes.count - start - next) bytes after the last tensor")
    }
    return tensors
  }

  /// The header's entries in the order of their data, and of the header where that is the same.
  private static func entries(_ header: [UInt8], _ path: String) throws(FileError) -> [Entry] {
    func failure(_ problem: String) -> FileError {
      FileError(path, "its header is not that of a safetensors file (\(problem))")
    }
    let json: JSON
    do { json = try JSON(parsing: header) } catch { throw failure("\(error)") }
    guard let members = json.members else { throw failure("it is not a JSON object") }
    var entries: [Entry] = []
    for member in members where member.name != metadataName {
      guard let dtype = member.value["dtype"]?.string, let shape = integers(member.value["shape"]),
        let dataOffsets = integers(member.value["data_offsets"])
      else {
        throw failure("\(member.name) needs a dtype and integers as shape and data_offsets")
      }
      entries.append(Entry(name: member.name, dtype: dtype, shape: shape, dataOffsets: dataOffsets))
    }
    return entries.enumerated().sorted { a, b in
      a.element.dataOffsets == b.element.dataOffsets
        ? a.offset < b.offset
        : a.element.dataOffsets.lexicographicallyPrecedes(b.element.dataOffsets)
    }.map(\.element)
  }

  private static func integers(_ json: JSON?) -> [Int]? {
    guard let list = json?.array else { return nil }
    let integers = list.compactMap(\.integer)
    return integers.count == list.count ? integers : nil
  }

  private static func check(
    _ entry: Entry, _ path: String
  ) throws(FileError) -> (DType, byteCount: Int) {
    let name = entry.name
    guard let (_, dtype) = dtypes.first(where: { $0.code == entry.dtype }) else {
      let known = dtypes.map(\.code).joined(separator: ", ")
      throw FileError(path, "\(name) has the type \(entry.dtype); this library reads \(known)")
    }
    // Zeros are left out of the product, so that the other sizes are bounded too.
    var byteCount = dtype.byteCount
    for size in entry.shape where size != 0 {
      let (product, overflows) = byteCount.multipliedReportingOverflow(by: size)
      guard size >= 0, !overflows, product <= 1 << 48 else {
        throw FileError(path, "\(name) has the impossible shape \(entry.shape)")
      }
      byteCount = product
    }
    if entry.shape.contains(0) { byteCount = 0 }
    guard entry.dataOffsets.count == 2 else {
      throw FileError(path, "\(name) must have two data_offsets")
    }
    return (dtype, byteCount)
  }
}
