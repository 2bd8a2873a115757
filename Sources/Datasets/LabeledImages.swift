import Autograd
import NN

/// Gray images of one size with a label each, as the bytes they are stored in.
///
/// Bytes take a quarter of the memory that floats would, so a whole dataset stays in memory and
/// batches are scaled when they are needed.
public struct LabeledImages: Sendable, Equatable {
  /// The pixels, [count, height, width], 0 for black to 255 for white.
  public let images: [UInt8]

  /// The class of each image, counted from 0.
  public let labels: [UInt8]

  /// The number of images.
  public var count: Int { labels.count }

  /// The rows of each image, in pixels.
  public let height: Int

  /// The columns of each image, in pixels.
  public let width: Int

  /// Creates images from bytes in memory.
  ///
  /// `images` must hold height times width bytes for each label; anything else is a mistake of the
  /// program and stops it.
  public init(images: [UInt8], labels: [UInt8], height: Int, width: Int) {
    let expected = labels.count * height * width
    require(
      height > 0 && width > 0 && images.count == expected,
      """
      LabeledImages: expected \(labels.count) images of \(height)x\(width), \(expected) bytes, got \
      \(images.count)
      """)
    self.images = images
    self.labels = labels
    self.height = height
    self.width = width
  }

  /// Reads a pair of IDX files, each gzip-packed if its name ends in `.gz` and plain otherwise.
  /// - Parameters:
  ///   - imagesFile: The path of the images, at most 1 GiB unpacked.
  ///   - labelsFile: The path of the labels, at most 16 MiB unpacked.
  ///   - classCount: How many classes there are; labels go from 0 to `classCount - 1`.
  /// - Throws: A `FileError` that names the file if one is missing, corrupt or out of range, or if
  ///   the two do not belong together.
  public init(imagesFile: String, labelsFile: String, classCount: Int) throws(FileError) {
    let images = try IDX.images(Self.unpacked(imagesFile, maximum: 1 << 30), name: imagesFile)
    let labels = try IDX.labels(
      Self.unpacked(labelsFile, maximum: 1 << 24), name: labelsFile, classCount: classCount)
    guard images.count == labels.count else {
      throw FileError(
        labelsFile,
        "has \(labels.count) labels, expected \(images.count) as \(imagesFile) has images")
    }
    self.init(images: images.pixels, labels: labels, height: images.height, width: images.width)
  }

  private static func unpacked(_ path: String, maximum: Int) throws(FileError) -> [UInt8] {
    let bytes = try OpenFile.contents(of: path, maximum: maximum)
    return path.hasSuffix(".gz") ? try Gzip.inflate(bytes, name: path, maximum: maximum) : bytes
  }
}
