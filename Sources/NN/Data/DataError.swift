/// Says that a data file, or the address it comes from, is not what it should be.
///
/// A file that is missing, truncated or inconsistent is no mistake of the program, so it is thrown,
/// never a trap. The description is one line fit for a terminal: the path or address, then what was
/// found and what was expected.
public struct DataError: Error, CustomStringConvertible, Sendable, Equatable {
  /// The path or the address that the error is about.
  public let source: String

  /// One sentence, without a full stop, of what was found and what was expected.
  public let problem: String

  /// Whether the data is simply not there: no file was found and no server could be reached.
  ///
  /// Callers may then fall back to other data. Every other error, such as a corrupt file, a wrong
  /// checksum or a missing file in a folder that somebody named, must be shown instead: going on
  /// with other data would hide it.
  public let isUnavailable: Bool

  /// Creates an error about one path or address.
  public init(_ source: String, _ problem: String, isUnavailable: Bool = false) {
    self.source = source
    self.problem = problem
    self.isUnavailable = isUnavailable
  }

  /// The source and the problem in one line.
  public var description: String { "\(source): \(problem)" }
}
