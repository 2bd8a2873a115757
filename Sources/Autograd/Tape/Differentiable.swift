// How an operation is declared: its value and its pullbacks in one place, for the library's own
// operations and for users' alike. Outside a tape only the value is computed; while a tape watches,
// the innermost one is stripped from the operands, the same operation is applied to the rest (which
// may be recorded on an outer tape), and one entry is recorded. `value` only ever sees constants.
// Operands of 16 bits are converted to float32 before and the result back after, both recorded, so
// that no kernel and no pullback knows them.

/// Declares an element-wise operation of one input whose pullback needs only the result.
///
/// The result is written into the input's memory if there is no other reference to it, also while recording.
///
/// ```swift
/// differentiable(x, { $0.mapped(by: .exp) }, pullback: { y in { dy in dy * y } })
/// ```
///
/// - Parameters:
///   - x: The input.
///   - value: Computes the result, which must have the input's shape and type.
///   - pullback: Gets the result (a constant for the tape that records) and returns the pullback.
///   - operation: Its name in messages.
public func differentiable(
  _ x: consuming Tensor,
  _ value: (consuming Tensor) -> Tensor,
  pullback: (_ y: Tensor) -> Pullback, operation: StaticString = #function
) -> Tensor {
  let type = x.array.dtype
  if type.isHalf {
    return differentiable(x.widened(), value, pullback: pullback, operation: operation)
      .narrowed(to: type)
  }
  guard let (tape, slot, outer) = x.trace.innermost else {
    x.trace = .none
    return constant(value(x), operation)
  }
  let (count, rank, dtype) = (x.array.count, x.array.rank, x.array.dtype)
  x.trace = outer
  var y = differentiable(x, value, pullback: pullback, operation: operation)
  require(
    y.array.count == count && y.array.rank == rank && y.array.dtype == dtype,
    "differentiable: this form is for element-wise operations; the result is \(y.summary)")
  let entry = tape.append(.unary(slot, nil, checked(pullback(y), operation)))
  y.trace = y.trace.pushing(tape, entry)
  return y
}

/// Declares an operation of one input.
///
/// - Parameters:
///   - x: The input.
///   - value: Computes the result.
///   - pullback: Gets input and result (constants for the tape that records) and returns the pullback.
///   - operation: Its name in messages.
public func differentiable(
  _ x: Tensor,
  _ value: (Tensor) -> Tensor,
  pullback: (_ x: Tensor, _ y: Tensor) -> Pullback, operation: StaticString = #function
) -> Tensor {
  let type = x.array.dtype
  if type.isHalf {
    return differentiable(moving: x.widened(), value, pullback: pullback, operation: operation)
      .narrowed(to: type)
  }
  return differentiable(moving: x, value, pullback: pullback, operation: operation)
}

/// `differentiable` for an operation that only moves or converts elements: halves are not widened.
func differentiable(
  moving x: Tensor,
  _ value: (Tensor) -> Tensor,
  pullback: (_ x: Tensor, _ y: Tensor) -> Pullback, operation: StaticString = #function
) -> Tensor {
  guard let (tape, slot, outer) = x.trace.innermost else {
    return constant(value(Tensor(x.array)), operation)
  }
  let x = Tensor(x.array, trace: outer)
  var y = differentiable(moving: x, value, pullback: pullback, operation: operation)
  guard y.dtype.isFloatingPoint else { return y }
  let entry = tape.append(
    .unary(slot, x.gradientSpec(unlike: y), checked(pullback(x, y), operation)))
  y.trace = y.trace.pushing(tape, entry)
  return y
}

/// Declares an element-wise operation of two inputs, broadcast as in NumPy, whose pullbacks need at
/// most the result.
///
/// The result is written into an input's memory if there is no other reference to it, also while recording.
func differentiable(
  broadcasting a: consuming Tensor, _ b: consuming Tensor,
  _ value: (consuming Tensor, consuming Tensor) -> Tensor,
  first: (_ y: Tensor) -> Pullback,
  second: (_ y: Tensor) -> Pullback, operation: StaticString = #function
) -> Tensor {
  if a.array.dtype.isHalf || b.array.dtype.isHalf {
    let type = DType.promoted(a.array.dtype, b.array.dtype)
    return differentiable(
      broadcasting: a.widened(), b.widened(), value, first: first, second: second,
      operation: operation
    ).narrowed(to: type)
  }
  guard let (tape, aSlot, bSlot) = stripInnermost(&a, &b) else {
    return constant(value(a, b), operation)
  }
  var (aSpec, bSpec): (Tape.GradientSpec?, Tape.GradientSpec?) = (nil, nil)
  if a.array.dtype != b.array.dtype || !a.array.hasShape(of: b.array) {
    (aSpec, bSpec) = (Tape.GradientSpec(a.array), Tape.GradientSpec(b.array))
  }
  var y =
    a.isConstant && b.isConstant
    ? constant(value(a, b), operation)
    : differentiable(
      broadcasting: a, b, value, first: first, second: second, operation: operation)
  let entry: Tape.Entry
  switch (aSlot, bSlot) {
  case (let aSlot?, let bSlot?):
    entry = .binary(
      aSlot, aSpec, checked(first(y), operation), bSlot, bSpec,
      checked(second(y), operation))
  case (let aSlot?, nil): entry = .unary(aSlot, aSpec, checked(first(y), operation))
  case (_, let bSlot): entry = .unary(bSlot!, bSpec, checked(second(y), operation))
  }
  y.trace = y.trace.pushing(tape, tape.append(entry))
  return y
}

