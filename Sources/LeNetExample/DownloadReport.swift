import Autograd
import Datasets
import NN

/// Shows how far downloads are: on a terminal in one line, else a line per file.
final class DownloadReport {
  private let isQuiet: Bool
  private let output: ProgressOutput
  private var shown = ""

  /// A report on standard error, unless `isQuiet`.
  init(isQuiet: Bool, output: ProgressOutput = ProgressOutput(fileDescriptor: 2)) {
    self.isQuiet = isQuiet
    self.output = output
  }

  /// Shows the progress of one file.
  func show(_ progress: DownloadProgress) {
    if isQuiet { return }
    let isComplete = progress.received == progress.total
    var text = "downloading \(progress.name)"
    if output.columns() != nil {
      let megabytes = { (bytes: Int) in fixedDecimal(Double(bytes) / 1e6, fractionDigits: 1) }
      text += " \(megabytes(progress.received))"
      if let total = progress.total { text += " of \(megabytes(total))" }
      text = "\r\u{1B}[K" + text + " MB" + (isComplete ? "\n" : "")
    } else {
      text += "\n"
    }
    guard text != shown else { return }
    shown = text
    output.write(text)
  }
}
