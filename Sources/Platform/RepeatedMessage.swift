#if canImport(Glibc)
  // Written once, by the thread that is about to stop the program, before the signal whose handler reads them.
  nonisolated(unsafe) private var message: UnsafeMutableBufferPointer<UInt8>?
  nonisolated(unsafe) private var previous = sigaction()

  /// Lets a message be printed once more when the program stops: Swift's backtrace scrolls the first one away.
  package func repeatAfterBacktrace(_ text: String) {
    #if arch(x86_64) || arch(i386)
      let signal = SIGILL  // what fatalError raises
    #else
      let signal = SIGTRAP
    #endif
    guard message == nil, sigaction(signal, nil, &previous) == 0 else { return }
    let bytes = Array((text + "\n").utf8)
    message = .allocate(capacity: bytes.count)
    _ = message?.initialize(from: bytes)
    var action = previous
    // After it the signal does what it does by default: it ends the program.
    action.sa_flags |= SA_SIGINFO | CInt(bitPattern: UInt32(SA_RESETHAND))
    action.__sigaction_handler.sa_sigaction = { signal, info, context in
      if previous.sa_flags & SA_SIGINFO != 0 {
        previous.__sigaction_handler.sa_sigaction?(signal, info, context)
      }
      if let message { _ = write(2, message.baseAddress, message.count) }
    }
    sigaction(signal, &action, nil)
  }
#else
  /// Does nothing here.
  package func repeatAfterBacktrace(_ text: String) {}
#endif
