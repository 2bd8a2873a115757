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
  /// What the steps reported, as means over the epoch, by names such as `train_mae` and `val_mae`; see
  /// `Module.report(_:_:weight:)`.
  public var reported: [String: Double] = [:]
  /// The batch of the epoch, from 1, after which the model was validated within the epoch; nil for a whole epoch.
  public var batch: Int?

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
  /// A figure by its name: `train_loss`, `val_loss`, `val_acc`, `learning_rate`, or that of one that a step reported, as
  /// in `val_mae`; nil where there is none.
  public subscript(name: String) -> Double? {
    Self.columns.first { $0.name == name }.map { self[keyPath: $0.path] } ?? reported[name]
  }

  /// The names of the losses, of the accuracy and of what was reported, where there are any.
  public var figureNames: [String] {
    Self.columns.dropLast().map(\.name).filter { self[$0] != nil } + reported.keys.sorted()
  }

  fileprivate static var columns: [(name: String, path: WritableKeyPath<EpochMetrics, Double?>)] {
    [
      ("train_loss", \.anyTrainLoss), ("val_loss", \.validationLoss),
      ("val_acc", \.validationAccuracy), ("learning_rate", \.learningRate),
    ]
  }

  private var anyTrainLoss: Double? {
    get { trainLoss }
    set { trainLoss = newValue ?? .nan }
  }
}

/// The course of a training run: its completed epochs, in order.
///
/// It is plain data, so that plots, files and tests need no model and no trainer.
public struct History: Sendable, Equatable {
  /// The metrics of every completed epoch, the first epoch first.
  public var epochs: [EpochMetrics]
  /// The validations within epochs, in order; see `Trainer.validationInterval`.
  public var validations: [EpochMetrics] = []
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
  /// Losses and accuracy have six decimals, seconds three, with a point in every locale; `nan` and `inf` are written so.
  /// Fields are empty where an epoch has no such figure. What was reported follows in the order of names, with as many
  /// digits as a float has.
  public var csv: String {
    let standard = ["train_loss", "val_loss", "val_acc"]
    let reported = Set(epochs.flatMap(\.reported.keys)).sorted()
    var lines = (["epoch"] + standard + ["seconds"] + reported).joined(separator: ",") + "\n"
    for metrics in epochs {
      func field(_ name: String) -> String {
        metrics[name].map { fixedDecimal($0, fractionDigits: 6) } ?? ""
      }
      let fields =
        [String(metrics.epoch)] + standard.map(field)
        + [fixedDecimal(metrics.seconds, fractionDigits: 3)]
        + reported.map { name in
          metrics[name].map { $0.isNaN ? "nan" : Float($0).isFinite ? "\(Float($0))" : "\($0)" }
            ?? ""
        }
      lines += fields.joined(separator: ",") + "\n"
    }
    return lines
  }
}

extension History {
  /// The figures as tensors.
  var state: StateDictionary {
    epochs.state.renamed { "epochs." + $0 } + validations.state.renamed { "validations." + $0 }
  }

  /// The history whose `state` it is.
  init(_ state: StateDictionary, from source: String) throws(FileError) {
    self.init()
    epochs = try [EpochMetrics](state.part("epochs."), from: source)
    validations = try [EpochMetrics](state.part("validations."), from: source)
    let rest = state.rest(without: ["epochs.", "validations."])
    try StateReader(rest, of: "the history", from: source).finish()
  }
}

extension [EpochMetrics] {
  /// Columns of figures, and which of them are known.
  fileprivate var state: StateDictionary {
    var state: StateDictionary = [
      "epoch": Tensor(scalars: map(\.epoch)), "batch": Tensor(scalars: map { $0.batch ?? 0 }),
      "seconds": Tensor(scalars: map(\.seconds)),
    ]
    let reported = Set(flatMap(\.reported.keys)).sorted()
    for name in EpochMetrics.columns.map(\.name) + reported {
      let column = map { $0[name] }
      state.append("value." + name, Tensor(scalars: column.map { $0 ?? 0 }))
      state.append("known." + name, Tensor(scalars: column.map { $0 != nil }))
    }
    return state
  }

  fileprivate init(_ state: StateDictionary, from source: String) throws(FileError) {
    var reader = StateReader(state, of: "the history", from: source)
    func column(_ name: String, count: Int?) throws(FileError) -> [Double] {
      let found = try reader.any(name, "[\(count.map(String.init) ?? "epochs")]") {
        $0.count == 1 && $0[0] == count ?? $0[0]
      }
      return found.scalars(as: Double.self)
    }
    func integer(_ number: Double) throws(FileError) -> Int {
      if let integer = Int(exactly: number) { return integer }
      throw reader.failure("\(number) is not a whole number")
    }
    let seconds = try column("seconds", count: nil)
    let numbers = try column("epoch", count: seconds.count)
    let batches = try column("batch", count: seconds.count)
    self.init()
    for (index, seconds) in seconds.enumerated() {
      var metrics = EpochMetrics(
        epoch: try integer(numbers[index]), trainLoss: .nan, seconds: seconds)
      let batch = try integer(batches[index])
      metrics.batch = batch == 0 ? nil : batch
      append(metrics)
    }
    for name in state.part("value.").names {
      let figures = try column("value." + name, count: count)
      let known = try column("known." + name, count: count)
      let path = EpochMetrics.columns.first { $0.name == name }?.path
      let kind = ["train_", "val_"].first { name.hasPrefix($0) }
      guard path != nil || Figures.isName(name.dropFirst(kind?.count ?? name.count)) else {
        throw reader.failure("\(JSON.quoted(name)) is no name of a figure")
      }
      for index in indices where known[index] != 0 {
        self[index][keyPath: path ?? \.reported[name]] = figures[index]
      }
    }
    try reader.finish()
  }
}
