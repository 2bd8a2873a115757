import Autograd
internal import Platform

/// Where a trainer writes checkpoints, how often, and which of them it keeps.
///
/// ```swift
/// let checkpoints = Checkpoints(in: "runs/lenet", every: .batches(50), keepBest: .lowest("val_loss"))
/// try Trainer(maxEpochs: 10).fit(model, data, checkpoints: checkpoints, resume: true)
/// ```
///
/// Each is one safetensors file with everything that decides the rest of the run: a run that continues from it ends
/// bit for bit as one that never stopped. Files are named after the run's start and the number of batches it has seen,
/// as in `checkpoint-20261127-083000-5f3a-00000150.safetensors`; files of other runs and other files are left alone.
public struct Checkpoints: Sendable {
  /// How often a checkpoint is written.
  public enum Interval: Sendable {
    /// Every so many batches, counted from the run's start.
    case batches(Int)
    /// Every so many epochs.
    case epochs(Int)
    /// After the first batch that ends so many minutes after the last checkpoint.
    case minutes(Double)
  }

  /// The folder; it is made if it is missing.
  public let folder: String
  /// How often one is written, in addition to the one at a run's end.
  public let interval: Interval
  /// How many of the newest are kept; older ones are removed once a newer one is written.
  public let keptCount: Int
  /// The epoch, or validation within one, whose checkpoint is kept as well, if any.
  public let best: BestFigure?

  /// Checkpoints in a folder.
  ///
  /// - Parameters:
  ///   - folder: Where; it is made if it is missing.
  ///   - interval: How often one is written, in addition to the one at a run's end.
  ///   - keepLast: How many of the newest are kept, at least 1.
  ///   - keepBest: The epoch whose checkpoint is kept as well, if any.
  public init(
    in folder: String, every interval: Interval = .epochs(1), keepLast: Int = 2,
    keepBest: BestFigure? = nil
  ) {
    require(!folder.isEmpty, "Checkpoints: the folder's name is empty")
    checkAtLeastOne(keepLast, "Checkpoints", "keepLast")
    switch interval {
    case .batches(let count): checkAtLeastOne(count, "Checkpoints", "the number of batches")
    case .epochs(let count): checkAtLeastOne(count, "Checkpoints", "the number of epochs")
    case .minutes(let minutes):
      require(minutes > 0, "Checkpoints: the minutes must be above 0, got \(minutes)")
    }
    keepBest?.check("Checkpoints")
    self.folder = folder
    self.interval = interval
    keptCount = keepLast
    best = keepBest
  }
}

/// The name of a checkpoint's file: the run's, which begins with its start so that names sort by it, and the number of
/// batches that the run had seen.
struct CheckpointName: Comparable {
  let run: String
  let batchCount: Int

  /// Nil for any other file.
  init?(file: String) {
    guard file.hasPrefix(Self.prefix), file.hasSuffix(Self.suffix) else { return nil }
    let parts = file.dropFirst(Self.prefix.count).dropLast(Self.suffix.count)
      .split(separator: "-", omittingEmptySubsequences: false)
    guard parts.count == 4, parts.map(\.count).starts(with: [8, 6, 4]), parts[3].count >= 8,
      parts[3].allSatisfy({ $0.isASCII && $0.isNumber }), let batchCount = Int(parts[3])
    else { return nil }
    self.init(run: parts[..<3].joined(separator: "-"), batchCount)
  }

  init(run: String, _ batchCount: Int) {
    self.run = run
    self.batchCount = batchCount
  }

  private static let (prefix, suffix) = ("checkpoint-", ".safetensors")

  var file: String {
    Self.prefix + "\(run)-" + String(batchCount).padded(to: 8, with: "0") + Self.suffix
  }

  static func < (a: CheckpointName, b: CheckpointName) -> Bool {
    (a.run, a.batchCount) < (b.run, b.batchCount)
  }

