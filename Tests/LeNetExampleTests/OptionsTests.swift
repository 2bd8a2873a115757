import Testing

@testable import LeNetExample

@Suite struct OptionsTests {
  @Test func defaultsAreD2Ls() throws {
    let options = try Options.parse([])
    #expect(options == Options())
    #expect(
      options.epochCount == 10 && options.batchSize == 128 && options.learningRate == 0.1
        && options.seed == 0)
    #expect(
      options.device == nil && options.threadCount == nil && options.dataFolder == nil
        && options.dataset == .fashionMNIST)
    #expect(
      options.outputFolder == "lenet-run" && !options.isQuiet && !options.showsSummaryOnly
        && !options.showsHelp)
  }

  private static let everything = {
    var options = Options()
    options.epochCount = 3
    options.batchSize = 64
    options.learningRate = 0.05
    options.seed = .max
    options.device = .gpu
    options.threadCount = 2
    options.dataFolder = "a b=c"
    options.outputFolder = "-out"
    options.checkpointFolder = "c"
    options.checkpointInterval = 50
    options.resumes = true
    options.isQuiet = true
    options.showsSummaryOnly = true
    return options
  }()

  private static let pairs = [
    ("--epochs", "3"), ("--batch-size", "64"), ("--learning-rate", "5e-2"),
    ("--seed", "18446744073709551615"),
    ("--device", "gpu"), ("--threads", "2"), ("--data", "a b=c"), ("--dataset", "fashion-mnist"),
    ("--output", "-out"), ("--checkpoint", "c"), ("--checkpoint-every", "50"),
  ]

  @Test func bothFormsOfEveryOption() throws {
    let apart = ["train"] + Self.pairs.flatMap { [$0, $1] } + ["--quiet", "--summary", "--resume"]
    let joined = ["--resume", "--summary", "--quiet"] + Self.pairs.reversed().map { "\($0)=\($1)" }
    #expect(try Options.parse(apart) == Self.everything)
    #expect(try Options.parse(joined) == Self.everything)
  }

  @Test func compareHasAFolderOfItsOwn() throws {
    let options = try Options.parse(["compare", "--epochs", "3"])
    #expect(
      options.command == .compare && options.outputFolder == "lenet-compare"
        && options.epochCount == 3)
    #expect(try Options.parse(["compare", "--output", "here"]).outputFolder == "here")
    #expect(try Options.parse(["train"]) == Options.parse([]))
  }

  @Test func syntheticData() throws {
    #expect(try Options.parse(["--dataset", "synthetic"]).dataset == .synthetic)
  }

  @Test(arguments: [
    (["--epoch", "3"], "unknown option '--epoch'"),
    (["--"], "unknown option '--'"),
    (["-h"], "unexpected argument '-h'"),
    (["--quiet", "train"], "unexpected argument 'train'"),
    (["compare", "train"], "unexpected argument 'train'"),
    (["compare", "--batch-size", "8"], "--batch-size is only for train"),
    (["compare", "--learning-rate=1"], "--learning-rate is only for train"),
    (["compare", "--summary"], "--summary is only for train"),
    (["--resume"], "--resume needs --checkpoint DIR"),
    (["--checkpoint-every", "5"], "--checkpoint-every needs --checkpoint DIR"),
    (
      ["--checkpoint", "c", "--checkpoint-every", "0"],
      "--checkpoint-every expects a whole number of at least 1, got '0'"
    ),
    (["--quiet", ""], "unexpected argument ''"),
    (["--epochs", "3", "4"], "unexpected argument '4'"),
    (["--epochs"], "--epochs needs a value"),
    (["--output", "--quiet"], "--output needs a value"),
    (["--epochs=3", "--epochs", "3"], "--epochs is given twice"),
    (["--quiet", "--quiet"], "--quiet is given twice"),
    (["--quiet=yes"], "--quiet takes no value"),
    (["--help=yes"], "--help takes no value"),
    (["--epochs", "three"], "--epochs expects a whole number of at least 1, got 'three'"),
    (["--epochs", "1.5"], "--epochs expects a whole number of at least 1, got '1.5'"),
    (["--epochs="], "--epochs expects a whole number of at least 1, got ''"),
    (["--epochs", "0"], "--epochs expects a whole number of at least 1, got '0'"),
    (
      ["--epochs", "99999999999999999999"],
      "--epochs expects a whole number of at least 1, got '99999999999999999999'"
    ),
    (["--batch-size", "-1"], "--batch-size expects a whole number of at least 1, got '-1'"),
    (["--threads=0"], "--threads expects a whole number of at least 1, got '0'"),
    (["--device", "tpu"], "--device expects cpu or gpu, got 'tpu'"),
    (["--seed", "-1"], "--seed expects a whole number from 0 to 18446744073709551615, got '-1'"),
    (["--learning-rate", "0"], "--learning-rate expects a number above 0, got '0'"),
    (["--learning-rate", "-0.1"], "--learning-rate expects a number above 0, got '-0.1'"),
    (["--learning-rate", "nan"], "--learning-rate expects a number above 0, got 'nan'"),
    (["--learning-rate", "inf"], "--learning-rate expects a number above 0, got 'inf'"),
    (["--learning-rate", "1e999"], "--learning-rate expects a number above 0, got '1e999'"),
    (["--learning-rate", "1e-999"], "--learning-rate expects a number above 0, got '1e-999'"),
    (["--learning-rate", "0,1"], "--learning-rate expects a number above 0, got '0,1'"),
    (["--data="], "--data expects a folder, got ''"),
    (["--output", ""], "--output expects a folder, got ''"),
    (["--dataset", "mnist"], "--dataset expects fashion-mnist or synthetic, got 'mnist'"),
    (
      ["--data", "d", "--dataset", "synthetic"],
      "--data cannot be combined with --dataset synthetic, which needs no files"
    ),
    (
      ["--dataset=synthetic", "--data=d"],
      "--data cannot be combined with --dataset synthetic, which needs no files"
    ),
  ])
  func mistakesAreNamed(_ arguments: [String], _ message: String) {
    #expect(throws: UsageError(message: message)) { try Options.parse(arguments) }
  }

  @Test func messagesAreOneLine() {
    #expect { try Options.parse(["--epochs", "1\n2\u{1B}[31m"]) } throws: { error in
      guard let error = error as? UsageError else { return false }
      return error.message.allSatisfy { !$0.isNewline && $0 != "\u{1B}" }
    }
  }

  @Test func helpEndsTheReading() throws {
    #expect(try Options.parse(["--quiet", "--help", "--nonsense"]).showsHelp)
    #expect(throws: UsageError.self) { try Options.parse(["--nonsense", "--help"]) }
  }

  @Test func usageNamesEveryOption() {
    for (name, _) in Self.pairs { #expect(Options.usage.contains("  \(name) ")) }
    for name in ["--quiet", "--summary", "--help"] { #expect(Options.usage.contains("  \(name) ")) }
    #expect(
      Options.usage.hasSuffix("\n")
        && Options.usage.split(separator: "\n").allSatisfy { $0.count <= 100 })
  }
}
