import Autograd

/// Examples and what is to be predicted of them.
public struct Batch: Sendable {
  /// [batch, ...].
  public var inputs: Tensor
  /// [batch, ...]; int64 class indices for a classifier.
  public var labels: Tensor

  /// A batch from its two parts, whose first sizes must agree.
  public init(inputs: Tensor, labels: Tensor) {
    require(
      inputs.rank >= 1 && labels.rank >= 1 && inputs.size(0) == labels.size(0),
      "Batch: inputs \(inputs.summary) and labels \(labels.summary) differ in their first size")
    self.inputs = inputs
    self.labels = labels
  }

  /// The number of examples.
  public var count: Int { inputs.size(0) }
}

/// Examples that can be picked by number.
///
/// Conform to it to train on data of one's own.
public protocol Dataset: Sendable {
  /// The number of examples.
  var count: Int { get }

  /// The examples with some numbers, in their order.
  func batch(_ indices: [Int]) -> Batch
}

/// Examples that lie in memory as two tensors.
public struct TensorDataset: Dataset {
  private let all: Batch

  /// Examples [count, ...] and their labels [count, ...].
  public init(inputs: Tensor, labels: Tensor) {
    all = Batch(inputs: inputs.contiguous(), labels: labels.contiguous())
  }

  /// The number of examples.
  public var count: Int { all.count }

  /// The examples with some numbers, in their order.
  public func batch(_ indices: [Int]) -> Batch {
    Batch(inputs: all.inputs.picking(indices), labels: all.labels.picking(indices))
  }
}

/// Grey images that stay bytes in memory and are scaled to 0...1 when a batch is gathered.
public struct ImageDataset: Dataset {
  private let bytes: TensorDataset

  /// A dataset of labelled images.
  public init(_ images: LabelledImages) {
    bytes = TensorDataset(
      inputs: Tensor(
        scalars: images.images, shape: [images.count, 1, images.height, images.width]),
      labels: Tensor(scalars: images.labels.map { Int64($0) }))
  }

  /// The number of images.
  public var count: Int { bytes.count }

  /// Inputs [batch, 1, height, width], float32 in 0...1, and labels [batch], int64.
  public func batch(_ indices: [Int]) -> Batch {
    let batch = bytes.batch(indices)
    return Batch(inputs: batch.inputs.asType(.float32) / 255, labels: batch.labels)
  }
}
