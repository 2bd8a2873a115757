import Autograd

/// A JSON value (RFC 8259) whose objects keep the order of their members.
///
/// The reader is strict: UTF-8 without a byte-order mark, no name twice in an object, no trailing
/// commas, no NaN, and at most 128 levels of nesting. It takes time proportional to the text.
package enum JSON: Sendable {
  case null
  case bool(Bool)
  /// A number without fraction and exponent that an `Int` can hold.
  case integer(Int)
  /// Any other number.
  case number(Double)
  case string(String)
  case array([JSON])
  case object([Member])

  /// One name and value of an object.
  package struct Member: Sendable {
    package let name: String
    package let value: JSON
  }

  /// What is wrong with a text, and the offset of the byte where it shows, counted from 0.
  package struct Malformed: Error, CustomStringConvertible {
    let problem: String
    let offset: Int
    package var description: String { "\(problem) at byte \(offset)" }
  }

  /// Reads a text that holds one value and nothing but white space around it.
  package init(parsing bytes: [UInt8]) throws(Malformed) {
    var parser = JSONParser(bytes)
    self = try parser.document()
  }

  /// The value of an object's member; nil if there is none or this is not an object.
  ///
  /// Names are compared byte by byte, so canonically equivalent spellings are different names.
  package subscript(_ name: String) -> JSON? {
    members?.first { $0.name.utf8.elementsEqual(name.utf8) }?.value
  }

  package var string: String? {
    if case .string(let string) = self { return string }
    return nil
  }

  package var integer: Int? {
    if case .integer(let integer) = self { return integer }
    return nil
  }

  /// Any number, rounded to the nearest `Double`.
  package var number: Double? {
    switch self {
    case .integer(let integer): Double(integer)
    case .number(let number): number
    default: nil
    }
  }

  package var array: [JSON]? {
    if case .array(let array) = self { return array }
    return nil
  }

  package var members: [Member]? {
    if case .object(let members) = self { return members }
    return nil
  }

  /// A JSON string, in which only the characters are escaped that must be.
  package static func quoted(_ text: String) -> String {
    var result = "\""
    for scalar in text.unicodeScalars {
      switch scalar {
      case "\"": result += "\\\""
      case "\\": result += "\\\\"
      case "\n": result += "\\n"
      case "\r": result += "\\r"
      case "\t": result += "\\t"
      case "\0"..."\u{1f}":
        let digits = String(scalar.value, radix: 16)
        result += "\\u" + digits.padded(to: 4, with: "0")
      default: result.unicodeScalars.append(scalar)
      }
    }
    return result + "\""
  }
}

/// A recursive-descent parser that never looks at a byte twice.
private struct JSONParser {
  private static let depthLimit = 128

  private let bytes: [UInt8]
  private var position = 0
  private var depth = 0

  init(_ bytes: [UInt8]) { self.bytes = bytes }

  /// The next byte as a scalar; bytes from 0x80 match no token.
  private var next: Unicode.Scalar? {
    position < bytes.count ? Unicode.Scalar(bytes[position]) : nil
  }

  private func failure(_ problem: String, at offset: Int? = nil) -> JSON.Malformed {
    JSON.Malformed(problem: problem, offset: offset ?? position)
  }

  private mutating func take(_ word: String) -> Bool {
    guard bytes[position...].starts(with: word.utf8) else { return false }
    position += word.utf8.count
    return true
  }

  private mutating func skipSpace() {
    while let next, next == " " || next == "\n" || next == "\r" || next == "\t" { position += 1 }
  }

  mutating func document() throws(JSON.Malformed) -> JSON {
    if take("\u{feff}") { throw failure("unexpected byte-order mark", at: 0) }
    let value = try value()
    skipSpace()
    if position < bytes.count { throw failure("unexpected text after the value") }
    return value
  }

  private mutating func value() throws(JSON.Malformed) -> JSON {
    skipSpace()
    switch next {
    case "\"": return .string(try string())
    case "[": return .array(try array())
    case "{": return .object(try object())
    case "-"?, ("0"..."9")?: return try number()
    default:
      if take("null") { return .null }
      if take("true") { return .bool(true) }
      if take("false") { return .bool(false) }
      throw failure("expected a value")
    }
  }

  // MARK: Arrays and objects

  private mutating func array() throws(JSON.Malformed) -> [JSON] {
    var elements: [JSON] = []
    if try isEmpty(until: "]") { return elements }
    repeat { elements.append(try value()) } while try continues(until: "]")
    return elements
  }

  private mutating func object() throws(JSON.Malformed) -> [JSON.Member] {
    var members: [JSON.Member] = []
    var names: Set<[UInt8]> = []
    if try isEmpty(until: "}") { return members }
    repeat {
      skipSpace()
      let start = position
      let name = try string()
      guard names.insert(Array(name.utf8)).inserted else {
        throw failure("duplicate name \(JSON.quoted(name))", at: start)
      }
      skipSpace()
      guard take(":") else { throw failure("expected a colon") }
      members.append(JSON.Member(name: name, value: try value()))
    } while try continues(until: "}")
    return members
  }

