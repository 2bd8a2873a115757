import NN

/// Fashion-MNIST (Xiao, Rasul and Vollgraf 2017, arXiv:1708.07747): 60,000 training and 10,000 test
/// images of clothing, 28x28, in ten classes.
public struct FashionMNIST: DataModule {
  /// The classes, by label.
  public static let classNames = [
    "t-shirt", "trouser", "pullover", "dress", "coat", "sandal", "shirt", "sneaker", "bag",
    "ankle boot",
  ]

  /// The 60,000 training images.
  public let training: any Dataset
  /// The 10,000 test images.
  public let validation: (any Dataset)?
  /// The number of images in a batch.
  public let batchSize: Int
  /// Selects the order of the training images.
  public let seed: UInt64

  /// Reads the four official files, and downloads them first if no folder is given and the cache
  /// lacks them.
  ///
  /// - Parameters:
  ///   - batchSize: The number of images in a batch.
  ///   - directory: A folder with the files; nil looks at the environment variable FASHION_MNIST_DIR, then
  ///     at the cache folder.
  ///   - seed: Selects the order of the training images.
  ///   - progress: Called during downloads.
  /// - Throws: What is wrong with which file.
  public init(
    batchSize: Int, directory: String? = nil, seed: UInt64 = 0,
    progress: ((DownloadProgress) -> Void)? = nil
  ) throws(FileError) {
    checkAtLeastOne(batchSize, "FashionMNIST", "the batch size")
    let (train, test) = try FashionMNISTFiles.load(directory: directory, progress: progress)
    training = ImageDataset(train)
    validation = ImageDataset(test)
    self.batchSize = batchSize
    self.seed = seed
  }
}
