import NN
internal import Platform

/// The standard streams by system calls: `FileHandle` stops the program where standard error is
/// closed or full.
enum StandardStreams {
  /// Opens /dev/null for the streams that are closed.
  ///
  /// Without this, a file that is opened later would get the descriptor of a closed stream, and
  /// messages would be written into it.
  static func openAll() {
    for descriptor in STDIN_FILENO...STDERR_FILENO where fcntl(descriptor, F_GETFD) < 0 {
      _ = open("/dev/null", O_RDWR)
    }
  }

  /// Writes a line to standard error, and ignores it if that fails.
  static func complain(_ line: String) {
    ProgressOutput(fileDescriptor: STDERR_FILENO).write(line + "\n")
  }
}
