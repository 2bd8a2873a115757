internal import CZlib
import NN
import Testing

@testable import Datasets

/// Makes the content of data files.
enum DataFixture {
  /// Packs bytes as the gzip program does.
  static func gzip(_ bytes: [UInt8]) -> [UInt8] {
    var stream = z_stream()
    let size = Int32(MemoryLayout<z_stream>.size)
    guard
      deflateInit2_(
        &stream, 6, Z_DEFLATED, MAX_WBITS + 16, 8, Z_DEFAULT_STRATEGY, ZLIB_VERSION, size) == Z_OK
    else {
      fatalError("deflateInit2")
    }
    var source = bytes
    var output = [UInt8](repeating: 0, count: Int(deflateBound(&stream, UInt(bytes.count))) + 64)
    source.withUnsafeMutableBufferPointer { source in
      output.withUnsafeMutableBufferPointer { output in
        stream.next_in = source.baseAddress
        stream.avail_in = UInt32(source.count)
        stream.next_out = output.baseAddress
        stream.avail_out = UInt32(output.count)
        guard deflate(&stream, Z_FINISH) == Z_STREAM_END else { fatalError("deflate") }
      }
    }
    output.removeLast(Int(stream.avail_out))
    deflateEnd(&stream)
    return output
  }

  /// An IDX file with the given magic number, dimensions and elements.
  static func idx(_ magic: Int, _ dimensions: [Int], _ elements: [UInt8]) -> [UInt8] {
    ([magic] + dimensions).flatMap { word in
      [24, 16, 8, 0].map { UInt8(truncatingIfNeeded: word >> $0) }
    } + elements
  }

  static func images(count: Int, height: Int = 28, width: Int = 28) -> [UInt8] {
    idx(0x803, [count, height, width], (0..<count * height * width).map { UInt8($0 % 251) })
  }

  static func labels(count: Int) -> [UInt8] {
    idx(0x801, [count], (0..<count).map { UInt8($0 * 7 % 10) })
  }

  /// Bytes that do not compress and repeat at no distance that a mistake could hide in.
  static func noise(_ count: Int) -> [UInt8] {
    var random = SplitMix64(seed: UInt64(count))
    return (0..<count).map { _ in UInt8(truncatingIfNeeded: random.next()) }
  }
}

/// Expects a data error and returns it.
func dataFailure(
  _ body: () throws(FileError) -> Void, sourceLocation: SourceLocation = #_sourceLocation
) -> FileError {
  do {
    try body()
  } catch {
    return error
  }
  Issue.record("expected a FileError, nothing was thrown", sourceLocation: sourceLocation)
  return FileError("", "")
}
