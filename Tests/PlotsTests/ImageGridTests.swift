import Foundation
import TestSupport
import Testing

@testable import Plots

@Suite struct ImageGridTests {
  private func tile(_ truth: String, _ prediction: String, width: Int = 4, height: Int = 4)
    -> ImageTile
  {
    let pixels = (0..<width * height).map { UInt8(truncatingIfNeeded: $0 * 16) }
    return ImageTile(
      pixels: pixels, width: width, height: height, trueLabel: truth, predictedLabel: prediction)
  }

  @Test func wrongTilesHaveFrameSignAndTruth() throws {
    let grid = ImageGrid([tile("coat", "coat"), tile("bag", "shirt")], title: "T")
    let elements = try parsedXML(grid.svg)
    #expect(
      elements.texts == [
        "T", "1 of 2 correct", "right", "wrong, and what it is", "coat", "shirt", "is bag",
      ])
    let frames = elements.named("rect").filter { $0.attributes["stroke"] != nil }
    #expect(frames.map { $0.attributes["stroke"] } == [Ink.orange.light])
    // The legend has one of each sign, the tiles have one of each.
    let signs = elements.named("path").map { $0.attributes["stroke"] }
    #expect(signs == [Ink.green.light, Ink.orange.light, Ink.green.light, Ink.orange.light])
    #expect(
      elements.named("title").map(\.text) == [
        "T", "coat, predicted correctly", "bag, predicted shirt",
      ])
  }

  @Test func imagesAreEmbeddedAndPixelated() throws {
    let tile = tile("a", "a", width: 5, height: 3)
    let image = try #require(try parsedXML(ImageGrid([tile]).svg).named("image").first?.attributes)
    let png = PNG.encode(gray: tile.pixels, width: 5, height: 3)
    #expect(image["href"] == "data:image/png;base64," + Data(png).base64EncodedString())
    #expect(image["style"] == "image-rendering:pixelated")
    // 19 is the largest whole factor with 5 * 19 <= 96.
    #expect(image["width"] == "95" && image["height"] == "57")
  }

  @Test func largeImagesAreReduced() throws {
    let image = try #require(
      try parsedXML(ImageGrid([tile("a", "a", width: 192, height: 96)]).svg).named("image").first?
        .attributes)
    #expect(image["width"] == "96" && image["height"] == "48")
  }

  @Test(arguments: [(0, 8), (1, 8), (9, 4), (3, 0), (3, -1), (30, 10)])
  func everyTileLiesInsideThePicture(_ count: Int, _ columns: Int) throws {
    let grid = ImageGrid(
      (0..<count).map { tile("a", $0 % 2 == 0 ? "a" : "b", width: 28, height: 28) },
      columnCount: columns)
    let elements = try parsedXML(grid.svg)
    let images = elements.named("image").map(\.attributes)
    #expect(images.count == count)
    #expect(Set(images.map { "\($0["x"] ?? "") \($0["y"] ?? "")" }).count == count)
    #expect(count == 0 || Set(images.map { $0["x"] }).count == max(1, min(columns, count)))
    let size = try ["width", "height"].map {
      try #require(elements[0].attributes[$0].flatMap(Double.init))
    }
    let tops = Set(images.compactMap { $0["y"].flatMap(Double.init) }).sorted()
    for (upper, lower) in zip(tops, tops.dropFirst()) { #expect(lower - upper >= 84 + 31 + 4) }
    for image in images {
      let (x, y) = (
        try #require(image["x"].flatMap(Double.init)), try #require(image["y"].flatMap(Double.init))
      )
      #expect(x >= 20 && y >= 40 && x + 84 <= size[0] - 20 && y + 84 + 31 <= size[1] - 8)
    }
  }

  @Test func labelsAreEscapedAndShortened() throws {
    let elements = try parsedXML(
      ImageGrid([tile("<b>&", "a label that is far too long", width: 28, height: 28)]).svg)
    #expect(elements.texts.suffix(2) == ["a label tha…", "is <b>&"])
    #expect(elements.named("title").last?.text == "<b>&, predicted a label that is far too long")
  }

  @Test func fashionMNISTsLongestLabelFits() throws {
    let elements = try parsedXML(
      ImageGrid([
        tile("ankle boot", "ankle boot", width: 28, height: 28),
        tile("ankle boot", "bag", width: 28, height: 28),
      ]).svg)
    #expect(elements.texts.contains("ankle boot"))
    #expect(elements.texts.contains("is ankle boot"))
  }

  @Test func aWrongPixelCountStops() async {
    let result = await #expect(processExitsWith: .failure, observing: [\.standardErrorContent]) {
      _ = ImageTile(pixels: [1], width: 0, height: 1, trueLabel: "", predictedLabel: "")
    }
    expect(result, names: "ImageTile", "0 x 1 pixels", "1")
  }
}
