import NN
import Testing

@testable import Datasets

@Suite struct GarmentImagesTests {
  /// Pinned: the same seed must give the same bytes on every platform and in every version.
  @Test func isDeterministic() {
    let data = GarmentImages.draw(count: 500, seed: 1)
    #expect(
      SHA256.hexadecimal(data.images)
        == "5a3678969283a5babe636240ba71149c2d098d132e3fdf19f13e35ed3a55811c")
    #expect(
      SHA256.hexadecimal(data.labels)
        == "f49d09b4ec704487f3dfbf01f4d688097aba91df17d97f271e271dc29d25041e")
  }

  @Test func isBalancedAndShuffled() {
    let labels = GarmentImages.draw(count: 1000, seed: 3).labels
    for label in 0..<10 { #expect(labels.count { $0 == label } == 100) }
    #expect(Set(labels.prefix(50)).count > 5)
    #expect(labels != (0..<1000).map { UInt8($0 % 10) })
    #expect(labels != labels.sorted())
    let uneven = GarmentImages.draw(count: 23, seed: 3).labels
    for label in 0..<10 { #expect(uneven.count { $0 == label } == (label < 3 ? 3 : 2)) }
  }

  @Test func seedsGiveDifferentImages() {
    let (one, two) = (
      GarmentImages.draw(count: 200, seed: 0), GarmentImages.draw(count: 200, seed: 1)
    )
    #expect(one.labels != two.labels)
    func images(_ data: LabeledImages) -> Set<ArraySlice<UInt8>> {
      Set((0..<data.count).map { data.images[$0 * 784..<($0 + 1) * 784] })
    }
    #expect(images(one).count == 200)
    #expect(images(one).isDisjoint(with: images(two)))
  }

  /// Every image shows something on a black background, and no more than a garment covers.
  @Test func everyImageShowsAGarment() {
    let data = GarmentImages.draw(count: 3000, seed: 9)
    #expect((data.count, data.height, data.width, data.images.count) == (3000, 28, 28, 3000 * 784))
    for index in 0..<data.count {
      let lit = data.images[index * 784..<(index + 1) * 784].count { $0 > 8 }
      #expect(
        (30...640).contains(lit),
        "image \(index), a \(GarmentImages.classNames[Int(data.labels[index])])")
    }
  }

  /// The mean image of each class is nearest to new images of that class often, but by far not
  /// always.
  @Test func classesAreLearnableAndOverlap() {
    let (train, test) = (
      GarmentImages.draw(count: 3000, seed: 0), GarmentImages.draw(count: 1000, seed: 1)
    )
    var means = [[Int]](repeating: [Int](repeating: 0, count: 784), count: 10)
    for index in 0..<train.count {
      for pixel in 0..<784 {
        means[Int(train.labels[index])][pixel] += Int(train.images[index * 784 + pixel])
      }
    }
    var right = 0
    for index in 0..<test.count {
      let distances = means.map { mean in
        (0..<784).reduce(0) { sum, pixel in
          let difference = Int(test.images[index * 784 + pixel]) - mean[pixel] / 300
          return sum + difference * difference
        }
      }
      let nearest = distances.indices.min { distances[$0] < distances[$1] }
      if nearest == Int(test.labels[index]) { right += 1 }
    }
    #expect((550...850).contains(right), "\(right) of 1000")
  }

  @Test func drawsNothingForNone() {
    #expect(GarmentImages.draw(count: 0, seed: 0).count == 0)
    #expect(GarmentImages.classNames.count == 10)
  }
}
