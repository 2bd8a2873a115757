internal import Platform
import Synchronization

/// Ctrl-C as a flag: the first one asks the run to end after its batch, the next one ends it at
/// once.
enum Interrupt {
  private static let flag = Atomic<Bool>(false)

  /// Whether Ctrl-C was pressed since `catchSignal`.
  static var isRequested: Bool { flag.load(ordering: .relaxed) }

  /// Turns Ctrl-C into the flag.
  static func catchSignal() {
    flag.store(false, ordering: .relaxed)  // initializes it outside the handler
    signal(SIGINT) { _ in
      Interrupt.flag.store(true, ordering: .relaxed)
      signal(SIGINT, SIG_DFL)
    }
  }
}
