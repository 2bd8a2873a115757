extension CPU {
  /// Runs a primitive on dense copies of a device's arrays.
  ///
  /// - Returns: What a check of indices found, nil for other primitives.
  static func run(_ primitive: Primitive, _ x: [NDArray], into y: [NDArray]) -> IndexCheck? {
    switch primitive {
    case .map(let f): map(f, x[0], into: y[0])
    case .zip(let f): zip(f, broadcast: x[0], x[1], into: y[0])
    case .zipScalar(let f, let scalar, let isReversed):
      zip(f, dense: x[0], scalar: scalar, isReversed: isReversed, into: y[0])
    case .addRow: addRow(x[0], to: y[0])
    case .compare(let f): compare(f, x[0], x[1], into: y[0])
    case .select: select(x[0], x[1], x[2], into: y[0])
    case .update(let f, let factors): update(f, factors, x[0], x[1], into: y[0])
    case .copy: copy(x[0], into: y[0])
    case .fill(let value): fill(y[0], with: value)
    case .reduce(let f, let outer, let reduced, let inner):
      reduce(f, x[0], outer: outer, reduced: reduced, inner: inner, into: y[0])
    case .argmax(let rows, let columns): argmax(x[0], rows: rows, columns: columns, into: y[0])
    case .sumOfSquares: sumOfSquares(x[0], into: y[0])
    case .scan(let f, let length, let inner, let isReversed):
      scan(f, x[0], length: length, inner: inner, isReversed: isReversed, into: y[0])
    case .rows(let f, let rows, let columns):
      self.rows(f, x[0], rows: rows, columns: columns, into: y[0])
    case .moments(let shape): moments(x[0], shape, into: y[0])
    case .normalize(let shape, let hasWeight, let hasBias):
      normalize(
        x[0], x[1], weight: hasWeight ? x[2] : nil, bias: hasBias ? x.last : nil, shape, into: y[0])
    case .normalizeRows(let shape, let hasWeight, let hasBias):
      normalizeRows(
        x[0], weight: hasWeight ? x[1] : nil, bias: hasBias ? x.last : nil, shape, into: y[0])
    case .normalizeGradient(let shape):
      normalizeGradient(
        x[0], x[1], x[2], weight: x.count > 3 ? x[3] : nil, shape, into: y[0], y[1], y[2])
    case .matmul: matmul(x[0], x[1], into: y[0])
    case .convolution(let shape):
      convolution(x[0], x[1], bias: x.count > 2 ? x[2] : nil, shape, into: y[0])
    case .convolutionInputGradient(let shape):
      convolutionInputGradient(x[0], x[1], shape, into: y[0])
    case .convolutionWeightGradient(let shape):
      convolutionWeightGradient(x[0], x[1], shape, into: y[0])
    case .convolutionBiasGradient(let shape): convolutionBiasGradient(x[0], shape, into: y[0])
    case .averagePool(let shape, let planes):
      averagePool(x[0], shape, planes: planes, into: y[0])
    case .averagePoolGradient(let shape, let planes):
      averagePoolGradient(x[0], shape, planes: planes, into: y[0])
    case .maxPoolIndices(let shape, let planes):
      maxPoolIndices(x[0], shape, planes: planes, into: y[0])
    case .gatherPlanes(let planes, let xCount, let yCount, let isAdjoint):
      gatherPlanes(
        x[0], x[1], planes: planes, xCount: xCount, yCount: yCount, isAdjoint: isAdjoint, into: y[0]
      )
    case .checkIndices(let range): return checkIndices(x[0], in: range, into: y[0])
    case .lastWriters(let outer, let length, let inner, let size):
      lastWriters(x[0], outer: outer, length: length, inner: inner, size: size, into: y[0])
    case .gatherRows: gatherRows(x[0], x[1], into: y[0])
    case .scatterAddRows(let skipped): scatterAddRows(x[0], at: x[1], skipping: skipped, into: y[0])
    case .scatterRows: scatterRows(x[0], at: x[1], into: y[0])
    case .argsort(let columns, let isDescending, let count):
      argsort(x[0], columns: columns, isDescending: isDescending, into: y[0], columns: count)
    case .interpolate(let points, let size, let inner, let isAdjoint):
      interpolate(x[0], points, size: size, inner: inner, isAdjoint: isAdjoint, into: y[0])
    case .uniform(let words, let low, let high, let largest):
      uniform(words, low: low, high: high, largest: largest, into: y[0])
    case .normal(let words, let mean, let deviation):
      normal(words, mean: mean, standardDeviation: deviation, into: y[0])
    case .bernoulli(let words, let probability):
      bernoulli(words, probability: probability, into: y[0])
    case .bernoulliEach(let words): bernoulli(words, probabilities: x[0], into: y[0])
    case .integers(let words, let low, let count):
      integers(words, from: low, count: count, into: y[0])
    }
    return nil
  }
}
