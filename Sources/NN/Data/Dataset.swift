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
/// Conform to it to train on your own data.
public protocol Dataset: Sendable {
  /// The number of examples.
  var count: Int { get }

  /// The examples at the given indices, in that order.
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

  /// The examples at the given indices, in that order.
  public func batch(_ indices: [Int]) -> Batch {
    Batch(inputs: all.inputs.rows(at: indices), labels: all.labels.rows(at: indices))
  }
}
