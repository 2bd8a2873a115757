import Autograd

/// Steps by an estimate of the inverse Hessian from the last gradients (Liu and Nocedal 1989), as
/// PyTorch's.
///
/// For small problems whose loss is the same function at each step. A step is several iterations, so
/// it evaluates the loss itself:
///
/// ```swift
/// let optimizer = LBFGS(model.parameters, lineSearch: .strongWolfe)
/// for _ in 1...10 { optimizer.step { model.valueAndGradients { model.loss(model(x), y) } } }
/// ```
public final class LBFGS: Optimizer {
  /// How the length of a step along a direction is found.
  public enum LineSearch: Sendable {
    /// The learning rate is the length.
    case none
    /// By the strong Wolfe conditions (Nocedal and Wright 2006, algorithms 3.5 and 3.6).
    case strongWolfe
  }

  /// What it changes.
  public let parameters: [Parameter]
  /// The length of a step, or the first one that a line search tries.
  public var learningRate: Double {
    didSet { checkNotNegative(learningRate, "LBFGS", "the learning rate") }
  }
  /// The most iterations in a step.
  public let maxIterations: Int
  /// The most evaluations in a step; a line search may exceed it by one.
  public let maxEvaluations: Int
  /// The largest element of the gradient at which a step ends.
  public let gradientTolerance: Double
  /// The change of loss or parameters at which a step ends.
  public let changeTolerance: Double
  /// The number of differences that are remembered.
  public let historySize: Int
  /// How the length of a step is found.
  public let lineSearch: LineSearch

  private var memory = Memory()

  /// The state between steps; vectors are all parameters in a row.
  fileprivate struct Memory {
    var iterations = 0
    var direction = Tensor(0)
    var length = 0.0
    var gradient = Tensor(0)
    var scale = 1.0
    /// Differences of gradients and of positions, and the inverse of their product.
    var pairs: [(dy: Tensor, dx: Tensor, inverse: Double)] = []
    /// Pairs with a smaller product are not remembered.
    static let leastProduct = 1e-10
  }

  /// An optimizer for a model's parameters.
  ///
  /// - Parameters:
  ///   - parameters: What to change, at least one.
  ///   - learningRate: The length of a step, or the first one that a line search tries.
  ///   - maxIterations: The most iterations in a step.
  ///   - maxEvaluations: The most evaluations in a step; 5/4 of the iterations unless stated.
  ///   - gradientTolerance: The largest element of the gradient at which a step ends.
  ///   - changeTolerance: The change of loss or parameters at which a step ends.
  ///   - historySize: The number of differences that are remembered.
  ///   - lineSearch: How the length of a step is found.
  public init(
    _ parameters: [Parameter], learningRate: Double = 1.0,
    maxIterations: Int = 20, maxEvaluations: Int? = nil, gradientTolerance: Double = 1e-7,
    changeTolerance: Double = 1e-9, historySize: Int = 100, lineSearch: LineSearch = .none
  ) {
    self.parameters = eachOnce(parameters)
    self.learningRate = learningRate
    self.maxIterations = maxIterations
    self.maxEvaluations = maxEvaluations ?? maxIterations * 5 / 4
    self.gradientTolerance = gradientTolerance
    self.changeTolerance = changeTolerance
    self.historySize = historySize
    self.lineSearch = lineSearch
    require(!parameters.isEmpty, "LBFGS: there are no parameters")
    checkNotNegative(self.learningRate, "LBFGS", "the learning rate")
    checkNotNegative(gradientTolerance, "LBFGS", "the gradient's tolerance")
    checkNotNegative(changeTolerance, "LBFGS", "the change's tolerance")
    require(
      maxIterations >= 1 && self.maxEvaluations >= 1 && historySize >= 1,
      """
      LBFGS: needs at least one iteration, evaluation and remembered difference, got \(maxIterations), \
      \(self.maxEvaluations) and \(historySize)
      """)
  }

  // MARK: Steps

  /// One iteration along gradients that were taken already; only without a line search.
  public func step(_ gradients: Gradients) {
    require(
      lineSearch == .none,
      "LBFGS: a line search evaluates the loss itself; use step { model.valueAndGradients { ... } }"
    )
    run(iterations: 1) { (Tensor(0), gradients) }
  }

