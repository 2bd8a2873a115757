internal import Platform

/// Stops the program with a message unless a condition holds; unlike `precondition`, it prints in
/// release builds too.
///
/// The message is followed by the module that was running, if one was (see `FailureContext`).
@inlinable
@inline(__always)
package func require(
  _ condition: @autoclosure () -> Bool, _ message: @autoclosure () -> String,
  file: StaticString = #fileID, line: UInt = #line
) {
  if !condition() { fail(message(), file: file, line: line) }
}

/// Stops the program with a message that names the module that was running, if one was; it is the last line
/// after the backtrace, too.
@inline(never)
@usableFromInline
package func fail(_ message: String, file: StaticString = #fileID, line: UInt = #line) -> Never {
  let message = FailureContext.path().map { "\($0): \(message)" } ?? message
  repeatAfterBacktrace("Fatal error: " + message)
  fatalError(message, file: file, line: line)
}

/// An index from 0 below `count`; negative ones count from the end.
///
/// - Parameters:
///   - name: The operation and what the index is, as in `select: index`.
///   - whole: What it is out of range for, in the message.
@inlinable
@inline(__always)
package func wrappedIndex(
  _ index: Int, below count: Int, _ name: @autoclosure () -> String,
  _ whole: @autoclosure () -> String
) -> Int {
  let result = index < 0 ? index + count : index
  require(result >= 0 && result < count, "\(name()) \(index) is out of range for \(whole())")
  return result
}
