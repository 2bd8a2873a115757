import Autograd
import Foundation
import NN
import TestSupport
import Testing

@testable import LeNetExample

/// The executable, which lies beside the tests.
private let program = Bundle.main.bundleURL.appending(path: "LeNetExample").path

/// The program as a shell starts it.
@Suite(
  .enabled(
    if: FileManager.default.isExecutableFile(atPath: program), "no LeNetExample at \(program)"))
struct CommandLineTests {
  /// Runs `LeNetExample` with arguments and redirections, perhaps by another program; its exit status.
  private func run(_ arguments: String, prefix: String = "") throws -> Int32 {
    let shell = Process()
    shell.executableURL = URL(filePath: "/bin/sh")
    shell.arguments = ["-c", "exec \(prefix)\"$0\" \(arguments)", program]
    try shell.run()
    shell.waitUntilExit()
    return shell.terminationReason == .exit ? shell.terminationStatus : -shell.terminationStatus
  }

  @Test(arguments: ["2>&-", "2>/dev/full", ">&- 2>&- <&-"])
  func wrongArgumentsExitWith64WhateverStandardErrorIs(_ redirection: String) throws {
    try #require(FileManager.default.fileExists(atPath: "/dev/full"))
    #expect(try run("--bogus \(redirection)") == 64)
  }

