extension CPU {
  static func interpolate(
    _ x: NDArray, _ places: [Between], size: Int, inner: Int, isAdjoint: Bool, into y: NDArray
  ) {
    func run<Scalar: BinaryFloatingPoint>(_ shares: [Scalar]) {
      let source = x.data.assumingMemoryBound(to: Scalar.self)
      let target = y.data.assumingMemoryBound(to: Scalar.self)
      let (short, long) = (size * inner, places.count * inner)
      if short == 0 || long == 0 { return }
      forEachRowPart((isAdjoint ? y.count : x.count) / short, width: max(short, long)) {
        start, count in
        for image in start..<start + count {
          if isAdjoint {
            (target + image * short).update(repeating: 0, count: short)
            add(source + image * long, places, shares, inner, to: target + image * short)
          } else {
            find(places, shares, inner, in: source + image * short, target + image * long)
          }
        }
      }
    }
    withExtendedLifetime((x, y)) {
      let shares = places.map(\.share)
      if x.dtype == .float64 { run(shares) } else { run(shares.map { Float($0) }) }
    }
  }

  @inline(__always)
  private static func find<Scalar: BinaryFloatingPoint>(
    _ places: [Between], _ shares: [Scalar], _ inner: Int, in x: UnsafePointer<Scalar>,
    _ y: UnsafeMutablePointer<Scalar>
  ) {
    if inner == 1 {
      for (index, place) in places.enumerated() {
        let share = shares[index]
        y[index] = x[place.before] * (1 - share) + x[place.after] * share
      }
      return
    }
    for (index, place) in places.enumerated() {
      let (before, after) = (x + place.before * inner, x + place.after * inner)
      let (share, row) = (shares[index], y + index * inner)
      for column in 0..<inner { row[column] = before[column] * (1 - share) + after[column] * share }
    }
  }

  @inline(__always)
  private static func add<Scalar: BinaryFloatingPoint>(
    _ x: UnsafePointer<Scalar>, _ places: [Between], _ shares: [Scalar], _ inner: Int,
    to y: UnsafeMutablePointer<Scalar>
  ) {
    if inner == 1 {
      for (index, place) in places.enumerated() {
        let share = shares[index]
        y[place.before] += x[index] * (1 - share)
        y[place.after] += x[index] * share
      }
      return
    }
    for (index, place) in places.enumerated() {
      let (before, after) = (y + place.before * inner, y + place.after * inner)
      let (share, row) = (shares[index], x + index * inner)
      for column in 0..<inner { before[column] += row[column] * (1 - share) }
      for column in 0..<inner { after[column] += row[column] * share }
    }
  }
}
