import NN
import TestSupport
import Testing

@testable import Datasets

@Suite struct LabeledImagesTests {
  @Test func readsPackedAndPlainFiles() throws {
    let folder = try TemporaryFolder()
    try folder.write(
      DataFixture.gzip(DataFixture.images(count: 3, height: 2, width: 4)), to: "i.gz")
    try folder.write(DataFixture.labels(count: 3), to: "l")
    let data = try LabeledImages(
      imagesFile: folder("i.gz"), labelsFile: folder("l"), classCount: 10)
    #expect(
      data == LabeledImages(images: (0..<24).map { $0 }, labels: [0, 7, 4], height: 2, width: 4))
    #expect(data.count == 3)
  }

  @Test func refusesFilesThatDoNotBelongTogether() throws {
    let folder = try TemporaryFolder()
    try folder.write(DataFixture.images(count: 3), to: "i")
    try folder.write(DataFixture.labels(count: 4), to: "l")
    let error = dataFailure { () throws(FileError) in
      _ = try LabeledImages(imagesFile: folder("i"), labelsFile: folder("l"), classCount: 10)
    }
    #expect(
      error == FileError(folder("l"), "has 4 labels, expected 3 as \(folder("i")) has images"))
  }

  @Test func namesAMissingFileAndAFolder() throws {
    let folder = try TemporaryFolder()
    let missing = dataFailure { () throws(FileError) in
      _ = try LabeledImages(imagesFile: folder("i"), labelsFile: folder("l"), classCount: 10)
    }
    #expect(missing == FileError(folder("i"), "cannot be opened: No such file or directory"))
    let directory = dataFailure { () throws(FileError) in
      _ = try LabeledImages(imagesFile: folder.path, labelsFile: folder("l"), classCount: 10)
    }
    #expect(directory == FileError(folder.path, "cannot be read: Is a directory"))
  }

  @Test func refusesAFileThatIsTooLarge() throws {
    let folder = try TemporaryFolder()
    try folder.write([1, 2, 3], to: "f")
    #expect(try OpenFile.contents(of: folder("f"), maximum: 3) == [1, 2, 3])
    let error = dataFailure { () throws(FileError) in
      _ = try OpenFile.contents(of: folder("f"), maximum: 2)
    }
    #expect(error == FileError(folder("f"), "has 3 bytes, expected at most 2"))
  }

  @Test func stopsAtBytesThatDoNotMatch() async {
    await #expect(processExitsWith: .failure) {
      _ = LabeledImages(images: [1, 2, 3], labels: [1], height: 2, width: 2)
    }
  }
}
