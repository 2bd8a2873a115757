internal import Platform

/// Writes the input that stopped the program, or took too long, to a file of its corpus.
enum CrashReport {
  // Unsafe for concurrency: a signal's handler reads them, while the only thread that writes them stands still.
  nonisolated(unsafe) private static var input: [UInt8] = []
  nonisolated(unsafe) private static var path: [CChar] = [0]
  /// How many seconds an input may take.
  private static let patience: UInt32 = 20

  /// Begins to watch for signals, on Linux only; the largest memory is 4 GiB.
  static func install() {
    #if os(Linux)
      var limit = rlimit(rlim_cur: 4 << 30, rlim_max: 4 << 30)
      setrlimit(__rlimit_resource_t(RLIMIT_AS.rawValue), &limit)
      // A handler for an overflow of the stack needs another one.
      var stack = stack_t()
      stack.ss_size = 1 << 16
      stack.ss_sp = malloc(stack.ss_size)
      sigaltstack(&stack, nil)
      for number in [SIGILL, SIGTRAP, SIGSEGV, SIGBUS, SIGABRT, SIGFPE, SIGALRM] {
        var action = sigaction()
        action.sa_flags = SA_ONSTACK | Int32(bitPattern: UInt32(SA_RESETHAND))
        action.__sigaction_handler.sa_handler = { number in
          let file = open(CrashReport.path, O_WRONLY | O_CREAT | O_TRUNC, 0o644)
          CrashReport.input.withUnsafeBytes { _ = write(file, $0.baseAddress, $0.count) }
          CrashReport.path.withUnsafeBytes { _ = write(2, $0.baseAddress, $0.count - 1) }
          raise(number)
        }
        sigaction(number, &action, nil)
      }
    #endif
  }

  /// Runs a closure on an input that is written to `path` if it does not return.
  static func watching<Result>(_ input: [UInt8], _ path: String, _ body: () -> Result) -> Result {
    self.input = input
    self.path = Array(path.utf8CString)
    alarm(patience)
    defer { alarm(0) }
    return body()
  }
}
