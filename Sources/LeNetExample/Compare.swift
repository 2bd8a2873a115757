import Autograd
import NN
internal import Platform

/// Trains all models on the same data, and writes a table and a plot of what they come to.
func compare(_ options: Options, _ trainer: Trainer) throws {
  let (data, name, _) = try loadData(options)
  let sample = data.training.batch([0]).inputs
  guard sample.shape[1...] == [1, 28, 28] else {
    throw Problem(
      description:
        "compare takes images of 28x28 pixels, got \(sample.size(2))x\(sample.size(3))")
  }
  let files = ResultFolder(options.outputFolder) { StandardStreams.complain("LeNetExample: \($0)") }
  let models = ImageModel.all
  let names = ["comparison.csv", "comparison.svg"] + models.map { $0.fileName + ".csv" }
  try files.prepare(names)
  if !options.isQuiet { print("device: \(trainer.deviceSummary)") }
  Interrupt.catchSignals()
  var hasBegun = false
  var comparison = Comparison(dataName: name, epochCount: options.epochCount)
  for model in models where !Interrupt.isRequested {
    let split = DataSplit(
      training: data.training, validation: data.validation, batchSize: model.batchSize,
      seed: options.seed)
    let classifier = ImageClassifier(model)
    classifier.initialize(seed: options.seed)
    if model.isXavier {
      classifier.applyInit(sample, initCNN)
    } else {
      classifier.applyInit(sample)
    }
    let count = classifier.parameterCount ?? 0  // known by now
    if !options.isQuiet {
      print("\(model.name): \(Comparison.grouped(count)) parameters")
      fflush(nil)
    }
    let progress = options.isQuiet ? nil : ProgressBar(sampleName: "images")
    let history = try fit(
      trainer, classifier, split, checkpoints(options, "/" + model.fileName),
      resume: options.resumes
    ) { event in
      if let progress { progress.handle(event) } else { complain(event) }
      if case .started = event, !hasBegun {
        // Those of an earlier comparison.
        for name in names { unlink(files.file(name)) }
        hasBegun = true
      }
    }
    files.write(model.fileName + ".csv", text: history.csv)
    if history.epochs.count >= options.epochCount {
      comparison.entries.append(
        .init(model, parameterCount: count, history.epochs.prefix(options.epochCount)))
      files.write("comparison.csv", text: comparison.csv)
      files.write("comparison.svg", text: comparison.plot.svg)
    }
  }
  let wasInterrupted = comparison.entries.count < models.count
  print(comparison.table, terminator: "")
  if !options.isQuiet {
    print("\(wasInterrupted ? "interrupted; " : "")results in \(files.path)")
  }
  end(files, wasInterrupted: wasInterrupted)
}
