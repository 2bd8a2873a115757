// Primitives of norms, matrix products, convolutions and pools.
extension Backend {
  // MARK: Norms

  /// Mean and biased variance of each group of dense `x`, float64 [2, groups]; without centering the mean
  /// is 0.
  static func moments(_ x: NDArray, _ shape: NormalizationShape, into moments: NDArray) {
    if onCPU(x, moments) { return CPU.moments(x, shape, into: moments) }
    offCPU("moments", [x], into: [moments]) {
      $0.moments($1[0], shape, into: moments)
    } cpu: {
      CPU.moments($0[0], shape, into: $1[0])
    }
  }

  /// y = (x - mean) / sqrt(variance + epsilon) * weight + bias for dense arrays; weight and bias [channels].
  static func normalize(
    _ x: NDArray, _ moments: NDArray, weight: NDArray?, bias: NDArray?,
    _ shape: NormalizationShape, into y: NDArray
  ) {
    if onCPU([x, moments, weight, bias, y]) {
      return CPU.normalize(x, moments, weight: weight, bias: bias, shape, into: y)
    }
    let count = [weight, bias].count { $0 != nil }
    offCPU("normalize", [x, moments] + [weight, bias].compactMap { $0 }, into: [y]) { device, x in
      device.normalize(
        x[0], x[1], weight: weight == nil ? nil : x[2], bias: bias == nil ? nil : x[1 + count],
        shape, into: y)
    } cpu: { x, y in
      CPU.normalize(
        x[0], x[1], weight: weight == nil ? nil : x[2], bias: bias == nil ? nil : x[1 + count],
        shape, into: y[0])
    }
  }

