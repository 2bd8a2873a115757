import Autograd
import Foundation
import Platform
import TestCases
import TestSupport
import Testing

/// Values and gradients of single operations against PyTorch's.
///
/// `REFERENCE_CASES=DIR swift test --filter ReferenceTests` runs another directory than the
/// committed fixtures, in the same format (`Tests/Reference/README.md`).
@Suite struct ReferenceTests {
  @Test(.timeLimit(.minutes(5))) func everyCaseAgreesWithPyTorch() async throws {
    let folder = try #require(Bundle.module.resourcePath)
    let root = ProcessInfo.processInfo.environment["REFERENCE_CASES"] ?? "\(folder)/Fixtures"
    let paths = try ReferenceDirectory.paths(in: root)
    try #require(!paths.isEmpty, "no cases in \(root)")
    let outcomes = try await ReferenceProcess(paths).outcomes()
    var failed = 0
    for case (let name, let reason?) in outcomes {
      failed += 1
      print("\(name): \(reason)")
    }
    let count = outcomes.count
    print("reference: \(count - failed) passed, \(failed) failed, of \(count) cases")
    #expect(failed == 0)
  }

  @Test func failuresAreSeen() async throws {
    let folder = try #require(Bundle.module.resourcePath)
    let outcomes = try await ReferenceProcess(["\(folder)/Fixtures/wrong/cases"]).outcomes()
    let reasons = outcomes.map { $0.reason ?? "passed" }
    let expected = [
      "passed", "the output [3]: 1 of 3 elements are off, the largest error is 0.5",
      "the gradient of input [3]: 1 of 3 elements are off", "the largest error is nan",
      "the output has the shape [3], expected [3, 1]", "the operation frobnicate is not known",
      "the attribute colour is not known", "dim must be an integer", "no tensor nowhere",
      "stopped the program: sum: axis 7 is out of range for float64 [3]",
      "the integer argument index is not known", "passed",
      "the output is float64, expected float32", "passed, where PyTorch refuses it", "passed",
    ]
    try #require(reasons.count == expected.count)
    for (reason, part) in zip(reasons, expected) {
      #expect(reason.contains(part), "\(reason)")
    }
  }
}

/// Runs cases in another process, so that one that stops the program fails alone.
struct ReferenceProcess {
  let paths: [String]

  init(_ paths: [String]) { self.paths = paths }

  /// Each case's name, and why it failed; nil if it passed.
  func outcomes() async throws -> [(name: String, reason: String?)] {
    let log = FileManager.default.temporaryDirectory
      .appending(path: "reference-\(UUID().uuidString)").path
    defer {
      try? FileManager.default.removeItem(atPath: log)
      try? FileManager.default.removeItem(atPath: log + ".errors")
    }
    var result: [(name: String, reason: String?)] = []
    for path in paths {
      var lines: [String] = []
      let cases = try ReferenceDirectory(path).cases
      let count = cases.count
      while lines.count < count {
        _ = FileManager.default.createFile(atPath: log, contents: nil)
        await Self.run(path, from: lines.count, log)
        let text = try String(contentsOfFile: log, encoding: .utf8)
        let found = text.split(separator: "\n", omittingEmptySubsequences: false).dropLast()
        lines += found.map(String.init)
        if lines.count < count && !text.hasSuffix("\n") {
          // The last one was begun and not ended.
          let name = text.split(separator: "\n").last ?? ""
          let message = Self.message(in: log + ".errors")
          let isRight = cases[lines.count]["error"] != nil && message.isComplete
          lines.append(name + (isRight ? "passed" : "stopped the program: \(message.text)"))
        } else if found.isEmpty {
          throw ReferenceFailure("the process that runs the cases does not start")
        }
      }
      result += lines.map { line in
        let parts = line.split(separator: "\t", maxSplits: 1, omittingEmptySubsequences: false)
        let reason = parts.count > 1 ? String(parts[1]) : ""
        return (String(parts[0]), reason == "passed" ? nil : reason)
      }
    }
    return result
  }

  /// Runs the cases of a directory from one on in another process, as far as it gets.
  private static func run(_ path: String, from start: Int, _ log: String) async {
    await withKnownIssue("a case stops the program", isIntermittent: true) {
      await #expect(processExitsWith: .success) { [path, start, log] in
        let errors = open(log + ".errors", O_WRONLY | O_CREAT | O_TRUNC, 0o600)
        dup2(errors, 2)
        let directory = try ReferenceDirectory(path)
        let file = try FileHandle(forWritingTo: URL(filePath: log))
        try directory.run(
          from: start, write: { try file.write(contentsOf: Data($0.utf8)) },
          { try $0.runEverywhere() })
      }
    }
  }

  /// What a process wrote before it died, and whether that is a message of the library's.
  private static func message(in path: String) -> (text: String, isComplete: Bool) {
    let text = (try? String(contentsOfFile: path, encoding: .utf8)) ?? ""
    let marker = "Fatal error: "
    for line in text.split(separator: "\n") {
      if let range = line.range(of: marker) { return (String(line[range.upperBound...]), true) }
    }
    return (String(text.prefix(200)).replacing("\n", with: " "), false)
  }
}

extension ReferenceDirectory {
  /// The directory itself, or those in it that hold cases.
  static func paths(in path: String) throws -> [String] {
    func holdsCases(_ path: String) -> Bool {
      FileManager.default.fileExists(atPath: "\(path)/cases.json")
    }
    if holdsCases(path) { return [path] }
    return try FileManager.default.contentsOfDirectory(atPath: path).sorted()
      .map { "\(path)/\($0)" }.filter(holdsCases)
  }
}
