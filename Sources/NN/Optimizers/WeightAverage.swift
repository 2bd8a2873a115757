import Autograd

/// A running mean of parameters, exponential or plain, which often evaluates better than the last values.
///
/// ```swift
/// let average = WeightAverage(model.parameters, decay: 0.999)
/// // after each step:
/// average.update()
/// // to evaluate:
/// let accuracy = average.applied { model.accuracy(model(x), y) }
/// ```
public final class WeightAverage: NamedState {
  /// The parameters that are averaged.
  public let parameters: [Parameter]
  /// The buffers that are averaged: those of integers, which are counts, keep their last value.
  public let buffers: [Buffer]
  /// The decay rate of an exponential average per update; nil for the plain mean of all updates.
  public let decay: Double?
  /// The averages by the parameters' indices, then those of the buffers; nil where there was no value to average.
  ///
  /// Those of 16 bits are kept in float32.
  public private(set) var averages: [Tensor?]
  /// How many values each average is over.
  private var counts: [Int]
  private let states: [any State]

  /// An average that begins with the values at the first update.
  ///
  /// - Parameters:
  ///   - parameters: What to average; shapes may be unknown until the first update. One that is
  ///     listed twice counts once.
  ///   - decay: The decay rate of the average, 0 to below 1; nil for the plain mean of all updates (stochastic
  ///     weight averaging, Izmailov and others 2018).
  public convenience init(_ parameters: [Parameter], decay: Double? = 0.999) {
    self.init(parameters, [], decay)
  }

  /// An average of a model's parameters and, if wanted, buffers, as PyTorch's `AveragedModel` with `use_buffers`.
  ///
  /// - Parameters:
  ///   - model: Whose parameters to average.
  ///   - decay: The decay rate of the average, 0 to below 1; nil for the plain mean of all updates.
  ///   - averagesBuffers: Whether buffers, such as running statistics, are averaged too; else `applied` leaves
  ///     the model's own.
  public convenience init(
    _ model: some Module, decay: Double? = 0.999, averagesBuffers: Bool = false
  ) {
    self.init(model.parameters, averagesBuffers ? model.namedBuffers.map(\.buffer) : [], decay)
  }

  private init(_ parameters: [Parameter], _ buffers: [Buffer], _ decay: Double?) {
    require(!parameters.isEmpty, "WeightAverage: there are no parameters")
    if let decay { checkFraction(decay, "WeightAverage", "the decay") }
    self.parameters = eachOnce(parameters)
    self.buffers = buffers
    self.decay = decay
    states = self.parameters as [any State] + buffers
    averages = Array(repeating: nil, count: states.count)
    counts = Array(repeating: 0, count: states.count)
  }

  /// average = decay * average + (1 - decay) * value, or the plain mean; a parameter of unknown shape is left out.
  public func update() {
    require(
      states.contains { $0.isDrawable },
      "WeightAverage: no parameter has a shape yet; call materialize(for:) or the model first")
    for (index, state) in states.enumerated() where state.isDrawable {
      let value = state.value.stoppingGradient()
      counts[index] += 1
      if averages[index] == nil || !value.dtype.isFloatingPoint {
        averages[index] = value.widened()
      } else {
        let keep = decay ?? 1 - 1 / Double(counts[index])
        averages[index]?.update(keeping: keep, adding: value, times: 1 - keep)
      }
    }
  }

  /// Runs a closure with the averages as the values, in the parameters' types, and goes back to the values.
  public func applied<Result>(_ body: () throws -> Result) rethrows -> Result {
    let values = zip(states, averages).filter { $0.1 != nil }.map { ($0.0, $0.0.value) }
    apply()
    defer { for (state, value) in values { state.value = value } }
    return try body()
  }

  /// Makes the averages the values, in the parameters' types.
  public func apply() {
    for (state, average) in zip(states, averages) {
      if let average { state.value = average.asType(state.dtype) }
    }
  }

  /// The averages, as in `average.net.0.weight`; for plain means also how many values they are over.
  public func state(named names: [(path: String, parameter: Parameter)]) -> StateDictionary {
    state(named: names, buffers: [])
  }

  /// The same, also of buffers that are averaged.
  ///
  /// - Parameters:
  ///   - names: A name for each parameter.
  ///   - bufferNames: A name for each buffer, as a model's `namedBuffers`.
  public func state(
    named names: [(path: String, parameter: Parameter)],
    buffers bufferNames: [(path: String, buffer: Buffer)]
  ) -> StateDictionary {
    let names = all(names, bufferNames)
    var state = StateDictionary()
    for (index, average) in averages.enumerated() {
      let name = names.name(of: states[index], index)
      guard let average else { continue }
      state.append("average." + name, average)
      if decay == nil {
        state.append("count." + name, Tensor(scalars: [counts[index]], shape: []))
      }
    }
    return state
  }

  /// Goes back to saved averages; see `NamedState`.
  public func restore(
    _ state: StateDictionary, named names: [(path: String, parameter: Parameter)],
    from source: String
  ) throws(FileError) {
    try restore(state, named: names, buffers: [], from: source)
  }

  /// The same, also of buffers that are averaged.
  public func restore(
    _ state: StateDictionary, named names: [(path: String, parameter: Parameter)],
    buffers bufferNames: [(path: String, buffer: Buffer)], from source: String = "state"
  ) throws(FileError) {
    let names = all(names, bufferNames)
    let known = Set(states.enumerated().map { names.name(of: $1, $0) })
    var reader = StateReader(state, of: "WeightAverage", from: source)
    try reader.refusePositions {
      $0.count == 2 && Int($0[1]) != nil && !known.contains(String($0[1]))
    }
    var restored: [Tensor?] = []
    var restoredCounts: [Int] = []
    for (index, state) in states.enumerated() {
      let name = names.name(of: state, index)
      // A parameter had no value yet, so it has no average.
      guard reader.has("average." + name) else {
        restored.append(nil)
        restoredCounts.append(0)
        continue
      }
      restored.append(try reader.average("average." + name, of: state))
      let count = decay == nil ? try reader.count("count." + name) : 1
      guard count > 0 else { throw reader.failure("count.\(name) must be at least 1, got 0") }
      restoredCounts.append(count)
    }
    try reader.finish()
    (averages, counts) = (restored, restoredCounts)
  }

  private func all(
    _ names: [(path: String, parameter: Parameter)], _ buffers: [(path: String, buffer: Buffer)]
  ) -> ParameterNames {
    let names = names.map { (path: $0.path, object: $0.parameter as AnyObject) }
    return ParameterNames(
      names + buffers.map { (path: $0.path, object: $0.buffer as AnyObject) }, of: "WeightAverage")
  }
}

extension StateReader {
  /// An average of a parameter or buffer, on its device; integers are a buffer's last value.
  fileprivate mutating func average(
    _ name: String, of state: any State
  ) throws(FileError) -> Tensor {
    if state.dtype.isFloatingPoint {
      return try tensor(name, state.described, where: state.allows).widened().to(state.device)
    }
    return try integers(name, state.described, where: state.allows).asType(state.dtype)
      .to(state.device)
  }
}
