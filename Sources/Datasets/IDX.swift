import Autograd
import NN

/// Reads the IDX format, in which MNIST and its relatives are published.
///
/// A file is a magic number (two zero bytes, the element type, the number of dimensions), each
/// dimension as a big-endian 32-bit integer, and the elements. Bytes in three dimensions are
/// images, bytes in one dimension are labels.
package enum IDX {
  /// Reads images: magic 0x00000803; count, rows and columns; one byte a pixel, row by row.
  /// - Parameters:
  ///   - bytes: The file as a whole, not packed.
  ///   - name: The path that errors name.
  /// - Returns: The pixels, [count, height, width], and those three numbers.
  /// - Throws: A `FileError` if the magic number, a dimension or the size is not what it should be.
  package static func images(
    _ bytes: [UInt8], name: String
  ) throws(FileError) -> (pixels: [UInt8], count: Int, height: Int, width: Int) {
    let dimensions = try header(
      bytes, magic: 0x0803, dimensionCount: 3, content: "images", name: name)
    let (count, height, width) = (dimensions[0], dimensions[1], dimensions[2])
    guard count > 0 && height > 0 && width > 0 else {
      throw FileError(
        name, "states \(count) images of \(height)x\(width) pixels, expected at least one of each")
    }
    // Three 32-bit numbers can exceed 64 bits: no file is that large, so an overflow is a size that
    // does not match.
    let area = height.multipliedReportingOverflow(by: width)
    let size = area.partialValue.multipliedReportingOverflow(by: count)
    let overflow = area.overflow || size.overflow
    guard !overflow && bytes.count - 16 == size.partialValue else {
      let expected = overflow ? "far more" : String(size.partialValue)
      throw FileError(
        name,
        "has \(bytes.count - 16) bytes of pixels, expected \(expected) (\(count) images of \(height)x\(width))"
      )
    }
    return (Array(bytes[16...]), count, height, width)
  }

  /// Reads labels: magic 0x00000801; count; one byte each.
  /// - Parameters:
  ///   - bytes: The file as a whole, not packed.
  ///   - name: The path that errors name.
  ///   - classCount: How many classes there are; labels go from 0 to `classCount - 1`.
  /// - Throws: A `FileError` if the magic number or the size is not what it should be, or a label
  ///   is out of range.
  package static func labels(
    _ bytes: [UInt8], name: String, classCount: Int
  ) throws(FileError) -> [UInt8] {
    let count = try header(
      bytes, magic: 0x0801, dimensionCount: 1, content: "labels", name: name)[0]
    guard bytes.count - 8 == count else {
      throw FileError(name, "has \(bytes.count - 8) labels, expected \(count) as it states")
    }
    let labels = Array(bytes[8...])
    if let index = labels.firstIndex(where: { Int($0) >= classCount }) {
      throw FileError(
        name, "has label \(labels[index]) at index \(index), expected 0 to \(classCount - 1)")
    }
    return labels
  }

  private static func header(
    _ bytes: [UInt8], magic: UInt32, dimensionCount: Int, content: String, name: String
  ) throws(FileError) -> [Int] {
    func word(_ index: Int) -> UInt32 {
      bytes[index * 4..<index * 4 + 4].reduce(0) { $0 << 8 | UInt32($1) }
    }
    let size = 4 + 4 * dimensionCount
    guard bytes.count >= 4 && word(0) == magic else {
      let found =
        bytes.count >= 4 ? "magic number \(hexadecimal(word(0)))" : "only \(bytes.count) bytes"
      throw FileError(name, "has \(found), expected \(hexadecimal(magic)) (IDX \(content))")
    }
    guard bytes.count >= size else {
      throw FileError(name, "is truncated: \(bytes.count) bytes, expected a header of \(size)")
    }
    return (1...dimensionCount).map { Int(word($0)) }
  }

  private static func hexadecimal(_ word: UInt32) -> String {
    "0x" + String(word, radix: 16).padded(to: 8, with: "0")
  }
}