/// Declares an operation of two inputs, each with its own pullback, so that a gradient that is not
/// needed is never computed.
///
/// ```swift
/// differentiable(a, b, { $0.zipped(by: .multiply, with: $1) },
///   first: { _, b, _ in { dy in dy * b } }, second: { a, _, _ in { dy in dy * a } })
/// ```
///
/// - Parameters:
///   - a: The first input.
///   - b: The second input.
///   - value: Computes the result.
///   - first: Gets inputs and result (constants for the tape that records) and returns the pullback to `a`.
///   - second: The same for `b`.
///   - operation: Its name in messages.
public func differentiable(
  _ a: Tensor, _ b: Tensor,
  _ value: (Tensor, Tensor) -> Tensor,
  first: (_ a: Tensor, _ b: Tensor, _ y: Tensor) -> Pullback,
  second: (_ a: Tensor, _ b: Tensor, _ y: Tensor) -> Pullback, operation: StaticString = #function
) -> Tensor {
  if a.array.dtype.isHalf || b.array.dtype.isHalf {
    let type = DType.promoted(a.array.dtype, b.array.dtype)
    return differentiable(
      a.widened(), b.widened(), value, first: first, second: second, operation: operation
    ).narrowed(to: type)
  }
  var (a, b) = (a, b)
  guard let (tape, aSlot, bSlot) = stripInnermost(&a, &b) else {
    return constant(value(a, b), operation)
  }
  var y =
    a.isConstant && b.isConstant
    ? constant(value(a, b), operation)
    : differentiable(a, b, value, first: first, second: second, operation: operation)
  guard y.dtype.isFloatingPoint else { return y }
  let entry: Tape.Entry
  switch (aSlot, bSlot) {
  case (let aSlot?, let bSlot?):
    entry = .binary(
      aSlot, a.gradientSpec(unlike: y), checked(first(a, b, y), operation), bSlot,
      b.gradientSpec(unlike: y), checked(second(a, b, y), operation))
  case (let aSlot?, nil):
    entry = .unary(aSlot, a.gradientSpec(unlike: y), checked(first(a, b, y), operation))
  case (_, let bSlot):
    entry = .unary(bSlot!, b.gradientSpec(unlike: y), checked(second(a, b, y), operation))
  }
  y.trace = y.trace.pushing(tape, tape.append(entry))
  return y
}

/// Declares an operation of lists of inputs and results that share work in the backward pass.
///
/// - Parameters:
///   - inputs: The inputs; integer tensors may be among them, they get no gradients.
///   - value: Computes the results.
///   - pullbacks: Gets inputs and results (constants for the tape that records) and returns the pullbacks.
///   - operation: Its name in messages.
public func differentiable(
  _ inputs: consuming [Tensor],
  _ value: ([Tensor]) -> [Tensor],
  pullbacks: (_ inputs: [Tensor], _ results: [Tensor]) -> Pullbacks,
  operation: StaticString = #function
) -> [Tensor] {
  var inputs = inputs
  if inputs.contains(where: { $0.array.dtype.isHalf }) {
    let type = inputs.dropFirst().reduce(inputs[0].dtype) { DType.promoted($0, $1.dtype) }
    return differentiable(
      inputs.map { $0.widened() }, value, pullbacks: pullbacks, operation: operation
    ).map { $0.narrowed(to: type) }
  }
  var innermost: Tape?
  for input in inputs {
    guard let (tape, _, _) = input.trace.innermost else { continue }
    if innermost.map({ $0.serial < tape.serial }) ?? true { innermost = tape }
  }
  guard let tape = innermost else {
    for index in inputs.indices { inputs[index].trace = .none }
    return constants(value(inputs), operation)
  }
  var slots: [Tape.ListEntry.Input?] = []
  slots.reserveCapacity(inputs.count)
  for index in inputs.indices {
    let slot = inputs[index].strip(tape)
    slots.append(
      slot.map { Tape.ListEntry.Input(slot: $0, spec: Tape.InlineSpec(inputs[index].array)) })
  }
  var results =
    inputs.allSatisfy { $0.isConstant }
    ? constants(value(inputs), operation)
    : differentiable(inputs, value, pullbacks: pullbacks, operation: operation)
  let entry = Tape.ListEntry(
    inputs: slots, resultCount: results.count,
    pullbacks: checked(pullbacks(inputs, results), operation))
  let first = tape.append(entry)
  for index in results.indices where results[index].dtype.isFloatingPoint {
    results[index].trace = results[index].trace.pushing(tape, first + index)
  }
  return results
}

