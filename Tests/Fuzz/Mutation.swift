import Datasets

/// Changes bytes at random, always in the same way for the same seed.
struct Mutator {
  var random: SplitMix64

  /// Numbers at which arithmetic and conversions go wrong.
  private static let integers: [Int] = [
    0, 1, -1, 7, 255, 1 << 16, 1 << 31, 1 << 32, 1 << 53, 1 << 62, .max, .min,
  ]
  private static let numbers: [Double] = [
    0, -0.0, 1, -1, 7, 0.5, 1e-300, 1e300, -1e300, 0x1p63, .nan, .infinity, -.infinity,
  ]
  /// What the formats are made of.
  private static let tokens = [
    "{", "}", "[", "]", ",", ":", "\"", "\\", "\\u0000", "\\ud83d", "\\u00e9", "\u{e9}", "e\u{301}",
    "\u{feff}", "\u{1b}[2J", "\n", " ", "-", "0", "e", ".", "/", "null", "true", "1e999", "-0",
    "dtype", "shape", "data_offsets", "__metadata__", "F32", "F64", "F16", "BF16", "I32", "I64",
    "U8",
    "BOOL", "state.0.", "step", "groups.0.", "exp_avg", "bytes ", "\u{1f}\u{8b}\u{8}",
  ]

  /// Bytes with one to four changes.
  mutating func mutated(_ bytes: [UInt8], _ other: [UInt8]) -> [UInt8] {
    var bytes = bytes
    repeat { change(&bytes, other) } while random.next(0...1) == 0
    return bytes
  }

  /// A file of a header and data whose length of the header still fits, unless it is changed too.
  mutating func mutatedFrame(_ bytes: [UInt8], _ other: [UInt8]) -> [UInt8] {
    guard let (header, data) = Self.parts(bytes), let (otherHeader, otherData) = Self.parts(other),
      random.next(0...9) > 0
    else { return mutated(bytes, other) }
    let isData = !data.isEmpty && random.next(0...1) == 0
    let newHeader = isData ? header : mutated(header, otherHeader)
    return withUnsafeBytes(of: UInt64(newHeader.count).littleEndian, Array.init) + newHeader
      + (isData ? mutated(data, otherData) : data)
  }

  private static func parts(_ bytes: [UInt8]) -> (header: [UInt8], data: [UInt8])? {
    guard bytes.count >= 8 else { return nil }
    let length = bytes.withUnsafeBytes { $0.loadUnaligned(as: UInt64.self) }
    guard length <= bytes.count - 8 else { return nil }
    return (Array(bytes[8..<8 + Int(length)]), Array(bytes[(8 + Int(length))...]))
  }

  private mutating func change(_ bytes: inout [UInt8], _ other: [UInt8]) {
    let start = random.next(0...bytes.count)
    let end = min(bytes.count, start + random.next(0...16))
    switch random.next(0...9) {
    case 0 where start < bytes.count: bytes[start] ^= 1 << random.next(0...7)
    case 1 where start < bytes.count: bytes[start] = UInt8(random.next(0...255))
    case 2: bytes.insert(contentsOf: element(of: Self.tokens).utf8, at: start)
    case 3: bytes.removeSubrange(start..<end)
    case 4: bytes.insert(contentsOf: bytes[start..<end], at: start)
    case 5: overwrite(&bytes, with: element(of: Self.integers))
    case 6: overwrite(&bytes, with: element(of: Self.numbers))
    case 7: replaceNumber(in: &bytes, from: start)
    case 8 where random.next(0...3) == 0: bytes.removeSubrange(start...)
    case 9: bytes = Array(bytes[..<start] + other[random.next(0...other.count)...])
    default: break
    }
  }

  private mutating func element<Value>(of list: [Value]) -> Value {
    list[random.next(0...list.count - 1)]
  }

  /// Puts a number over some bytes, in four or eight of either order.
  private mutating func overwrite(_ bytes: inout [UInt8], with integer: Int) {
    let bigEndian = withUnsafeBytes(of: integer.bigEndian, Array.init)
    let wanted = Array(bigEndian.suffix([1, 2, 4, 8][random.next(0...3)]))
    overwrite(&bytes, withBytes: random.next(0...1) == 0 ? wanted : wanted.reversed())
  }

  private mutating func overwrite(_ bytes: inout [UInt8], with number: Double) {
    overwrite(
      &bytes,
      withBytes: random.next(0...1) == 0
        ? withUnsafeBytes(of: number, Array.init) : withUnsafeBytes(of: Float(number), Array.init))
  }

  /// At a multiple of their count, as elements lie.
  private mutating func overwrite(_ bytes: inout [UInt8], withBytes new: [UInt8]) {
    guard bytes.count >= new.count else { return }
    let start = random.next(0...bytes.count / new.count - 1) * new.count
    bytes.replaceSubrange(start..<start + new.count, with: new)
  }

  /// Replaces the first decimal digits after an index.
  private mutating func replaceNumber(in bytes: inout [UInt8], from start: Int) {
    let digits = UInt8(ascii: "0")...UInt8(ascii: "9")
    guard let first = bytes[start...].firstIndex(where: digits.contains) else { return }
    let end = bytes[first...].firstIndex { !digits.contains($0) } ?? bytes.count
    let new =
      random.next(0...2) > 0 ? "\(element(of: Self.integers))" : "\(element(of: Self.numbers))"
    bytes.replaceSubrange(first..<end, with: new.utf8)
  }
}
