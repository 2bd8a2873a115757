import Autograd
import Foundation
import Synchronization
import TestSupport
import Testing

@testable import NN

/// A net with everything that a run must remember: dropout, running statistics and moments.
private final class Net: Trainable {
  let net: Sequential
  /// The labels of all training batches, which are the examples' numbers.
  private(set) var log: [Int] = []
  /// What the training loss is multiplied by.
  var factor = 1.0

  init(width: Int = 6) {
    net = Sequential(LazyLinear(width), BatchNorm1d(width), ReLU(), Dropout(0.4), LazyLinear(1))
    net.initialize(seed: 3)
  }

  var members: [Member] { [Member("net", net)] }

  func trainingStep(_ batch: Batch) -> Tensor {
    log += batch.labels.scalars(as: Int.self)
    return loss(batch) * factor
  }

  func validationStep(_ batch: Batch) -> (loss: Double, accuracy: Double?) {
    (loss(batch).item(), 0.5)
  }

  private func loss(_ batch: Batch) -> Tensor {
    (net(batch.inputs) - batch.labels.asType(.float32).unsqueeze(1) * 0.1).square().mean()
  }

  func configureOptimizers() -> any Optimizer { Adam(parameters, learningRate: 0.01) }
}

/// Examples with noise that is another one in each epoch.
private struct Noisy: Dataset {
  let count: Int

  func batch(_ indices: [Int]) -> Batch {
    Batch(
      inputs: Tensor(
        indices.flatMap { [Double($0) / 40, Double($0 % 7)] }, shape: [indices.count, 2]),
      labels: Tensor(scalars: indices))
  }

  func batch(_ indices: [Int], epoch: Int, seed: UInt64) -> Batch {
    var batch = batch(indices)
    let noise = indices.map { index in
      var random = RandomStream(seed: seed, path: "noise, epoch \(epoch), example \(index)")
      return random.normal([2]) * 0.1
    }
    batch.inputs = batch.inputs + stack(noise)
    return batch
  }
}

/// Runs that stop and go on: each test is a fault that was reported of another trainer.
@Suite struct ResumeTests {
  /// Three steps and a rest of one an epoch: ten batches, the last one of two examples.
  private static func data(
    batchSize: Int = 4, count: Int = 38, seed: UInt64 = 5
  ) -> DataSplit {
    DataSplit(
      training: Noisy(count: count), validation: Noisy(count: 9), batchSize: batchSize, seed: seed)
  }

  private static func trainer(
    epochs: Int = 2, accumulated: Int = 3,
    _ schedule: Trainer.LearningRateSchedule? = .perStep(.cosine(steps: 20))
  ) -> Trainer {
    Trainer(
      maxEpochs: epochs, gradientClip: 0.5, accumulatedBatches: accumulated, schedule: schedule)
  }

  /// What a run comes to, times left out.
  private struct Outcome: Equatable {
    var values: [[Float]]
    var statistics: [[Double]]
    var log: [Int]
    var epochs: [EpochMetrics]

    init(_ net: Net, _ history: History, log: [Int]) {
      values = net.values
      statistics = net.namedBuffers.map { $0.buffer.value.doubles }
      self.log = log
      epochs = history.epochs.map {
        var metrics = $0
        metrics.seconds = 0
        return metrics
      }
    }
  }

  private static func uninterrupted(_ trainer: Trainer = trainer()) throws -> Outcome {
    let net = Net()
    let history = try trainer.fit(net, data())
    return Outcome(net, history, log: net.log)
  }

  /// Runs in new objects each time, stopped after so many batches of all epochs, and at last to the end.
  private static func interrupted(
    after stops: [Int], _ trainer: Trainer = trainer(), threads: [Int] = []
  ) throws -> (outcome: Outcome, resumed: [(epoch: Int, batch: Int)]) {
    let folder = try TemporaryFolder()
    var (log, resumed): ([Int], [(epoch: Int, batch: Int)]) = ([], [])
    var seen = 0
    for stop in stops + [Int.max] {
      let net = Net()
      let history = try trainer.fit(
        net, data(), checkpoints: Checkpoints(in: folder.path, every: .epochs(100)), resume: true,
        onEvent: { event in
          if case .batchEnded = event { seen += 1 }
          if case .resumed(_, let epoch, let batch, _, nil) = event {
            resumed.append((epoch, batch))
          }
        }, shouldStop: { seen >= stop })
      log += net.log
      if stop == .max { return (Outcome(net, history, log: log), resumed) }
      #expect(history.wasInterrupted)
    }
    fatalError("unreachable")
  }

  // MARK: The same bits

