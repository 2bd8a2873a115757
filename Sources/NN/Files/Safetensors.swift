import Autograd
import Foundation

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
  private struct Entry: Codable {
    var dtype: String
    var shape: [Int]
    var dataOffsets: [Int]

    enum CodingKeys: String, CodingKey {
      case dtype
      case shape
      case dataOffsets = "data_offsets"
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
    var header: [String: Entry] = [:]
    var end = 0
    for (name, tensor) in tensors {
      require(header[name] == nil, "safetensors: the name \(name) is given twice")
      require(
        name != metadataName, "safetensors: the name \(name) stands for what is no tensor")
      let start = end
      end += tensor.count * tensor.dtype.byteCount
      header[name] = Entry(
        dtype: code(tensor.dtype), shape: tensor.shape, dataOffsets: [start, end])
    }
    let encoder = JSONEncoder()
    encoder.outputFormatting = [.sortedKeys, .withoutEscapingSlashes]
    let json: Data
    do { json = try encoder.encode(header) } catch {
      throw FileError(path, "cannot encode the names: \(error)")
    }
    var bytes = [UInt8]()
    bytes.reserveCapacity(16 + json.count + end)
    let padding = (8 - json.count % 8) % 8
    withUnsafeBytes(of: UInt64(json.count + padding).littleEndian) { bytes += $0 }
    bytes += json
    bytes += Array(repeating: UInt8(ascii: " "), count: padding)
    for (_, tensor) in tensors { tensor.withBytes { bytes += $0 } }
    try writeAtomically(bytes, to: path)
  }

  private static func code(_ dtype: DType) -> String {
    dtypes.first { $0.dtype == dtype }?.code ?? ""
  }

  // MARK: Reading

  /// Reads all tensors of a file, in the order in which their data lies.
  ///
  /// - Throws: A `FileError` that says what is wrong with the file, or that it cannot be read.
  public static func read(_ path: String) throws(FileError) -> [(name: String, tensor: Tensor)] {
    let bytes = try OpenFile.contents(of: path, maximum: .max)
    guard bytes.count >= 8 else {
      throw FileError(
        path, "has \(bytes.count) bytes; a safetensors file has 8 or more")
    }
    let length = bytes.withUnsafeBytes { UInt64(littleEndian: $0.loadUnaligned(as: UInt64.self)) }
    guard length <= headerLimit, Int(length) <= bytes.count - 8 else {
      throw FileError(
        path,
        "is no safetensors file or truncated: its header would have \(length) bytes")
    }
    let start = 8 + Int(length)
    let header = try header(Data(bytes[8..<start]), path)
    var next = 0
    var tensors: [(name: String, tensor: Tensor)] = []
    let ordered = header.sorted { a, b in
      a.1.dataOffsets == b.1.dataOffsets
        ? a.0 < b.0 : a.1.dataOffsets.lexicographicallyPrecedes(b.1.dataOffsets)
    }
    for (name, entry) in ordered {
      let (dtype, byteCount) = try check(entry, name, path)
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
      tensors.append(
        (
          name,
          Tensor(bytes: bytes[(start + next - byteCount)..<(start + next)], entry.shape, dtype)
        ))
    }
    guard start + next == bytes.count else {
      throw FileError(
        path, "has \(bytes.count - start - next) bytes behind the last tensor")
    }
    return tensors
  }

  private static func header(_ json: Data, _ path: String) throws(FileError) -> [(String, Entry)] {
    /// An entry, or the metadata, which are only texts.
    enum Value: Decodable {
      case entry(Entry)
      case metadata

      init(from decoder: any Decoder) throws {
        if decoder.codingPath.last?.stringValue == Safetensors.metadataName {
          self = .metadata
        } else {
          self = .entry(try Entry(from: decoder))
        }
      }
    }
    do {
      return try JSONDecoder().decode([String: Value].self, from: json).compactMap { name, value in
        if case .entry(let entry) = value { return (name, entry) }
        return nil
      }
    } catch {
      throw FileError(path, "its header is not that of a safetensors file")
    }
  }

  private static func check(
    _ entry: Entry, _ name: String, _ path: String
  ) throws(FileError) -> (DType, byteCount: Int) {
    guard let (_, dtype) = dtypes.first(where: { $0.code == entry.dtype }) else {
      let known = dtypes.map(\.code).joined(separator: ", ")
      throw FileError(
        path, "\(name) has the type \(entry.dtype); this library reads \(known)")
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
