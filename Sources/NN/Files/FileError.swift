/// A file, or the address it comes from, cannot be read or written, or is not what it should be.
///
/// Files and networks are the world's, not mistakes of the program: such errors are thrown, never a
/// trap. The description is one line fit for a terminal.
public struct FileError: Error, CustomStringConvertible, Sendable, Equatable {
  /// The path or the address that the error is about, as the caller gave it.
  public let path: String

  /// One sentence, without a full stop, of what was found and what was expected.
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
    self.reason = reason
    isUnavailable = unavailable
  }

  /// Path and reason in one line.
  public var description: String { "\(path): \(reason)" }
}
