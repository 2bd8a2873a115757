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

  /// The training examples of an epoch (counted from 1) in training order.
  func trainingBatches(epoch: Int) -> BatchSequence
  /// The validation examples, nil if there are none.
  func validationBatches() -> BatchSequence?
  /// Some examples, for their shapes.
  var sample: Batch { get }
}

extension DataModule {
  /// The training examples of an epoch (counted from 1), shuffled by seed and epoch.
  public func trainingBatches(epoch: Int) -> BatchSequence {
    var random = RandomStream(seed: seed, path: "data order, epoch \(epoch)")
    return BatchSequence(training, order: random.permutation(training.count), batchSize: batchSize)
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
/// The part of PyTorch's `DataLoader`, without `drop_last` and workers: gathering a batch takes little time.
public struct BatchSequence: Sequence {
  private let dataset: any Dataset
  private let order: [Int]
  private let batchSize: Int
  private var device = Device.cpu

  /// Batches of examples in the given order.
  public init(_ dataset: any Dataset, order: [Int], batchSize: Int) {
    checkAtLeastOne(batchSize, "BatchSequence", "the batch size")
    self.dataset = dataset
    self.order = order
    self.batchSize = batchSize
  }

  /// The same batches on a device.
  public func on(_ device: Device) -> BatchSequence {
    var result = self
    result.device = device
    return result
  }

  /// The number of batches.
  public var count: Int { order.isEmpty ? 0 : (order.count - 1) / batchSize + 1 }

  /// Iterates over the batches, gathering each when it is asked for.
  public func makeIterator() -> AnyIterator<Batch> {
    let batches = stride(from: 0, to: order.count, by: batchSize).lazy.map { start in
      dataset.batch(Array(order[start...].prefix(batchSize)), on: device)
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

  /// Datasets with a batch size.
  public init(
    training: any Dataset, validation: (any Dataset)? = nil, batchSize: Int, seed: UInt64 = 0
  ) {
    checkAtLeastOne(batchSize, "DataSplit", "the batch size")
    self.training = training
    self.validation = validation
    self.batchSize = batchSize
    self.seed = seed
  }
}
