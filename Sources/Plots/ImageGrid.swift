import Autograd

/// A gray image with its true label and the one that a model predicted.
public struct ImageTile: Sendable, Equatable {
  /// Gray values row by row from the top, 0 black to 255 white.
  public let pixels: [UInt8]
  /// The image's width in pixels.
  public let width: Int
  /// The image's height in pixels.
  public let height: Int
  /// The label that the data gives.
  public let trueLabel: String
  /// The label that the model gives.
  public let predictedLabel: String

  /// Creates a tile; anything but `width * height` pixels, both at least 1, stops the program.
  public init(pixels: [UInt8], width: Int, height: Int, trueLabel: String, predictedLabel: String) {
    require(
      width > 0 && height > 0 && pixels.count == width * height,
      "ImageTile: expected \(width) x \(height) pixels, both at least 1, got \(pixels.count)")
    self.pixels = pixels
    self.width = width
    self.height = height
    self.trueLabel = trueLabel
    self.predictedLabel = predictedLabel
  }

  /// Whether the model is right.
  public var isCorrect: Bool { trueLabel == predictedLabel }
}

/// A picture of a model's predictions: images in a grid, each with its predicted label, wrong ones
/// marked.
///
/// A wrong prediction has a frame and a cross, both in a color of its own, and the true label in a
/// second line: it is found without seeing colors. The images are part of the SVG, which adapts to
/// the reader's color scheme.
public struct ImageGrid: Sendable {
  /// The images in reading order.
  public var tiles: [ImageTile]
  /// How many images stand in a row; at least 1.
  public var columnCount: Int
  /// The heading above the grid; none if nil.
  public var title: String?

  /// Creates a grid of images.
  public init(_ tiles: [ImageTile], columnCount: Int = 8, title: String? = nil) {
    self.tiles = tiles
    self.columnCount = columnCount
    self.title = title
  }

  /// The picture as a complete SVG document; images are enlarged by a whole factor to about 96
  /// pixels.
  public var svg: String {
    let columns = max(1, min(columnCount, tiles.count))
    let rows = (tiles.count + columns - 1) / columns
    let edge = max(84, tiles.map { max(displaySize($0).width, displaySize($0).height) }.max() ?? 0)
    let (margin, gap, rowHeight) = (24.0, Self.gap, edge + 50)
    let top = title == nil ? 44.0 : 72.0
    let width = max(400, 2 * margin + Double(columns) * (edge + gap) - gap)
    let height = top + Double(rows) * rowHeight + 8
    let correctCount = tiles.count(where: \.isCorrect)
    let summary = "\(correctCount) of \(tiles.count) correct"
    var content: [String] = []
    if let title { content.append(SVG.text(title, x: margin, y: 32, size: 16, weight: 600)) }
    content += legend(x: margin, y: top - 18, summary: summary)
    for (index, tile) in tiles.enumerated() {
      content.append(
        drawing(
          of: tile, x: margin + Double(index % columns) * (edge + gap),
          y: top + Double(index / columns) * rowHeight, edge: edge))
    }
    return SVG.document(
      width: width, height: height, title: title ?? "Predictions",
      description: "A grid of images with predicted labels; \(summary).", content: content)
  }

  /// The distance between neighboring images.
  private static let gap = 20.0

  private func legend(x: Double, y: Double, summary: String) -> [String] {
    [
      SVG.text(summary, x: x, y: y, ink: .muted),
      check(x: x + 128, y: y - 4), SVG.text("right", x: x + 140, y: y, ink: .muted),
      cross(x: x + 192, y: y - 4), SVG.text("wrong, and what it is", x: x + 204, y: y, ink: .muted),
    ]
  }

  /// One image with its captions, at most `edge` wide.
  private func drawing(of tile: ImageTile, x: Double, y: Double, edge: Double) -> String {
    let size = displaySize(tile)
    let (left, top) = (x + (edge - size.width) / 2, y + (edge - size.height) / 2)
    let png = PNG.encode(gray: tile.pixels, width: tile.width, height: tile.height)
    // optimizeSpeed is SVG 1.1's name for what CSS calls pixelated.
    let image = SVG.element(
      "image",
      [
        "x": left, "y": top, "width": size.width, "height": size.height,
        "image-rendering": "optimizeSpeed", "style": "image-rendering:pixelated",
        "href": "data:image/png;base64," + Base64.encode(png),
      ])
    let captionTop = y + edge + 16
    // A character of the widest fonts takes about 6.2 pixels at this size, 6.8 in bold; captions
    // may use the gap.
    let room = edge + Self.gap - 18
    let predicted = shortened(tile.predictedLabel, to: Int(room / (tile.isCorrect ? 6.2 : 6.8)))
    let truth = "is " + shortened(tile.trueLabel, to: Int(room / 6.2) - 2)
    let drawing =
      if tile.isCorrect {
        [
          image, check(x: x + 4, y: captionTop - 4),
          SVG.text(predicted, x: x + 14, y: captionTop, size: 11),
        ]
      } else {
        [
          image,
          SVG.element(
            "rect",
            [
              "x": left - 2, "y": top - 2, "width": size.width + 4, "height": size.height + 4,
              "rx": 2.0, "stroke-width": 3.0,
            ], stroke: .orange),
          cross(x: x + 4, y: captionTop - 4),
          SVG.text(predicted, x: x + 14, y: captionTop, size: 11, ink: .orange, weight: 600),
          SVG.text(truth, x: x + 14, y: captionTop + 15, size: 11),
        ]
      }
    let words =
      tile.isCorrect
      ? "\(tile.trueLabel), predicted correctly"
      : "\(tile.trueLabel), predicted \(tile.predictedLabel)"
    return SVG.element("g", [:], SVG.element("title", [:], SVG.escaped(words)) + drawing.joined())
  }

  /// The signs are drawn, because fonts may lack the characters.
  private func check(x: Double, y: Double) -> String {
    sign("m-3.5 .5l2.5 3l4.5-6.5", x, y, .green)
  }
  private func cross(x: Double, y: Double) -> String {
    sign("m-3.5-3.5l7 7m0-7l-7 7", x, y, .orange)
  }

  private func sign(_ shape: String, _ x: Double, _ y: Double, _ ink: Ink) -> String {
    SVG.element(
      "path", ["d": "M\(SVG.number(x)) \(SVG.number(y))" + shape, "stroke-width": 2.0], stroke: ink)
  }

  /// The image's size on the page: enlarged by a whole factor, so that all its pixels are equally
  /// large, or reduced.
  private func displaySize(_ tile: ImageTile) -> (width: Double, height: Double) {
    let longest = max(tile.width, tile.height)
    let factor = longest <= 96 ? Double(96 / longest) : 96 / Double(longest)
    return (Double(tile.width) * factor, Double(tile.height) * factor)
  }

  private func shortened(_ label: String, to count: Int) -> String {
    label.count <= count ? label : label.prefix(max(1, count - 1)) + "…"
  }
}