  /// A mistake is one line on standard error, found before the training, and changes no folder.
  private func expectFailure(
    _ arguments: String, in folder: TemporaryFolder, status: Int32 = 1, prefix: String = "",
    says message: String, sourceLocation: SourceLocation = #_sourceLocation
  ) throws {
    let printed = try TemporaryFolder()
    let found = try run(
      "\(arguments) --quiet >\(printed("out")) 2>\(printed("errors"))", prefix: prefix)
    #expect(found == status, sourceLocation: sourceLocation)
    #expect(
      String(decoding: try printed.read("errors"), as: UTF8.self)
        == "LeNetExample: \(message)\n", sourceLocation: sourceLocation)
    #expect(try printed.read("out").isEmpty, sourceLocation: sourceLocation)
    #expect(try !folder.names.contains("metrics.csv"), sourceLocation: sourceLocation)
  }

  @Test(arguments: ["training.svg", "predictions.svg", "weights.safetensors", "metrics.csv"])
  func targetsThatCannotBeWrittenAreFoundBeforeTheTraining(_ name: String) throws {
    let folder = try TemporaryFolder()
    try makeFolder(folder("out/\(name)"))
    try expectFailure(
      "--dataset synthetic --output \(folder("out"))", in: folder,
      says: "\(folder("out/\(name)")): cannot write: it is a folder")
    #expect(try FileManager.default.contentsOfDirectory(atPath: folder("out")) == [name])
  }

  private static func idx(_ magic: UInt8, _ sizes: [UInt8]) -> [UInt8] {
    [0, 0, 8, magic] + sizes.flatMap { [0, 0, 0, $0] }
      + [UInt8](repeating: 0, count: sizes.reduce(1) { $0 * Int($1) })
  }

  private static let names = [
    "train-images-idx3-ubyte", "train-labels-idx1-ubyte", "t10k-images-idx3-ubyte",
    "t10k-labels-idx1-ubyte",
  ]

  /// Writes images of a size under the names of Fashion-MNIST.
  private func write(_ height: UInt8, _ width: UInt8, to folder: TemporaryFolder) throws {
    for (index, name) in Self.names.enumerated() {
      let isImages = index % 2 == 0
      try folder.write(
        Self.idx(isImages ? 3 : 1, isImages ? [3, height, width] : [3]), to: name)
    }
  }

  @Test func imagesThatLeNetCannotTakeAreRefused() throws {
    let folder = try TemporaryFolder()
    try write(11, 28, to: folder)
    try expectFailure(
      "--data \(folder.path) --output \(folder("out"))", in: folder,
      says: "LeNet takes images from 12x12 to 512x512 pixels, got 11x28")
    // The smallest that it can take.
    try write(12, 12, to: folder)
    #expect(
      try run("--data \(folder.path) --epochs 1 --quiet --output \(folder("out"))") == 0)
  }

  @Test func aFIFOAmongTheFilesIsRefused() throws {
    let folder = try TemporaryFolder()
    try write(28, 28, to: folder)
    let path = folder(Self.names[1])
    try folder.remove(Self.names[1])
    try #require(mkfifo(path, 0o600) == 0)
    try expectFailure(
      "--data \(folder.path) --output \(folder("out"))", in: folder,
      says: "\(path): cannot be opened: it is a FIFO")
    try expectFailure(
      "--data \(path) --output \(folder("out"))", in: folder,
      says: "\(path): is not a folder, expected one with the four Fashion-MNIST files")
  }

  /// A superuser may read everything, and takes another identity for this where there is a tool for it.
  @Test(
    .enabled(
      if: geteuid() != 0 || FileManager.default.isExecutableFile(atPath: "/usr/bin/setpriv"),
      "there is no setpriv"))
  func aFolderWithoutPermissionIsOneLine() throws {
    let folder = try TemporaryFolder()
    let data = folder("data")
    try makeFolder(data)
    let prefix =
      geteuid() == 0 ? "setpriv --reuid 65534 --regid 65534 --clear-groups env HOME=/nowhere " : ""
    try #require(chmod(folder.path, 0o755) == 0 && chmod(data, 0) == 0)
    // Where the program or the temporary folder cannot be reached with that identity, there is nothing to see.
    guard try run("--summary >/dev/null 2>&1", prefix: prefix) == 0 else { return }
    try expectFailure(
      "--data \(data)", in: folder, prefix: prefix,
      says: "\(data): cannot be searched: Permission denied")
    try expectFailure(
      "--dataset synthetic --output \(data)/out", in: folder, prefix: prefix,
      says: "\(data)/out: cannot make the folder: Permission denied")
    try #require(chmod(data, 0o700) == 0)
  }

  /// Ended by SIGTERM and SIGKILL again and again, a run ends with the files of one that never was, but for times.
  @Test func aRunThatIsEndedBySignalsGoesOn() throws {
    let folder = try TemporaryFolder()
    try write(28, 28, to: folder)
    let arguments = "--data \(folder.path) --epochs 40 --batch-size 1 --quiet"
    #expect(try run(arguments + " --output \(folder("a"))") == 0)
    func figures(_ name: String) throws -> [Substring] {
      String(decoding: try folder.read("\(name)/metrics.csv"), as: UTF8.self).split(separator: "\n")
        .map { $0[..<($0.lastIndex(of: ",") ?? $0.endIndex)] }
    }
    func checkpoints() -> Int {
      fileNames(in: folder("c")).count { $0.hasSuffix(".safetensors") }
    }
    var statuses: [Int32] = []
    for signal in [SIGTERM, SIGKILL, SIGTERM, 0] {
      let child = Process()
      child.executableURL = URL(filePath: program)
      child.arguments =
        arguments.split(separator: " ").map(String.init) + [
          "--output", folder("b"), "--checkpoint", folder("c"), "--checkpoint-every", "7",
          "--resume",
        ]
      let before = try? folder.read("b/metrics.csv").count
      try child.run()
      while signal != 0, child.isRunning,
        checkpoints() == 0 || (try? folder.read("b/metrics.csv").count) ?? 0 <= before ?? 100
      {
        usleep(1000)
      }
      if signal != 0 { kill(child.processIdentifier, signal) }
      child.waitUntilExit()
      statuses.append(child.terminationStatus)
    }
    #expect(statuses.last == 0 && (statuses[0] == 143 || statuses[0] == 0), "\(statuses)")
    #expect(try folder.read("a/weights.safetensors") == folder.read("b/weights.safetensors"))
    #expect(try figures("a") == figures("b") && figures("a").count == 41)
  }

  /// Two epochs of all six models, at once and one after the other.
  @Test func aComparisonGoesOn() throws {
    let folder = try TemporaryFolder()
    try write(28, 28, to: folder)
    func text(_ name: String) throws -> String {
      String(decoding: try folder.read(name), as: UTF8.self)
    }
    func withoutSeconds(_ name: String) throws -> [Substring] {
      try text(name).split(separator: "\n").map { $0[..<($0.lastIndex(of: ",") ?? $0.endIndex)] }
    }
    let arguments = "compare --data \(folder.path)"
    #expect(try run(arguments + " --epochs 2 --output \(folder("a")) >\(folder("table"))") == 0)
    for epochs in 1...2 {
      #expect(
        try run(
          """
          \(arguments) --epochs \(epochs) --quiet --output \(folder("b")) --checkpoint \(folder("c")) --resume \
          >/dev/null
          """) == 0)
    }
    let table = try text("table")
    for line in [
      "softmax regression: 7,850 parameters", "epoch 2/2  ",
      "| ResNet of 8 layers       |     77,898 |",
      "| LeNet                    |     61,706 |", "| 0.718 to 0.737 |",
    ] {
      #expect(table.contains(line), "\(line) in \(table)")
    }
    #expect(try withoutSeconds("a/comparison.csv") == withoutSeconds("b/comparison.csv"))
    #expect(try withoutSeconds("a/comparison.csv").count == 7)
    for model in ImageModel.all {
      let file = model.fileName + ".csv"
      #expect(try withoutSeconds("a/" + file) == withoutSeconds("b/" + file))
      #expect(try withoutSeconds("a/" + file).count == 3)
    }
    #expect(try text("a/comparison.svg").contains("ResNet of 8 layers"))
    try write(14, 28, to: folder)
    try expectFailure(
      arguments + " --output \(folder("d"))", in: folder,
      says: "compare takes images of 28x28 pixels, got 14x28")
  }

  @Test func theLargestBatchIsAllImages() throws {
    let folder = try TemporaryFolder()
    try write(28, 28, to: folder)
    #expect(
      try run(
        "--data \(folder.path) --epochs 1 --batch-size \(Int.max) --quiet --output \(folder("out"))"
      ) == 0)
  }

  @Test func anEmptyVariableChoosesNoKernelsAndAWrongOneIsOneLine() throws {
    let folder = try TemporaryFolder()
    #expect(try run("--summary >/dev/null", prefix: "env AUTOGRAD_KERNELS= ") == 0)
    let printed = folder("errors")
    #expect(try run("--summary 2>\(printed)", prefix: "env AUTOGRAD_KERNELS=none ") == 64)
    let errors = String(decoding: try folder.read("errors"), as: UTF8.self)
    #expect(errors.hasPrefix("LeNetExample: AUTOGRAD_KERNELS is \"none\"; this processor has "))
    #expect(errors.hasSuffix("baseline, reference\n") && errors.count { $0 == "\n" } == 1)
  }

  /// As under `nohup`: the run goes on to its end.
  @Test(.serialized, arguments: [true, false])
  func anInterruptThatWasIgnoredStaysIgnored(_ isIgnored: Bool) throws {
    let folder = try TemporaryFolder()
    try write(28, 28, to: folder)
    let child = Process()
    child.executableURL = URL(filePath: program)
    child.arguments = [
      "--data", folder.path, "--epochs", "50", "--quiet", "--output", folder("out"),
    ]
    // What a process ignores, its child does, and what its thread blocks.
    var (interrupt, mask) = (sigset_t(), sigset_t())
    sigemptyset(&interrupt)
    sigaddset(&interrupt, SIGINT)
    pthread_sigmask(SIG_UNBLOCK, &interrupt, &mask)
    let before = signal(SIGINT, isIgnored ? SIG_IGN : SIG_DFL)
    try child.run()
    signal(SIGINT, before)
    pthread_sigmask(SIG_SETMASK, &mask, nil)
    while !FileManager.default.fileExists(atPath: folder("out/training.svg")), child.isRunning {
      usleep(1000)
    }
    kill(child.processIdentifier, SIGINT)
    child.waitUntilExit()
    #expect(child.terminationStatus == (isIgnored ? 0 : 130))
    let epochs = try folder.read("out/metrics.csv").count { $0 == 10 } - 1
    #expect(isIgnored ? epochs == 50 : epochs < 50)
  }

  @Test(.enabled(if: Device.gpus.isEmpty, "there is a GPU"))
  func aMissingGPUIsOneLine() throws {
    let folder = try TemporaryFolder()
    let status = try run(
      "--device gpu --output \(folder("out")) >\(folder("printed")) 2>\(folder("errors"))")
    #expect(status == 1)
    let problem = try #require(Device.gpuProblem)
    #expect(
      String(decoding: try folder.read("errors"), as: UTF8.self)
        == "LeNetExample: --device gpu: \(problem)\n")
    #expect(try folder.read("printed").isEmpty)
    #expect(try folder.names == ["errors", "printed"])
  }

  /// A file must not get the number of a closed stream, or messages would land in it.
  @Test func closedStreamsAreReplaced() async {
    await #expect(processExitsWith: .success) {
      for descriptor in Int32(0)...2 { close(descriptor) }
      StandardStreams.openAll()
      exit(open("/dev/null", O_RDONLY) > 2 ? 0 : 1)
    }
  }
}