  /// Rows normalized each by itself, times dense `weight` and plus dense `bias` along the row, in one pass.
  static func normalizeRows(
    _ x: NDArray, weight: NDArray?, bias: NDArray?, _ shape: NormalizationShape, into y: NDArray
  ) {
    if onCPU([x, weight, bias, y]) {
      return CPU.normalizeRows(x, weight: weight, bias: bias, shape, into: y)
    }
    let count = [weight, bias].count { $0 != nil }
    offCPU("normalize rows", [x] + [weight, bias].compactMap { $0 }, into: [y]) { device, x in
      device.normalizeRows(
        x[0], weight: weight == nil ? nil : x[1], bias: bias == nil ? nil : x[count], shape, into: y
      )
    } cpu: { x, y in
      CPU.normalizeRows(
        x[0], weight: weight == nil ? nil : x[1], bias: bias == nil ? nil : x[count], shape,
        into: y[0])
    }
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
      "normalize gradient", [dy, x, moments] + [weight].compactMap { $0 },
      into: [dx, dWeight, dBias]
    ) { device, x in
      device.normalizeGradient(
        x[0], x[1], x[2], weight: weight == nil ? nil : x[3], shape, into: dx, dWeight, dBias)
    } cpu: { x, y in
      CPU.normalizeGradient(
        x[0], x[1], x[2], weight: weight == nil ? nil : x[3], shape, into: y[0], y[1], y[2])
    }
  }

  // MARK: Products

  /// y [batch..., rows, columns] = a · b for dense `y` and a depth above 0.
  ///
  /// a and b have y's batch axes or broadcast to them, and may be views.
  static func matmul(_ a: NDArray, _ b: NDArray, into y: NDArray) {
    if onCPU(a, b, y) { return CPU.matmul(a, b, into: y) }
    offCPU("matmul", [a, b], into: [y]) {
      $0.matmul($1[0], $1[1], into: y)
    } cpu: {
      CPU.matmul($0[0], $0[1], into: $1[0])
    }
  }

  /// y [N, O, ...] from x [N, C, ...], weight [O, C / groups, ...] and bias [O], all dense.
  static func convolution(
    _ x: NDArray, _ weight: NDArray, bias: NDArray?, _ shape: ConvolutionShape, into y: NDArray
  ) {
    if onCPU(x, weight, y) && bias.map({ $0.device == .cpu }) ?? true {
      return CPU.convolution(x, weight, bias: bias, shape, into: y)
    }
    offCPU("convolution", [x, weight] + [bias].compactMap { $0 }, into: [y]) { device, x in
      device.convolution(x[0], x[1], bias: bias == nil ? nil : x[2], shape, into: y)
    } cpu: { x, y in
      CPU.convolution(x[0], x[1], bias: bias == nil ? nil : x[2], shape, into: y[0])
    }
  }

  /// dx [N, C, ...] from dy [N, O, ...] and weight [O, C / groups, ...], all dense.
  static func convolutionInputGradient(
    _ dy: NDArray, _ weight: NDArray, _ shape: ConvolutionShape, into dx: NDArray
  ) {
    if onCPU(dy, weight, dx) {
      return CPU.convolutionInputGradient(dy, weight, shape, into: dx)
    }
    offCPU("convolution input gradient", [dy, weight], into: [dx]) {
      $0.convolutionInputGradient($1[0], $1[1], shape, into: dx)
    } cpu: {
      CPU.convolutionInputGradient($0[0], $0[1], shape, into: $1[0])
    }
  }

  /// dw [O, C / groups, ...] from x [N, C, ...] and dy [N, O, ...], all dense.
  static func convolutionWeightGradient(
    _ x: NDArray, _ dy: NDArray, _ shape: ConvolutionShape, into dw: NDArray
  ) {
    if onCPU(x, dy, dw) { return CPU.convolutionWeightGradient(x, dy, shape, into: dw) }
    offCPU("convolution weight gradient", [x, dy], into: [dw]) {
      $0.convolutionWeightGradient($1[0], $1[1], shape, into: dw)
    } cpu: {
      CPU.convolutionWeightGradient($0[0], $0[1], shape, into: $1[0])
    }
  }

  /// db [O] from dy [N, O, ...], dense: the sum over images and pixels.
  static func convolutionBiasGradient(
    _ dy: NDArray, _ shape: ConvolutionShape, into db: NDArray
  ) {
    if onCPU(dy, db) { return CPU.convolutionBiasGradient(dy, shape, into: db) }
    offCPU("convolution bias gradient", [dy], into: [db]) {
      $0.convolutionBiasGradient($1[0], shape, into: db)
    } cpu: {
      CPU.convolutionBiasGradient($0[0], shape, into: $1[0])
    }
  }

  // MARK: Pools

  /// The mean over windows of dense planes.
  static func averagePool(_ x: NDArray, _ shape: PoolingShape, planes: Int, into y: NDArray) {
    if onCPU(x, y) { return CPU.averagePool(x, shape, planes: planes, into: y) }
    offCPU("average pool", [x], into: [y]) {
      $0.averagePool($1[0], shape, planes: planes, into: y)
    } cpu: {
      CPU.averagePool($0[0], shape, planes: planes, into: $1[0])
    }
  }

  /// The adjoint of `averagePool`.
  static func averagePoolGradient(
    _ dy: NDArray, _ shape: PoolingShape, planes: Int, into dx: NDArray
  ) {
    if onCPU(dy, dx) { return CPU.averagePoolGradient(dy, shape, planes: planes, into: dx) }
    offCPU("average pool gradient", [dy], into: [dx]) {
      $0.averagePoolGradient($1[0], shape, planes: planes, into: dx)
    } cpu: {
      CPU.averagePoolGradient($0[0], shape, planes: planes, into: $1[0])
    }
  }

  /// The index within its plane of each window's first largest element, int32; NaN counts as largest.
  static func maxPoolIndices(_ x: NDArray, _ shape: PoolingShape, planes: Int, into y: NDArray) {
    if onCPU(x, y) { return CPU.maxPoolIndices(x, shape, planes: planes, into: y) }
    offCPU("max pool", [x], into: [y]) {
      $0.maxPoolIndices($1[0], shape, planes: planes, into: y)
    } cpu: {
      CPU.maxPoolIndices($0[0], shape, planes: planes, into: $1[0])
    }
  }
}
