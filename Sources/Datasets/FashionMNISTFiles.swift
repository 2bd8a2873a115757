import Foundation
import NN
internal import Platform

/// Finds, downloads and reads the four files of Fashion-MNIST (Zalando Research, arXiv:1708.07747).
///
/// They are looked for in a folder that the caller names, else in the one that the environment
/// variable `FASHION_MNIST_DIR` names, else in the cache folder, and what is missing there is
/// downloaded into it. A folder that somebody named is never passed over: if a file is missing from
/// it, that is an error.
public enum FashionMNISTFiles {
  /// Where Zalando Research publishes the files.
  public static let officialAddress = "http://fashion-mnist.s3-website.eu-central-1.amazonaws.com/"

  /// The number of classes: labels go from 0 to 9.
  public static let classCount = 10

  /// One file as it is published.
  struct File {
    /// The name without `.gz`: a folder may hold the file packed or unpacked.
    let name: String
    let sha256: String

    var packedName: String { name + ".gz" }
  }

  /// A pair of files and how many images are in it.
  struct Part {
    let images: File
    let labels: File
    let count: Int
  }

  /// What is published: the checksums are those of the packed files.
  static let official = (
    train: Part(
      images: File(
        name: "train-images-idx3-ubyte",
        sha256: "3aede38d61863908ad78613f6a32ed271626dd12800ba2636569512369268a84"),
      labels: File(
        name: "train-labels-idx1-ubyte",
        sha256: "a04f17134ac03560a47e3764e11b92fc97de4d1bfaf8ba1a3aa29af54cc90845"),
      count: 60_000),
    test: Part(
      images: File(
        name: "t10k-images-idx3-ubyte",
        sha256: "346e55b948d973a97e58d2351dde16a484bd415d4595297633bb08f03db6a073"),
      labels: File(
        name: "t10k-labels-idx1-ubyte",
        sha256: "67da17c76eaffca5446c3361aaab5c3cd6d1c2608764d35dfb1850b086bf8dd5"),
      count: 10_000)
  )

  /// Finds or downloads the files, reads them and checks that they belong together.
  ///
  /// A named folder may hold any data in the same format and under the same names, such as MNIST:
  /// its counts and image sizes are free as long as they are consistent. What comes from the cache
  /// folder must be the official dataset.
  /// - Parameters:
  ///   - directory: The folder with the files, packed (`.gz`) or not; nil looks further, as described above.
  ///   - environment: The environment variables.
  ///   - address: The address to download from, which the files' names are appended to.
  ///   - progress: Called on the calling thread during downloads.
  /// - Returns: 60,000 images to train on and 10,000 to test with, 28x28 pixels, labels 0 to 9.
  /// - Throws: A `FileError` about the first thing that is wrong. Its `isUnavailable` is true only
  ///   if no folder was named, the cache lacks files and no server could be reached.
  public static func load(
    directory: String? = nil, environment: [String: String] = ProcessInfo.processInfo.environment,
    address: String = officialAddress, progress: ((DownloadProgress) -> Void)? = nil
  ) throws(FileError) -> (train: LabeledImages, test: LabeledImages) {
    try load(
      official, directory: directory, environment: environment, address: address, progress: progress
    )
  }

  /// The folder that downloads are kept in: `fashion-mnist` in the user's cache folder.
  ///
  /// That is `$XDG_CACHE_HOME` if it is set, else `~/Library/Caches` on macOS and `~/.cache`
  /// elsewhere.
  public static func cacheFolder(
    environment: [String: String] = ProcessInfo.processInfo.environment
  ) -> String {
    #if os(macOS)
      let usual = "Library/Caches"
    #else
      let usual = ".cache"
    #endif
    let home = environment["HOME"].flatMap { $0.isEmpty ? nil : $0 } ?? NSHomeDirectory()
    // The XDG specification: a path that is not absolute is invalid and to be ignored.
    let caches =
      environment["XDG_CACHE_HOME"].flatMap { $0.hasPrefix("/") ? $0 : nil } ?? "\(home)/\(usual)"
    return "\(caches)/fashion-mnist"
  }

