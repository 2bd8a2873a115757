import Foundation
import NN
import TestSupport
import Testing

@testable import Datasets

@Suite struct FashionMNISTFilesTests {
  static let names = [
    "train-images-idx3-ubyte", "train-labels-idx1-ubyte", "t10k-images-idx3-ubyte",
    "t10k-labels-idx1-ubyte",
  ]

  /// A small dataset in the official form: the four files' content, not packed.
  let files = [
    DataFixture.images(count: 30), DataFixture.labels(count: 30), DataFixture.images(count: 20),
    DataFixture.labels(count: 20),
  ]

  /// The same as a publisher would announce it.
  var published: (train: FashionMNISTFiles.Part, test: FashionMNISTFiles.Part) {
    let announced = zip(Self.names, files).map { name, bytes in
      FashionMNISTFiles.File(name: name, sha256: SHA256.hexadecimal(DataFixture.gzip(bytes)))
    }
    return (
      FashionMNISTFiles.Part(images: announced[0], labels: announced[1], count: 30),
      FashionMNISTFiles.Part(images: announced[2], labels: announced[3], count: 20)
    )
  }

  func fill(_ folder: TemporaryFolder, without: Set<Int> = [], packed: Bool = true) throws {
    for index in 0..<4 where !without.contains(index) {
      try folder.write(
        packed ? DataFixture.gzip(files[index]) : files[index],
        to: Self.names[index] + (packed ? ".gz" : ""))
    }
  }

  func load(
    directory: String? = nil, environment: [String: String] = [:],
    address: String = "http://127.0.0.1:1/",
    progress: ((DownloadProgress) -> Void)? = nil
  ) throws(FileError) -> (train: LabeledImages, test: LabeledImages) {
    try FashionMNISTFiles.load(
      published, directory: directory, environment: environment, address: address,
      progress: progress)
  }

