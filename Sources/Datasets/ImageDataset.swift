import Autograd
import NN

/// Gray images that stay bytes in memory and are scaled to 0...1 when a batch is gathered.
public struct ImageDataset: Dataset {
  private let bytes: TensorDataset

  /// A dataset of labeled images.
  public init(_ images: LabeledImages) {
    bytes = TensorDataset(
      inputs: Tensor(
        scalars: images.images, shape: [images.count, 1, images.height, images.width]),
      labels: Tensor(scalars: images.labels.map { Int64($0) }))
  }

  /// The number of images.
  public var count: Int { bytes.count }

  /// Inputs [batch, 1, height, width], float32 in 0...1, and labels [batch], int64.
  public func batch(_ indices: [Int]) -> Batch { batch(indices, on: .cpu) }

  /// The same on a device, which keeps the bytes of all images.
  public func batch(_ indices: [Int], on device: Device) -> Batch {
    let batch = bytes.batch(indices, on: device)
    return Batch(inputs: batch.inputs.asType(.float32) / 255, labels: batch.labels)
  }

  /// The same for training, gathered on the device.
  public func batch(_ indices: [Int], epoch: Int, seed: UInt64, on device: Device) -> Batch {
    batch(indices, on: device)
  }
}