  /// Batch 1, the last but one and the last of an epoch, inside and at the end of a group of accumulated batches.
  @Test(arguments: 1...20) func aStopAtAnyBatch(_ batch: Int) throws {
    let (outcome, resumed) = try Self.interrupted(after: [batch])
    #expect(try outcome == Self.uninterrupted())
    #expect(
      resumed.map { [$0.epoch, $0.batch] } == [
        [batch > 10 ? 2 : 1, batch > 10 ? batch - 10 : batch]
      ])
  }

  @Test func severalStopsWithinOneEpoch() throws {
    let (outcome, resumed) = try Self.interrupted(after: [2, 3, 5, 7, 9])
    #expect(try outcome == Self.uninterrupted())
    #expect(resumed.map(\.batch) == [2, 3, 5, 7, 9])
  }

  @Test(arguments: 0..<4) func everySchedule(_ index: Int) throws {
    let schedules: [Trainer.LearningRateSchedule?] = [
      nil, .perEpoch(.exponential(gamma: 0.5)), .perStep(.linear(steps: 7)),
      .plateau(Plateau.Options { ($0.patience, $0.threshold) = (0, 0.9) }),
    ]
    for accumulated in [1, 4] {
      let trainer = Self.trainer(epochs: 3, accumulated: accumulated, schedules[index])
      let (outcome, _) = try Self.interrupted(after: [1, 9, 10, 13, 21], trainer)
      #expect(try outcome == Self.uninterrupted(trainer), "\(accumulated)")
    }
  }

  /// The log of examples is in the outcome; here it is looked at by itself.
  @Test func noExampleIsRepeatedOrSkipped() throws {
    let (outcome, _) = try Self.interrupted(after: [4, 17])
    #expect(outcome.log.prefix(38).sorted() == Array(0..<38))
    #expect(outcome.log.suffix(38).sorted() == Array(0..<38))
    #expect(try outcome.log.count == 76 && outcome.log == Self.uninterrupted().log)
  }

  @Test func aFinishedRunIsNotTrainedFurther() throws {
    let folder = try TemporaryFolder()
    let checkpoints = Checkpoints(in: folder.path)
    let net = Net()
    let history = try Self.trainer().fit(net, Self.data(), checkpoints: checkpoints)
    let other = Net()
    let again = try Self.trainer().fit(other, Self.data(), checkpoints: checkpoints, resume: true)
    #expect(other.log.isEmpty && again == history)
    #expect(Outcome(other, again, log: []) == Outcome(net, history, log: []))
  }

  @Test func moreEpochsAreAddedToAFinishedRun() throws {
    let folder = try TemporaryFolder()
    let checkpoints = Checkpoints(in: folder.path)
    var notes: [String?] = []
    var net = Net()
    for epochs in [2, 4] {
      net = Net()
      let history = try Self.trainer(epochs: epochs).fit(
        net, Self.data(), checkpoints: checkpoints, resume: true,
        onEvent: { if case .resumed(_, _, _, _, let note) = $0 { notes.append(note) } })
      #expect(history.epochs.map(\.epoch) == Array(1...epochs))
    }
    #expect(try net.values == Self.uninterrupted(Self.trainer(epochs: 4)).values)
    #expect(
      notes == [
        "the number of epochs was 2, and is 4; the schedule (per step: cosine(steps: 20, minimum: 0.0)) stays as long as it was"
      ])
  }

  /// A loss of NaN does not end a run, and NaN in its moments is no reason to refuse them.
  @Test func aRunThatSawNaNGoesOn() throws {
    let folder = try TemporaryFolder()
    for epochs in [1, 2] {
      let net = Net()
      net.factor = .nan
      let history = try Self.trainer(epochs: epochs).fit(
        net, Self.data(), checkpoints: Checkpoints(in: folder.path), resume: true)
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
        try Trainer(maxEpochs: 2).fit(Net(), data, checkpoints: checkpoints, resume: true)
      }
      if number == 0 {
        _ = try run()
      } else {
        let error = #expect(throws: FileError.self) { _ = try run() }
        #expect(error?.reason.contains("the SHA-256 sum of the first examples was") == true)
      }
    }
  }

  // MARK: Other runs

  @Test func anotherRunIsRefusedByName() throws {
    let folder = try TemporaryFolder()
    let checkpoints = Checkpoints(in: folder.path)
    try Self.trainer().fit(Net(), Self.data(), checkpoints: checkpoints)
    func reason(
      _ data: DataSplit = Self.data(), _ trainer: Trainer = Self.trainer(), _ net: Net = Net()
    ) -> String {
      let before = net.net.parameterCount
      let error = #expect(throws: FileError.self) {
        try trainer.fit(net, data, checkpoints: checkpoints, resume: true)
      }
      #expect(net.log.isEmpty && net.net.parameterCount == before)
      return error?.reason ?? ""
    }
    #expect(
      reason(Self.data(batchSize: 5)) == "is of another run: the batch size was 4, and is 5")
    #expect(
      reason(Self.data(count: 39)) == "is of another run: the number of examples was 38, and is 39")
    #expect(reason(Self.data(seed: 6)) == "is of another run: the data's seed was 5, and is 6")
    #expect(
      reason(Self.data(), Self.trainer(accumulated: 2))
        == "is of another run: the number of accumulated batches was 3, and is 2")
    #expect(
      reason(Self.data(), Self.trainer(.perStep(.cosine(steps: 40)))).hasPrefix(
        "is of another run: the schedule was per step: cosine(steps: 20"))
    #expect(
      reason(Self.data(), Self.trainer(), Net(width: 7)).contains(
        "misshapen: net.0.weight (float32 [6, 2], expected [7, ?])") == true)
  }

  @Test func withoutResumeANewRunBeginsAndLeavesTheOldOne() throws {
    let folder = try TemporaryFolder()
    let checkpoints = Checkpoints(in: folder.path, keepLast: 1)
    try Self.trainer().fit(Net(), Self.data(), checkpoints: checkpoints)
    let old = try folder.names
    try folder.write([1, 2, 3], to: "checkpoint-notes.safetensors")
    try folder.write([1, 2, 3], to: "checkpoint-20990101-000000-0000-00000001.txt")
    let net = Net()
    try Self.trainer().fit(net, Self.data(), checkpoints: checkpoints)
    #expect(net.log.count == 76)
    #expect(try folder.names.count == 4 && Set(try folder.names).isSuperset(of: old))
  }

  // MARK: Files

  /// Bit by bit of the whole file: each change is found, and the checkpoint before is used.
  @Test func aDamagedCheckpointIsSkipped() throws {
    let folder = try TemporaryFolder()
    let checkpoints = Checkpoints(in: folder.path, every: .batches(5))
    try Self.trainer().fit(Net(), Self.data(), checkpoints: checkpoints)
    let names = try folder.names
    #expect(names.count == 2)
    let bytes = try folder.read(names[1])
    for (position, length) in (0..<40).map({ ($0 * 97 % bytes.count, bytes.count) })
      + [(0, 0), (0, 7), (0, bytes.count / 2), (0, bytes.count - 1)]
    {
      var changed = Array(bytes.prefix(length))
      if length == bytes.count { changed[position] ^= 0x10 }
      try folder.write(changed, to: names[1])
      var (skipped, resumed) = ([String](), [String]())
      struct Stop: Error {}
      #expect(throws: Stop.self) {
        try Self.trainer().fit(
          Net(), Self.data(), checkpoints: checkpoints, resume: true,
          onEvent: { event in
            if case .checkpointSkipped(let error) = event { skipped.append(error.path) }
            if case .resumed(let path, _, _, _, _) = event {
              resumed.append(path)
              throw Stop()
            }
          })
      }
      #expect(
        skipped == [folder(names[1])] && resumed == [folder(names[0])], "\(position) \(length)")
    }
  }

  @Test func aCopiedFolderGoesOn() throws {
    let (folder, copy) = (try TemporaryFolder(), try TemporaryFolder())
    let net = Net()
    try Self.trainer().fit(
      net, Self.data(), checkpoints: Checkpoints(in: folder.path),
      shouldStop: { net.log.count > 40 })
    for name in try folder.names.reversed() { try copy.write(folder.read(name), to: name) }
    let other = Net()
    let history = try Self.trainer().fit(
      other, Self.data(), checkpoints: Checkpoints(in: copy.path), resume: true)
    #expect(try Outcome(other, history, log: net.log + other.log) == Self.uninterrupted())
  }

  @Test func theBestAndTheNewestStay() throws {
    let folder = try TemporaryFolder()
    let net = Net()
    let history = try Self.trainer(epochs: 8, accumulated: 1, nil).fit(
      net, Self.data(),
      checkpoints: Checkpoints(
        in: folder.path, every: .batches(3), keepLast: 2, keepBest: .lowest("train_loss")))
    let losses = history.epochs.map(\.trainLoss)
    let best = 10 * (losses.firstIndex(of: losses.min()!)! + 1)
    let counts = try folder.names.compactMap { CheckpointName(file: $0)?.batchCount }
    #expect(Set(counts) == [best, 78, 80])
  }

  #if os(Linux)
    /// The disk is full for a while: the run goes on, the older checkpoint is intact, a later one succeeds.
    @Test func aFullDisk() async {
      await #expect(processExitsWith: .success) {
        signal(SIGXFSZ, SIG_IGN)
        let folder = try TemporaryFolder()
        var (saved, failed) = ([String](), [String]())
        func limit(_ bytes: UInt) throws {
          var limit = rlimit(rlim_cur: bytes, rlim_max: rlim_t.max)
          try #require(setrlimit(__rlimit_resource_t(RLIMIT_FSIZE.rawValue), &limit) == 0)
        }
        try ResumeTests.trainer().fit(
          Net(), ResumeTests.data(), checkpoints: Checkpoints(in: folder.path, every: .batches(4)),
          onEvent: { event in
            switch event {
            case .checkpointSaved(let path):
              saved.append(path)
              try limit(100)
            case .checkpointFailed(let error):
              failed.append(error.reason)
              #expect(try folder.names.count == saved.count)
              _ = try CheckpointFile.read(saved[0])
              if failed.count == 2 { try limit(.max) }
            default: break
            }
          })
        #expect(saved.count == 2 && failed.count >= 2 && failed[0].contains("File too large"))
      }
    }

    /// Fifty processes killed at random moments, some while they write: no visible file is ever damaged, nothing is left
    /// behind, and the run ends with the bits of one that was never killed.
    @Test func killedAtRandomMoments() async throws {
      let folder = try TemporaryFolder()
      var generator = SystemRandomNumberGenerator()
      for _ in 0..<50 {
        let delay = UInt32.random(in: 0..<60_000, using: &generator)
        await #expect(processExitsWith: .signal(SIGKILL)) {
          [path = folder.path as String, delay = delay as UInt32] in
          Thread.detachNewThread {
            usleep(delay)
            kill(getpid(), SIGKILL)
          }
          _ = try ResumeTests.trainer().fit(
            Net(), ResumeTests.data(), checkpoints: Checkpoints(in: path, every: .batches(1)),
            resume: true)
          while true { sleep(1) }
        }
        for name in try folder.names where CheckpointName(file: name) != nil {
          #expect(throws: Never.self) { try CheckpointFile.read(folder(name)) }
        }
      }
      let net = Net()
      let history = try Self.trainer().fit(
        net, Self.data(), checkpoints: Checkpoints(in: folder.path), resume: true)
      var expected = try Self.uninterrupted()
      expected.log = net.log
      #expect(Outcome(net, history, log: net.log) == expected)
      #expect(try folder.names.allSatisfy { CheckpointName(file: $0) != nil })
    }
  #endif

  /// Somebody opens the newest one in a loop while 500 are written: there always is one, and it is whole.
  @Test func anObserverAlwaysFindsAWholeCheckpoint() throws {
    let folder = try TemporaryFolder()
    var writer = try CheckpointFolder(Checkpoints(in: folder.path, keepLast: 1))
    let state: StateDictionary = ["x": inputs([2_000])]
    _ = try writer.write(state, [:], batchCount: 0, bestCount: nil)
    let isDone = Atomic(false)
    let reads = Atomic(0)
    let problems = Mutex<[String]>([])
    let finished = DispatchSemaphore(value: 0)
    Thread.detachNewThread {
      while !isDone.load(ordering: .acquiring) {
        // A listing may miss both of two names that change while it is made.
        let names = (0..<5).lazy.map { _ in
          fileNames(in: folder.path).compactMap(CheckpointName.init(file:)).sorted()
        }.first { !$0.isEmpty }
        guard let newest = names?.last else {
          problems.withLock { $0.append("none") }
          continue
        }
        do {
          _ = try CheckpointFile.read(folder(newest.file))
          reads.wrappingAdd(1, ordering: .relaxed)
        } catch {
          // Removed since, because a newer one was in place.
          let isReplaced = fileNames(in: folder.path).compactMap(CheckpointName.init(file:))
            .contains { $0 > newest }
          if !isReplaced || !"\(error)".contains("No such file") {
            problems.withLock { $0.append("\(error)") }
          }
        }
      }
      finished.signal()
    }
    for count in 1...500 { _ = try writer.write(state, [:], batchCount: count, bestCount: nil) }
    isDone.store(true, ordering: .releasing)
    finished.wait()
    #expect(problems.withLock { $0 } == [] && reads.load(ordering: .relaxed) > 10)
    #expect(try folder.names.count == 1)
  }

  @Test func leftoversOfKilledWritersAreRemoved() throws {
    let folder = try TemporaryFolder()
    try folder.write([1], to: ".writing-abc")
    try FileManager.default.createDirectory(
      atPath: folder(".writing-def"), withIntermediateDirectories: false)
    try Self.trainer().fit(Net(), Self.data(), checkpoints: Checkpoints(in: folder.path))
    #expect(try folder.names.first == ".writing-def" && !folder.names.contains(".writing-abc"))
  }

  @Test func aFolderThatCannotBeMadeIsAnErrorBeforeTraining() throws {
    let folder = try TemporaryFolder()
    try folder.write([], to: "file")
    let net = Net()
    #expect(throws: FileError.self) {
      try Self.trainer().fit(net, Self.data(), checkpoints: Checkpoints(in: folder("file/sub")))
    }
    #expect(net.log.isEmpty)
  }
}
