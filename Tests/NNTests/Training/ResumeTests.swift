import Autograd
import TestSupport
import Testing

@testable import NN

/// Runs that stop and go on: each test is a fault that was reported of another trainer.
@Suite struct ResumeTests {
  // MARK: The same bits

  /// Batch 1, the last but one and the last of an epoch, inside and at the end of a group of accumulated batches.
  @Test(arguments: 1...20) func aStopAtAnyBatch(_ batch: Int) throws {
    let (outcome, resumed) = try Runs.interrupted(after: [batch])
    #expect(try outcome == Runs.uninterrupted())
    #expect(
      resumed.map { [$0.epoch, $0.batch] } == [
        [batch > 10 ? 2 : 1, batch > 10 ? batch - 10 : batch]
      ])
  }

  @Test func severalStopsWithinOneEpoch() throws {
    let (outcome, resumed) = try Runs.interrupted(after: [2, 3, 5, 7, 9])
    #expect(try outcome == Runs.uninterrupted())
    #expect(resumed.map(\.batch) == [2, 3, 5, 7, 9])
  }

  @Test(arguments: 0..<4) func everySchedule(_ index: Int) throws {
    let schedules: [Trainer.LearningRateSchedule?] = [
      nil, .perEpoch(.exponential(gamma: 0.5)), .perStep(.linear(steps: 7)),
      .plateau(Plateau.Options { ($0.patience, $0.threshold) = (0, 0.9) }),
    ]
    for accumulated in [1, 4] {
      let trainer = Runs.trainer(epochs: 3, accumulated: accumulated, schedules[index])
      let (outcome, _) = try Runs.interrupted(after: [1, 9, 10, 13, 21], trainer)
      #expect(try outcome == Runs.uninterrupted(trainer), "\(accumulated)")
    }
  }

  /// The log of examples is in the outcome; here it is looked at by itself.
  @Test func noExampleIsRepeatedOrSkipped() throws {
    let (outcome, _) = try Runs.interrupted(after: [4, 17])
    #expect(outcome.log.prefix(38).sorted() == Array(0..<38))
    #expect(outcome.log.suffix(38).sorted() == Array(0..<38))
    #expect(try outcome.log.count == 76 && outcome.log == Runs.uninterrupted().log)
  }

  @Test func aFinishedRunIsNotTrainedFurther() throws {
    let folder = try TemporaryFolder()
    let checkpoints = Checkpoints(in: folder.path)
    let net = ResumableNet()
    let history = try Runs.trainer().fit(net, Runs.data(), checkpoints: checkpoints)
    let other = ResumableNet()
    let again = try Runs.trainer().fit(other, Runs.data(), checkpoints: checkpoints, resume: true)
    #expect(other.log.isEmpty && again == history)
    #expect(Runs.Outcome(other, again, log: []) == Runs.Outcome(net, history, log: []))
  }

  @Test func moreEpochsAreAddedToAFinishedRun() throws {
    let folder = try TemporaryFolder()
    let checkpoints = Checkpoints(in: folder.path)
    var notes: [String?] = []
    var net = ResumableNet()
    for epochs in [2, 4] {
      net = ResumableNet()
      let history = try Runs.trainer(epochs: epochs).fit(
        net, Runs.data(), callbacks: Runs.averaging(net), checkpoints: checkpoints, resume: true,
        onEvent: { if case .resumed(_, _, _, _, let note) = $0 { notes.append(note) } })
      #expect(history.epochs.map(\.epoch) == Array(1...epochs))
    }
    #expect(try net.values == Runs.uninterrupted(Runs.trainer(epochs: 4)).values)
    #expect(
      notes == [
        "the number of epochs was 2, and is 4; the schedule (per step: cosine(steps: 20, minimum: 0.0)) stays as long as it was"
      ])
  }

  /// A loss of NaN does not end a run, and NaN in its moments is no reason to refuse them.
  @Test func aRunThatSawNaNGoesOn() throws {
    let folder = try TemporaryFolder()
    for epochs in [1, 2] {
      let net = ResumableNet()
      net.factor = .nan
      let history = try Runs.trainer(epochs: epochs).fit(
        net, Runs.data(), callbacks: Runs.averaging(net),
        checkpoints: Checkpoints(in: folder.path), resume: true)
      #expect(history.epochs.count == epochs && history.epochs.allSatisfy { $0.trainLoss.isNaN })
      #expect(net.log.count == 38)
    }
  }

  /// The data must be the same; here another one of as many examples.
  @Test func otherDataIsRefused() throws {
    let folder = try TemporaryFolder()
    let checkpoints = Checkpoints(in: folder.path)
    let x = Tensor.ones([4, 2])
    for (number, y) in [Tensor(scalars: [1, 2, 3, 4]), Tensor(scalars: [1, 2, 3, 5])].enumerated() {
      let data = DataSplit(training: TensorDataset(inputs: x, labels: y), batchSize: 4)
      let run = {
        try Trainer(maxEpochs: 2).fit(ResumableNet(), data, checkpoints: checkpoints, resume: true)
      }
      if number == 0 {
        _ = try run()
      } else {
        let error = #expect(throws: FileError.self) { _ = try run() }
        #expect(error?.reason.contains("the SHA-256 sum of the first examples was") == true)
      }
    }
  }

  /// Classifiers of images, stopped after random batches.
  private final class Images: Classifier {
    let net: Sequential
    let learningRate = 0.1

    init(_ kind: Int) {
      net =
        switch kind {
        case 0: Sequential(Flatten(), LazyLinear(10))
        case 1:
          Sequential(
            LazyConv2d(3, kernelSize: 3), LazyBatchNorm2d(), Sigmoid(),
            AvgPool2d(kernelSize: 2, stride: 2), Flatten(), LazyLinear(10))
        default: Sequential(Flatten(), LazyLinear(12), ReLU(), Dropout(0.5), LazyLinear(10))
        }
      net.initialize(seed: 2)
    }
  }

  @Test(arguments: 0..<3, [1, 2])
  func softmaxRegressionABatchNormNetAndADropoutNet(_ kind: Int, _ threads: Int) throws {
    let data = DataSplit(
      training: TensorDataset(
        inputs: inputs([60, 1, 8, 8]), labels: Tensor(scalars: (0..<60).map { $0 * 7 % 10 })),
      validation: TensorDataset(inputs: inputs([7, 1, 8, 8]), labels: Tensor.arange(7)),
      batchSize: 4)
    func run(_ folder: TemporaryFolder?, until stop: Int) throws -> (
      model: Images, history: History
    ) {
      let model = Images(kind)
      var seen = 0
      let history = try Trainer(maxEpochs: 3).fit(
        model, data, checkpoints: folder.map { Checkpoints(in: $0.path, every: .batches(4)) },
        resume: true, onEvent: { if case .batchEnded = $0 { seen += 1 } },
        shouldStop: { seen >= stop })
      return (model, history)
    }
    let before = ThreadPool.threadCount
    defer { ThreadPool.threadCount = before }
    let whole = try run(nil, until: .max)
    // With another number of threads, which changes nothing either.
    ThreadPool.threadCount = threads
    let folder = try TemporaryFolder()
    var last = whole
    repeat { last = try run(folder, until: .random(in: 1...9)) } while last.history.wasInterrupted
    #expect(last.model.values == whole.model.values)
    #expect(
      last.model.namedBuffers.map { $0.buffer.value.doubles }
        == whole.model.namedBuffers.map { $0.buffer.value.doubles })
    func figures(_ history: History) -> [[Double?]] {
      history.epochs.map { [$0.trainLoss, $0.validationLoss, $0.validationAccuracy] }
    }
    #expect(figures(last.history) == figures(whole.history))
  }

  // MARK: Other runs

  @Test func anotherRunIsRefusedByName() throws {
    let folder = try TemporaryFolder()
    let checkpoints = Checkpoints(in: folder.path)
    try Runs.trainer().fit(ResumableNet(), Runs.data(), checkpoints: checkpoints)
    func reason(
      _ data: DataSplit = Runs.data(), _ trainer: Trainer = Runs.trainer(),
      _ net: ResumableNet = ResumableNet()
    ) -> String {
      let before = net.net.parameterCount
      let error = #expect(throws: FileError.self) {
        try trainer.fit(net, data, checkpoints: checkpoints, resume: true)
      }
      #expect(net.log.isEmpty && net.net.parameterCount == before)
      return error?.reason ?? ""
    }
    #expect(
      reason(Runs.data(batchSize: 5)) == "is of another run: the batch size was 4, and is 5")
    #expect(
      reason(Runs.data(count: 39)) == "is of another run: the number of examples was 38, and is 39")
    #expect(reason(Runs.data(seed: 6)) == "is of another run: the data's seed was 5, and is 6")
    #expect(
      reason(Runs.data(), Runs.trainer(accumulated: 2))
        == "is of another run: the number of accumulated batches was 3, and is 2")
    #expect(
      reason(Runs.data(), Runs.trainer(.perStep(.cosine(steps: 40)))).hasPrefix(
        "is of another run: the schedule was per step: cosine(steps: 20"))
    #expect(
      reason(Runs.data(), Runs.trainer(), ResumableNet(width: 7)).contains(
        "misshapen: net.0.weight (float32 [6, 2], expected [7, ?])") == true)
  }

  @Test func withoutResumeANewRunBeginsAndLeavesTheOldOne() throws {
    let folder = try TemporaryFolder()
    let checkpoints = Checkpoints(in: folder.path, keepLast: 1)
    try Runs.trainer().fit(ResumableNet(), Runs.data(), checkpoints: checkpoints)
    let old = try folder.names
    try folder.write([1, 2, 3], to: "checkpoint-notes.safetensors")
    try folder.write([1, 2, 3], to: "checkpoint-20990101-000000-0000-00000001.txt")
    let net = ResumableNet()
    try Runs.trainer().fit(net, Runs.data(), checkpoints: checkpoints)
    #expect(net.log.count == 76)
    #expect(try folder.names.count == 4 && Set(try folder.names).isSuperset(of: old))
  }
}
