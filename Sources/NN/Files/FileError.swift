/// A file, or the address it comes from, cannot be read or written, or is not what it should be.
///
/// Files and networks are the world's, not mistakes of the program: such errors are thrown, never a
/// trap. The description is one line fit for a terminal.
public struct FileError: Error, CustomStringConvertible, Sendable, Equatable {
  /// The path or the address that the error is about, as the caller gave it.
  public let path: String

  /// One sentence, without a full stop, of what was found and what was expected.
  ///
  /// Control characters, such as those of a file's names, are escaped.
  public let reason: String

  /// Whether data is simply not there: no file was found and no server could be reached.
  ///
  /// Callers may then fall back to other data. Every other error, such as a corrupt file, a wrong
  /// checksum or a missing file in a folder that somebody named, must be shown instead: going on
  /// with other data would hide it.
  public let isUnavailable: Bool

  /// An error about one path or address.
  public init(_ path: String, _ reason: String, unavailable: Bool = false) {
    self.path = path
    self.reason = reason.escaped
    isUnavailable = unavailable
  }

  /// Path and reason in one line.
  public var description: String { "\(path.escaped): \(reason)" }
}

extension String {
  /// The string with what ends or reorders a line, or does not show, written as in `\u{1b}`.
  package var escaped: String {
    func isHidden(_ scalar: Unicode.Scalar) -> Bool {
      switch scalar.properties.generalCategory {
      case .control, .format, .lineSeparator, .paragraphSeparator: true
      default: false
      }
    }
    guard unicodeScalars.contains(where: isHidden) else { return self }
    return unicodeScalars.map {
      isHidden($0) ? "\\u{\(String($0.value, radix: 16))}" : String($0)
    }.joined()
  }
}
