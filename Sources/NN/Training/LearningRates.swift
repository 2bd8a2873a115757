import Autograd

/// Changes an optimizer's learning rates during a run.
final class LearningRates {
  let description: String
  private var steps: Scheduler?
  private var epochs: Scheduler?
  private var plateau: Plateau?
  private var plateauFigure: BestFigure?
  private var isFirstStep = true

  init(_ schedule: Trainer.LearningRateSchedule?, _ optimizer: any Optimizer) {
    switch schedule {
    case .perEpoch(let schedule):
      epochs = Scheduler(optimizer, schedule)
      description = "per epoch: \(schedule)"
    case .perStep(let schedule):
      steps = Scheduler(optimizer, schedule)
      description = "per step: \(schedule)"
    case .plateau(let options, let figure):
      var options = options
      if let figure { options.isMaximized = figure == .highest(figure.name) }
      plateau = Plateau(optimizer, options)
      plateauFigure = figure
      description = "plateau\(figure.map { " of the \($0.described)" } ?? ""): \(options)"
    case nil: description = "none"
    }
  }

  func stepBegins() {
    if !isFirstStep { steps?.step() }
    isFirstStep = false
  }

  func epochEnded(_ metrics: EpochMetrics) {
    epochs?.step()
    guard let plateau else { return }
    let figure = plateauFigure.map {
      metrics.figure($0.name, "Trainer: plateau", isKnown: plateau.best.isFinite)
    }
    plateau.step(figure ?? metrics.validationLoss ?? metrics.trainLoss)
  }

  private var saved: (any SavedState)? { steps ?? epochs ?? plateau }

  var state: StateDictionary {
    ["isFirstStep": Tensor(scalars: [isFirstStep ? 1 : 0], shape: [])]
      + (saved?.state.renamed { "rates." + $0 } ?? [:])
  }

  func restore(_ state: StateDictionary, from source: String) throws(FileError) {
    try saved?.restore(state.part("rates."), from: source)
    var reader = StateReader(
      state.rest(without: ["rates."]), of: "the schedule", from: source)
    isFirstStep = try reader.count("isFirstStep") > 0
    try reader.finish()
  }
}
