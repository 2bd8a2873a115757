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

/// The course of a training run: its completed epochs, in order.
///
/// It is plain data, so that plots, files and tests need no model and no trainer.
public struct History: Sendable, Equatable {
  /// The metrics of every completed epoch, the first epoch first.
  public var epochs: [EpochMetrics]
  /// Whether the run was stopped before its last epoch was complete; an unfinished epoch has no
  /// entry.
  public var wasInterrupted: Bool

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
