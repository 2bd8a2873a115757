/// The command line does not say what to do; the program prints the message and the usage, and
/// exits with 64.
struct UsageError: Error, Equatable {
  /// What is wrong, in one line.
  let message: String

  /// Creates an error; control characters, which arguments may hold, become spaces.
  init(message: String) {
    self.message = String(
      String.UnicodeScalarView(
        message.unicodeScalars.map { $0.properties.generalCategory == .control ? " " : $0 }))
  }
}

/// What the command line asks for.
struct Options: Equatable {
  /// The data to train on.
  enum Dataset: String, CaseIterable {
    case fashionMNIST = "fashion-mnist"
    case synthetic
  }

  /// Where to compute.
  enum Processor: String, CaseIterable {
    case cpu
    case gpu
  }

  /// What to do.
  enum Command: String {
    /// LeNet is trained.
    case train
    /// Several models are trained on the same data.
    case compare
  }

  var command = Command.train
  var epochCount = 10
  var batchSize = 128
  var learningRate = 0.1
  var seed: UInt64 = 0
  /// Where to compute; nil for a GPU where there is one.
  var device: Processor?
  /// How many threads compute; nil for all that the machine has.
  var threadCount: Int?
  /// The folder with the data's files; nil to look in the usual folders.
  var dataFolder: String?
  var dataset = Dataset.fashionMNIST
  /// The folder for the results.
  var outputFolder = "lenet-run"
  /// The folder for checkpoints; nil for none.
  var checkpointFolder: String?
  /// Steps from one checkpoint to the next; nil for one after each epoch.
  var checkpointInterval: Int?
  /// Whether to go on from the newest checkpoint.
  var resumes = false
  /// Whether to show no progress.
  var isQuiet = false
  /// Whether to print the layer summary and stop.
  var showsSummaryOnly = false
  /// Whether to print the usage and stop.
  var showsHelp = false

  /// What `--help` prints, and every wrong command line after its message.
  static let usage = """
    usage: LeNetExample [train] [options]
           LeNetExample compare [options]

    train trains LeNet-5 and writes metrics, pictures and weights. compare trains six
    models, from softmax regression to a small ResNet, and writes a table and a plot.

      --epochs N           passes over the training data (10)
      --batch-size N       samples per step (128); only for train
      --learning-rate X    step size of gradient descent (0.1); only for train
      --seed N             seed of everything random (0)
      --device NAME        cpu or gpu (gpu where there is one)
      --threads N          threads to compute with (all)
      --data DIR           folder with the four Fashion-MNIST files (cached or downloaded)
      --dataset NAME       fashion-mnist, or synthetic: garments drawn by code (fashion-mnist)
      --output DIR         folder for the results (lenet-run, or lenet-compare)
      --checkpoint DIR     folder for checkpoints, from which the run can go on (none)
      --checkpoint-every N steps from one checkpoint to the next (one epoch)
      --resume             go on from the newest valid checkpoint, if there is one
      --quiet              show no progress
      --summary            print the layer summary and stop; only for train
      --help               print this text and stop

    """

  /// Reads the arguments that follow the program's name, `--name value` or `--name=value`.
  ///
  /// The first mistake is thrown; `--help` ends the reading, so that what follows it is not looked
  /// at.
  static func parse(_ arguments: [String]) throws(UsageError) -> Options {
    var options = Options()
    var seen: Set<String> = []
    var rest = arguments[...]
    if let command = rest.first.flatMap(Command.init) {
      options.command = command
      if command == .compare { options.outputFolder = "lenet-compare" }
      rest.removeFirst()
    }
    while let argument = rest.popFirst() {
      guard argument.hasPrefix("--") else {
        throw UsageError(message: "unexpected argument '\(argument)'")
      }
      let parts = argument.split(separator: "=", maxSplits: 1, omittingEmptySubsequences: false)
      let name = String(parts[0])
      guard names.contains(name) else { throw UsageError(message: "unknown option '\(name)'") }
      guard seen.insert(name).inserted else { throw UsageError(message: "\(name) is given twice") }
      if flags.contains(name) {
        guard parts.count == 1 else { throw UsageError(message: "\(name) takes no value") }
        options.set(flag: name)
        if options.showsHelp { return options }
      } else if parts.count == 2 {
        try options.set(name, to: String(parts[1]))
      } else {
        guard let next = rest.first, !next.hasPrefix("--") else {
          throw UsageError(message: "\(name) needs a value")
        }
        try options.set(name, to: next)
        rest.removeFirst()
      }
    }
    if options.dataFolder != nil, options.dataset == .synthetic {
      throw UsageError(
        message: "--data cannot be combined with --dataset synthetic, which needs no files")
    }
    if options.command == .compare,
      let name = ["--batch-size", "--learning-rate", "--summary"].first(where: seen.contains)
    {
      throw UsageError(message: "\(name) is only for train")
    }
    if options.checkpointFolder == nil {
      for (name, isGiven) in [
        ("--checkpoint-every", options.checkpointInterval != nil), ("--resume", options.resumes),
      ] where isGiven {
        throw UsageError(message: "\(name) needs --checkpoint DIR")
      }
    }
    return options
  }

  private static let flags: Set<String> = ["--resume", "--quiet", "--summary", "--help"]
  private static let names: Set<String> = flags.union([
    "--epochs", "--batch-size", "--learning-rate", "--seed", "--device", "--threads", "--data",
    "--dataset", "--output", "--checkpoint", "--checkpoint-every",
  ])

  private mutating func set(flag name: String) {
    switch name {
    case "--resume": resumes = true
    case "--quiet": isQuiet = true
    case "--summary": showsSummaryOnly = true
    default: showsHelp = true
    }
  }

  private mutating func set(_ name: String, to value: String) throws(UsageError) {
    /// What the value stands for, which is nil if it makes no sense.
    func checked<Value>(_ meaning: Value?, _ expected: String) throws(UsageError) -> Value {
      guard let meaning else {
        throw UsageError(message: "\(name) expects \(expected), got '\(value)'")
      }
      return meaning
    }
    func count() throws(UsageError) -> Int {
      try checked(Int(value).flatMap { $0 > 0 ? $0 : nil }, "a whole number of at least 1")
    }
    func folder() throws(UsageError) -> String {
      try checked(value.isEmpty ? nil : value, "a folder")
    }
    func choice<Choice: RawRepresentable<String> & CaseIterable>() throws(UsageError) -> Choice {
      let names = Choice.allCases.map(\.rawValue).joined(separator: " or ")
      return try checked(Choice(rawValue: value), names)
    }
    switch name {
    case "--epochs": epochCount = try count()
    case "--batch-size": batchSize = try count()
    case "--threads": threadCount = try count()
    case "--data": dataFolder = try folder()
    case "--output": outputFolder = try folder()
    case "--checkpoint": checkpointFolder = try folder()
    case "--checkpoint-every": checkpointInterval = try count()
    case "--seed": seed = try checked(UInt64(value), "a whole number from 0 to \(UInt64.max)")
    case "--learning-rate":
      let number = Double(value).flatMap { $0.isFinite && $0 > 0 ? $0 : nil }
      learningRate = try checked(number, "a number above 0")
    case "--device": device = try choice()
    default: dataset = try choice()
    }
  }
}
