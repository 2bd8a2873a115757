internal import Platform

/// The objects (modules) that run on this thread, innermost last, for the message of a failing
/// check.
///
/// Ambient state that influences no result: entering and leaving costs a few nanoseconds, and the path is only
/// worked out when a check fails. (What else is ambient: who looks for anomalies or observes outputs, the number
/// of threads, and the number of parameters declared so far.)
package enum FailureContext {
  /// Describes where something failed, given the objects that run, outermost first.
  package typealias Describe = (_ running: [AnyObject]) -> String

  fileprivate struct Frame {
    let object: Unmanaged<AnyObject>
    let describe: Describe
  }

  private final class Stack {
    var running: [Frame] = []
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

  /// Adds an object, which must stay alive until `leave` is called.
  @inline(__always)
  package static func enter(_ object: AnyObject, describedBy describe: @escaping Describe) {
    stack.running.append(Frame(object: Unmanaged.passUnretained(object), describe: describe))
  }

  /// Takes away the object that was entered last.
  @inline(__always)
  package static func leave() {
    stack.running.removeLast()
  }

  /// Objects that ran, kept for a message later without keeping them alive.
  struct Running {
    private struct Reference {
      weak var object: AnyObject?
    }
    private let objects: [Reference]
    private let describe: Describe?

    fileprivate init(_ frames: [Frame]) {
      objects = frames.map { Reference(object: $0.object.takeUnretainedValue()) }
      describe = frames.first?.describe
    }

    /// As the outermost object describes it; nil outside all of them.
    var path: String? { describe?(objects.compactMap(\.object)) }
  }

  /// The objects that run on this thread.
  static var running: Running { Running(stack.running) }

  /// Where this thread is, as the outermost running object describes it; nil outside all of them.
  static func path() -> String? { running.path }
}
