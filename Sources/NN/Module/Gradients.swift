import Autograd

/// The gradients of a loss by parameters, in the parameters' order.
///
/// A parameter that the loss did not reach has no entry.
public struct Gradients: Sequence {
  /// The parameters reached, with their gradients.
  public private(set) var entries: [(parameter: Parameter, gradient: Tensor)]

  /// Gradients in the order in which they are listed.
  public init(_ entries: [(parameter: Parameter, gradient: Tensor)]) { self.entries = entries }

  /// The gradient of a parameter, nil if the loss did not reach it.
  public subscript(parameter: Parameter) -> Tensor? {
    entries.first { $0.parameter === parameter }?.gradient
  }

  /// Iterates over the parameters reached.
  public func makeIterator() -> some IteratorProtocol<(parameter: Parameter, gradient: Tensor)> {
    entries.makeIterator()
  }

  /// The Euclidean norm of all gradients as one vector.
  public var norm: Double {
    entries.reduce(0) { $0 + $1.gradient.sumOfSquares().item() }.squareRoot()
  }

  /// Whether the host can read the gradients without waiting for a device.
  private var areOnCPU: Bool { entries.allSatisfy { $0.gradient.device == .cpu } }

  /// The gradients scaled down so that their norm as one vector is at most a limit: times limit /
  /// (norm + 1e-6) where that is below 1, as PyTorch's `clip_grad_norm_`, and in place where nothing else
  /// sees their memory.
  ///
  /// NaN or an infinity in one gradient makes the norm such, and no gradient stays as it was. On devices other
  /// than the CPU the factor is never read by the host.
  ///
  /// - Parameters:
  ///   - limit: The largest norm allowed, above 0.
  ///   - order: 2 for the length of the vector, `.infinity` for its largest element, or any other
  ///     number above 0.
  public consuming func clipped(norm limit: Double, order: Double = 2) -> Gradients {
    require(limit > 0, "clipped: the norm's limit must be above 0, got \(limit)")
    require(order > 0, "clipped: the norm's order must be above 0, got \(order)")
    if !areOnCPU {
      let factor = minimum(limit / (normTensor(order) + 1e-6), 1)
      return map { $0 * factor.asType($0.dtype) }
    }
    let norm =
      order == 2 ? norm : entries.isEmpty ? 0 : normTensor(order).item()
    let factor = limit / (norm + 1e-6)
    if factor >= 1 { return self }
    var scaled = self
    for index in scaled.entries.indices { scaled.entries[index].gradient *= factor }
    return scaled
  }

  /// The norm of all gradients as one vector, float64 []; there must be one gradient at least.
  private func normTensor(_ order: Double) -> Tensor {
    if order != 2 {
      return stack(entries.map { $0.gradient.norm(order).asType(.float64) }).norm(order)
    }
    let squares = entries.map { $0.gradient.sumOfSquares() }
    return squares.dropFirst().reduce(squares[0]) { $0 + $1 }.sqrt()
  }

  /// The gradients with every element brought between -limit and limit.
  ///
  /// - Parameter limit: The largest absolute value allowed, above 0.
  public func clipped(value limit: Double) -> Gradients {
    require(limit > 0, "clipped: the value's limit must be above 0, got \(limit)")
    return map { maximum(minimum($0, limit), -limit) }
  }

  /// The gradients after a function of each.
  public func map(_ function: (Tensor) -> Tensor) -> Gradients {
    Gradients(entries.map { ($0.parameter, function($0.gradient)) })
  }

  /// Stops if there are gradients but none belongs to an optimizer's parameters.
  func checkReach(_ reachesAny: Bool, _ name: String) {
    require(
      reachesAny || entries.isEmpty,
      """
      \(name): none of the \(entries.count) gradients belongs to its parameters; was a layer replaced after the \
      optimizer was made? Make the optimizer again from model.parameters
      """)
  }

  // MARK: Accumulating

  /// The sum by parameters; one that only one side has reached keeps that side's gradient.
  ///
  /// ```swift
  /// var sum = Gradients([])
  /// for batch in batches { sum += model.valueAndGradients { model.trainingStep(batch) }.gradients }
  /// optimizer.step(sum / batches.count)
  /// ```
  public static func + (a: Gradients, b: Gradients) -> Gradients {
    var sum = a
    sum += b
    return sum
  }

  /// Adds by parameters, in place where there is no other reference to a gradient.
  public static func += (a: inout Gradients, b: Gradients) {
    var indices: [ObjectIdentifier: Int] = [:]
    for (index, entry) in a.entries.enumerated() {
      indices[ObjectIdentifier(entry.parameter)] = index
    }
    for entry in b.entries {
      if let index = indices[ObjectIdentifier(entry.parameter)] {
        a.entries[index].gradient += entry.gradient
      } else {
        a.entries.append(entry)
      }
    }
  }

  /// All gradients times a number.
  public static func * (gradients: Gradients, number: some Number) -> Gradients {
    gradients.map { $0 * number }
  }

  /// All gradients divided by a number.
  public static func / (gradients: Gradients, number: some Number) -> Gradients {
    gradients.map { $0 / number }
  }
}

/// The value of a loss and its gradients by parameters.
///
/// While `loss` runs, operations on these parameters are recorded, also on those that get their
/// first value in it. Calls nest: gradients taken inside are themselves recorded outside.
///
/// - Parameters:
///   - parameters: By which to differentiate; one that is listed twice counts once.
///   - loss: Computes a tensor of one element, which must depend on a parameter at least.
public func valueAndGradients(
  at parameters: [Parameter], _ loss: () throws -> Tensor
) rethrows -> (value: Tensor, gradients: Gradients) {
  let tape = Tape()
  defer { tape.finish() }
  var watched: [Parameter] = []
  watched.reserveCapacity(parameters.count)
  for parameter in parameters where parameter.beginWatching(tape) { watched.append(parameter) }
  defer { for parameter in watched { parameter.endWatching() } }
  let value = try loss()
  var (used, views): ([Parameter], [Tensor]) = ([], [])
  used.reserveCapacity(watched.count)
  views.reserveCapacity(watched.count)
  for parameter in watched {
    guard let view = parameter.watched else { continue }
    used.append(parameter)
    views.append(view)
  }
  require(
    value.count == 1, "valueAndGradients: the loss must have one element, got \(value.summary)")
  require(
    value.dtype.isFloatingPoint,
    "valueAndGradients: the loss must be floating point to have gradients, got \(value.summary)")
  require(
    value.isRecorded(on: tape) || parameters.isEmpty,
    """
    valueAndGradients: the loss \(value.summary) depends on none of the \(parameters.count) parameters; compute it \
    from them inside the closure, without stoppingGradient()
    """)
  let found = tape.gradientsIfAny(of: [(value, value.onesLike())], at: views)
  var entries: [(parameter: Parameter, gradient: Tensor)] = []
  entries.reserveCapacity(used.count)
  for (parameter, gradient) in zip(used, found) {
    if let gradient {
      entries.append((parameter, parameter.gradientHook.map { $0(gradient) } ?? gradient))
    }
  }
  return (value.withoutTape(tape), Gradients(entries))
}
