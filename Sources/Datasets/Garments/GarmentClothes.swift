// The outlines of tops, dresses and trousers, in tenths of a pixel: measured by eye, and the ranges
// are what varies.
extension GarmentCanvas {
  /// What tops share: how wide they are at each height.
  private struct Top {
    var shoulder: Int
    var chest: Int
    var waist: Int
    var hem: Int
    var length: Int
    var neck: Int

    init(_ random: inout SplitMix64) {
      shoulder = random.next(66...78)
      chest = random.next(56...70)
      waist = chest - random.next(0...6)
      hem = chest + random.next(-6...8)
      length = random.next(238...264)
      neck = random.next(24...34)
    }
  }

  private mutating func drawBody(_ top: Top, _ shade: Int) {
    fillSymmetric(
      [
        (18, top.neck), (34, top.shoulder), (80, top.chest), (160, top.waist),
        (top.length, top.hem),
      ], shade: shade)
  }

  /// Sleeves hanging down; the gap between them and the body shows the background.
  private mutating func drawLongSleeves(_ top: Top, _ shade: Int, spread: Int, wrist: Int) {
    let gap = 4
    fillBoth(
      [
        (32, 140 - top.shoulder, 140 - top.shoulder + 12),
        (52, 140 - top.shoulder - 18, 140 - top.chest),
        (90, 140 - top.shoulder - 18 - spread / 4, 140 - top.chest - gap),
        (wrist - 8, 140 - top.shoulder - 22 - spread, 140 - top.shoulder + 4 - spread),
        (wrist, 140 - top.shoulder - 16 - spread, 140 - top.shoulder + 4 - spread),
      ], shade: shade)
  }

  private mutating func drawShortSleeves(_ top: Top, _ shade: Int, length: Int, spread: Int) {
    fillBoth(
      [
        (32, 140 - top.shoulder, 140 - top.shoulder + 12),
        (32 + length * 2 / 3, 140 - top.shoulder - 24 - spread, 140 - top.chest + 2),
        (32 + length, 140 - top.shoulder - 14 - spread, 140 - top.chest + 1),
      ], shade: shade)
  }

  private mutating func cutNeck(_ top: Top, depth: Int, isPointed: Bool) {
    let half = top.neck - 8
    fillSymmetric(
      [
        (10, half + 4), (20, half), (20 + depth / 2, isPointed ? half / 2 : half * 4 / 5),
        (20 + depth, 2),
      ], shade: 0)
  }

  /// Sleeves as shirts, pullovers and coats have them, so that these three overlap.
  private mutating func drawUsualSleeves(_ top: Top, _ shade: Int, _ random: inout SplitMix64) {
    drawLongSleeves(top, shade, spread: random.next(4...26), wrist: random.next(190...250))
  }

  mutating func drawTShirt(_ shade: Int, _ random: inout SplitMix64) {
    var top = Top(&random)
    top.length = random.next(225...258)
    drawShortSleeves(top, shade, length: random.next(46...84), spread: random.next(0...14))
    drawBody(top, shade)
    cutNeck(top, depth: random.next(10...34), isPointed: random.chance(25))
    if random.chance(40) {
      let (half, middle) = (random.next(14...36), random.next(90...130))
      let height = random.next(10...30)
      fillSymmetric(
        [(middle - height, half), (middle + height, half)], shade: accent(shade, &random))
    }
  }

  mutating func drawPullover(_ shade: Int, _ random: inout SplitMix64) {
    let top = Top(&random)
    drawUsualSleeves(top, shade, &random)
    drawBody(top, shade)
    if random.chance(75) {
      cutNeck(top, depth: random.next(6...30), isPointed: random.chance(30))
    } else {
      fillSymmetric([(8, top.neck - 8), (26, top.neck - 4)], shade: accent(shade, &random))
    }
    if random.chance(50) {
      fillSymmetric(
        [(top.length - 14, top.hem - 2), (top.length, top.hem - 4)], shade: accent(shade, &random))
    }
    if random.chance(25) {
      let middle = random.next(80...150)
      let height = random.next(8...24)
      fillSymmetric(
        [(middle - height, top.waist), (middle + height, top.waist)], shade: accent(shade, &random))
    }
  }

