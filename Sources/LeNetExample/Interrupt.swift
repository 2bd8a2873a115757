internal import Platform
import Synchronization

/// Ctrl-C as a flag: the first one asks the run to end after its batch, the next one ends it at
/// once.
enum Interrupt {
  private static let flag = Atomic<Bool>(false)

  /// Whether Ctrl-C was pressed since `catchSignal`.
  static var isRequested: Bool { flag.load(ordering: .relaxed) }

  /// Turns Ctrl-C into the flag, unless it was ignored when the program started (`nohup`, or `&` in a script).
  static func catchSignal() {
    var action = sigaction()
    sigaction(SIGINT, nil, &action)
    #if canImport(Darwin)
      let handler = action.__sigaction_u.__sa_handler
    #else
      let handler = action.__sigaction_handler.sa_handler
    #endif
    if unsafeBitCast(handler, to: Int.self) == unsafeBitCast(SIG_IGN, to: Int.self) { return }
    flag.store(false, ordering: .relaxed)  // initializes it outside the handler
    signal(SIGINT) { _ in
      Interrupt.flag.store(true, ordering: .relaxed)
      signal(SIGINT, SIG_DFL)
    }
  }
}
