import NN
import Testing

@testable import Datasets

@Suite struct IDXTests {
  @Test func readsImagesAndLabels() throws {
    let images = try IDX.images(
      DataFixture.idx(0x803, [2, 1, 3], [1, 2, 3, 4, 5, 255]), name: "i")
    #expect(images.pixels == [1, 2, 3, 4, 5, 255])
    #expect((images.count, images.height, images.width) == (2, 1, 3))
    #expect(
      try IDX.labels(DataFixture.idx(0x801, [3], [0, 9, 4]), name: "l", classCount: 10) == [
        0, 9, 4,
      ])
  }

  @Test(arguments: [
    (
      DataFixture.idx(0x801, [2], [1, 2]),
      "has magic number 0x00000801, expected 0x00000803 (IDX images)"
    ),
    ([1, 2, 3], "has only 3 bytes, expected 0x00000803 (IDX images)"),
    ([], "has only 0 bytes, expected 0x00000803 (IDX images)"),
    (DataFixture.idx(0x803, [1, 1], []), "is truncated: 12 bytes, expected a header of 16"),
    (
      DataFixture.idx(0x803, [2, 1, 3], [1, 2, 3, 4, 5]),
      "has 5 bytes of pixels, expected 6 (2 images of 1x3)"
    ),
    (
      DataFixture.idx(0x803, [1, 1, 1], [1, 2]),
      "has 2 bytes of pixels, expected 1 (1 images of 1x1)"
    ),
    (
      DataFixture.idx(0x803, [0, 28, 28], []),
      "states 0 images of 28x28 pixels, expected at least one of each"
    ),
    (
      DataFixture.idx(0x803, [0x8000_0000, 0x8000_0000, 8], []),
      "has 0 bytes of pixels, expected far more (2147483648 images of 2147483648x8)"
    ),
  ])
  func refusesImages(_ bytes: [UInt8], _ problem: String) {
    #expect(
      dataFailure { () throws(FileError) in _ = try IDX.images(bytes, name: "i") }
        == FileError("i", problem))
  }

  @Test(arguments: [
    (
      DataFixture.idx(0x803, [1, 1, 1], [1]),
      "has magic number 0x00000803, expected 0x00000801 (IDX labels)"
    ),
    (DataFixture.idx(0x801, [], []), "is truncated: 4 bytes, expected a header of 8"),
    (DataFixture.idx(0x801, [3], [1, 2]), "has 2 labels, expected 3 as it states"),
    (DataFixture.idx(0x801, [1], [1, 2]), "has 2 labels, expected 1 as it states"),
    (DataFixture.idx(0x801, [3], [1, 10, 12]), "has label 10 at index 1, expected 0 to 9"),
  ])
  func refusesLabels(_ bytes: [UInt8], _ problem: String) {
    let error = dataFailure { () throws(FileError) in
      _ = try IDX.labels(bytes, name: "l", classCount: 10)
    }
    #expect(error == FileError("l", problem))
  }
}