  /// Enters an array or object; true if it ends at once.
  private mutating func isEmpty(until end: String) throws(JSON.Malformed) -> Bool {
    guard depth < Self.depthLimit else {
      throw failure("more than \(Self.depthLimit) levels of nesting")
    }
    position += 1
    skipSpace()
    if take(end) { return true }
    depth += 1
    return false
  }

  /// After an element: whether another one follows.
  private mutating func continues(until end: String) throws(JSON.Malformed) -> Bool {
    skipSpace()
    if take(",") { return true }
    guard take(end) else { throw failure("expected a comma or \(end)") }
    depth -= 1
    return false
  }

  // MARK: Numbers

  private mutating func number() throws(JSON.Malformed) -> JSON {
    let start = position
    let isNegative = take("-")
    if !take("0") { try digits() }
    if let next, "0"..."9" ~= next { throw failure("unexpected digit after a leading zero") }
    var isInteger = true
    if take(".") {
      isInteger = false
      try digits()
    }
    if take("e") || take("E") {
      isInteger = false
      if !take("+") { _ = take("-") }
      try digits()
    }
    let text = String(decoding: bytes[start..<position], as: UTF8.self)
    // -0 is a Double: integers have no negative zero.
    if isInteger, let integer = Int(text), integer != 0 || !isNegative { return .integer(integer) }
    guard let number = Double(text), number.isFinite else {
      throw failure("number out of range", at: start)
    }
    return .number(number)
  }

  private mutating func digits() throws(JSON.Malformed) {
    let start = position
    while let next, "0"..."9" ~= next { position += 1 }
    if position == start { throw failure("expected a digit") }
  }

  // MARK: Strings

  private mutating func string() throws(JSON.Malformed) -> String {
    guard take("\"") else { throw failure("expected a string") }
    var decoded: [UInt8] = []
    var start = position
    while let next {
      switch next {
      case "\"":
        decoded += bytes[start..<position]
        position += 1
        return String(decoding: decoded, as: UTF8.self)
      case "\\":
        decoded += bytes[start..<position]
        decoded += String(try escaped()).utf8
        start = position
      case "\0"..."\u{1f}": throw failure("unescaped control character")
      case "\u{80}"...: position += try scalarLength()
      default: position += 1
      }
    }
    throw failure("unterminated string")
  }

  /// The length in bytes of the character at the position, if it is valid UTF-8.
  ///
  /// The second byte decides what the first leaves open (Unicode, table 3-7): overlong forms,
  /// surrogates and numbers above 10FFFF are refused.
  private func scalarLength() throws(JSON.Malformed) -> Int {
    let (length, second): (Int, ClosedRange<UInt8>) =
      switch bytes[position] {
      case 0xc2...0xdf: (2, 0x80...0xbf)
      case 0xe0: (3, 0xa0...0xbf)
      case 0xed: (3, 0x80...0x9f)
      case 0xe1...0xef: (3, 0x80...0xbf)
      case 0xf0: (4, 0x90...0xbf)
      case 0xf1...0xf3: (4, 0x80...0xbf)
      case 0xf4: (4, 0x80...0x8f)
      default: (0, 0...0)
      }
    guard length > 0, position + length <= bytes.count, second ~= bytes[position + 1],
      bytes[(position + 2)..<(position + length)].allSatisfy({ 0x80...0xbf ~= $0 })
    else { throw failure("invalid UTF-8") }
    return length
  }

  private mutating func escaped() throws(JSON.Malformed) -> Unicode.Scalar {
    let start = position
    position += 1
    defer { position += 1 }
    switch next {
    case "\"": return "\""
    case "\\": return "\\"
    case "/": return "/"
    case "b": return "\u{8}"
    case "f": return "\u{c}"
    case "n": return "\n"
    case "r": return "\r"
    case "t": return "\t"
    case "u":
      let unit = try codeUnit()
      if let scalar = Unicode.Scalar(unit) { return scalar }
      position += 1
      guard UTF16.isLeadSurrogate(unit), take("\\"), next == "u" else {
        throw failure("lone surrogate", at: start)
      }
      let low = try codeUnit()
      guard UTF16.isTrailSurrogate(low) else {
        throw failure("lone surrogate", at: start)
      }
      return UTF16.decode(UTF16.EncodedScalar([unit, low]))
    default: throw failure("unknown escape", at: start)
    }
  }

  /// The four hexadecimal digits after the u at the position, which becomes that of the last one.
  private mutating func codeUnit() throws(JSON.Malformed) -> UInt16 {
    var unit: UInt16 = 0
    for _ in 0..<4 {
      position += 1
      guard let next, let digit = Character(next).hexDigitValue else {
        throw failure("expected four hexadecimal digits")
      }
      unit = unit << 4 | UInt16(digit)
    }
    return unit
  }
}
