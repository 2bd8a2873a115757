import Autograd
internal import CZlib
import NN

/// Reads gzip files (RFC 1952) by way of zlib.
package enum Gzip {
  /// Inflates the bytes of a gzip file; several members, one after the other, are joined as gzip
  /// itself does.
  ///
  /// zlib checks the length and the CRC of every member, so what comes back is what was packed.
  /// - Parameters:
  ///   - bytes: The packed file as a whole.
  ///   - name: The path that errors name.
  ///   - maximum: How many bytes may come out at most. A small file can inflate to a thousand times its size; nothing
  ///     beyond this bound is ever held in memory.
  /// - Throws: A `FileError` if the data is no gzip data, is truncated or corrupt, is followed by
  ///   anything else, or inflates to more than `maximum` bytes.
  package static func inflate(
    _ bytes: [UInt8], name: String, maximum: Int
  ) throws(FileError) -> [UInt8] {
    guard bytes.starts(with: [0x1f, 0x8b]) else {
      throw FileError(
        name, "is not a gzip file: it starts with \(hexadecimal(bytes.prefix(2))), expected 1f 8b")
    }
    var output: [UInt8] = []
    // The last four bytes state the size of the last member modulo 2^32: a hint worth taking, never
    // a promise.
    let hint = bytes.suffix(4).reversed().reduce(0) { $0 << 8 | Int($1) }
    if hint <= maximum && hint / 1100 <= bytes.count { output.reserveCapacity(hint) }

    var stream = z_stream()
    let gzipOnly = MAX_WBITS + 16
    guard inflateInit2_(&stream, gzipOnly, ZLIB_VERSION, Int32(MemoryLayout<z_stream>.size)) == Z_OK
    else {
      throw FileError(name, "cannot be inflated: zlib has no memory")
    }
    defer { inflateEnd(&stream) }
    try bytes.withUnsafeBufferPointer { source throws(FileError) in
      try inflate(source, with: &stream, to: &output, name: name, maximum: maximum)
    }
    return output
  }

  private static func inflate(
    _ source: UnsafeBufferPointer<UInt8>, with stream: inout z_stream, to output: inout [UInt8],
    name: String, maximum: Int
  ) throws(FileError) {
    let piece = UnsafeMutableBufferPointer<UInt8>.allocate(capacity: 1 << 18)
    defer { piece.deallocate() }
    var consumed = 0
    while true {
      // zlib counts in 32 bits, so a large file is handed over in portions.
      let portion = min(source.count - consumed, 1 << 30)
      stream.next_in = UnsafeMutablePointer(mutating: source.baseAddress?.advanced(by: consumed))
      stream.avail_in = UInt32(portion)
      stream.next_out = piece.baseAddress
      stream.avail_out = UInt32(piece.count)
      let status = CZlib.inflate(&stream, Z_NO_FLUSH)
      consumed += portion - Int(stream.avail_in)
      let produced = piece.count - Int(stream.avail_out)
      guard output.count + produced <= maximum else {
        throw FileError(name, "inflates to more than the \(maximum) bytes expected at most")
      }
      output.append(contentsOf: piece[..<produced])

      switch status {
      case Z_OK:
        continue
      case Z_STREAM_END:
        if consumed == source.count { return }
        guard source[consumed...].starts(with: [0x1f, 0x8b]) else {
          throw FileError(
            name,
            "has \(source.count - consumed) bytes after the end of its gzip data, expected none")
        }
        inflateReset(&stream)
      case Z_BUF_ERROR where consumed == source.count:
        throw FileError(
          name, "is truncated: its gzip data continues after its \(source.count) bytes")
      default:
        let reason = stream.msg.map { String(cString: $0) } ?? "status \(status)"
        throw FileError(name, "is corrupt: \(reason) at byte \(consumed) of \(source.count)")
      }
    }
  }

  private static func hexadecimal(_ bytes: ArraySlice<UInt8>) -> String {
    bytes.isEmpty
      ? "nothing"
      : bytes.map { String($0, radix: 16).padded(to: 2, with: "0") }.joined(separator: " ")
  }
}
