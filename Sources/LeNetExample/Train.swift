import Autograd
import NN
internal import Platform

/// Trains LeNet and writes its results.
func train(_ options: Options, _ trainer: Trainer) throws {
  let model = LeNet(learningRate: options.learningRate)
  model.initialize(seed: options.seed)
  if options.showsSummaryOnly {
    model.layerSummary([1, 1, 28, 28])
    return
  }
  let (data, name, classNames) = try loadData(options)
  try checkSize(data.training.batch([0]).inputs)
  let results = Results(
    folder: options.outputFolder, datasetName: name, classNames: classNames,
    report: { StandardStreams.complain("LeNetExample: \($0)") })
  try results.prepare()
  if !options.isQuiet {
    print(
      """
      device: \(trainer.deviceSummary)
      LeNet on \(name): \(data.training.count) images to learn from, \(data.validation?.count ?? 0) to test with
      """)
    model.layerSummary([1, 1, 28, 28])
    fflush(nil)  // in a pipe these lines would wait for the first epoch
  }
  model.applyInit(data.sample.inputs, initCNN)

  Interrupt.catchSignals()
  let progress = options.isQuiet ? nil : ProgressBar(sampleName: "images")
  var written = History()
  let history = try fit(trainer, model, data, checkpoints(options), resume: options.resumes) {
    event in
    if let progress { progress.handle(event) } else { complain(event) }
    switch event {
    case .started: try results.begin()
    case .resumed(_, _, _, let past, _):
      written = past
      results.write(written)
    case .epochEnded(let metrics):
      written.epochs.append(metrics)
      results.write(written)
    default: break
    }
  }
  if let validation = data.validation { results.write(model, validation) }
  if !options.isQuiet {
    let names = results.names(history)
    let list = names.isEmpty ? "none" : names.joined(separator: ", ")
    print(
      "\(history.wasInterrupted ? "interrupted; " : "")results in \(results.files.path): \(list)")
  }
  end(results.files, wasInterrupted: history.wasInterrupted)
}
