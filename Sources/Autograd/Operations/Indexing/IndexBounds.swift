import Synchronization

/// Finds out below which bounds the integers of inputs must be: those of the operations that take them as indices.
package enum IndexBounds {
  private final class Notes: Sendable {
    let inputs: [Tensor]
    let bounds: Mutex<[Int?]>

    init(_ inputs: [Tensor]) {
      self.inputs = inputs
      bounds = Mutex(Array(repeating: nil, count: inputs.count))
    }
  }

  /// The number of calls of `find` that run in the whole process.
  private static let users = Atomic<Int>(0)
  @TaskLocal private static var notes: Notes?

  /// Whether any thread looks for bounds: the only check that operations pay for otherwise.
  @inline(__always)
  static var areNoted: Bool { users.load(ordering: .relaxed) != 0 }

  /// Runs a closure on copies of inputs.
  ///
  /// - Returns: For each input the least bound that an operation stated which took it as indices as it was, or all of
  ///   it in another shape or order; nil where there is none.
  package static func find(_ inputs: [Tensor], _ body: ([Tensor]) -> Void) -> [Int?] {
    // In memory of their own, so that nothing but their views shares it.
    let copies = inputs.map { $0.dtype.isFloatingPoint || $0.dtype == .bool ? $0 : $0 + 0 }
    let notes = Notes(copies)
    users.wrappingAdd(1, ordering: .relaxed)
    defer { users.wrappingSubtract(1, ordering: .relaxed) }
    $notes.withValue(notes) { body(copies) }
    return notes.bounds.withLock { $0 }
  }

  /// Notes the bound of indices.
  static func note(_ indices: NDArray, below bound: Int) {
    guard let notes else { return }
    let index = notes.inputs.firstIndex {
      indices === $0.array || indices.isView(of: $0.array) && indices.count == $0.count
    }
    guard let index else { return }
    notes.bounds.withLock { $0[index] = min($0[index] ?? bound, bound) }
  }
}
