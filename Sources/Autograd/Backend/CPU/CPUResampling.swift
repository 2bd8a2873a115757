extension CPU {
  static func interpolate(
    _ x: NDArray, _ points: [InterpolationPoint], size: Int, inner: Int, isAdjoint: Bool,
    into y: NDArray
  ) {
    func run<Scalar: BinaryFloatingPoint>(_ weights: [Scalar]) {
      let source = x.data.assumingMemoryBound(to: Scalar.self)
      let target = y.data.assumingMemoryBound(to: Scalar.self)
      let (short, long) = (size * inner, points.count * inner)
      if short == 0 || long == 0 { return }
      ThreadPool.forEachPart(of: (isAdjoint ? y.count : x.count) / short, width: max(short, long)) {
        start, count in
        for image in start..<start + count {
          if isAdjoint {
            (target + image * short).update(repeating: 0, count: short)
            add(source + image * long, points, weights, inner, to: target + image * short)
          } else {
            find(points, weights, inner, in: source + image * short, target + image * long)
          }
        }
      }
    }
    withExtendedLifetime((x, y)) {
      let weights = points.map(\.weight)
      if x.dtype == .float64 { run(weights) } else { run(weights.map { Float($0) }) }
    }
  }

  @inline(__always)
  private static func find<Scalar: BinaryFloatingPoint>(
    _ points: [InterpolationPoint], _ weights: [Scalar], _ inner: Int, in x: UnsafePointer<Scalar>,
    _ y: UnsafeMutablePointer<Scalar>
  ) {
    if inner == 1 {
      for (index, point) in points.enumerated() {
        let weight = weights[index]
        y[index] = x[point.before] * (1 - weight) + x[point.after] * weight
      }
      return
    }
    for (index, point) in points.enumerated() {
      let (before, after) = (x + point.before * inner, x + point.after * inner)
      let (weight, row) = (weights[index], y + index * inner)
      for column in 0..<inner {
        row[column] = before[column] * (1 - weight) + after[column] * weight
      }
    }
  }

  @inline(__always)
  private static func add<Scalar: BinaryFloatingPoint>(
    _ x: UnsafePointer<Scalar>, _ points: [InterpolationPoint], _ weights: [Scalar], _ inner: Int,
    to y: UnsafeMutablePointer<Scalar>
  ) {
    if inner == 1 {
      for (index, point) in points.enumerated() {
        let weight = weights[index]
        y[point.before] += x[index] * (1 - weight)
        y[point.after] += x[index] * weight
      }
      return
    }
    for (index, point) in points.enumerated() {
      let (before, after) = (y + point.before * inner, y + point.after * inner)
      let (weight, row) = (weights[index], x + index * inner)
      for column in 0..<inner { before[column] += row[column] * (1 - weight) }
      for column in 0..<inner { after[column] += row[column] * weight }
    }
  }
}
