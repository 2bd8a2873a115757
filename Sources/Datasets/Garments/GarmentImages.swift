/// Garment-like gray images drawn by code: data to train on where no file and no network is.
///
/// Ten classes, the same kinds of garments that Fashion-MNIST has, but nothing of it: they are
/// outlines with random sizes, positions, sleeves, shades and patterns. Several classes resemble
/// each other on purpose, so that models differ in accuracy as they do on photographs. Integers
/// alone are used, so that a seed gives the same images on every platform.
public enum GarmentImages {
  /// The names of the classes, in the order of their labels.
  public static var classNames: [String] { FashionMNIST.classNames }

  /// Draws images of 28x28 pixels with their labels.
  ///
  /// The classes are equally frequent (as far as `count` is divisible by ten) and in random order.
  /// Different seeds give unrelated images: one for training, another for testing.
  /// - Parameters:
  ///   - count: The number of images, none or more; 60,000 take about a second in an optimized build.
  ///   - seed: Determines everything.
  public static func draw(count: Int, seed: UInt64) -> LabeledImages {
    // Mixed once, so that neighboring seeds do not share a stretch of one sequence.
    var seeder = SplitMix64(seed: seed)
    var random = SplitMix64(seed: seeder.next())
    var labels = (0..<count).map { UInt8($0 % classNames.count) }
    for index in stride(from: count - 1, to: 0, by: -1) {
      labels.swapAt(index, random.next(0...index))
    }
    var images: [UInt8] = []
    images.reserveCapacity(count * GarmentCanvas.side * GarmentCanvas.side)
    for label in labels { images += draw(label: Int(label), &random) }
    return LabeledImages(
      images: images, labels: labels, height: GarmentCanvas.side, width: GarmentCanvas.side)
  }

  private static func draw(label: Int, _ random: inout SplitMix64) -> [UInt8] {
    var canvas = GarmentCanvas()
    canvas.scaleX = 256 + random.around(52)
    canvas.scaleY = 256 + random.around(40)
    canvas.shiftX = random.around(22)
    canvas.shiftY = random.around(20)
    canvas.slant = random.around(16)
    canvas.texture = texture(&random)
    canvas.contrast = random.next(20...90)
    let shade = random.next(70...250)
    switch label {
    case 0: canvas.drawTShirt(shade, &random)
    case 1: canvas.drawTrouser(shade, &random)
    case 2: canvas.drawPullover(shade, &random)
    case 3: canvas.drawDress(shade, &random)
    case 4: canvas.drawCoat(shade, &random)
    case 5: canvas.drawSandal(shade, &random)
    case 6: canvas.drawShirt(shade, &random)
    case 7: canvas.drawSneaker(shade, &random)
    case 8: canvas.drawBag(shade, &random)
    default: canvas.drawAnkleBoot(shade, &random)
    }
    canvas.addNoise(random.next(2...22), &random)
    return canvas.pixels
  }

  private static func texture(_ random: inout SplitMix64) -> GarmentCanvas.Texture {
    switch random.next(0...19) {
    case 0, 1: .stripesAcross(period: random.next(2...6))
    case 2, 3: .stripesDown(period: random.next(2...6))
    case 4: .checks(period: random.next(1...3))
    case 5, 6: .blotches(seed: random.next(0...999))
    default: .plain
    }
  }
}
