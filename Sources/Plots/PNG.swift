import Autograd
internal import CZlib

/// Writer of 8-bit grayscale PNG images, the least that an embedded picture needs.
enum PNG {
  /// Encodes `width * height` gray values, row by row from the top, 0 black to 255 white.
  static func encode(gray pixels: [UInt8], width: Int, height: Int) -> [UInt8] {
    require(
      width > 0 && height > 0 && pixels.count == width * height,
      "PNG: expected \(width) x \(height) pixels, both at least 1, got \(pixels.count)")
    var rows: [UInt8] = []
    rows.reserveCapacity(pixels.count + height)
    for row in 0..<height {
      rows.append(0)  // no filter
      rows += pixels[row * width..<(row + 1) * width]
    }
    let signature: [UInt8] = [0x89, 0x50, 0x4E, 0x47, 0x0D, 0x0A, 0x1A, 0x0A]
    // 8 bits, grayscale, deflate, adaptive filters, not interlaced
    let header = bigEndian(UInt32(width)) + bigEndian(UInt32(height)) + [8, 0, 0, 0, 0]
    return signature + chunk("IHDR", header) + chunk("IDAT", deflated(rows)) + chunk("IEND", [])
  }

  private static func chunk(_ name: String, _ content: [UInt8]) -> [UInt8] {
    let body = Array(name.utf8) + content
    let checksum = UInt32(truncatingIfNeeded: crc32(0, body, uInt(body.count)))
    return bigEndian(UInt32(content.count)) + body + bigEndian(checksum)
  }

  private static func deflated(_ bytes: [UInt8]) -> [UInt8] {
    var size = compressBound(uLong(bytes.count))
    var result = [UInt8](repeating: 0, count: Int(size))
    let status = compress2(&result, &size, bytes, uLong(bytes.count), Z_BEST_COMPRESSION)
    // The buffer is as large as zlib requires, so that only memory can be missing.
    require(status == Z_OK, "PNG: zlib's compress2 failed with \(status)")
    return Array(result[..<Int(size)])
  }

  private static func bigEndian(_ value: UInt32) -> [UInt8] {
    [24, 16, 8, 0].map { UInt8(truncatingIfNeeded: value >> $0) }
  }
}
