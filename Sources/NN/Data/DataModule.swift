import Autograd

/// What a trainer needs: examples to learn from, perhaps others to validate on, and how to batch
/// them.
public protocol DataModule {
  /// The examples to learn from.
  var training: any Dataset { get }
  /// The examples to validate on, if any.
  var validation: (any Dataset)? { get }
  /// The number of examples in a batch; the last one of an epoch may be smaller.
  var batchSize: Int { get }
  /// Selects the order of the training examples.
  var seed: UInt64 { get }
  /// Whether training leaves out an epoch's last batch if it is smaller than the others; by default it does not.
  var dropsLast: Bool { get }

  /// The training examples of an epoch (counted from 1) in training order.
  func trainingBatches(epoch: Int) -> BatchSequence
  /// The validation examples, nil if there are none.
  func validationBatches() -> BatchSequence?
  /// Some examples, for their shapes.
  var sample: Batch { get }
}

extension DataModule {
  /// The last batch is used, whatever its size.
  public var dropsLast: Bool { false }

  /// The training examples of an epoch (counted from 1), shuffled by seed and epoch.
  public func trainingBatches(epoch: Int) -> BatchSequence {
    var random = RandomStream(seed: seed, path: "data order, epoch \(epoch)")
    return BatchSequence(
      training, order: random.permutation(training.count), batchSize: batchSize,
      dropsLast: dropsLast, epoch: epoch, seed: seed)
  }

  /// The validation examples in their order.
  public func validationBatches() -> BatchSequence? {
    validation.map { BatchSequence($0, order: Array(0..<$0.count), batchSize: batchSize) }
  }

  /// The first training examples, as many as a batch has.
  public var sample: Batch { training.batch(Array(0..<Swift.min(batchSize, training.count))) }
}

/// The batches of a dataset in some order; the last one may be smaller.
///
/// The part of PyTorch's `DataLoader`, without workers: gathering a batch takes little time.
public struct BatchSequence: Sequence {
  private let dataset: any Dataset
  private let order: [Int]
  private let batchSize: Int
  private var device = Device.cpu
  private var skipped = 0
  /// What random changes of the examples are a function of, nil for none.
  private let transform: (epoch: Int, seed: UInt64)?

  /// Batches of examples in the given order.
  ///
  /// - Parameters:
  ///   - dataset: The examples.
  ///   - order: The examples' indices.
  ///   - batchSize: The number of examples in a batch.
  ///   - dropsLast: Whether a last batch that is smaller is left out.
  ///   - epoch: The epoch for random changes of the examples, from 1; nil for the examples as they are.
  ///   - seed: The seed for them.
  public init(
    _ dataset: any Dataset, order: [Int], batchSize: Int, dropsLast: Bool = false,
    epoch: Int? = nil, seed: UInt64 = 0
  ) {
    checkAtLeastOne(batchSize, "BatchSequence", "the batch size")
    self.dataset = dataset
    transform = epoch.map { ($0, seed) }
    self.order = Array(order.dropLast(dropsLast ? order.count % batchSize : 0))
    self.batchSize = batchSize
  }

  /// The same batches on a device.
  public func on(_ device: Device) -> BatchSequence {
    var result = self
    result.device = device
    return result
  }

  /// The batches after the first ones, which are not gathered.
  public func dropFirst(_ count: Int = 1) -> BatchSequence {
    require(count >= 0, "dropFirst: the number of batches must not be negative, got \(count)")
    var result = self
    result.skipped = Swift.min(skipped + count, self.count + skipped)
    return result
  }

  /// The number of batches.
  public var count: Int { order.isEmpty ? 0 : (order.count - 1) / batchSize + 1 - skipped }

  /// Iterates over the batches, gathering each when it is asked for.
  public func makeIterator() -> AnyIterator<Batch> {
    let starts = stride(from: 0, to: order.count, by: batchSize).dropFirst(skipped)
    let batches = starts.lazy.map { start in
      let indices = Array(order[start...].prefix(batchSize))
      return if let (epoch, seed) = transform {
        dataset.batch(indices, epoch: epoch, seed: seed, on: device)
      } else {
        dataset.batch(indices, on: device)
      }
    }
    return AnyIterator(batches.makeIterator())
  }
}

/// A data module from datasets that exist already.
///
/// ```swift
/// let data = DataSplit(training: TensorDataset(inputs: x, labels: y), batchSize: 32)
/// ```
public struct DataSplit: DataModule {
  /// The examples to learn from.
  public var training: any Dataset
  /// The examples to validate on, if any.
  public var validation: (any Dataset)?
  /// The number of examples in a batch.
  public var batchSize: Int
  /// Selects the order of the training examples.
  public var seed: UInt64
  /// Whether training leaves out an epoch's last batch if it is smaller than the others.
  public var dropsLast: Bool

  /// Datasets with a batch size.
  public init(
    training: any Dataset, validation: (any Dataset)? = nil, batchSize: Int, seed: UInt64 = 0,
    dropsLast: Bool = false
  ) {
    checkAtLeastOne(batchSize, "DataSplit", "the batch size")
    self.training = training
    self.validation = validation
    self.batchSize = batchSize
    self.seed = seed
    self.dropsLast = dropsLast
  }
}
