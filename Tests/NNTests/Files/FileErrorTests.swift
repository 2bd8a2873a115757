import Testing

@testable import NN

@Suite struct FileErrorTests {
  static let texts: [(String, String)] = [
    ("weight: float32 [2]", "weight: float32 [2]"), ("é 😀 \\n \"", "é 😀 \\n \""),
    ("a\nb\r\t\0", "a\\u{a}b\\u{d}\\u{9}\\u{0}"),
    ("\u{1b}[2J\u{7f}\u{9b}", "\\u{1b}[2J\\u{7f}\\u{9b}"),
    ("\u{2028}\u{2029}", "\\u{2028}\\u{2029}"), ("\u{202e}txt\u{feff}", "\\u{202e}txt\\u{feff}"),
  ]

  @Test(arguments: texts.indices) func whatEndsOrReordersALineIsEscaped(_ index: Int) {
    let (text, escaped) = Self.texts[index]
    #expect(FileError("f", text).reason == escaped)
    let error = FileError(text, "is missing")
    #expect(error.path == text && error.description == escaped + ": is missing")
  }
}
