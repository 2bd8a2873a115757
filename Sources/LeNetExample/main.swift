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
  let trainer = Trainer(maxEpochs: options.epochCount, gpuCount: options.device == .cpu ? 0 : 1)
  switch options.command {
  case .train: try train(options, trainer)
  case .compare: try compare(options, trainer)
  }
}

/// Where a command's checkpoints go, if anywhere.
func checkpoints(_ options: Options, _ folder: String = "") -> Checkpoints? {
  options.checkpointFolder.map {
    Checkpoints(
      in: $0 + folder, every: options.checkpointInterval.map { .batches($0) } ?? .epochs(1))
  }
}

/// Ends a run after a batch.
private struct Interruption: Error {}

/// Trains a model to its last epoch, or until a signal comes.
func fit(
  _ trainer: Trainer, _ model: some Trainable, _ data: some DataModule,
  _ checkpoints: Checkpoints?, resume: Bool, onEvent: (TrainerEvent) throws -> Void
) throws -> History {
  var history = History()
  do {
    return try trainer.fit(
      model, data, checkpoints: checkpoints, resume: resume,
      onEvent: { event in
        try onEvent(event)
        switch event {
        case .epochEnded(let metrics): history.epochs.append(metrics)
        // Without a checkpoint to write, nothing needs the loss at once.
        case .batchEnded where checkpoints == nil && Interrupt.isRequested: throw Interruption()
        default: break
        }
      }, shouldStop: checkpoints == nil ? nil : { Interrupt.isRequested })
  } catch is Interruption {
    history.wasInterrupted = true
    try onEvent(.finished(history))
    return history
  }
}

/// Says what went wrong with a checkpoint where there is no progress to say it.
func complain(_ event: TrainerEvent) {
  switch event {
  case .checkpointSkipped(let error): StandardStreams.complain("LeNetExample: skipped \(error)")
  case .checkpointFailed(let error):
    StandardStreams.complain("LeNetExample: \(error); the run continues")
  default: break
  }
}

/// Ends the program for what a run left: files that could not be written, or an interruption.
func end(_ files: ResultFolder, wasInterrupted: Bool) {
  if !files.failures.isEmpty {
    let names = files.failures.keys.sorted().joined(separator: ", ")
    fail("LeNetExample: could not write \(names) in \(files.path)", code: 1)
  }
  if wasInterrupted { exit(Interrupt.status) }
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
