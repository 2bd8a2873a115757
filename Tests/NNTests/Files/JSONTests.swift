import NN
import Testing

extension JSON: Equatable {
  package static func == (a: JSON, b: JSON) -> Bool {
    switch (a, b) {
    case (.null, .null): true
    case (.bool(let a), .bool(let b)): a == b
    case (.integer(let a), .integer(let b)): a == b
    case (.number(let a), .number(let b)): a.bitPattern == b.bitPattern
    case (.string(let a), .string(let b)): a.utf8.elementsEqual(b.utf8)
    case (.array(let a), .array(let b)): a == b
    case (.object(let a), .object(let b)):
      a.map(\.value) == b.map(\.value)
        && a.map { Array($0.name.utf8) } == b.map { Array($0.name.utf8) }
    default: false
    }
  }
}

@Suite struct JSONTests {
  private static func parse(_ text: String) throws -> JSON { try JSON(parsing: Array(text.utf8)) }

  /// Why a text is refused; nil if it is not.
  private static func refusal(_ bytes: some Sequence<UInt8>) -> String? {
    do throws(JSON.Malformed) {
      _ = try JSON(parsing: Array(bytes))
      return nil
    } catch {
      return error.description
    }
  }

  static let values: [(String, JSON)] = [
    ("null", .null), (" \t\r\ntrue ", .bool(true)), ("false", .bool(false)),
    ("0", .integer(0)), ("-7", .integer(-7)), ("120", .integer(120)),
    ("9223372036854775807", .integer(.max)), ("-9223372036854775808", .integer(.min)),
    ("9223372036854775808", .number(0x1p63)), ("-0", .number(-0.0)), ("1.0", .number(1)),
    ("-0.5e-3", .number(-0.0005)), ("1E+2", .number(100)), ("0e0", .number(0)),
    ("1e-999", .number(0)), ("123456789.25", .number(123456789.25)),
    (#""""#, .string("")), (#""aé€😀\u0000""#, .string("aé€😀\0")), ("\"\u{7f}\"", .string("\u{7f}")),
    (#""\"\\\/\b\f\n\r\t""#, .string("\"\\/\u{8}\u{c}\n\r\t")),
    (#""\u00e9\uD83D\uDE00\uFfFf""#, .string("é😀\u{ffff}")),
    ("[]", .array([])), ("[ ]", .array([])), ("{}", .object([])), ("{ }", .object([])),
    ("[1,[2, null]]", .array([.integer(1), .array([.integer(2), .null])])),
  ]

  @Test(arguments: values.indices) func valuesAreRead(index: Int) throws {
    let (text, value) = Self.values[index]
    #expect(try Self.parse(text) == value, "\(text)")
  }

  @Test func membersKeepTheirOrder() throws {
    let json = try Self.parse(#"{"b": 1, "a": {"": [true]}, "c": "d"}"#)
    #expect(json.members?.map(\.name) == ["b", "a", "c"])
    #expect(json["a"]?[""] == .array([.bool(true)]) && json["c"]?.string == "d")
    #expect(json["b"]?.integer == 1 && json["b"]?.number == 1 && json["x"] == nil)
    #expect(json.string == nil && json.array == nil && json["b"]?.members == nil)
  }

  /// é in one scalar and as e with an accent: equal as Swift strings, two names here.
  @Test func namesAreComparedAsBytes() throws {
    let json = try Self.parse("{\"\u{e9}\": 1, \"e\u{301}\": 2}")
    #expect(json["\u{e9}"]?.integer == 1 && json["e\u{301}"]?.integer == 2)
    #expect(
      Self.refusal(#"{"\#u{e9}": 1, "\u00e9": 2}"#.utf8)
        == "duplicate name \"\u{e9}\" at byte 10")
  }

  static let malformed: [(String, String)] = [
    ("", "expected a value at byte 0"), ("  ", "expected a value at byte 2"),
    ("nul", "expected a value at byte 0"), ("True", "expected a value at byte 0"),
    ("NaN", "expected a value at byte 0"), ("-Infinity", "expected a digit at byte 1"),
    ("truee", "unexpected text after the value at byte 4"),
    ("1 2", "unexpected text after the value at byte 2"),
    ("{}\0", "unexpected text after the value at byte 2"),
    ("[1,]", "expected a value at byte 3"), ("[,1]", "expected a value at byte 1"),
    ("[1 2]", "expected a comma or ] at byte 3"), ("[1", "expected a comma or ] at byte 2"),
    ("[1}", "expected a comma or ] at byte 2"), ("[", "expected a value at byte 1"),
    (#"{"a":1,}"#, "expected a string at byte 7"),
    (#"{"a" 1}"#, "expected a colon at byte 5"), ("{a:1}", "expected a string at byte 1"),
    (#"{"a":}"#, "expected a value at byte 5"), (#"{"a":1"#, "expected a comma or } at byte 6"),
    (#"{"a":1,"b":2,"a":1}"#, #"duplicate name "a" at byte 13"#),
    (#"[{"\n":1,"\u000a":2}]"#, #"duplicate name "\n" at byte 9"#),
    ("01", "unexpected digit after a leading zero at byte 1"),
    ("-", "expected a digit at byte 1"), ("+1", "expected a value at byte 0"),
    ("1.", "expected a digit at byte 2"), (".5", "expected a value at byte 0"),
    ("1e", "expected a digit at byte 2"), ("1e+-1", "expected a digit at byte 3"),
    ("0x10", "unexpected text after the value at byte 1"),
    ("[1e999]", "number out of range at byte 1"),
    (#""a"#, "unterminated string at byte 2"), ("'a'", "expected a value at byte 0"),
    ("\"a\nb\"", "unescaped control character at byte 2"),
    ("\"a\0b\"", "unescaped control character at byte 2"),
    (#""\x""#, "unknown escape at byte 1"), (#""\"#, "unknown escape at byte 1"),
    (#""\u12g4""#, "expected four hexadecimal digits at byte 5"),
    (#""\u12"#, "expected four hexadecimal digits at byte 5"),
    (#""\u+123""#, "expected four hexadecimal digits at byte 3"),
    (#""a\ud83d""#, "lone surrogate at byte 2"),
    (#""\ud83d\n""#, "lone surrogate at byte 1"),
    (#""\ud83dx""#, "lone surrogate at byte 1"),
    (#""\ud83d\u0041""#, "lone surrogate at byte 1"),
    (#""\ude00\ud83d""#, "lone surrogate at byte 1"),
    ("\u{feff}{}", "unexpected byte-order mark at byte 0"),
    ("\u{a0}1", "expected a value at byte 0"),
  ]

  @Test(arguments: malformed.indices) func malformedTextIsRefused(index: Int) {
    let (text, reason) = Self.malformed[index]
    #expect(Self.refusal(text.utf8) == reason, "\(text)")
  }

  /// Stray, truncated and overlong sequences, surrogates, and numbers above 10FFFF.
  @Test(
    arguments: [
      [0x80], [0xff], [0xc3], [0xc3, 0x22], [0xc0, 0x80], [0xc1, 0xbf], [0xe0, 0x9f, 0xbf],
      [0xed, 0xa0, 0x80], [0xe2, 0x82], [0xe2, 0x22, 0x82], [0xf0, 0x8f, 0xbf, 0xbf],
      [0xf4, 0x90, 0x80, 0x80], [0xf5, 0x80, 0x80, 0x80], [0xf0, 0x9f, 0x98, 0x22],
    ] as [[UInt8]])
  func invalidUTF8IsRefused(_ bytes: [UInt8]) {
    let quote = UInt8(ascii: "\"")
    #expect(Self.refusal([quote, 0x61] + bytes + [quote]) == "invalid UTF-8 at byte 2")
  }

  @Test func otherEncodingsAreRefused() {
    #expect(Self.refusal([0x7b, 0, 0x7d, 0]) == "expected a string at byte 1")
    #expect(Self.refusal([0, 0x7b, 0, 0x7d]) == "expected a value at byte 0")
    #expect(Self.refusal([0xff, 0xfe, 0x7b, 0]) == "expected a value at byte 0")
  }

  @Test func nestingIsLimited() throws {
    func nested(_ depth: Int) -> String {
      String(repeating: "[", count: depth) + String(repeating: "]", count: depth)
    }
    _ = try Self.parse(nested(128))
    _ = try Self.parse("[" + Array(repeating: nested(127), count: 200).joined(separator: ",") + "]")
    #expect(Self.refusal(nested(129).utf8) == "more than 128 levels of nesting at byte 128")
    #expect(
      Self.refusal(String(repeating: "{\"a\":", count: 1_000_000).utf8)
        == "more than 128 levels of nesting at byte 640")
  }

  /// Quadratic parsers take hours for these.
  @Test(.timeLimit(.minutes(1))) func largeTextsTakeLinearTime() throws {
    let count = 300_000
    let members = (0..<count).map { #""name\#($0)":\#($0)"# }.joined(separator: ",")
    #expect(try Self.parse("{\(members)}").members?.count == count)
    let escapes = String(repeating: #"\u00e9\n"#, count: count)
    #expect(try Self.parse("\"\(escapes)\"").string?.utf8.count == 3 * count)
    let digits = String(repeating: "7", count: count)
    #expect(Self.refusal(digits.utf8) == "number out of range at byte 0")
    #expect(try Self.parse("0." + digits).number == 0.7777777777777778)
  }

  @Test func quotedTextsComeBack() throws {
    let text = String(String.UnicodeScalarView((0...0x2ff).compactMap(Unicode.Scalar.init))) + "😀/"
    #expect(try Self.parse(JSON.quoted(text)) == .string(text))
    #expect(JSON.quoted("a\"\\\n\r\t\u{1}\u{1f}é/") == #""a\"\\\n\r\t\u0001\u001fé/""#)
  }
}