  /// Iterates until nothing changes or a limit is reached.
  ///
  /// - Returns: The loss before the step.
  @discardableResult
  public func step(
    _ evaluate: () throws -> (value: Tensor, gradients: Gradients)
  ) rethrows -> Tensor {
    try run(iterations: maxIterations, evaluate)
  }

  @discardableResult
  private func run(
    iterations limit: Int, _ evaluate: () throws -> (value: Tensor, gradients: Gradients)
  ) rethrows -> Tensor {
    let (first, gradients) = try evaluate()
    var loss = first.item()
    var gradient = flat(gradients)
    var evaluations = 1
    if gradient.largestSize <= gradientTolerance { return first }
    for iteration in 1...limit {
      let previousLoss = loss
      memory.turn(to: gradient, historySize: historySize)
      let isFirst = memory.iterations == 1
      var length = learningRate
      if isFirst { length *= min(1, 1 / gradient.abs().sum().item()) }
      memory.length = length
      let slope = gradient.scalarProduct(memory.direction)
      if slope > -changeTolerance { break }
      switch lineSearch {
      case .strongWolfe:
        let start = parameters.map(\.value)
        let search = WolfeSearch(
          direction: memory.direction, changeTolerance: changeTolerance,
          limit: maxEvaluations - evaluations)
        let origin = WolfeSearch.Point(length: 0, loss: loss, gradient: gradient, slope: slope)
        let (found, count) = try search.run(from: origin, first: length) { length in
          move(start, by: length)
          let (value, gradients) = try evaluate()
          return (value.item(), flat(gradients))
        }
        (memory.length, loss, gradient) = (found.length, found.loss, found.gradient)
        move(start, by: found.length)
        evaluations += count
      case .none:
        move(parameters.map(\.value), by: length)
        if iteration < limit {
          let (value, gradients) = try evaluate()
          loss = value.item()
          gradient = flat(gradients)
          evaluations += 1
        }
      }
      if evaluations >= maxEvaluations || gradient.largestSize <= gradientTolerance
        || memory.direction.largestSize * memory.length <= changeTolerance
        || abs(loss - previousLoss) < changeTolerance
      {
        break
      }
    }
    return first
  }

  /// Puts parameters at a distance from where they were along the direction.
  private func move(_ start: [Tensor], by length: Double) {
    var offset = 0
    for (parameter, value) in zip(parameters, start) {
      var value = value
      let part = memory.direction.slice(axis: 0, from: offset, to: offset + value.count)
      value.update(adding: part.reshape(value.shape), times: length)
      parameter.value = value
      offset += value.count
    }
  }

  /// All gradients in a row; zeros where there is none.
  private func flat(_ gradients: Gradients) -> Tensor {
    gradients.checkReach(parameters.contains { gradients[$0] != nil }, "LBFGS")
    return concatenate(
      parameters.map { parameter in
        let value = parameter.value
        let gradient = gradients[parameter]?.stoppingGradient().asType(value.dtype)
        return (gradient ?? value.zerosLike()).widened().reshape([value.count])
      })
  }

  // MARK: State

  /// What is remembered of former steps, the vectors in parts under the parameters' names, as in
  /// `direction.net.0.weight`.
  public func state(named names: [(path: String, parameter: Parameter)]) -> StateDictionary {
    let names = ParameterNames(names, of: "LBFGS")
    func number(_ value: Double) -> Tensor { Tensor(value, dtype: .float64) }
    var state: StateDictionary = [
      "learningRate": number(learningRate), "iterations": number(Double(memory.iterations)),
      "length": number(memory.length), "scale": number(memory.scale),
    ]
    func append(_ prefix: String, _ vector: Tensor) {
      var offset = 0
      for (index, parameter) in parameters.enumerated() {
        let shape = parameter.knownSizes("parameter")
        let end = offset + shape.reduce(1, *)
        let part = vector.slice(axis: 0, from: offset, to: end).reshape(shape)
        state.append(prefix + names.name(of: parameter, index), part)
        offset = end
      }
    }
    if memory.iterations > 0 {
      append("direction.", memory.direction)
      append("gradient.", memory.gradient)
    }
    for (index, pair) in memory.pairs.enumerated() {
      append("pairs.\(index).dy.", pair.dy)
      append("pairs.\(index).dx.", pair.dx)
    }
    return state
  }

