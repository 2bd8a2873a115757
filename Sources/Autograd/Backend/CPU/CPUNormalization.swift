internal import CKernels

/// Mean and biased variance of each group, float64 [2, groups] in an array that outlives this.
private struct Moments {
  let means: UnsafeMutablePointer<Double>
  let variances: UnsafeMutablePointer<Double>

  init(_ array: NDArray, _ shape: NormalizationShape) {
    means = array.data.assumingMemoryBound(to: Double.self)
    variances = means + shape.groupCount
  }

  func inverseDeviation(_ group: Int, _ epsilon: Double) -> Double {
    1 / (variances[group] + epsilon).squareRoot()
  }
}

extension NDArray {
  /// The elements of an array on the CPU in double precision.
  fileprivate var doubles: [Double] {
    contiguous(as: .float64).withElements(as: Double.self) { Array($0) }
  }

  /// Sets the elements of a dense array on the CPU, which converts them to its type.
  fileprivate func setElements(_ values: [Double]) {
    let wide = NDArray.uninitialized(dtype: .float64, shape: shape, on: .cpu)
    wide.withElements(as: Double.self) { _ = $0.initialize(from: values) }
    CPU.copy(wide, into: self)
  }
}

// Normalization primitives on dense arrays. Each plane is a row, statistics of rows are put
// together here.
extension CPU {
  static func moments(_ x: NDArray, _ shape: NormalizationShape, into moments: NDArray) {
    let x = x.computable
    let (planes, pixels) = (shape.planes, shape.pixels)
    let result = Moments(moments, shape)
    moments.withElements(as: Double.self) { $0.update(repeating: 0) }
    if shape.count == 0 { return }
    let rows = doubles(2 * planes) { rows in
      let size = x.dtype.byteCount
      ThreadPool.forEachPart(of: planes, width: pixels) { start, count in
        rowMoments(
          x.dtype, count, pixels, x.data + start * pixels * size, rows + 2 * start,
          isCentered: shape.isCentered)
      }
      withExtendedLifetime(x) {}
    }
    let rowsPerGroup = Double(planes / shape.groupCount)
    if shape.isCentered {
      for plane in 0..<planes { result.means[shape.group(of: plane)] += rows[2 * plane] }
      for group in 0..<shape.groupCount { result.means[group] /= rowsPerGroup }
    }
    for plane in 0..<planes {
      let group = shape.group(of: plane)
      let distance = rows[2 * plane] - result.means[group]
      result.variances[group] += rows[2 * plane + 1] + Double(pixels) * distance * distance
    }
    for group in 0..<shape.groupCount { result.variances[group] /= Double(shape.groupSize) }
    withExtendedLifetime(moments) {}
  }

  /// The mean and the sum of squared deviations of each row.
  ///
  /// Without centering, a row with an infinity and no NaN has an infinite sum of squares, though no mean.
  private static func rowMoments(
    _ dtype: DType, _ count: Int, _ columns: Int, _ source: UnsafeMutableRawPointer,
    _ moments: UnsafeMutablePointer<Double>, isCentered: Bool
  ) {
    kernels.rowMoments(dtype.kernelType, count, columns, source, moments)
    if isCentered { return }
    for row in 0..<count where moments[2 * row + 1].isNaN {
      func holdsNaN<Element: BinaryFloatingPoint>(_ type: Element.Type) -> Bool {
        let elements = source.assumingMemoryBound(to: type) + row * columns
        return UnsafeBufferPointer(start: elements, count: columns).contains { $0.isNaN }
      }
      if dtype == .float64 ? holdsNaN(Double.self) : holdsNaN(Float.self) { continue }
      (moments[2 * row], moments[2 * row + 1]) = (0, .infinity)
    }
  }

  /// - Parameter finish: Called on the thread that wrote planes, while they are in its cache.
  static func normalize(
    _ x: NDArray, _ statistics: NDArray, weight: NDArray?, bias: NDArray?,
    _ shape: NormalizationShape, into y: NDArray,
    then finish: (_ plane: Int, _ count: Int) -> Void = { _, _ in }
  ) {
    let moments = Moments(statistics, shape)
    let (weight, bias) = (weight?.doubles, bias?.doubles)
    let maps = (0..<shape.planes).map { plane in
      let (group, channel) = (shape.group(of: plane), plane % shape.channels)
      return CKRowMap(
        first: 0,
        second: moments.inverseDeviation(group, shape.epsilon) * (weight?[channel] ?? 1),
        center: moments.means[group], shift: bias?[channel] ?? 0)
    }
    combine(maps, nil, x, columns: shape.pixels, into: y, then: finish)
    withExtendedLifetime(statistics) {}
  }