  mutating func drawCoat(_ shade: Int, _ random: inout SplitMix64) {
    var top = Top(&random)
    top.length = random.next(250...274)
    top.hem += random.next(0...8)
    drawUsualSleeves(top, shade, &random)
    drawBody(top, shade)
    let dark = max(12, shade - random.next(30...90))
    cutNeck(top, depth: random.next(10...60), isPointed: random.chance(75))
    let front = 140 + random.next(-6...6)
    let width = random.next(4...9)
    if random.chance(75) {
      fill(
        [(50, front - width, front + width), (top.length, front - width, front + width)],
        shade: dark)
    }
    if random.chance(50) {
      let pocket = random.next(150...180)
      fillBoth([(pocket, 95, 118), (pocket + 9, 95, 118)], shade: dark)
    }
    if random.chance(25) { fillSymmetric([(140, top.waist), (152, top.waist)], shade: dark) }
    if random.chance(20) {
      fillSymmetric([(4, top.neck - 2), (30, top.neck + 6)], shade: accent(shade, &random))
    }
  }

  mutating func drawShirt(_ shade: Int, _ random: inout SplitMix64) {
    let top = Top(&random)
    if random.chance(62) {
      drawUsualSleeves(top, shade, &random)
    } else {
      drawShortSleeves(top, shade, length: random.next(56...100), spread: random.next(0...14))
    }
    drawBody(top, shade)
    let detail = accent(shade, &random)
    cutNeck(top, depth: random.next(10...40), isPointed: random.chance(70))
    if random.chance(75) {
      let collar = random.next(34...52)
      fillBoth([(14, 104, 122), (collar, 112, 134)], shade: detail)
    }
    if random.chance(70) { fillSymmetric([(46, 3), (top.length, 3)], shade: detail) }
    if random.chance(30) { fill([(80, 158, 182), (106, 158, 182)], shade: detail) }
  }

  mutating func drawDress(_ shade: Int, _ random: inout SplitMix64) {
    var top = Top(&random)
    let narrow = random.next(26...44)
    let flare = random.next(44...84)
    let waist = random.next(100...140)
    top.shoulder = narrow + random.next(0...14)
    top.chest = narrow + 4
    top.neck = min(top.neck, top.shoulder - 8)
    let sleeves = random.next(1...100)
    if sleeves <= 20 {
      drawLongSleeves(top, shade, spread: random.next(4...20), wrist: random.next(150...200))
    } else if sleeves <= 50 {
      drawShortSleeves(top, shade, length: random.next(40...70), spread: random.next(0...8))
    }
    fillSymmetric(
      [
        (10, top.neck), (24, top.shoulder), (70, narrow + 4), (waist, narrow),
        (200, (narrow + flare) / 2 + 8), (272, flare),
      ], shade: shade)
    cutNeck(top, depth: random.next(10...44), isPointed: random.chance(40))
    if random.chance(40) {
      fillSymmetric([(waist - 6, narrow), (waist + 6, narrow)], shade: accent(shade, &random))
    }
  }

  mutating func drawTrouser(_ shade: Int, _ random: inout SplitMix64) {
    let waist = random.next(36...50)
    let hip = waist + random.next(2...12)
    let crotch = random.next(84...120)
    let outer = random.next(38...62)
    let cuff = random.next(20...32)
    let gap = random.next(2...7)
    let length = random.chance(12) ? random.next(150...200) : 272
    fillSymmetric([(10, waist), (60, hip), (crotch, hip)], shade: shade)
    fillBoth(
      [
        (crotch - 12, 140 - hip, 140), (crotch, 140 - hip, 140),
        (crotch + 24, 140 - hip, 140 - gap), (length, 140 - outer, 140 - max(gap, outer - cuff)),
      ], shade: shade)
    if random.chance(50) {
      fillSymmetric([(10, waist), (22, waist + 2)], shade: accent(shade, &random))
    }
  }
}
