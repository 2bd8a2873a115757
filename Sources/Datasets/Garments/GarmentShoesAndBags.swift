// The outlines of shoes, toes to the left, and of bags, in tenths of a pixel: measured by eye, and
// the ranges are what varies.
extension GarmentCanvas {
  mutating func drawSneaker(_ shade: Int, _ random: inout SplitMix64) {
    isMirrored = random.chance(10)
    let collar = random.next(96...122)
    let sole = random.next(186...196)
    let toe = random.next(148...166)
    let tongue = random.next(128...160)
    fill(
      [
        (collar, 222, 262), (collar + 8, tongue + 40, 266), (collar + 28, tongue, 266),
        (toe, 50, 266), (toe + 14, 22, 268), (sole, 16, 268),
      ], shade: shade)
    fill(
      [(sole - 4, 14, 268), (sole + 10, 16, 268), (sole + 16, 26, 262)],
      shade: accent(shade, &random))
    if random.chance(60) {
      let stripe = accent(shade, &random)
      let width = random.next(6...14)
      let from = random.next(140...170)
      fill(
        [(toe - 14, from + 30, from + 30 + width), (sole - 6, from, from + width)],
        shade: stripe)
      if random.chance(60) {
        fill(
          [
            (toe - 14, from + 56, from + 56 + width),
            (sole - 6, from + 26, from + 26 + width),
          ], shade: stripe)
      }
    }
    if random.chance(60) {
      fill(
        [(collar + 22, tongue + 12, tongue + 30), (toe - 2, 86, 104)],
        shade: accent(shade, &random))
    }
  }

  mutating func drawAnkleBoot(_ shade: Int, _ random: inout SplitMix64) {
    isMirrored = random.chance(10)
    let shaft = random.next(24...84)
    let front = random.next(140...170)
    let toe = random.next(168...190)
    let sole = random.next(222...234)
    fill(
      [
        (shaft, front, 262), (130, front - 4, 258), (toe - 24, front - 34, 260), (toe, 64, 264),
        (toe + 20, 26, 266), (sole, 16, 266),
      ], shade: shade)
    let dark = max(14, shade - random.next(30...90))
    if random.chance(60) {
      let heel = random.next(180...205)
      let height = sole + random.next(12...34)
      fill([(sole - 2, heel, 266), (height, heel + 10, 262)], shade: dark)
      fill([(sole - 2, 16, 200), (sole + 8, 20, 180)], shade: dark)
    } else {
      fill([(sole - 2, 14, 268), (sole + 16, 18, 266)], shade: dark)
    }
    if random.chance(50) {
      let side = random.next(190...210)
      fill(
        [(shaft + 10, side, side + 14), (toe - 6, side - 6, side + 8)],
        shade: accent(shade, &random))
    }
    if random.chance(30) {
      fill([(shaft, front, 262), (shaft + 14, front, 262)], shade: dark)
    }
  }

  mutating func drawSandal(_ shade: Int, _ random: inout SplitMix64) {
    isMirrored = random.chance(10)
    let heel = random.next(0...80)
    let sole = 214
    let lift = sole - heel
    let thickness = random.next(10...22)
    // The foot's bed: flat under the toes, rising to the heel.
    fill(
      [
        (lift - 6, 226, 266), (lift + thickness, 186 - heel / 4, 266),
        (max(lift + thickness + 1, sole - 4), 60, 190 - heel / 3),
        (max(lift + thickness + 2, sole - 3) + thickness, 20, 160),
      ], shade: shade)
    if heel > 24 {
      let width = random.next(8...34)
      fill([(lift, 262 - width - 6, 264), (sole + thickness - 4, 262 - width, 262)], shade: shade)
    } else {
      fill([(sole - 4, 18, 264), (sole + thickness - 4, 24, 262)], shade: shade)
    }
    let strap = random.chance(50) ? shade : accent(shade, &random)
    /// The height of the bed at x.
    func bed(_ x: Int) -> Int { sole - max(0, x - 80) * heel / 150 }
    // Straps cross the foot: each a loop of two legs that meet above it.
    let width = random.next(10...24)
    for start in [40, 84, 124].prefix(random.next(1...3)) {
      let lean = random.next(18...34)
      let apex = bed(start + lean) - random.next(34...52)
      fill(
        [(apex, start + lean, start + lean + width), (bed(start), start, start + width)],
        shade: strap)
      let landing = start + 2 * lean
      fill(
        [
          (apex, start + lean, start + lean + width),
          (bed(landing), landing, landing + width),
        ], shade: strap)
    }
    if random.chance(70) {
      let top = max(10, lift - random.next(50...90))
      fill([(top, 244, 260), (lift, 252, 266)], shade: strap)
      if random.chance(70) {
        fill([(top + 8, 182, 260), (top + 22, 176, 260)], shade: strap)
      }
      if random.chance(60) {
        fill([(top + 10, 176, 190), (bed(150), 140, 156)], shade: strap)
      }
    }
  }

  mutating func drawBag(_ shade: Int, _ random: inout SplitMix64) {
    let top = random.next(84...136)
    let bottom = random.next(230...262)
    let upper = random.next(84...122)
    let lower = min(128, upper + random.next(-8...24))
    if random.chance(80) {
      let handle = top - random.next(40...90)
      let outer = random.next(38...upper - 24)
      let width = random.next(7...15)
      let arch = [(handle, outer * 2 / 3), (handle + 14, outer), (top + 2, outer + 6)]
      fillSymmetric(
        arch.map { (y: $0.0, half: $0.1) },
        shade: random.chance(60) ? shade : accent(shade, &random))
      fillSymmetric(
        arch.map { (y: $0.0 == top + 2 ? $0.0 : $0.0 + width, half: max(2, $0.1 - width)) },
        shade: 0)
    }
    fillSymmetric(
      [(top, upper - 6), (top + 10, upper), (bottom - 10, lower), (bottom, lower - 8)], shade: shade
    )
    let detail = accent(shade, &random)
    if random.chance(45) {
      let flap = top + random.next(40...70)
      fillSymmetric([(flap, upper), (flap + 9, upper)], shade: detail)
    }
    if random.chance(50) {
      let middle = (top + bottom) / 2 + random.next(-20...20)
      fillSymmetric([(middle - 12, 14), (middle + 12, 14)], shade: detail)
    }
    if random.chance(25) { fillBoth([(top, 84, 96), (bottom, 80, 94)], shade: detail) }
  }
}
