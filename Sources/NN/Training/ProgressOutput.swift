@preconcurrency internal import Platform

// `stdout` is a global variable of C: @preconcurrency lets it be named, and it is only passed to
// `fflush`, which locks.

/// Where a progress display writes: a terminal, or anything else.
///
/// A value of two closures, so that tests replace it by a recorder.
package struct ProgressOutput {
  /// The terminal's width in columns at this moment; nil if lines cannot be redrawn there.
  package var columns: () -> Int?
  /// Writes the text at once.
  ///
  /// It never fails: a display that cannot be written must not end a training run.
  package var write: (String) -> Void

  /// The output to a file descriptor.
  ///
  /// It counts as a terminal if it is one and the environment variable TERM names a kind that can
  /// erase a line.
  package init(fileDescriptor: Int32) {
    let term = getenv("TERM").map { String(cString: $0) } ?? ""
    let isTerminal = isatty(fileDescriptor) == 1 && !term.isEmpty && term != "dumb"
    columns = {
      guard isTerminal else { return nil }
      var size = winsize()
      let isKnown = ioctl(fileDescriptor, UInt(TIOCGWINSZ), &size) == 0 && size.ws_col > 0
      return isKnown ? Int(size.ws_col) : 80
    }
    write = { text in
      // What `print` has buffered comes first.
      if fileDescriptor == STDOUT_FILENO { fflush(stdout) }
      _ = Array(text.utf8).withUnsafeBytes { writeAll($0, to: fileDescriptor) }
    }
  }

  package init(columns: @escaping () -> Int?, write: @escaping (String) -> Void) {
    self.columns = columns
    self.write = write
  }
}
