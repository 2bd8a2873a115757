/// Where a tensor was recorded: nowhere, on one tape, or on several nested ones.
///
/// Nested traces are sorted by the tapes' serial numbers, the innermost (last created) outside. An operation
/// strips the innermost tape, computes on the rest, and records itself: that is all that
/// higher-order derivatives need.
enum Trace: Sendable {
  case none
  case one(Tape, Int)
  case nested(NestedTrace)

  /// The innermost tape that still records, with the tensor's slot on it and the trace below it.
  @inline(__always)
  var innermost: (tape: Tape, slot: Int, outer: Trace)? {
    switch self {
    case .none: return nil
    case .one(let tape, let slot): return tape.isFinished ? nil : (tape, slot, .none)
    case .nested(let nested):
      if nested.tape.isFinished { return nested.outer.innermost }
      return (nested.tape, nested.slot, nested.outer)
    }
  }

  var isLive: Bool { innermost != nil }

  /// The trace with one more tape, in the order of serial numbers.
  func adding(_ tape: Tape, slot: Int) -> Trace {
    guard let (inner, innerSlot, outer) = innermost else { return .one(tape, slot) }
    if inner.serial < tape.serial {
      return outer.pushing(inner, innerSlot).pushing(tape, slot)
    }
    if inner === tape { return outer.pushing(tape, slot) }
    return outer.adding(tape, slot: slot).pushing(inner, innerSlot)
  }

  /// The trace whose innermost tape is `tape`, with this trace below it.
  @inline(__always)
  func pushing(_ tape: Tape, _ slot: Int) -> Trace {
    if case .none = self { return .one(tape, slot) }
    return .nested(NestedTrace(tape: tape, slot: slot, outer: self))
  }

  /// The slot on a tape, or nil if the tape does not know the tensor.
  func slot(on tape: Tape) -> Int? {
    switch self {
    case .none: return nil
    case .one(let own, let slot): return own === tape ? slot : nil
    case .nested(let nested):
      return nested.tape === tape ? nested.slot : nested.outer.slot(on: tape)
    }
  }

  /// The trace without one tape.
  func removing(_ tape: Tape) -> Trace {
    switch self {
    case .none: return .none
    case .one(let own, _): return own === tape ? .none : self
    case .nested(let nested):
      if nested.tape === tape { return nested.outer }
      return nested.outer.removing(tape).pushing(nested.tape, nested.slot)
    }
  }
}

/// A slot on a tape, and the slots on older tapes.
final class NestedTrace: Sendable {
  let tape: Tape
  let slot: Int
  let outer: Trace

  init(tape: Tape, slot: Int, outer: Trace) {
    self.tape = tape
    self.slot = slot
    self.outer = outer
  }
}