/// The pullback itself; where anomalies are looked for, one that stops at them.
@inline(__always)
private func checked(_ pullback: @escaping Pullback, _ operation: StaticString) -> Pullback {
  Anomalies.areWanted ? Anomalies.checking(pullback, operation) : pullback
}

@inline(__always)
private func checked(_ pullbacks: @escaping Pullbacks, _ operation: StaticString) -> Pullbacks {
  Anomalies.areWanted ? Anomalies.checking(pullbacks, operation) : pullbacks
}

/// A result of `value`, which must not be recorded itself: its inputs were constants.
@inline(__always)
func constant(_ y: consuming Tensor, _ operation: StaticString) -> Tensor {
  if Anomalies.areWanted { Anomalies.check(y, operation) }
  if case .none = y.trace { return y }
  require(
    !y.isTraced,
    """
    differentiable: the value depends on a recorded tensor that is not among its inputs; pass it as \
    an input, or use stoppingGradient()
    """)
  return y
}

private func constants(_ results: consuming [Tensor], _ operation: StaticString) -> [Tensor] {
  var results = results
  for index in results.indices { results[index] = constant(results[index], operation) }
  return results
}

/// Takes the innermost tape off the traces of two operands; the tape with their slots, nil if
/// neither is recorded, in which case both are constants now.
@inline(__always)
private func stripInnermost(
  _ a: inout Tensor, _ b: inout Tensor
) -> (tape: Tape, aSlot: Int?, bSlot: Int?)? {
  // Constants and one tape are the usual case; looking at each operand once is what makes it fast.
  switch (a.trace, b.trace) {
  case (.none, .none): return nil
  case (.one(let tape, let slot), .none) where !tape.isFinished:
    a.trace = .none
    return (tape, slot, nil)
  case (.none, .one(let tape, let slot)) where !tape.isFinished:
    b.trace = .none
    return (tape, nil, slot)
  case (.one(let tape, let aSlot), .one(let other, let bSlot))
  where tape === other && !tape.isFinished:
    a.trace = .none
    b.trace = .none
    return (tape, aSlot, bSlot)
  default: return stripNested(&a, &b)
  }
}

@inline(never)
private func stripNested(
  _ a: inout Tensor, _ b: inout Tensor
) -> (tape: Tape, aSlot: Int?, bSlot: Int?)? {
  let innermost: Tape? =
    switch (a.trace.innermost, b.trace.innermost) {
    case (nil, nil): nil
    case (let a?, nil): a.tape
    case (nil, let b?): b.tape
    case (let a?, let b?): a.tape.serial >= b.tape.serial ? a.tape : b.tape
    }
  guard let tape = innermost else {
    a.trace = .none
    b.trace = .none
    return nil
  }
  return (tape, a.strip(tape), b.strip(tape))
}

extension Tensor {
  /// This tensor in the type in which it is computed with: halves as float32.
  package consuming func widened() -> Tensor {
    array.dtype.isHalf ? asType(.float32) : self
  }

  /// A result of widened operands in the type of the operands; only float32 was widened to.
  fileprivate consuming func narrowed(to type: DType) -> Tensor {
    type.isHalf && array.dtype == .float32 ? asType(type) : self
  }

  var isConstant: Bool { if case .none = trace { true } else { false } }

  /// Takes the tape, if it is the innermost one, off this tensor's trace and returns the slot.
  fileprivate mutating func strip(_ tape: Tape) -> Int? {
    guard let (innermost, slot, outer) = trace.innermost else {
      trace = .none
      return nil
    }
    guard innermost === tape else { return nil }
    trace = outer
    return slot
  }

  /// What a gradient of this input must match; nil if that is the result.
  fileprivate func gradientSpec(unlike y: Tensor) -> Tape.GradientSpec? {
    if array.dtype == y.array.dtype && array.hasShape(of: y.array) { return nil }
    return Tape.GradientSpec(array)
  }
}
