import Autograd

/// Which of several epochs is the best one, by a figure's name in the history: `train_loss`, `val_loss`, `val_acc`, or
/// what a step reports, as in `val_mae`.
public enum BestFigure: Sendable, Equatable {
  /// The one whose figure is the lowest.
  case lowest(String)
  /// The one whose figure is the highest.
  case highest(String)

  /// The figure's name.
  public var name: String {
    switch self {
    case .lowest(let name), .highest(let name): name
    }
  }

  /// Whether it is a figure of validation.
  var isValidated: Bool { name.hasPrefix("val_") }

  /// As in `lowest val_loss`.
  var described: String {
    switch self {
    case .lowest(let name): "lowest \(name)"
    case .highest(let name): "highest \(name)"
    }
  }

  /// Stops at a name that no figure can have.
  func check(_ owner: String) { Self.check(name, owner) }

  static func check(_ name: String, _ owner: String) {
    require(
      name.hasPrefix("train_") || name.hasPrefix("val_"),
      "\(owner): a figure's name begins with train_ or val_, as in val_loss; got \(name)")
  }

  /// Stops where there will be no such figure.
  static func check(_ name: String, _ owner: String, hasValidation: Bool) {
    check(name, owner)
    require(
      hasValidation || name.hasPrefix("train_"),
      "\(owner): there is no validation data for \(name); use train_loss")
  }

  /// The figure of an epoch if it is better than another one by more than a threshold; NaN never is, nor is one that is
  /// missing.
  ///
  /// Stops where there is no such figure, unless an earlier epoch had it.
  func better(
    _ metrics: EpochMetrics, than best: Double?, by threshold: Double = 0, _ owner: String
  ) -> Double? {
    let figure = metrics.figure(name, owner, isKnown: best != nil)
    if figure.isNaN { return nil }
    guard let best else { return figure }
    let gain = if case .lowest = self { best - figure } else { figure - best }
    return gain > threshold ? figure : nil
  }
}

extension EpochMetrics {
  /// A figure by its name; NaN if it is missing in this epoch only, else that stops.
  func figure(_ name: String, _ owner: String, isKnown: Bool) -> Double {
    if let figure = self[name] { return figure }
    if isKnown { return .nan }
    fail("\(owner): there is no figure \(name) among \(figureNames.joined(separator: ", "))")
  }
}
