import Autograd
import Foundation
import Synchronization
import TestSupport
import Testing

@testable import NN

/// Files of checkpoints on disks that fill up, under writers that are killed and beside readers: each test is a fault that
/// was reported of another trainer.
@Suite struct CheckpointFilesTests {
  /// Bit by bit of the whole file: each change is found, and the checkpoint before is used.
  @Test func aDamagedCheckpointIsSkipped() throws {
    let folder = try TemporaryFolder()
    let checkpoints = Checkpoints(in: folder.path, every: .batches(5))
    try Runs.trainer().fit(ResumableNet(), Runs.data(), checkpoints: checkpoints)
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
        try Runs.trainer().fit(
          ResumableNet(), Runs.data(), checkpoints: checkpoints, resume: true,
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
    let net = ResumableNet()
    try Runs.trainer().fit(
      net, Runs.data(), callbacks: Runs.averaging(net),
      checkpoints: Checkpoints(in: folder.path), shouldStop: { net.log.count > 40 })
    for name in try folder.names.reversed() { try copy.write(folder.read(name), to: name) }
    let other = ResumableNet()
    let history = try Runs.trainer().fit(
      other, Runs.data(), callbacks: Runs.averaging(other),
      checkpoints: Checkpoints(in: copy.path), resume: true)
    #expect(try Runs.Outcome(other, history, log: net.log + other.log) == Runs.uninterrupted())
  }

  /// The newest file is damaged, and so written again where it is: with the permissions that it had.
  @Test func aFileThatIsReplacedKeepsItsPermissions() throws {
    let folder = try TemporaryFolder()
    let data = DataSplit(training: numbered(4), validation: numbered(1), batchSize: 2)
    let checkpoints = Checkpoints(in: folder.path, every: .batches(1), keepLast: 9)
    try Trainer(maxEpochs: 1).fit(Scripted([1]), data, checkpoints: checkpoints)
    let newest = try #require(try folder.names.sorted().last)
    try folder.write([1, 2, 3], to: newest)
    try #require(chmod(folder(newest), 0o640) == 0)
    try Trainer(maxEpochs: 1).fit(Scripted([1]), data, checkpoints: checkpoints, resume: true)
    _ = try CheckpointFile.read(folder(newest))
    var status = stat()
    try #require(stat(folder(newest), &status) == 0)
    #expect(status.st_mode & 0o777 == 0o640)
  }

  /// What killed writers left is removed; what only looks so is not in the way.
  @Test func staleTemporaries() throws {
    let folder = try TemporaryFolder()
    try folder.write([1], to: ".writing-abc")
    try makeFolder(folder(".writing-1"))
    try folder.write([1], to: ".writing-of a person")
    try folder.write([1], to: "checkpoint-20261127-083000-5f3a-00000150.safetensors.tmp")
    let data = DataSplit(training: numbered(4), validation: numbered(1), batchSize: 2)
    try Trainer(maxEpochs: 1).fit(
      Scripted([1]), data, checkpoints: Checkpoints(in: folder.path), resume: true)
    let names = try folder.names
    #expect(names.filter { CheckpointName(file: $0) != nil }.count == 1)
    #expect(names.filter { $0.hasSuffix(".tmp") }.count == 1)
    #expect(fileNames(in: folder.path).count { $0.hasPrefix(".writing-") } == 2)
  }

  @Test func theBestAndTheNewestStay() throws {
    let folder = try TemporaryFolder()
    let data = DataSplit(training: numbered(6), validation: numbered(1), batchSize: 2)
    // The second epoch is the best of six; a file every two batches, and one after the best.
    try Trainer(maxEpochs: 6).fit(
      Scripted([5, 1, 2, 3, .nan, 1]), data,
      checkpoints: Checkpoints(
        in: folder.path, every: .batches(4), keepLast: 2, keepBest: .lowest("val_loss")))
    let counts = try folder.names.compactMap { CheckpointName(file: $0)?.batchCount }
    #expect(Set(counts) == [6, 16, 18])
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
        try Runs.trainer().fit(
          ResumableNet(), Runs.data(),
          checkpoints: Checkpoints(in: folder.path, every: .batches(4)),
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
          let net = ResumableNet()
          _ = try Runs.trainer().fit(
            net, Runs.data(), callbacks: Runs.averaging(net),
            checkpoints: Checkpoints(in: path, every: .batches(1)), resume: true)
          while true { sleep(1) }
        }
        for name in try folder.names where CheckpointName(file: name) != nil {
          #expect(throws: Never.self) { try CheckpointFile.read(folder(name)) }
        }
      }
      let net = ResumableNet()
      let history = try Runs.trainer().fit(
        net, Runs.data(), callbacks: Runs.averaging(net),
        checkpoints: Checkpoints(in: folder.path), resume: true)
      var expected = try Runs.uninterrupted()
      expected.log = net.log
      #expect(Runs.Outcome(net, history, log: net.log) == expected)
      #expect(try folder.names.allSatisfy { CheckpointName(file: $0) != nil })
    }
  #endif

  /// Somebody opens the newest one in a loop while 500 are written: there always is one, and it is whole.
  @Test func anObserverAlwaysFindsAWholeCheckpoint() throws {
    let folder = try TemporaryFolder()
    var writer = try CheckpointFolder(Checkpoints(in: folder.path, keepLast: 1), run: nil)
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
    try Runs.trainer().fit(ResumableNet(), Runs.data(), checkpoints: Checkpoints(in: folder.path))
    #expect(try folder.names.first == ".writing-def" && !folder.names.contains(".writing-abc"))
  }

  @Test func aFolderThatCannotBeMadeIsAnErrorBeforeTraining() throws {
    let folder = try TemporaryFolder()
    try folder.write([], to: "file")
    let net = ResumableNet()
    #expect(throws: FileError.self) {
      try Runs.trainer().fit(net, Runs.data(), checkpoints: Checkpoints(in: folder("file/sub")))
    }
    #expect(net.log.isEmpty)
  }
}