  static func normalizeRows(
    _ x: NDArray, weight: NDArray?, bias: NDArray?, _ shape: NormalizationShape, into y: NDArray
  ) {
    let (columns, type, size) = (shape.pixels, x.dtype.kernelType, x.dtype.byteCount)
    if shape.count == 0 { return }
    ThreadPool.forEachPart(of: shape.planes, width: columns) { start, count in
      let (source, target) = (x.data + start * columns * size, y.data + start * columns * size)
      let moments = doubles(2 * count) {
        rowMoments(x.dtype, count, columns, source, $0, isCentered: shape.isCentered)
      }
      let maps = (0..<count).map { row -> CKRowMap in
        // Without centering the mean counts as 0.
        let mean = shape.isCentered ? moments[2 * row] : 0
        let distance = moments[2 * row] - mean
        let squares = moments[2 * row + 1] + Double(columns) * distance * distance
        let variance = squares / Double(columns)
        return CKRowMap(
          first: 0, second: 1 / (variance + shape.epsilon).squareRoot(), center: mean, shift: 0)
      }
      maps.withUnsafeBufferPointer {
        kernels.combineRows(
          type, count, columns, $0.baseAddress!, nil, source, weight?.data, bias?.data, target)
      }
    }
    withExtendedLifetime((x, y, weight, bias)) {}
  }

  /// - Parameter prepare: Called on the thread that reads planes of dy, before it does.
  static func normalizeGradient(
    _ dy: NDArray, _ x: NDArray, _ statistics: NDArray, weight: NDArray?,
    _ shape: NormalizationShape, into dx: NDArray, _ dWeight: NDArray, _ dBias: NDArray,
    first prepare: (_ plane: Int, _ count: Int) -> Void = { _, _ in }
  ) {
    let moments = Moments(statistics, shape)
    let weight = weight?.doubles
    let (planes, pixels, channels) = (shape.planes, shape.pixels, shape.channels)
    var weightGradient = Array(repeating: 0.0, count: channels)
    var biasGradient = weightGradient
    defer {
      dWeight.setElements(weightGradient)
      dBias.setElements(biasGradient)
      withExtendedLifetime(statistics) {}
    }
    if shape.count == 0 { return }
    let centers = (0..<planes).map { moments.means[shape.group(of: $0)] }
    let sums = doubles(2 * planes) { sums in
      let size = x.dtype.byteCount
      centers.withUnsafeBufferPointer { centers in
        let centers = centers.baseAddress!
        ThreadPool.forEachPart(of: planes, width: pixels) { start, count in
          let offset = start * pixels * size
          prepare(start, count)
          kernels.rowProducts(
            x.dtype.kernelType, count, pixels, dy.data + offset, x.data + offset, centers + start,
            sums + 2 * start)
        }
      }
      withExtendedLifetime((dy, x)) {}
    }
    let inverses = (0..<shape.groupCount).map { moments.inverseDeviation($0, shape.epsilon) }
    var totals = Array(repeating: 0.0, count: shape.groupCount)
    var products = totals
    for plane in 0..<planes {
      let (group, channel) = (shape.group(of: plane), plane % channels)
      let scale = weight?[channel] ?? 1
      totals[group] += scale * sums[2 * plane]
      products[group] += scale * sums[2 * plane + 1]
      biasGradient[channel] += sums[2 * plane]
      weightGradient[channel] += inverses[group] * sums[2 * plane + 1]
    }
    let size = Double(shape.groupSize)
    let maps = (0..<planes).map { plane in
      let (group, channel) = (shape.group(of: plane), plane % channels)
      // Rounded as the kernel rounds it: what cancels, as in groups of one element, cancels exactly.
      let inverse = x.dtype == .float32 ? Double(Float(inverses[group])) : inverses[group]
      return CKRowMap(
        first: inverse * (weight?[channel] ?? 1),
        second: -inverse * inverse * inverse * products[group] / size,
        center: moments.means[group],
        shift: shape.isCentered ? -inverse * totals[group] / size : 0)
    }
    combine(maps, dy, x, columns: pixels, into: dx)
  }

  private static func combine(
    _ maps: [CKRowMap], _ u: NDArray?, _ v: NDArray, columns: Int, into y: NDArray,
    then finish: (_ row: Int, _ count: Int) -> Void = { _, _ in }
  ) {
    if v.count == 0 { return }
    let size = v.dtype.byteCount
    maps.withUnsafeBufferPointer { maps in
      let maps = maps.baseAddress!
      ThreadPool.forEachPart(of: v.count / columns, width: columns) { start, count in
        let offset = start * columns * size
        kernels.combineRows(
          v.dtype.kernelType, count, columns, maps + start,
          u.map { UnsafeRawPointer($0.data + offset) },
          v.data + offset, nil, nil, y.data + offset)
        finish(start, count)
      }
    }
    withExtendedLifetime((u, v, y)) {}
  }

  private static func doubles(
    _ count: Int, _ fill: (UnsafeMutablePointer<Double>) -> Void
  ) -> [Double] {
    Array(unsafeUninitializedCapacity: count) { buffer, initialized in
      fill(buffer.baseAddress!)
      initialized = count
    }
  }
}
