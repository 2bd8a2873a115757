internal import Platform
import Synchronization

/// Ctrl-C and SIGTERM as a flag: the first one asks the run to end after its batch, the next one ends it at
/// once.
enum Interrupt {
  private static let received = Atomic<Int32>(0)

  /// Whether a signal came since `catchSignals`.
  static var isRequested: Bool { received.load(ordering: .relaxed) != 0 }

  /// The exit status of a program that ends for the signal, as shells state it.
  static var status: Int32 { 128 + received.load(ordering: .relaxed) }

  /// Turns the signals into the flag, but for those that were ignored when the program started (`nohup`, or `&` in a
  /// script).
  static func catchSignals() {
    received.store(0, ordering: .relaxed)  // initializes it outside the handler
    for number in [SIGINT, SIGTERM] { catchSignal(number) }
  }

  private static func catchSignal(_ number: Int32) {
    var action = sigaction()
    sigaction(number, nil, &action)
    #if canImport(Darwin)
      let handler = action.__sigaction_u.__sa_handler
    #else
      let handler = action.__sigaction_handler.sa_handler
    #endif
    if unsafeBitCast(handler, to: Int.self) == unsafeBitCast(SIG_IGN, to: Int.self) { return }
    signal(number) { number in
      Interrupt.received.store(number, ordering: .relaxed)
      signal(number, SIG_DFL)
    }
  }
}
