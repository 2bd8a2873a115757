internal import CZlib
import TestSupport
import Testing

@testable import Plots

@Suite struct PNGTests {
  @Test func aSinglePixelIsByteForByteAsTheStandardHasIt() {
    let png = PNG.encode(gray: [0x7F], width: 1, height: 1)
    // Signature, IHDR and its checksum as other encoders write them, and the fixed end.
    let start: [UInt8] = [
      0x89, 0x50, 0x4E, 0x47, 0x0D, 0x0A, 0x1A, 0x0A, 0, 0, 0, 13, 0x49, 0x48, 0x44, 0x52, 0, 0, 0,
      1, 0, 0, 0, 1, 8, 0,
      0, 0, 0, 0x3A, 0x7E, 0x9B, 0x55,
    ]
    #expect(Array(png.prefix(start.count)) == start)
    #expect(png.suffix(12) == [0, 0, 0, 0, 0x49, 0x45, 0x4E, 0x44, 0xAE, 0x42, 0x60, 0x82])
  }

  @Test(arguments: [(1, 1), (28, 28), (3, 500), (500, 3)])
  func pixelsComeBack(_ width: Int, _ height: Int) throws {
    let pixels = (0..<width * height).map { UInt8(truncatingIfNeeded: $0 &* 7919 >> 3) }
    let chunks = try chunks(of: PNG.encode(gray: pixels, width: width, height: height))
    #expect(chunks.map(\.name) == ["IHDR", "IDAT", "IEND"])
    #expect(
      chunks[0].content.prefix(8) == [
        0, 0, UInt8(width >> 8), UInt8(width & 255), 0, 0, UInt8(height >> 8), UInt8(height & 255),
      ])

    var rows = [UInt8](repeating: 0xFF, count: (width + 1) * height)
    var count = uLong(rows.count)
    #expect(uncompress(&rows, &count, chunks[1].content, uLong(chunks[1].content.count)) == Z_OK)
    try #require(Int(count) == rows.count)
    for row in 0..<height {
      let bytes = rows[row * (width + 1)..<(row + 1) * (width + 1)]
      #expect(bytes.first == 0)
      #expect(bytes.dropFirst() == pixels[row * width..<(row + 1) * width])
    }
  }

  @Test func aWrongPixelCountStops() async {
    let result = await #expect(processExitsWith: .failure, observing: [\.standardErrorContent]) {
      _ = PNG.encode(gray: [1, 2, 3], width: 2, height: 2)
    }
    expect(result, names: "PNG", "2 x 2 pixels", "3")
  }

  private struct Chunk {
    var name: String
    var content: [UInt8]
  }

  /// The chunks of a file whose checksums are right.
  private func chunks(of png: [UInt8]) throws -> [Chunk] {
    var chunks: [Chunk] = []
    var rest = png.dropFirst(8)
    func number(_ bytes: some Sequence<UInt8>) -> Int { bytes.reduce(0) { $0 << 8 | Int($1) } }
    while !rest.isEmpty {
      let length = number(rest.prefix(4))
      try #require(rest.count >= 12 + length)
      let body = Array(rest.dropFirst(4).prefix(4 + length))
      #expect(number(rest.dropFirst(8 + length).prefix(4)) == Int(crc32(0, body, uInt(body.count))))
      chunks.append(
        Chunk(
          name: String(decoding: body.prefix(4), as: UTF8.self), content: Array(body.dropFirst(4))))
      rest = rest.dropFirst(12 + length)
    }
    return chunks
  }
}