  /// The name of a run that begins now.
  static func newRun() -> String {
    var (now, parts) = (time(nil), tm())
    gmtime_r(&now, &parts)
    func digits(_ number: Int32, _ count: Int = 2) -> String {
      String(number).padded(to: count, with: "0")
    }
    let date = digits(parts.tm_year + 1900, 4) + digits(parts.tm_mon + 1) + digits(parts.tm_mday)
    let clock = digits(parts.tm_hour) + digits(parts.tm_min) + digits(parts.tm_sec)
    let number = String(UInt16.random(in: .min ... .max), radix: 16).padded(to: 4, with: "0")
    return "\(date)-\(clock)-\(number)"
  }
}

/// Writes, finds and removes the checkpoints of one run.
struct CheckpointFolder {
  private let checkpoints: Checkpoints
  /// The name of the run.
  private(set) var run: String
  private var lastWrite = ContinuousClock.now
  /// Damaged files, which do not count among those that stay.
  private var damaged: Set<String> = []

  /// Makes the folder, and removes what killed writers left there.
  ///
  /// - Parameter run: The name of the run; nil for a new one.
  init(_ checkpoints: Checkpoints, run: String?) throws(FileError) {
    self.checkpoints = checkpoints
    self.run = run ?? CheckpointName.newRun()
    try makeFolder(checkpoints.folder)
    removeLeftovers(in: checkpoints.folder)
    try checkWritable(path(CheckpointName(run: self.run, 0)))
  }

  /// The newest valid checkpoint, which this run then goes on from.
  ///
  /// - Parameter skip: Told about those that are newer and cannot be used.
  mutating func newest(
    skip: (FileError) throws -> Void
  ) throws -> (path: String, state: StateDictionary, texts: [String: String])? {
    for name in names().sorted().reversed() {
      do throws(FileError) {
        let (state, texts) = try CheckpointFile.read(path(name))
        run = name.run
        return (path(name), state, texts)
      } catch {
        damaged.insert(name.file)
        try skip(error)
      }
    }
    return nil
  }

  /// Whether a checkpoint is to be written after a batch.
  func isDue(batchCount: Int) -> Bool {
    switch checkpoints.interval {
    case .batches(let count): batchCount % count == 0
    case .epochs: false
    case .minutes(let minutes): (ContinuousClock.now - lastWrite) / .seconds(60) >= minutes
    }
  }

  /// Whether a checkpoint is to be written after an epoch.
  func isDue(epoch: Int) -> Bool {
    if case .epochs(let count) = checkpoints.interval { return epoch % count == 0 }
    return false
  }

  /// A figure of an epoch, or of a validation within one, if it is better than the best one so far, nil for none, and the
  /// best one is to be kept.
  func better(_ metrics: EpochMetrics, than best: Double?) -> Double? {
    guard let figure = checkpoints.best, metrics.batch == nil || figure.isValidated else {
      return nil
    }
    return figure.better(metrics, than: best, "Checkpoints")
  }

  /// Writes a checkpoint, and then removes those of this run that are not to stay.
  ///
  /// - Parameter bestCount: The number of batches that the run had seen after its best epoch.
  mutating func write(
    _ state: StateDictionary, _ texts: [String: String], batchCount: Int, bestCount: Int?
  ) throws(FileError) -> String {
    let path = path(CheckpointName(run: run, batchCount))
    lastWrite = .now
    try CheckpointFile.write(state, texts, to: path)
    damaged.remove(CheckpointName(run: run, batchCount).file)
    let own = names().sorted().filter {
      $0.run == run && $0.batchCount <= batchCount && !damaged.contains($0.file)
    }
    for name in own.dropLast(checkpoints.keptCount) where name.batchCount != bestCount {
      unlink(self.path(name))
    }
    return path
  }

  private func path(_ name: CheckpointName) -> String { checkpoints.folder + "/" + name.file }

  private func names() -> [CheckpointName] {
    fileNames(in: checkpoints.folder).compactMap(CheckpointName.init(file:))
  }
}
