import Autograd
internal import Platform

/// Runs a closure in several threads, which all start before one of them goes on, and waits for them.
///
/// POSIX threads, since the sanitizer does not see how Dispatch hands work to its own.
func onThreads(_ count: Int, _ body: @escaping @Sendable (_ thread: Int) -> Void) {
  final class Start: Sendable {
    let number: Int
    let body: @Sendable (Int) -> Void
    init(_ number: Int, _ body: @escaping @Sendable (Int) -> Void) {
      (self.number, self.body) = (number, body)
    }
  }
  #if canImport(Darwin)
    var threads = [pthread_t?](repeating: nil, count: count)
  #else
    var threads = [pthread_t](repeating: pthread_t(), count: count)
  #endif
  for number in 0..<count {
    let start = Unmanaged.passRetained(Start(number, body))
    let code = pthread_create(
      &threads[number], nil,
      { (pointer: UnsafeMutableRawPointer?) in
        if let pointer {
          let start = Unmanaged<Start>.fromOpaque(pointer).takeRetainedValue()
          start.body(start.number)
        }
        return nil
      }, start.toOpaque())
    check(code == 0, "a thread is refused")
  }
  #if canImport(Darwin)
    for thread in threads { pthread_join(thread!, nil) }
  #else
    for thread in threads { pthread_join(thread, nil) }
  #endif
}

/// Ends the program unless a condition holds.
func check(_ condition: Bool, _ what: String) {
  if condition { return }
  print("wrong: \(what)")
  exit(1)
}

/// The elements' bits.
func bits(_ tensor: Tensor) -> [UInt64] { tensor.scalars(as: Double.self).map(\.bitPattern) }
