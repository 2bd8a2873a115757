/// A JSON value whose objects keep the order of the file, which is the order of arguments.
///
/// NaN and the infinities are read as Python writes them.
enum JSON: Equatable {
  case null
  case bool(Bool)
  case number(Double)
  case text(String)
  case list([JSON])
  case object([Member])

  struct Member: Equatable {
    let name: String
    let value: JSON
  }

  struct Malformed: Error, CustomStringConvertible {
    let description: String
  }

  init(parsing bytes: [UInt8]) throws {
    var parser = Parser(bytes: bytes)
    self = try parser.value()
    parser.skipSpace()
    guard parser.position == bytes.count else {
      throw Malformed(description: "something follows the value at byte \(parser.position)")
    }
  }

  subscript(_ name: String) -> JSON? {
    guard case .object(let members) = self else { return nil }
    return members.first { $0.name == name }?.value
  }

  var text: String? {
    if case .text(let text) = self { return text }
    return nil
  }

  var number: Double? {
    if case .number(let number) = self { return number }
    return nil
  }

  var members: [Member]? {
    if case .object(let members) = self { return members }
    return nil
  }
}

private struct Parser {
  let bytes: [UInt8]
  var position = 0

  init(bytes: [UInt8]) { self.bytes = bytes }

  private var next: UInt8? { position < bytes.count ? bytes[position] : nil }

  private func failure(_ expected: String) -> JSON.Malformed {
    JSON.Malformed(description: "expected \(expected) at byte \(position)")
  }

  mutating func skipSpace() {
    while let next, [0x20, 0x09, 0x0a, 0x0d].contains(next) { position += 1 }
  }

  private mutating func take(_ word: String) -> Bool {
    guard bytes[position...].starts(with: word.utf8) else { return false }
    position += word.utf8.count
    return true
  }

  mutating func value() throws -> JSON {
    skipSpace()
    if take("null") { return .null }
    if take("true") { return .bool(true) }
    if take("false") { return .bool(false) }
    if take("NaN") { return .number(.nan) }
    if take("Infinity") { return .number(.infinity) }
    if take("-Infinity") { return .number(-.infinity) }
    switch next {
    case UInt8(ascii: "\""): return .text(try text())
    case UInt8(ascii: "["): return .list(try elements("]") { try $0.value() })
    case UInt8(ascii: "{"):
      return .object(
        try elements("}") { parser in
          parser.skipSpace()
          let name = try parser.text()
          parser.skipSpace()
          guard parser.take(":") else { throw parser.failure("a colon") }
          return JSON.Member(name: name, value: try parser.value())
        })
    default: return .number(try number())
    }
  }

  /// What stands between brackets, separated by commas.
  private mutating func elements<Element>(
    _ close: String, _ element: (inout Parser) throws -> Element
  ) throws -> [Element] {
    position += 1
    var result: [Element] = []
    skipSpace()
    if take(close) { return result }
    while true {
      result.append(try element(&self))
      skipSpace()
      if take(close) { return result }
      guard take(",") else { throw failure("a comma or \(close)") }
    }
  }

  private mutating func number() throws -> Double {
    let start = position
    while let next, "+-.0123456789eE".utf8.contains(next) { position += 1 }
    guard let number = Double(String(decoding: bytes[start..<position], as: UTF8.self)) else {
      position = start
      throw failure("a value")
    }
    return number
  }

  private mutating func text() throws -> String {
    guard take("\"") else { throw failure("a text") }
    var result: [UInt8] = []
    while let byte = next {
      position += 1
      if byte == UInt8(ascii: "\"") { return String(decoding: result, as: UTF8.self) }
      guard byte == UInt8(ascii: "\\") else {
        result.append(byte)
        continue
      }
      guard let escape = next else { break }
      position += 1
      switch escape {
      case UInt8(ascii: "n"): result.append(0x0a)
      case UInt8(ascii: "t"): result.append(0x09)
      case UInt8(ascii: "u"): result += try escapedUnit()
      default: result.append(escape)
      }
    }
    throw failure("the end of a text")
  }

  private mutating func escapedUnit() throws -> [UInt8] {
    guard position + 4 <= bytes.count,
      let unit = UInt32(String(decoding: bytes[position..<position + 4], as: UTF8.self), radix: 16),
      let scalar = Unicode.Scalar(unit)
    else { throw failure("four hexadecimal digits of a character") }
    position += 4
    return Array(String(Character(scalar)).utf8)
  }
}
