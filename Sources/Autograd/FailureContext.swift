#if canImport(Glibc)
  import Glibc
#elseif canImport(Musl)
  import Musl
#else
  import Darwin
#endif

/// Something that runs and can be named when a check fails inside it: a module.
package protocol FailureScope: AnyObject {
  /// A readable path through the running scopes, outermost first; `running[0]` is `self`.
  func failurePath(running: [any FailureScope]) -> String
}

/// The scopes that run on this thread, innermost last.
///
/// The one piece of ambient state. It influences no result: entering and leaving costs a few
/// nanoseconds, and the path is only worked out when a check fails.
package enum FailureContext {
  private final class Stack {
    var running: [Unmanaged<AnyObject>] = []
  }

  private static let key: pthread_key_t = {
    var key = pthread_key_t()
    pthread_key_create(&key) { (pointer: UnsafeMutableRawPointer?) in
      if let pointer { Unmanaged<Stack>.fromOpaque(pointer).release() }
    }
    return key
  }()

  private static var stack: Stack {
    if let pointer = pthread_getspecific(key) {
      return Unmanaged<Stack>.fromOpaque(pointer).takeUnretainedValue()
    }
    let stack = Stack()
    pthread_setspecific(key, Unmanaged.passRetained(stack).toOpaque())
    return stack
  }

  /// Runs `body` as part of `scope`, which must stay alive meanwhile.
  @inline(__always)
  package static func within<Result>(
    _ scope: some FailureScope, _ body: () throws -> Result
  ) rethrows -> Result {
    let stack = stack
    stack.running.append(Unmanaged.passUnretained(scope))
    defer { stack.running.removeLast() }
    return try body()
  }

  /// The path of the scopes that run on this thread, or nil outside all scopes.
  static func path() -> String? {
    let running = stack.running.compactMap { $0.takeUnretainedValue() as? any FailureScope }
    return running.first?.failurePath(running: running)
  }
}