  @Test func readsANamedFolder() throws {
    let folder = try TemporaryFolder()
    try fill(folder)
    let data = try load(directory: folder.path, environment: ["FASHION_MNIST_DIR": "/nowhere"])
    #expect(
      data.train
        == LabeledImages(
          images: Array(files[0][16...]), labels: Array(files[1][8...]), height: 28, width: 28))
    #expect(data.test.labels == Array(files[3][8...]))
  }

  @Test func readsUnpackedFiles() throws {
    let folder = try TemporaryFolder()
    try fill(folder, without: [0], packed: false)
    try fill(folder, without: [1, 2, 3])
    #expect(try load(directory: folder.path).train.count == 30)
  }

  /// A named folder may hold other data: checksums, counts and sizes are its own affair.
  @Test func readsOtherDataOfTheSameForm() throws {
    let folder = try TemporaryFolder()
    let other = [DataFixture.images(count: 7, height: 3, width: 5), DataFixture.labels(count: 7)]
    for (name, bytes) in zip(Self.names, other + other) {
      try folder.write(DataFixture.gzip(bytes), to: name + ".gz")
    }
    let data = try FashionMNISTFiles.load(directory: folder.path)
    #expect((data.train.count, data.test.height, data.test.width) == (7, 3, 5))
  }

  @Test func readsTheFolderOfTheEnvironment() throws {
    let folder = try TemporaryFolder()
    try fill(folder)
    #expect(try load(environment: ["FASHION_MNIST_DIR": folder.path]).test.count == 20)
  }

  @Test func neverPassesOverANamedFolder() throws {
    let (folder, caches) = (try TemporaryFolder(), try TemporaryFolder())
    try fill(folder, without: [1, 2])
    try FileManager.default.createDirectory(
      atPath: caches("fashion-mnist"), withIntermediateDirectories: true)
    let missing = "lacks train-labels-idx1-ubyte.gz, t10k-images-idx3-ubyte.gz"
    let named = dataFailure { () throws(FileError) in
      _ = try load(directory: folder.path, environment: ["XDG_CACHE_HOME": caches.path])
    }
    #expect(named == FileError(folder.path, "\(missing), each with or without .gz"))
    let variable = dataFailure { () throws(FileError) in
      _ = try load(environment: ["FASHION_MNIST_DIR": folder.path, "XDG_CACHE_HOME": caches.path])
    }
    #expect(
      variable
        == FileError(
          folder.path, "\(missing) (named by FASHION_MNIST_DIR), each with or without .gz"))
    let nowhere = dataFailure { () throws(FileError) in _ = try load(directory: folder("none")) }
    #expect(
      nowhere
        == FileError(
          folder("none"), "is not a folder, expected one with the four Fashion-MNIST files")
    )
  }

  @Test func refusesPartsOfDifferentSizes() throws {
    let folder = try TemporaryFolder()
    try fill(folder, without: [2])
    try folder.write(DataFixture.images(count: 20, height: 28, width: 27), to: Self.names[2])
    let error = dataFailure { () throws(FileError) in _ = try load(directory: folder.path) }
    let train = folder(Self.names[0] + ".gz")
    #expect(
      error
        == FileError(folder(Self.names[2]), "has images of 28x27, expected 28x28 as in \(train)"))
  }

  @Test func refusesExchangedFiles() throws {
    let folder = try TemporaryFolder()
    try fill(folder, without: [1, 3])
    try folder.write(DataFixture.gzip(files[3]), to: Self.names[1] + ".gz")
    try folder.write(DataFixture.gzip(files[1]), to: Self.names[3] + ".gz")
    let error = dataFailure { () throws(FileError) in _ = try load(directory: folder.path) }
    let images = folder(Self.names[0] + ".gz")
    #expect(
      error
        == FileError(
          folder(Self.names[1] + ".gz"), "has 20 labels, expected 30 as \(images) has images"))
  }

  @Test func findsTheCacheFolder() {
    let home = FileManager.default.temporaryDirectory.appendingPathComponent("home").path
    #if os(macOS)
      let usual = home + "/Library/Caches/fashion-mnist"
    #else
      let usual = home + "/.cache/fashion-mnist"
    #endif
    func folder(_ environment: [String: String]) -> String {
      FashionMNISTFiles.cacheFolder(environment: environment)
    }
    #expect(folder(["HOME": home]) == usual)
    #expect(folder(["HOME": home, "XDG_CACHE_HOME": ""]) == usual)
    #expect(folder(["HOME": home, "XDG_CACHE_HOME": "relative"]) == usual)
    #expect(folder(["HOME": home, "XDG_CACHE_HOME": home]) == home + "/fashion-mnist")
    #expect(folder([:]).hasPrefix("/"))
  }

  @Test(.needsLoopback) func downloadsOnceAndThenReadsTheCache() throws {
    let caches = try TemporaryFolder()
    let packed = Dictionary(
      uniqueKeysWithValues: zip(Self.names, files).map { ("/base/\($0).gz", DataFixture.gzip($1)) })
    let server = try LocalServer { request in
      packed[String(request.split(separator: " ")[1])].map { LocalServer.response(body: $0) }
        ?? LocalServer.response("404 Not Found")
    }
    let environment = ["XDG_CACHE_HOME": caches.path, "FASHION_MNIST_DIR": ""]
    var names: Set<String> = []
    let first = try load(environment: environment, address: server.address("base")) {
      names.insert($0.name)
    }
    #expect(names == Set(Self.names.map { $0 + ".gz" }))
    #expect(try FileManager.default.contentsOfDirectory(atPath: caches("fashion-mnist")).count == 4)
    #expect((first.train.count, first.test.count) == (30, 20))

    let second = try load(environment: environment)
    #expect(second == first)
    #expect(server.requests.count == 4)

    // Only what is missing is downloaded again.
    try FileManager.default.removeItem(atPath: caches("fashion-mnist/t10k-labels-idx1-ubyte.gz"))
    #expect(try load(environment: environment, address: server.address("base/")) == first)
    #expect(server.requests.count == 5)
  }

  @Test(.needsLoopback) func noFileAndNoNetworkIsUnavailable() throws {
    let caches = try TemporaryFolder()
    let address = "http://127.0.0.1:\(try LocalServer.unusedPort())/"
    let error = dataFailure { () throws(FileError) in
      _ = try load(environment: ["XDG_CACHE_HOME": caches.path], address: address)
    }
    #expect(error.isUnavailable)
    #expect(error.path == address + Self.names[0] + ".gz")
  }

  @Test func aBrokenCacheIsNoReasonToFallBack() throws {
    let caches = try TemporaryFolder()
    try FileManager.default.createDirectory(
      atPath: caches("fashion-mnist"), withIntermediateDirectories: true)
    for (name, bytes) in zip(Self.names, files) {
      try caches.write(Array(DataFixture.gzip(bytes).dropLast(4)), to: "fashion-mnist/\(name).gz")
    }
    let error = dataFailure { () throws(FileError) in
      _ = try load(environment: ["XDG_CACHE_HOME": caches.path])
    }
    #expect(error.path == caches("fashion-mnist/\(Self.names[0]).gz"))
    #expect(error.reason.hasPrefix("is truncated: "))
    #expect(error.reason.hasSuffix("; delete it to download it again"))
    #expect(!error.isUnavailable)
  }

  /// Something else under the official names in the cache must not pass for Fashion-MNIST.
  @Test func theCacheMustHoldTheOfficialCounts() throws {
    let caches = try TemporaryFolder()
    try FileManager.default.createDirectory(
      atPath: caches("fashion-mnist"), withIntermediateDirectories: true)
    for (name, bytes) in zip(Self.names, files) {
      try caches.write(bytes, to: "fashion-mnist/\(name)")
    }
    let error = dataFailure { () throws(FileError) in
      _ = try FashionMNISTFiles.load(environment: ["XDG_CACHE_HOME": caches.path])
    }
    #expect(
      error
        == FileError(
          caches("fashion-mnist/\(Self.names[0])"),
          "has 30 images of 28x28, expected 60000 of 28x28; delete it to download it again"))
  }

  static let realFolder = ProcessInfo.processInfo.environment["FASHION_MNIST_DIR"] ?? ""

  @Test(.enabled(if: !realFolder.isEmpty, "FASHION_MNIST_DIR is not set"))
  func readsTheRealFiles() throws {
    let data = try FashionMNISTFiles.load()
    #expect((data.train.count, data.train.height, data.train.width) == (60_000, 28, 28))
    #expect((data.test.count, data.test.height, data.test.width) == (10_000, 28, 28))
    #expect((data.train.labels.first, data.test.labels.first) == (9, 9))
    for label in 0..<10 {
      #expect(data.train.labels.count { $0 == label } == 6000)
      #expect(data.test.labels.count { $0 == label } == 1000)
    }
    let official = FashionMNISTFiles.official
    for file in [
      official.train.images, official.train.labels, official.test.images, official.test.labels,
    ] {
      let path = "\(Self.realFolder)/\(file.name).gz"
      guard FileManager.default.fileExists(atPath: path) else { continue }
      #expect(
        SHA256.hexadecimal(try OpenFile.contents(of: path, maximum: 1 << 28)) == file.sha256,
        "\(file.name)")
    }
  }
}
