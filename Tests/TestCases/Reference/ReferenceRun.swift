import Autograd

/// A call of one operation with PyTorch's arguments.
typealias ReferenceOp = @Sendable (ReferenceArguments) throws -> Tensor

/// PyTorch's names of all operations that the library has.
let referenceOps: [String: ReferenceOp] = {
  var ops: [String: ReferenceOp] = [:]
  addTensorOps(to: &ops)
  addNetworkOps(to: &ops)
  addPickingOps(to: &ops)
  addOptimizers(to: &ops)
  return ops
}()

extension ReferenceCase {
  /// Runs the operation, and compares its result and gradients with PyTorch's.
  ///
  /// - Parameter layout: Lays out an argument, or moves it to a device.
  /// - Returns: The result and the gradients.
  /// - Throws: What is wrong, with the largest error.
  @discardableResult
  package func run(in layout: (Tensor) -> Tensor) throws -> [Tensor] {
    if let module = referenceModules[op] { return try run(module, in: layout) }
    guard let op = referenceOps[op] else {
      throw ReferenceFailure("the operation \(op) is not known")
    }
    let tape = Tape()
    let watched = inputs.map { ($0.name, tape.watch(layout($0.tensor))) }
    let arguments = ReferenceArguments(
      inputs: watched, integers: integers.map { ($0.name, layout($0.tensor)) },
      attributes: attributes)
    let y = try op(arguments)
    try arguments.checkAllRead()
    guard let output else { throw ReferenceFailure("passed, where PyTorch refuses it") }
    try compare(y.stoppingGradient(), output, "the output")
    let device = layout(output).device
    if y.device != device { throw ReferenceFailure("the output is on \(y.device)") }
    guard let cotangent else { return [y.stoppingGradient()] }
    let found = tape.pullback(of: y, cotangent: layout(cotangent), at: watched.map(\.1))
    for (name, expected) in gradients {
      guard let index = inputs.firstIndex(where: { $0.name == name }) else {
        throw ReferenceFailure("a gradient of \(name), which is no input")
      }
      try compare(found[index], expected, "the gradient of \(name)")
      if found[index].device != device {
        throw ReferenceFailure("the gradient of \(name) is on \(found[index].device)")
      }
    }
    return [y.stoppingGradient()] + found
  }

  func compare(_ found: Tensor, _ expected: Tensor, _ what: String) throws {
    guard found.shape == expected.shape else {
      throw ReferenceFailure(
        "\(what) has the shape \(found.shape), expected \(expected.shape)")
    }
    guard found.dtype == expected.dtype else {
      throw ReferenceFailure("\(what) is \(found.dtype), expected \(expected.dtype)")
    }
    let pairs = zip(found.scalars(as: Double.self), expected.scalars(as: Double.self))
    var worst: (error: Double, excess: Double, at: Int) = (0, 0, 0)
    var failures = 0
    for (index, (ours, theirs)) in pairs.enumerated() where ours != theirs {
      if acceptsNaN && ours.isNaN && theirs.isNaN { continue }
      let error = abs(ours - theirs)
      let allowed = atol + rtol * abs(theirs)
      if error <= allowed && error.isFinite { continue }
      failures += 1
      let excess = error.isNaN ? .infinity : error / allowed
      if failures == 1 || excess > worst.excess { worst = (error, excess, index) }
    }
    if failures == 0 { return }
    let (ours, theirs) = (
      found.scalars(as: Double.self)[worst.at], expected.scalars(as: Double.self)[worst.at]
    )
    throw ReferenceFailure(
      """
      \(what) \(found.shape): \(failures) of \(found.count) elements are off, the largest error is \(worst.error) \
      at \(worst.at): \(ours), expected \(theirs)
      """)
  }
}

extension Tensor {
  /// The same elements, every second one in memory.
  package func withGaps() -> Tensor {
    stack([self, zerosLike()], axis: -1).select(axis: -1, at: 0)
  }
}
