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
  /// Runs `LeNetExample` with arguments and redirections; its exit status.
  private func run(_ arguments: String) throws -> Int32 {
    let shell = Process()
    shell.executableURL = URL(filePath: "/bin/sh")
    shell.arguments = ["-c", "exec \"$0\" \(arguments)", program]
    try shell.run()
    shell.waitUntilExit()
    return shell.terminationReason == .exit ? shell.terminationStatus : -shell.terminationStatus
  }

  @Test(arguments: ["2>&-", "2>/dev/full", ">&- 2>&- <&-"])
  func wrongArgumentsExitWith64WhateverStandardErrorIs(_ redirection: String) throws {
    try #require(FileManager.default.fileExists(atPath: "/dev/full"))
    #expect(try run("--bogus \(redirection)") == 64)
  }

  @Test func aRunGoesOnWithoutAFigure() throws {
    let folder = try TemporaryFolder()
    try makeFolder(folder("training.svg"))
    let status = try run(
      """
      --dataset synthetic --epochs 1 --output \(folder.path) \
      >\(folder("printed")) 2>\(folder("errors"))
      """)
    #expect(status == 1)
    let printed = String(decoding: try folder.read("printed"), as: UTF8.self)
    let device = Trainer(maxEpochs: 1, gpuCount: 1).deviceSummary
    #expect(printed.hasPrefix("device: \(device)\nLeNet on "))
    let errors = String(decoding: try folder.read("errors"), as: UTF8.self)
    #expect(
      errors == """
        LeNetExample: \(folder("training.svg")): cannot write: it is a folder; the run continues
        LeNetExample: could not write training.svg in \(folder.path)

        """)
    #expect(try Safetensors.read(folder("weights.safetensors")).count == 10)
    #expect(
      try folder.names == [
        "errors", "metrics.csv", "predictions.svg", "printed", "training.svg",
        "weights.safetensors",
      ])
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