  /// Goes back to a saved state; see `NamedState`.
  ///
  /// After a step each parameter must have its shape.
  public func restore(
    _ state: StateDictionary, named names: [(path: String, parameter: Parameter)],
    from source: String
  ) throws(FileError) {
    let names = ParameterNames(names, of: "LBFGS")
    var reader = StateReader(state, of: "LBFGS", from: source)
    try reader.refusePositions {
      $0 == ["direction"] || $0 == ["gradient"]
        || $0.count == 3 && $0[0] == "pairs" && ($0[2] == "dy" || $0[2] == "dx")
    }
    let rate = try reader.number("learningRate")
    var restored = Memory()
    restored.iterations = try reader.count("iterations")
    restored.length = try reader.number("length")
    restored.scale = try reader.number("scale")
    let problem =
      notNegativeProblem(rate, "the learning rate") ?? notNegativeProblem(restored.length, "length")
      ?? notNegativeProblem(restored.scale, "scale")
    if let problem { throw reader.failure(problem) }
    func vector(_ prefix: String) throws(FileError) -> Tensor {
      var parts: [Tensor] = []
      for (index, parameter) in parameters.enumerated() {
        let name = prefix + names.name(of: parameter, index)
        guard let count = parameter.count else {
          throw reader.failure(
            "\(name) is for a parameter \(parameter.described) without a shape yet")
        }
        let part = try reader.tensor(name, parameter.described, where: parameter.allows)
        parts.append(part.widened().reshape([count]))
      }
      return concatenate(parts).to(parameters[0].device)
    }
    if restored.iterations > 0 {
      restored.direction = try vector("direction.")
      restored.gradient = try vector("gradient.")
    }
    while reader.has("pairs.\(restored.pairs.count).dy." + names.name(of: parameters[0], 0)) {
      let prefix = "pairs.\(restored.pairs.count)."
      let (dy, dx) = (try vector(prefix + "dy."), try vector(prefix + "dx."))
      let product = dy.scalarProduct(dx)
      guard product > Memory.leastProduct, restored.pairs.count < historySize else {
        throw reader.failure(
          """
          \(prefix)dy times dx is \(product), expected more than \(Memory.leastProduct) and at most \
          \(historySize) pairs
          """)
      }
      restored.pairs.append((dy, dx, 1 / product))
    }
    try reader.finish()
    learningRate = rate
    memory = restored
  }
}

extension LBFGS.Memory {
  /// The next direction, from the gradient here and what is remembered (two-loop recursion).
  fileprivate mutating func turn(to gradient: Tensor, historySize: Int) {
    iterations += 1
    defer { self.gradient = gradient }
    if iterations == 1 {
      (direction, scale, pairs) = (-gradient, 1, [])
      return
    }
    let dy = gradient - self.gradient
    let dx = direction * length
    let product = dy.scalarProduct(dx)
    if product > Self.leastProduct {
      if pairs.count == historySize { pairs.removeFirst() }
      pairs.append((dy, dx, 1 / product))
      scale = product / dy.scalarProduct(dy)
    }
    direction = -gradient
    var shares: [Double] = []
    for (dy, dx, inverse) in pairs.reversed() {
      let share = dx.scalarProduct(direction) * inverse
      direction.update(adding: dy, times: -share)
      shares.append(share)
    }
    direction = direction * scale
    for ((dy, dx, inverse), share) in zip(pairs, shares.reversed()) {
      direction.update(adding: dx, times: share - dy.scalarProduct(direction) * inverse)
    }
  }
}

extension Tensor {
  /// The sum of the products of two vectors' elements.
  func scalarProduct(_ other: Tensor) -> Double { (self * other).sum().item() }

  /// The largest absolute value.
  var largestSize: Double { abs().max().item() }
}
