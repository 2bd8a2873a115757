import Autograd
import Datasets
import Foundation
import NN
import TestSupport
import Testing

@testable import LeNetExample

/// Folders in the way of files stand for a full disk: they stop a superuser, too.
@Suite struct ResultsTests {
  private final class Lines { var all: [String] = [] }

  private let folder: TemporaryFolder
  private let lines = Lines()
  private let results: Results

  init() throws {
    folder = try TemporaryFolder()
    results = Results(
      folder: folder("run"), datasetName: "drawings", classNames: SyntheticGarments.classNames,
      report: { [lines] in lines.all.append($0) })
  }

  private func history(_ count: Int) -> History {
    History(epochs: (1...count).map { EpochMetrics(epoch: $0, trainLoss: 1, seconds: 1) })
  }

  @Test func aFigureThatCannotBeWrittenDoesNotEndTheRun() throws {
    try results.prepare()
    results.write(history(1))
    #expect(results.names(history(1)).count == 4 && lines.all.isEmpty)
    try results.begin()
    try makeFolder(folder("run/training.svg"))
    #expect(throws: FileError.self) { try results.prepare() }
    for count in 2...4 { results.write(history(count)) }
    let path = folder("run/training.svg")
    #expect(lines.all == ["\(path): cannot write: it is a folder; the run continues"])
    #expect(try folder.read("run/metrics.csv") == Array(history(4).csv.utf8))

    let data = SyntheticGarments(batchSize: 8, trainingCount: 8, validationCount: 40)
    let model = LeNet()
    model.materialize(for: data.sample.inputs)
    results.write(model, try #require(data.validation))
    #expect(results.files.failures.keys.sorted() == ["training.svg"])
    let written = ["metrics.csv", "predictions.svg", "weights.safetensors"]
    #expect(results.names(history(4)) == written)
    #expect(try Safetensors.read(folder("run/weights.safetensors")).count == 10)
    #expect(try !folder.read("run/predictions.svg").isEmpty)
  }

  @Test func eachReasonIsReportedOnceAndWhatIsWrittenLaterIsNoFailure() throws {
    try results.prepare()
    for name in ["metrics.csv", "training.svg"] { try makeFolder(folder("run/\(name)")) }
    results.write(history(1))
    #expect(lines.all.count == 1 && results.files.failures.count == 2)
    try folder.remove("run/metrics.csv")
    results.write(history(2))
    #expect(lines.all.count == 1 && results.files.failures.keys.sorted() == ["training.svg"])
    try folder.remove("run")
    results.write(history(3))
    #expect(lines.all.count == 2 && results.files.failures.count == 2)
    #expect(lines.all[1].contains("No such file or directory"))
  }

  @Test func leftoversOfEarlierRunsAreRemoved() throws {
    try makeFolder(folder("run"))
    try folder.write([1], to: "run/.writing-abc")
    try folder.write([1], to: "run/training.svg")
    try results.prepare()
    let names = { try FileManager.default.contentsOfDirectory(atPath: self.folder("run")) }
    #expect(try names() == ["training.svg"])
    try results.begin()
    #expect(try names() == ["metrics.csv"])
  }

  @Test func aFolderThatCannotBeMadeIsFoundBeforeTheTraining() throws {
    try folder.write([], to: "run")
    #expect(throws: FileError.self) { try results.prepare() }
  }
}
