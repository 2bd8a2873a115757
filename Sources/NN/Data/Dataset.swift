import Autograd
import Synchronization

/// Examples and what is to be predicted of them.
public struct Batch: Sendable {
  /// [batch, ...].
  public var inputs: Tensor
  /// [batch, ...]; int64 class indices for a classifier.
  public var labels: Tensor { didSet { knownLabelCount = nil } }
  /// `labelCount` if it was found before the labels went to a device.
  private var knownLabelCount: Int?

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

  /// The number of labels that the mean of a cross-entropy is over: all but -100, the default
  /// `ignoreIndex`.
  ///
  /// The number of examples if labels are not integers.
  public var labelCount: Int {
    if let knownLabelCount { return knownLabelCount }
    if labels.dtype.isFloatingPoint || labels.dtype == .bool { return count }
    return Int((labels .!= -100).asType(.int64).sum().item())
  }

  /// The batch on a device; itself if it is there already.
  public func to(_ device: Device) -> Batch {
    if device == labels.device && device == inputs.device { return self }
    return Batch(inputs: inputs.to(device), labels: labels.to(device), labelCount: labelCount)
  }

  /// A batch on a device whose labels were counted on the CPU.
  fileprivate init(inputs: Tensor, labels: Tensor, labelCount: Int) {
    self.init(inputs: inputs, labels: labels)
    knownLabelCount = labelCount
  }
}

/// Examples that can be picked by number.
///
/// Conform to it to train on your own data.
public protocol Dataset: Sendable {
  /// The number of examples.
  var count: Int { get }

  /// The examples at the given indices, in that order.
  func batch(_ indices: [Int]) -> Batch

  /// The same on a device; by default gathered on the CPU and moved.
  func batch(_ indices: [Int], on device: Device) -> Batch

  /// The examples at the given indices for training, changed at random where the dataset does so; by default as they
  /// are.
  ///
  /// A function of its arguments alone, so that a run can go on anywhere. Draw from a stream of the seed, the epoch and
  /// the example's index:
  ///
  /// ```swift
  /// var random = RandomStream(seed: seed, path: "crop, epoch \(epoch), example \(index)")
  /// ```
  ///
  /// - Parameters:
  ///   - indices: Which examples.
  ///   - epoch: The epoch, from 1.
  ///   - seed: The data module's.
  func batch(_ indices: [Int], epoch: Int, seed: UInt64) -> Batch

  /// The same on a device; by default made on the CPU and moved.
  ///
  /// Training calls this one: a dataset that gathers on devices in `batch(_:on:)` implements it too.
  func batch(_ indices: [Int], epoch: Int, seed: UInt64, on device: Device) -> Batch
}

extension Dataset {
  /// The examples at the given indices, in that order, moved to a device.
  public func batch(_ indices: [Int], on device: Device) -> Batch { batch(indices).to(device) }

  /// The examples at the given indices, in that order, as they are.
  public func batch(_ indices: [Int], epoch: Int, seed: UInt64) -> Batch { batch(indices) }

  /// The examples at the given indices for training, moved to a device.
  public func batch(_ indices: [Int], epoch: Int, seed: UInt64, on device: Device) -> Batch {
    batch(indices, epoch: epoch, seed: seed).to(device)
  }
}

/// Examples that lie in memory as two tensors.
///
/// Batches for another device are gathered there: the first one copies all examples to it.
public struct TensorDataset: Dataset {
  private let all: Batch
  private let copies = Copies()

  /// All examples on devices other than their own.
  private final class Copies: Sendable {
    let byDevice = Mutex<[Device: Batch]>([:])
  }

  /// Examples [count, ...] and their labels [count, ...].
  public init(inputs: Tensor, labels: Tensor) {
    all = Batch(inputs: inputs.contiguous(), labels: labels.contiguous())
  }

  /// The number of examples.
  public var count: Int { all.count }

  /// The examples at the given indices, in that order.
  public func batch(_ indices: [Int]) -> Batch { picked(indices, from: all) }

  /// The same gathered on a device, which keeps a copy of all examples.
  public func batch(_ indices: [Int], on device: Device) -> Batch {
    if device == all.inputs.device { return batch(indices) }
    let copy = copies.byDevice.withLock { copies in
      let copy = copies[device] ?? all.to(device)
      copies[device] = copy
      return copy
    }
    let onDevice = picked(indices, from: copy)
    let labels = all.labels.rows(at: indices)
    return Batch(
      inputs: onDevice.inputs, labels: onDevice.labels,
      labelCount: Batch(inputs: labels, labels: labels).labelCount)
  }

  /// The examples at the given indices, gathered on a device.
  public func batch(_ indices: [Int], epoch: Int, seed: UInt64, on device: Device) -> Batch {
    batch(indices, on: device)
  }

  private func picked(_ indices: [Int], from all: Batch) -> Batch {
    Batch(inputs: all.inputs.rows(at: indices), labels: all.labels.rows(at: indices))
  }
}
