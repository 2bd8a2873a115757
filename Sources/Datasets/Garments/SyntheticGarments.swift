import Autograd
import NN

/// The built-in dataset: images of clothing drawn by code, in ten classes, for machines without
/// the real data.
///
/// It is easier than Fashion-MNIST.
public struct SyntheticGarments: DataModule {
  /// The classes, by label.
  public static var classNames: [String] { FashionMNIST.classNames }

  /// The training images.
  public let training: any Dataset
  /// The test images.
  public let validation: (any Dataset)?
  /// The number of images in a batch.
  public let batchSize: Int
  /// Selects the order of the training images.
  public let seed: UInt64

  /// Draws the images; they are the same in every run.
  ///
  /// - Parameters:
  ///   - batchSize: The number of images in a batch.
  ///   - trainingCount: The number of training images.
  ///   - validationCount: The number of test images.
  ///   - seed: Selects the order of the training images.
  public init(
    batchSize: Int, trainingCount: Int = 60_000, validationCount: Int = 10_000, seed: UInt64 = 0
  ) {
    checkAtLeastOne(batchSize, "SyntheticGarments", "the batch size")
    require(
      trainingCount >= 1 && validationCount >= 0,
      """
      SyntheticGarments: needs at least 1 training image and 0 test images, got \(trainingCount) and \
      \(validationCount)
      """)
    training = ImageDataset(GarmentImages.draw(count: trainingCount, seed: 1))
    validation = ImageDataset(GarmentImages.draw(count: validationCount, seed: 2))
    self.batchSize = batchSize
    self.seed = seed
  }
}
