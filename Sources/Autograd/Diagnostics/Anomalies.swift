import Synchronization

/// Runs a closure and stops the program at the first operation that gives NaN (or an infinity), forward
/// or backward, with a message that names the operation and the module that ran it.
///
/// For debugging: every result is looked through. Operations of this thread are checked, and the
/// pullbacks of what was recorded meanwhile, whenever they run. An operation's own intermediate values
/// are not.
///
/// ```swift
/// detectAnomalies {
///   let (loss, gradients) = model.valueAndGradients { model.loss(model(x), y) }
///   optimizer.step(gradients)
/// }
/// // Model.net.2 (Log): log() gave NaN: float32 [16, 10], first at index 3
/// ```
///
/// - Parameters:
///   - infinities: Whether infinities count, too; models that mask with them must say no.
///   - body: What to run.
public func detectAnomalies<Result>(
  infinities: Bool = true, _ body: () throws -> Result
) rethrows -> Result {
  Anomalies.users.wrappingAdd(1, ordering: .relaxed)
  defer { Anomalies.users.wrappingSubtract(1, ordering: .relaxed) }
  return try Anomalies.$mode.withValue(infinities ? .all : .nan, operation: body)
}

/// What `detectAnomalies` looks for, and where.
enum Anomalies {
  enum Mode: Sendable {
    case none
    case nan
    case all
  }

  /// The number of calls of `detectAnomalies` that run in the whole process.
  static let users = Atomic<Int>(0)
  @TaskLocal static var mode = Mode.none

  /// Whether any thread looks for anomalies: the only check that operations pay for otherwise.
  @inline(__always)
  static var areWanted: Bool { users.load(ordering: .relaxed) != 0 }

  /// Stops if an operation's result has an anomaly that this thread looks for.
  static func check(_ y: borrowing Tensor, _ operation: StaticString) {
    guard mode != .none, let found = anomaly(in: y, mode) else { return }
    fail("\(operation) gave \(found)")
  }

  /// A pullback that stops at anomalies, also where it runs after `detectAnomalies`.
  static func checking(_ pullback: @escaping Pullback, _ operation: StaticString) -> Pullback {
    let mode = mode
    if mode == .none { return pullback }
    let prefix = FailureContext.path().map { $0 + ": " } ?? ""
    return { dy in
      let dx = $mode.withValue(.none) { pullback(dy) }
      if let found = anomaly(in: dx, mode) {
        fail("\(prefix)the gradient of \(operation) gave \(found)")
      }
      return dx
    }
  }

  static func checking(_ pullbacks: @escaping Pullbacks, _ operation: StaticString) -> Pullbacks {
    let mode = mode
    if mode == .none { return pullbacks }
    let prefix = FailureContext.path().map { $0 + ": " } ?? ""
    return { cotangents, wanted in
      let gradients = $mode.withValue(.none) { pullbacks(cotangents, wanted) }
      for gradient in gradients {
        guard let gradient, let found = anomaly(in: gradient, mode) else { continue }
        fail("\(prefix)the gradient of \(operation) gave \(found)")
      }
      return gradients
    }
  }

  /// The first anomaly of a tensor, as in `NaN: float32 [2, 3], first at index 4`.
  private static func anomaly(in tensor: borrowing Tensor, _ mode: Mode) -> String? {
    if !tensor.dtype.isFloatingPoint { return nil }
    let array = tensor.array
    let elements = Tensor(array).scalars(as: Double.self)
    let index = elements.firstIndex { $0.isNaN || mode == .all && $0.isInfinite }
    guard let index else { return nil }
    let kind = elements[index].isNaN ? "NaN" : "an infinity"
    return "\(kind): \(Tensor(array).summary), first at index \(index)"
  }
}
