import Autograd
import Testing

// The assertions of all test targets, beside Swift Testing's own.

/// Records an issue unless a tensor has a shape and elements.
///
/// The error of an element is relative to the expected one, or to 1 if that is less. NaN equals NaN;
/// infinities must be equal.
///
/// - Parameters:
///   - reference: The expected shape and elements.
///   - tolerance: The largest error that passes.
package func expect(
  _ tensor: Tensor, equals reference: Reference, tolerance: Double = 0, _ comment: String = "",
  sourceLocation: SourceLocation = #_sourceLocation
) {
  #expect(tensor.shape == reference.shape, "\(comment)", sourceLocation: sourceLocation)
  guard tensor.shape == reference.shape else { return }
  let found = tensor.scalars(as: Double.self)
  #expect(found.count == reference.values.count, "\(comment)", sourceLocation: sourceLocation)
  for (index, pair) in zip(found, reference.values).enumerated() {
    let (value, expected) = pair
    if value == expected || value.isNaN && expected.isNaN { continue }
    let error = (value - expected).magnitude / Swift.max(1, expected.magnitude)
    if error <= tolerance { continue }
    Issue.record(
      "\(comment) element \(index) of \(tensor.summary) is \(value), not \(expected)",
      sourceLocation: sourceLocation)
    return
  }
}

/// Records an issue unless a tensor has a shape, one axis if none is given, and these elements.
package func expect(
  _ tensor: Tensor, equals values: [Double], shape: [Int]? = nil, tolerance: Double = 0,
  _ comment: String = "", sourceLocation: SourceLocation = #_sourceLocation
) {
  expect(
    tensor, equals: Reference(values, shape: shape ?? [values.count]), tolerance: tolerance,
    comment, sourceLocation: sourceLocation)
}

/// A mistake of a program, and what the message that it stops with must name.
package struct Mistake: Sendable {
  package let names: [String]
  package let body: @Sendable () -> Void

  package init(_ names: String..., body: @escaping @Sendable () -> Void) {
    self.names = names
    self.body = body
  }
}

/// Records an issue unless the message that a process stopped with names all of this.
///
/// Tests name the operation or layer and the offending values with what was expected in numbers; the
/// words between them may change. A name must stand by itself: `0` is neither in `10` nor in `-0.5`.
package func expect(
  _ result: ExitTest.Result?, names: String..., sourceLocation: SourceLocation = #_sourceLocation
) {
  expect(result, names: names, sourceLocation: sourceLocation)
}

package func expect(
  _ result: ExitTest.Result?, names: [String], sourceLocation: SourceLocation = #_sourceLocation
) {
  let output = result?.errorText ?? ""
  // Before it stand the file and the line, which could pass for an operation and a value.
  let message = output.firstRange(of: "Fatal error: ").map { output[$0.upperBound...] } ?? ""
  #expect(!names.isEmpty, sourceLocation: sourceLocation)
  for name in names {
    #expect(holds(message, name), "\(name) is not in: \(output)", sourceLocation: sourceLocation)
  }
}

extension ExitTest.Result {
  /// All that the process wrote to standard error.
  package var errorText: String { String(decoding: standardErrorContent, as: UTF8.self) }
}

/// Whether a message holds a name that is no part of a longer word or number.
private func holds(_ message: Substring, _ name: String) -> Bool {
  func isWord(_ character: Character?) -> Bool { character?.isLetter == true || isDigit(character) }
  func isDigit(_ character: Character?) -> Bool { character?.isNumber == true }
  return message.ranges(of: name).contains { range in
    let before = message[..<range.lowerBound].last
    let after = message[range.upperBound...]
    let isWhole = !isWord(name.first) || !isWord(before)
    let isSigned = isDigit(name.first) && (before == "-" || before == ".")
    let goesOn = isWord(name.last) && isWord(after.first)
    let hasFraction =
      isDigit(name.last) && after.first == "." && isDigit(after.dropFirst().first)
    return isWhole && !isSigned && !goesOn && !hasFraction
  }
}
