import Autograd

/// What one epoch of training came to.
public struct EpochMetrics: Sendable, Equatable {
  /// The epoch's number, counted from 1.
  public var epoch: Int
  /// The mean loss over the epoch's training batches, taken while the parameters were still
  /// changing.
  public var trainLoss: Double
  /// The mean loss over the validation data after the epoch; nil without validation data.
  public var validationLoss: Double?
  /// The fraction of validation samples classified correctly, 0 to 1; nil without validation data.
  public var validationAccuracy: Double?
  /// The duration of the epoch's training part in seconds, validation not included.
  public var seconds: Double
  /// The learning rate (of the optimizer's first group) in the epoch's last step; nil where it is not
  /// known.
  public var learningRate: Double?

  /// Creates the metrics of one epoch.
  public init(
    epoch: Int, trainLoss: Double, validationLoss: Double? = nil, validationAccuracy: Double? = nil,
    seconds: Double, learningRate: Double? = nil
  ) {
    self.epoch = epoch
    self.trainLoss = trainLoss
    self.validationLoss = validationLoss
    self.validationAccuracy = validationAccuracy
    self.seconds = seconds
    self.learningRate = learningRate
  }
}

extension EpochMetrics {
  /// The figures by the names that they have in `History.csv`.
  static var figures: [(name: String, path: WritableKeyPath<EpochMetrics, Double?>)] {
    [
      ("train_loss", \.anyTrainLoss), ("val_loss", \.validationLoss),
      ("val_acc", \.validationAccuracy),
    ]
  }

  private var anyTrainLoss: Double? {
    get { trainLoss }
    set { trainLoss = newValue ?? .nan }
  }

  /// A figure by its name, nil where there is none.
  func figure(_ name: String) -> Double? {
    Self.figures.first { $0.name == name }.flatMap { self[keyPath: $0.path] }
  }
}

/// The course of a training run: its completed epochs, in order.
///
/// It is plain data, so that plots, files and tests need no model and no trainer.
public struct History: Sendable, Equatable {
  /// The metrics of every completed epoch, the first epoch first.
  public var epochs: [EpochMetrics]
  /// Whether the run was stopped before its last epoch was complete; an unfinished epoch has no
  /// entry.
  public var wasInterrupted: Bool
  /// Why a callback ended the run, nil if none did.
  public var stopReason: String?

  /// Creates a history, by default that of a run without a completed epoch.
  public init(epochs: [EpochMetrics] = [], wasInterrupted: Bool = false) {
    self.epochs = epochs
    self.wasInterrupted = wasInterrupted
  }

  /// The epochs as comma-separated values, a header line first, every line ended by a newline.
  ///
  /// Losses and accuracy have six decimals, seconds three, with a point in every locale; `nan` and
  /// `inf` are written so. The validation fields are empty where there was no validation data.
  public var csv: String {
    var lines = "epoch,train_loss,val_loss,val_acc,seconds\n"
    for metrics in epochs {
      let fields = [
        String(metrics.epoch),
        fixedDecimal(metrics.trainLoss, fractionDigits: 6),
        metrics.validationLoss.map { fixedDecimal($0, fractionDigits: 6) } ?? "",
        metrics.validationAccuracy.map { fixedDecimal($0, fractionDigits: 6) } ?? "",
        fixedDecimal(metrics.seconds, fractionDigits: 3),
      ]
      lines += fields.joined(separator: ",") + "\n"
    }
    return lines
  }
}

extension History {
  private static var columns: [(name: String, path: WritableKeyPath<EpochMetrics, Double?>)] {
    EpochMetrics.figures + [("learning_rate", \.learningRate)]
  }

  /// The epochs as tensors: a column of figures, and which of them are known.
  var state: StateDictionary {
    var state: StateDictionary = [
      "epoch": Tensor(scalars: epochs.map(\.epoch)),
      "seconds": Tensor(scalars: epochs.map(\.seconds)),
    ]
    for (name, path) in Self.columns {
      let column = epochs.map { $0[keyPath: path] }
      state.append(name, Tensor(scalars: column.map { $0 ?? 0 }))
      state.append(name + ".known", Tensor(scalars: column.map { $0 != nil }))
    }
    return state
  }

  /// The history whose `state` it is.
  init(_ state: StateDictionary, from source: String) throws(FileError) {
    var reader = StateReader(state, of: "the history", from: source)
    func column(_ name: String, count: Int?) throws(FileError) -> [Double] {
      let found = try reader.any(name, "[\(count.map(String.init) ?? "epochs")]") {
        $0.count == 1 && $0[0] == count ?? $0[0]
      }
      return found.scalars(as: Double.self)
    }
    let seconds = try column("seconds", count: nil)
    let numbers = try column("epoch", count: seconds.count)
    self.init()
    for (number, seconds) in zip(numbers, seconds) {
      guard let number = Int(exactly: number) else {
        throw reader.failure("epoch \(number) is not a whole number")
      }
      epochs.append(EpochMetrics(epoch: number, trainLoss: .nan, seconds: seconds))
    }
    for (name, path) in Self.columns {
      let figures = try column(name, count: epochs.count)
      let known = try column(name + ".known", count: epochs.count)
      for index in epochs.indices where known[index] != 0 {
        epochs[index][keyPath: path] = figures[index]
      }
    }
    try reader.finish()
  }
}
