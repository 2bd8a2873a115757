import Autograd
import Datasets
import NN
internal import Platform

// The command line of LeNet on Fashion-MNIST: d2l chapter 7.6 as a program.

func fail(_ message: String, code: Int32) -> Never {
  StandardStreams.complain(message)
  exit(code)
}

/// The data that the options ask for, with its name and classes.
func loadData(
  _ options: Options
) throws(FileError) -> (data: any DataModule, name: String, classNames: [String]) {
  let (batchSize, seed) = (options.batchSize, options.seed)
  if options.dataset == .fashionMNIST {
    let report = DownloadReport(isQuiet: options.isQuiet)
    do {
      let data = try FashionMNIST(
        batchSize: batchSize, directory: options.dataFolder, seed: seed, progress: report.show)
      return (data, "Fashion-MNIST", FashionMNIST.classNames)
    } catch {
      guard error.isUnavailable else { throw error }
      StandardStreams.complain(
        "no Fashion-MNIST files and no network: training on garments drawn by code")
    }
  }
  return (
    SyntheticGarments(batchSize: batchSize, seed: seed), "synthetic garments",
    SyntheticGarments.classNames
  )
}

/// Throws unless LeNet can take images [batch, 1, height, width].
func checkSize(_ images: Tensor) throws(Problem) {
  let (height, width) = (images.size(2), images.size(3))
  // A smaller one has no pixel left before the second pool; of a larger one a batch would take gigabytes.
  guard (12...512).contains(height), (12...512).contains(width) else {
    throw Problem(
      description: "LeNet takes images from 12x12 to 512x512 pixels, got \(height)x\(width)")
  }
}

/// Ends a run after a batch.
struct Interruption: Error {}

/// The program cannot do what it was asked for.
struct Problem: Error, CustomStringConvertible {
  let description: String
}

func run(_ options: Options) throws {
  if let problem = Device.kernelProblem { fail("LeNetExample: \(problem)", code: 64) }
  if options.device == .gpu, Device.gpus.isEmpty {
    throw Problem(description: "--device gpu: \(Device.gpuProblem ?? "there is no GPU")")
  }
  if let threads = options.threadCount { ThreadPool.threadCount = threads }
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
  let trainer = Trainer(maxEpochs: options.epochCount, gpuCount: options.device == .cpu ? 0 : 1)
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
  var history = History()
  let checkpoints = options.checkpointFolder.map {
    Checkpoints(in: $0, every: options.checkpointInterval.map { .batches($0) } ?? .epochs(1))
  }
  do {
    history.wasInterrupted = try trainer.fit(
      model, data, checkpoints: checkpoints, resume: options.resumes,
      onEvent: { event in
        progress?.handle(event)
        switch event {
        case .started: try results.begin()
        case .checkpointSkipped(let error) where options.isQuiet:
          StandardStreams.complain("LeNetExample: skipped \(error)")
        case .checkpointFailed(let error) where options.isQuiet:
          StandardStreams.complain("LeNetExample: \(error); the run continues")
        case .resumed(_, _, _, let past, _):
          history = past
          results.write(history)
        case .epochEnded(let metrics):
          history.epochs.append(metrics)
          results.write(history)
        // Without a checkpoint to write, nothing needs the loss at once.
        case .batchEnded where checkpoints == nil && Interrupt.isRequested: throw Interruption()
        default: break
        }
      }, shouldStop: checkpoints == nil ? nil : { Interrupt.isRequested }
    ).wasInterrupted
  } catch is Interruption {
    history.wasInterrupted = true
    progress?.handle(.finished(history))
  }
  if let validation = data.validation { results.write(model, validation) }
  if !options.isQuiet {
    let names = results.names(history)
    let list = names.isEmpty ? "none" : names.joined(separator: ", ")
    print("\(history.wasInterrupted ? "interrupted; " : "")results in \(results.folder): \(list)")
  }
  if !results.failures.isEmpty {
    let names = results.failures.keys.sorted().joined(separator: ", ")
    fail("LeNetExample: could not write \(names) in \(results.folder)", code: 1)
  }
  if history.wasInterrupted { exit(Interrupt.status) }
}

StandardStreams.openAll()
signal(SIGPIPE, SIG_IGN)  // a reader that goes away ends the output, not the training
do {
  let options = try Options.parse(Array(CommandLine.arguments.dropFirst()))
  if options.showsHelp {
    print(Options.usage, terminator: "")
  } else {
    try run(options)
  }
} catch let error as UsageError {
  fail(error.message + "\n" + Options.usage, code: 64)
} catch {
  fail("LeNetExample: \(error)", code: 1)
}
