import NN
internal import Platform

/// A folder for the files that a run writes.
///
/// Once training has begun, a file that cannot be written, such as on a full disk, does not end the
/// run: it is reported, once for each reason, and listed in `failures`.
final class ResultFolder {
  let path: String
  /// The files that could not be written when that was last tried, by name.
  private(set) var failures: [String: FileError] = [:]
  private let report: (String) -> Void
  private var reportedReasons: Set<String> = []

  /// A folder; `report` gets a line about what cannot be written.
  init(_ path: String, report: @escaping (String) -> Void) {
    self.path = path
    self.report = report
  }

  /// Makes the folder, and finds which of the files cannot be written there before the training.
  ///
  /// Removes what runs that were ended while they wrote have left there.
  func prepare(_ names: [String]) throws(FileError) {
    try makeFolder(path)
    removeLeftovers(in: path)
    for name in names { try checkWritable(file(name)) }
  }

  /// The path of a file.
  func file(_ name: String) -> String { path + "/" + name }

  /// Writes a file by a closure that gets its path.
  func write(_ name: String, _ body: (String) throws(FileError) -> Void) {
    do throws(FileError) {
      try body(file(name))
      failures[name] = nil
    } catch {
      failures[name] = error
      if reportedReasons.insert(error.reason).inserted { report("\(error); the run continues") }
    }
  }

  /// Writes a text file.
  func write(_ name: String, text: String) {
    write(name) { path throws(FileError) in try writeAtomically(text, to: path) }
  }
}
