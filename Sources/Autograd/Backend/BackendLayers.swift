// Primitives of norms, matrix products, convolutions and pools.
extension Backend {
  // MARK: Norms

  /// Mean and biased variance of each group of dense `x`, float64 [2, groups]; without centering the mean
  /// is 0.
  static func moments(_ x: NDArray, _ shape: NormalizationShape, into moments: NDArray) {
    if onCPU(x, moments) { return CPU.moments(x, shape, into: moments) }
    offCPU("moments", .moments(shape), [x], into: [moments])
  }

  /// y = (x - mean) / sqrt(variance + epsilon) * weight + bias for dense arrays; weight and bias [channels].
  static func normalize(
    _ x: NDArray, _ moments: NDArray, weight: NDArray?, bias: NDArray?,
    _ shape: NormalizationShape, into y: NDArray
  ) {
    if onCPU([x, moments, weight, bias, y]) {
      return CPU.normalize(x, moments, weight: weight, bias: bias, shape, into: y)
    }
    offCPU(
      "normalize", .normalize(shape, hasWeight: weight != nil, hasBias: bias != nil),
      [x, moments] + [weight, bias].compactMap(\.self), into: [y])
  }

  /// Rows normalized each by itself, times dense `weight` and plus dense `bias` along the row, in one pass.
  static func normalizeRows(
    _ x: NDArray, weight: NDArray?, bias: NDArray?, _ shape: NormalizationShape, into y: NDArray
  ) {
    if onCPU([x, weight, bias, y]) {
      return CPU.normalizeRows(x, weight: weight, bias: bias, shape, into: y)
    }
    offCPU(
      "normalize rows", .normalizeRows(shape, hasWeight: weight != nil, hasBias: bias != nil),
      [x] + [weight, bias].compactMap(\.self), into: [y])
  }

  /// The gradients of `normalize` by x, and by weight and bias [channels].
  static func normalizeGradient(
    _ dy: NDArray, _ x: NDArray, _ moments: NDArray, weight: NDArray?, _ shape: NormalizationShape,
    into dx: NDArray, _ dWeight: NDArray, _ dBias: NDArray
  ) {
    if onCPU([dy, x, moments, weight, dx, dWeight, dBias]) {
      return CPU.normalizeGradient(
        dy, x, moments, weight: weight, shape, into: dx, dWeight, dBias)
    }
    offCPU(
      "normalize gradient", .normalizeGradient(shape),
      [dy, x, moments] + [weight].compactMap(\.self),
      into: [dx, dWeight, dBias])
  }

  // MARK: Products

  /// y [batch..., rows, columns] = a · b for dense `y` and a depth above 0.
  ///
  /// a and b have y's batch axes or broadcast to them, and may be views.
  static func matmul(_ a: NDArray, _ b: NDArray, into y: NDArray) {
    if onCPU(a, b, y) { return CPU.matmul(a, b, into: y) }
    offCPU("matmul", .matmul, [a, b], into: [y])
  }

  /// y [N, O, ...] from x [N, C, ...], weight [O, C / groups, ...] and bias [O], all dense.
  static func convolution(
    _ x: NDArray, _ weight: NDArray, bias: NDArray?, _ shape: ConvolutionShape, into y: NDArray
  ) {
    if onCPU(x, weight, y) && bias.map({ $0.device == .cpu }) ?? true {
      return CPU.convolution(x, weight, bias: bias, shape, into: y)
    }
    offCPU("convolution", .convolution(shape), [x, weight] + [bias].compactMap(\.self), into: [y])
  }

  /// dx [N, C, ...] from dy [N, O, ...] and weight [O, C / groups, ...], all dense.
  static func convolutionInputGradient(
    _ dy: NDArray, _ weight: NDArray, _ shape: ConvolutionShape, into dx: NDArray
  ) {
    if onCPU(dy, weight, dx) {
      return CPU.convolutionInputGradient(dy, weight, shape, into: dx)
    }
    offCPU(
      "convolution input gradient", .convolutionInputGradient(shape), [dy, weight], into: [dx])
  }

  /// dw [O, C / groups, ...] from x [N, C, ...] and dy [N, O, ...], all dense.
  static func convolutionWeightGradient(
    _ x: NDArray, _ dy: NDArray, _ shape: ConvolutionShape, into dw: NDArray
  ) {
    if onCPU(x, dy, dw) { return CPU.convolutionWeightGradient(x, dy, shape, into: dw) }
    offCPU("convolution weight gradient", .convolutionWeightGradient(shape), [x, dy], into: [dw])
  }

  /// db [O] from dy [N, O, ...], dense: the sum over images and pixels.
  static func convolutionBiasGradient(
    _ dy: NDArray, _ shape: ConvolutionShape, into db: NDArray
  ) {
    if onCPU(dy, db) { return CPU.convolutionBiasGradient(dy, shape, into: db) }
    offCPU("convolution bias gradient", .convolutionBiasGradient(shape), [dy], into: [db])
  }

  // MARK: Pools

  /// The mean over windows of dense planes.
  static func averagePool(_ x: NDArray, _ shape: PoolingShape, planes: Int, into y: NDArray) {
    if onCPU(x, y) { return CPU.averagePool(x, shape, planes: planes, into: y) }
    offCPU("average pool", .averagePool(shape, planes: planes), [x], into: [y])
  }

  /// The adjoint of `averagePool`.
  static func averagePoolGradient(
    _ dy: NDArray, _ shape: PoolingShape, planes: Int, into dx: NDArray
  ) {
    if onCPU(dy, dx) { return CPU.averagePoolGradient(dy, shape, planes: planes, into: dx) }
    offCPU("average pool gradient", .averagePoolGradient(shape, planes: planes), [dy], into: [dx])
  }

  /// The index within its plane of each window's first largest element, int32; NaN counts as largest.
  static func maxPoolIndices(_ x: NDArray, _ shape: PoolingShape, planes: Int, into y: NDArray) {
    if onCPU(x, y) { return CPU.maxPoolIndices(x, shape, planes: planes, into: y) }
    offCPU("max pool", .maxPoolIndices(shape, planes: planes), [x], into: [y])
  }
}
