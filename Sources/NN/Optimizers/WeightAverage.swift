import Autograd

/// An exponential moving average of parameters, which often evaluates better than the last values.
///
/// ```swift
/// let average = WeightAverage(model.parameters, decay: 0.999)
/// // after each step:
/// average.update()
/// // to evaluate:
/// let accuracy = average.applied { model.accuracy(model(x), y) }
/// ```
public final class WeightAverage: SavedState {
  /// What is averaged.
  public let parameters: [Parameter]
  /// The decay rate of the average per update.
  public let decay: Double
  /// The averages, by the parameters' indices; nil before the first update.
  public private(set) var averages: [Tensor?]

  /// An average that begins with the values at the first update.
  ///
  /// - Parameters:
  ///   - parameters: What to average; they may be without values until the first update. One that is
  ///     listed twice counts once.
  ///   - decay: The decay rate of the average, 0 to below 1.
  public init(_ parameters: [Parameter], decay: Double = 0.999) {
    require(!parameters.isEmpty, "WeightAverage: there are no parameters")
    checkFraction(decay, "WeightAverage", "the decay")
    self.parameters = eachOnce(parameters)
    self.decay = decay
    averages = Array(repeating: nil, count: self.parameters.count)
  }

  /// average = decay * average + (1 - decay) * value; a parameter without a value is left out.
  public func update() {
    for (index, parameter) in parameters.enumerated() where parameter.isReady {
      let value = parameter.value.stoppingGradient()
      if averages[index] == nil {
        averages[index] = value
      } else {
        averages[index]?.update(keeping: decay, adding: value, times: 1 - decay)
      }
    }
  }

  /// Runs a closure with the averages as the parameters' values, and goes back to the values.
  public func applied<Result>(_ body: () throws -> Result) rethrows -> Result {
    exchange()
    defer { exchange() }
    return try body()
  }

  /// Exchanges averages and values; the same call goes back.
  private func exchange() {
    for (index, parameter) in parameters.enumerated() {
      guard let average = averages[index] else { continue }
      averages[index] = parameter.value
      parameter.value = average
    }
  }

  /// The averages, numbered.
  public var state: [(name: String, tensor: Tensor)] {
    averages.enumerated().compactMap { index, average in
      average.map { ("average.\(index)", $0) }
    }
  }

  /// Goes back to saved averages; see `SavedState`.
  public func restore(_ state: [String: Tensor], from path: String) throws(FileError) {
    var reader = StateReader(state, of: "WeightAverage", from: path)
    var restored: [Tensor?] = []
    for (index, parameter) in parameters.enumerated() {
      let name = "average.\(index)"
      // A parameter had no value yet, so it has no average.
      let average =
        reader.has(name)
        ? try reader.tensor(name, parameter.described, where: parameter.allows) : nil
      restored.append(average?.to(parameter.device))
    }
    try reader.finish()
    averages = restored
  }
}
