import Autograd
import Synchronization

extension Module {
  /// Adds a figure of the current batch to those of the epoch: to be called in `trainingStep`, `validationStep` or what
  /// they call, on their thread.
  ///
  /// The epoch's figure is the mean over its batches, in the history as `train_` or `val_` and the name. Callbacks,
  /// checkpoints, plateaus, files and plots take it by that name, as they take `val_loss`.
  ///
  /// ```swift
  /// func validationStep(_ batch: Batch) -> (loss: Double, accuracy: Double?) {
  ///   let predicted = net(batch.inputs)
  ///   report("mae", (predicted - batch.labels).abs().mean())
  ///   return (mseLoss(predicted, batch.labels).item(), nil)
  /// }
  /// ```
  ///
  /// A figure that is reported several times in a step counts as often. Where no trainer runs, nothing happens.
  ///
  /// - Parameters:
  ///   - name: Without spaces, commas and quotation marks, and not `loss`, which is what the step returns.
  ///   - value: The figure, a tensor of one element. A GPU is not waited for.
  ///   - weight: What the mean is over, such as a number of tokens; nil for the batch's `lossWeight`.
  public func report(_ name: String, _ value: Tensor, weight: Double? = nil) {
    Figures.report(name, weight: weight) { value.stoppingGradient() }
  }

  /// The same for a number.
  public func report(_ name: String, _ value: Double, weight: Double? = nil) {
    Figures.report(name, weight: weight) { Tensor(value, dtype: .float64) }
  }
}

/// Means of figures over batches, by name.
struct Figures: Equatable {
  /// A figure of a batch; the tensor may still be computed.
  struct Report: Sendable {
    let name: String
    let value: Tensor
    /// Nil for that of the batch.
    let weight: Double?
  }

  private(set) var means: [String: WeightedMean] = [:]

  mutating func add(_ name: String, _ value: Double, weight: Double) {
    // What has no weight has a name still, and is NaN if nothing else comes.
    means[name, default: WeightedMean()].add(weight == 0 ? 0 : value, weight: weight)
  }

  /// Adds what a step reported.
  mutating func add(_ reports: [Report], weight: Double) {
    for report in reports { add(report.name, report.value.item(), weight: report.weight ?? weight) }
  }

  /// The means; NaN where nothing had a weight.
  var values: [String: Double] { means.mapValues(\.value) }

  // MARK: Reports

  /// Collects what one step reports.
  private final class Collector: Sendable {
    let reports = Mutex<[Report]>([])
  }

  @TaskLocal private static var collector: Collector?

  /// Runs a step.
  static func collect<Result>(_ step: () -> Result) -> (result: Result, reports: [Report]) {
    let collector = Collector()
    let result = $collector.withValue(collector, operation: step)
    return (result, collector.reports.withLock { $0 })
  }

  fileprivate static func report(_ name: String, weight: Double?, _ value: () -> Tensor) {
    guard let collector else { return }
    require(
      isName(name),
      """
      report: a figure's name must not be empty, have spaces, commas or quotation marks, or be loss, which is what the \
      step returns; got '\(name)'
      """)
    require(
      weight ?? 0 >= 0 && weight ?? 0 < .infinity,
      "report: the weight of \(name) must be 0 or above, got \(weight ?? 0)")
    let value = value()
    require(
      value.count == 1, "report: \(name) must be a tensor of one element, got \(value.summary)")
    let report = Report(name: name, value: value, weight: weight)
    collector.reports.withLock { $0.append(report) }
  }

  /// Whether a name can stand in a file, in a path and on a terminal, and is not that of the loss.
  static func isName(_ name: some StringProtocol) -> Bool {
    !name.isEmpty && name != "loss"
      && name.unicodeScalars.allSatisfy {
        !$0.properties.isWhitespace && $0.properties.generalCategory != .control
          && !",;\"'".unicodeScalars.contains($0)
      }
  }

  // MARK: State

  var state: StateDictionary {
    var state = StateDictionary()
    for (name, mean) in means.sorted(by: { $0.key < $1.key }) {
      state.append("sum." + name, Tensor(mean.sum, dtype: .float64))
      state.append("weight." + name, Tensor(mean.weight, dtype: .float64))
    }
    return state
  }

  init() {}

  init(_ state: StateDictionary, from source: String) throws(FileError) {
    var reader = StateReader(state, of: "the epoch's figures", from: source)
    for name in state.part("sum.").names {
      guard Self.isName(name) else {
        throw reader.failure("\(JSON.quoted(name)) is no name of a figure")
      }
      let sum = try reader.anyNumber("sum." + name)
      means[name] = WeightedMean(sum: sum, weight: try reader.anyNumber("weight." + name))
    }
    try reader.finish()
  }
}

/// A weighted mean that is built up; NaN while empty.
struct WeightedMean: Equatable {
  var (sum, weight) = (0.0, 0.0)

  mutating func add(_ value: Double, weight: Double) {
    sum += value * weight
    self.weight += weight
  }

  var value: Double { sum / weight }
}
