/// A gray image of 28x28 pixels to draw shapes on with smooth edges, by integers alone.
///
/// Shapes are given in tenths of a pixel, 0 to 280 in both directions, y downwards, and pass
/// through a random placement, so that a garment is described once and appears in many sizes and
/// positions.
struct GarmentCanvas {
  static let side = 28

  /// One height of an outline, and where the outline begins and ends there.
  typealias Knot = (y: Int, left: Int, right: Int)

  /// A pattern in the cloth.
  enum Texture {
    case plain
    case stripesAcross(period: Int)
    case stripesDown(period: Int)
    case checks(period: Int)
    case blotches(seed: Int)
  }

  /// Where a drawing lands: scales in 256ths, shifts in tenths of a pixel, the slant in 256ths of x
  /// per y.
  var scaleX = 256
  var scaleY = 256
  var shiftX = 0
  var shiftY = 0
  var slant = 0
  /// Whether left and right are exchanged.
  var isMirrored = false

  var texture = Texture.plain
  /// How much the texture's dark parts are darker.
  var contrast = 0

  private(set) var pixels = [UInt8](repeating: 0, count: side * side)

  /// Samples a pixel row is divided into; a sample adds coverage in 256ths of a pixel, divided by
  /// this.
  private static let samples = 4

  /// Fills the outline that the knots, sorted by y, connect by straight lines.
  mutating func fill(_ knots: [Knot], shade: Int) {
    let placed = knots.map(place)
    let (top, bottom) = (placed[0].y, placed[placed.count - 1].y)
    let firstRow = max(0, top >> 8)
    let lastRow = min(Self.side - 1, bottom >> 8)
    guard firstRow <= lastRow else { return }
    withUnsafeTemporaryAllocation(of: Int.self, capacity: Self.side + 1) { coverage in
      var segment = 0
      for row in firstRow...lastRow {
        coverage.initialize(repeating: 0)
        for sample in 0..<Self.samples {
          let y = row << 8 + (2 * sample + 1) * 128 / Self.samples
          guard y >= top && y < bottom else { continue }
          while y >= placed[segment + 1].y { segment += 1 }
          let (above, below) = (placed[segment], placed[segment + 1])
          let (part, height) = (y - above.y, below.y - above.y)
          cover(
            coverage, from: above.left + (below.left - above.left) * part / height,
            to: above.right + (below.right - above.right) * part / height)
        }
        blend(row: row, coverage, shade)
      }
    }
  }

  /// Fills a shape that is its own mirror image about the middle: (y, half its width) pairs.
  mutating func fillSymmetric(_ halves: [(y: Int, half: Int)], shade: Int) {
    fill(halves.map { ($0.y, 140 - $0.half, 140 + $0.half) }, shade: shade)
  }

  /// Fills a shape and its mirror image.
  mutating func fillBoth(_ knots: [Knot], shade: Int) {
    fill(knots, shade: shade)
    fill(knots.map { ($0.y, 280 - $0.right, 280 - $0.left) }, shade: shade)
  }

  /// Makes every drawn pixel randomly lighter or darker, by at most `amount`.
  mutating func addNoise(_ amount: Int, _ random: inout SplitMix64) {
    guard amount > 0 else { return }
    var bits: UInt64 = 0
    for index in pixels.indices {
      if index & 7 == 0 { bits = random.next() }
      let value = Int(pixels[index])
      if value > 8 {
        let offset = ((Int(bits & 255) - 128) * amount) >> 7
        pixels[index] = UInt8(max(0, min(255, value + offset)))
      }
      bits >>= 8
    }
  }

  /// A darker or lighter shade for details, still visible on the body's.
  func accent(_ shade: Int, _ random: inout SplitMix64) -> Int {
    let difference = random.next(25...80)
    return shade > 150 || (shade > 90 && random.chance(50))
      ? shade - difference : shade + difference
  }

  /// The knot in 256ths of a pixel, where it lands.
  private func place(_ knot: Knot) -> Knot {
    let y = (140 + shiftY) * 256 / 10 + (knot.y - 140) * scaleY / 10
    func x(_ value: Int) -> Int {
      let fromMiddle = isMirrored ? 140 - value : value - 140
      return (140 + shiftX) * 256 / 10 + (fromMiddle * scaleX + (knot.y - 140) * slant) / 10
    }
    let (left, right) = (x(knot.left), x(knot.right))
    return (y, min(left, right), max(left, right))
  }

  /// Adds the span of one sample to its row's coverage.
  private func cover(_ coverage: UnsafeMutableBufferPointer<Int>, from left: Int, to right: Int) {
    let (left, right) = (max(0, left), min(Self.side << 8, right))
    guard left < right else { return }
    let (first, last) = (left >> 8, right >> 8)
    if first == last {
      coverage[first] += right - left
    } else {
      coverage[first] += 256 - left & 255
      for column in first + 1..<last { coverage[column] += 256 }
      coverage[last] += right & 255
    }
  }

  private mutating func blend(row: Int, _ coverage: UnsafeMutableBufferPointer<Int>, _ shade: Int) {
    for column in 0..<Self.side where coverage[column] > 0 {
      let index = row * Self.side + column
      let old = Int(pixels[index])
      let new = shade == 0 ? 0 : max(10, min(255, shade - weave(row, column)))
      pixels[index] = UInt8(old + (new - old) * coverage[column] / (256 * Self.samples))
    }
  }

  /// How much darker the texture makes a pixel.
  private func weave(_ row: Int, _ column: Int) -> Int {
    switch texture {
    case .plain: 0
    case .stripesAcross(let period): row % period * 2 < period ? contrast : 0
    case .stripesDown(let period): column % period * 2 < period ? contrast : 0
    case .checks(let period): ((row / period + column / period) & 1) * contrast
    case .blotches(let seed):
      Int(scatter(UInt32(seed * 256 + row / 2 * 16 + column / 2)) & 3) * contrast / 3
    }
  }

  /// Bits without a visible pattern.
  private func scatter(_ value: UInt32) -> UInt32 {
    let mixed = (value ^ (value >> 15)) &* 0x2c1b_3c6d
    return ((mixed ^ (mixed >> 12)) &* 0x297a_2d39) >> 16
  }
}