  /// `load` for any manifest, so that tests need not download 30 MB.
  static func load(
    _ parts: (train: Part, test: Part), directory: String?, environment: [String: String],
    address: String, progress: ((DownloadProgress) -> Void)?
  ) throws(FileError) -> (train: LabeledImages, test: LabeledImages) {
    let files = [parts.train.images, parts.train.labels, parts.test.images, parts.test.labels]
    if let directory { return try read(locate(files, in: directory, namedBy: nil)) }
    let variable = "FASHION_MNIST_DIR"
    if let named = environment[variable], !named.isEmpty {
      return try read(locate(files, in: named, namedBy: variable))
    }

    let paths = try cached(
      files, in: cacheFolder(environment: environment), address: address, progress: progress)
    do throws(FileError) {
      let data = try read(paths)
      try requireOfficial(data.train, parts.train.count, paths[0])
      try requireOfficial(data.test, parts.test.count, paths[2])
      return data
    } catch {
      throw FileError(error.path, error.reason + "; delete it to download it again")
    }
  }

  /// Reads training images and labels, test images and labels, and checks that the two parts match.
  private static func read(
    _ paths: [String]
  ) throws(FileError) -> (train: LabeledImages, test: LabeledImages) {
    let train = try LabeledImages(
      imagesFile: paths[0], labelsFile: paths[1], classCount: classCount)
    let test = try LabeledImages(imagesFile: paths[2], labelsFile: paths[3], classCount: classCount)
    guard train.height == test.height && train.width == test.width else {
      throw FileError(
        paths[2],
        "has images of \(test.height)x\(test.width), expected \(train.height)x\(train.width) as in \(paths[0])"
      )
    }
    return (train, test)
  }

  private static func requireOfficial(
    _ data: LabeledImages, _ count: Int, _ path: String
  ) throws(FileError) {
    guard data.count == count && data.height == 28 && data.width == 28 else {
      throw FileError(
        path, "has \(data.count) images of \(data.height)x\(data.width), expected \(count) of 28x28"
      )
    }
  }

  /// The paths of the files in a folder that somebody named; all must be there.
  private static func locate(
    _ files: [File], in folder: String, namedBy variable: String?
  ) throws(FileError) -> [String] {
    var isFolder: ObjCBool = false
    let origin = variable.map { " (named by \($0))" } ?? ""
    guard FileManager.default.fileExists(atPath: folder, isDirectory: &isFolder), isFolder.boolValue
    else {
      throw FileError(
        folder, "is not a folder\(origin), expected one with the four Fashion-MNIST files")
    }
    guard access(folder, R_OK | X_OK) == 0 else {
      throw OpenFile.systemError(folder, "cannot be searched\(origin)")
    }
    let found = files.map { existing($0, in: folder) }
    guard !found.contains(nil) else {
      let missing = zip(files, found).filter { $0.1 == nil }.map { $0.0.packedName }
      throw FileError(
        folder, "lacks \(missing.joined(separator: ", "))\(origin), each with or without .gz")
    }
    return found.compactMap { $0 }
  }

  /// The paths of the files in the cache folder, downloaded if they are not there.
  private static func cached(
    _ files: [File], in folder: String, address: String, progress: ((DownloadProgress) -> Void)?
  ) throws(FileError) -> [String] {
    try files.map { file throws(FileError) in
      if let path = existing(file, in: folder) { return path }
      let path = "\(folder)/\(file.packedName)"
      let source = address + (address.hasSuffix("/") ? "" : "/") + file.packedName
      try Download.fetch(
        source, to: path, sha256: file.sha256, maximum: 1 << 28, progress: progress)
      return path
    }
  }

  private static func existing(_ file: File, in folder: String) -> String? {
    ["\(folder)/\(file.packedName)", "\(folder)/\(file.name)"].first {
      FileManager.default.fileExists(atPath: $0)
    }
  }
}
