import Datasets
import Foundation
import NN

/// Shows on standard error how far downloads are: on a terminal in one line, else a line per file.
final class DownloadReport {
  private let isQuiet: Bool
  private let isTerminal = isatty(2) == 1
  private var shown = ""

  init(isQuiet: Bool) { self.isQuiet = isQuiet }

  /// Shows the progress of one file.
  func show(_ progress: DownloadProgress) {
    if isQuiet { return }
    let isComplete = progress.received == progress.total
    var text = "downloading \(progress.name)"
    if isTerminal {
      let megabytes = { (bytes: Int) in String(format: "%.1f", Double(bytes) / 1e6) }
      text += " \(megabytes(progress.received))"
      if let total = progress.total { text += " of \(megabytes(total))" }
      text = "\r\u{1B}[K" + text + " MB" + (isComplete ? "\n" : "")
    } else {
      text += "\n"
    }
    guard text != shown else { return }
    shown = text
    FileHandle.standardError.write(Data(text.utf8))
  }
}
