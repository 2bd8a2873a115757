import Autograd

/// Which of several epochs is the best one, by a figure's name in the history: `train_loss`, `val_loss` or `val_acc`.
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

  /// Stops at a name that no figure has.
  func check(_ owner: String) {
    let names = EpochMetrics.figures.map(\.name)
    require(
      names.contains(name),
      "\(owner): there is no figure \(name) among \(names.joined(separator: ", "))")
  }

  /// Stops where there will be no such figure.
  func check(_ owner: String, hasValidation: Bool) {
    require(
      hasValidation || name == "train_loss",
      "\(owner): there is no validation data for \(name); use train_loss")
  }

  /// The figure of an epoch if it is better than another one by more than a threshold; NaN never is.
  func better(_ metrics: EpochMetrics, than best: Double?, by threshold: Double = 0) -> Double? {
    guard let figure = metrics.figure(name), !figure.isNaN else { return nil }
    guard let best else { return figure }
    let gain = if case .lowest = self { best - figure } else { figure - best }
    return gain > threshold ? figure : nil
  }
}
