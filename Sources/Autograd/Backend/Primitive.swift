/// A function on arrays that every device can run, with its constants.
///
/// Inputs are called a, b, ... or by what they are, outputs y. All are dense unless it says otherwise; x [outer, n,
/// inner] is an array seen as three axes.
package enum Primitive: Sendable {
  // MARK: Element-wise

  /// y = f(x) for any strides of x; y may be x.
  case map(UnaryOp)
  /// y = f(a, b), operands of one type and any strides, broadcast to y's shape; y may be an operand of its shape.
  case zip(BinaryOp)
  /// y = f(a, scalar), or f(scalar, a) if reversed; y may be a.
  case zipScalar(BinaryOp, Double, isReversed: Bool)
  /// Adds x [columns] to each row of y [rows, columns].
  case addRow
  /// y = f(a, b) as for `zip`, into boolean y.
  case compare(CompareOp)
  /// y = condition ? a : b, all of any strides and broadcast to y's shape.
  case select
  /// y = keep * y + scale * f(u, v) in place; of one floating-point type and shape.
  case update(UpdateOp, UpdateFactors)
  /// Copies x, of any strides, broadcast and converted, into y, which may be a view.
  case copy
  /// Sets every element of y.
  case fill(Double)

  // MARK: Reductions and rows

  /// Reduces x [outer, reduced, inner] to y [outer, inner]; `reduced` > 0.
  case reduce(ReduceOp, outer: Int, reduced: Int, inner: Int)
  /// The first index of the largest element in each row of x [rows, columns], int64.
  case argmax(rows: Int, columns: Int)
  /// The sum of the squares of a floating-point array, float64 []; parts of it are added in double precision.
  case sumOfSquares
  /// The cumulative sums or products along the middle axis of x [outer, length, inner], from the end if reversed;
  /// float32 is computed in double precision.
  case scan(ScanOp, length: Int, inner: Int, isReversed: Bool)
  /// A function of each row of x [rows, columns], columns > 0; one column for `logSumExp`, else x's shape.
  case rows(RowOp, rows: Int, columns: Int)

  // MARK: Norms

  /// Mean and biased variance (the moments) of each group of x, float64 [2, groups]; without centering the mean is 0.
  case moments(NormalizationShape)
  /// y = (x - mean) / sqrt(variance + epsilon) * weight + bias from x, moments, and weight and bias [channels] where
  /// there are any.
  case normalize(NormalizationShape, hasWeight: Bool, hasBias: Bool)
  /// Rows x normalized each by itself, times weight and plus bias along the row where there are any, in one pass.
  case normalizeRows(NormalizationShape, hasWeight: Bool, hasBias: Bool)
  /// The gradients of `normalize` by x, weight and bias [channels], from dy, x, moments, and the weight if there is one.
  case normalizeGradient(NormalizationShape)

  // MARK: Products, convolutions and pools

  /// y [batch..., rows, columns] = a · b for a depth above 0.
  ///
  /// a and b have y's batch axes or broadcast to them, and any strides.
  case matmul
  /// y [N, O, ...] from x [N, C, ...], weight [O, C / groups, ...] and, if there is one, bias [O].
  case convolution(ConvolutionShape)
  /// dx [N, C, ...] from dy [N, O, ...] and weight [O, C / groups, ...].
  case convolutionInputGradient(ConvolutionShape)
  /// dw [O, C / groups, ...] from x [N, C, ...] and dy [N, O, ...].
  case convolutionWeightGradient(ConvolutionShape)
  /// db [O] from dy [N, O, ...]: the sum over images and pixels.
  case convolutionBiasGradient(ConvolutionShape)
  /// The mean over windows of planes [planes, height, width].
  case averagePool(PoolingShape, planes: Int)
  /// The adjoint of `averagePool`.
  case averagePoolGradient(PoolingShape, planes: Int)
  /// The index within its plane of each window's first largest element, int32; NaN counts as largest.
  case maxPoolIndices(PoolingShape, planes: Int)

  // MARK: Indices

  /// y[p, j] = x[p, indices[p, j]] for every plane, or its adjoint, which adds; from x and int32 indices.
  case gatherPlanes(planes: Int, xCount: Int, yCount: Int, isAdjoint: Bool)
  /// Copies int64 indices into int32 or int64 y, and checks in the same pass that they are in range.
  case checkIndices(IndexRange)
  /// For each index in 0 ..< size the last position along the middle axis of int32 indices [outer, length, inner] that
  /// holds it, else -1: int32 [outer, size, inner].
  case lastWriters(outer: Int, length: Int, inner: Int, size: Int)
  /// The rows of x at int64 indices along its first axis, from x and indices.
  case gatherRows
  /// Adds the rows of x to the rows of y at int64 indices, except at one, from x and indices.
  case scatterAddRows(skipping: Int?)
  /// Replaces rows of y at int64 indices by those of x, from x and indices; of several for one index the last one stays.
  case scatterRows
  /// The indices of the first `count` elements of each row of x [rows, columns] in order, int64.
  case argsort(columns: Int, isDescending: Bool, count: Int)
  /// Elements between two of `size` along the middle axis of x [outer, size, inner]; or the adjoint, which adds each
  /// element to the two that it lies between.
  case interpolate([InterpolationPoint], size: Int, inner: Int, isAdjoint: Bool)

  // MARK: Random numbers

  /// Uniform numbers, low + (high - low) * (word + 1/2) / 2^32 but at most `largest`, float32 or float64, one word each.
  case uniform(RandomWords, low: Double, high: Double, largest: Double)
  /// Normal numbers (Box and Muller 1958), float32 or float64, a pair from two words.
  case normal(RandomWords, mean: Double, standardDeviation: Double)
  /// Whether a word is below probability * 2^32, boolean, one word each.
  case bernoulli(RandomWords, probability: Double)
  /// The same with a probability for each element, float64 in y's shape.
  case bernoulliEach(RandomWords)
  /// Uniform integers in low ..< low + count, int64, two words each.
  case integers(RandomWords, from: Int, count: UInt64)
}

extension Primitive {
  /// The name in messages and counts: the function's, as in `+` or `map exp`, or the case's.
  var name: String {
    switch self {
    case .map(let f): "map \(f)"
    case .zip(let f), .zipScalar(let f, _, _): f.rawValue
    case .compare(let f): f.rawValue
    case .update(let f, _): f.rawValue
    case .reduce(let f, _, _, _): f.rawValue
    case .scan(let f, _, _, _): f.rawValue
    case .rows(let f, _, _): f.rawValue
    default: String("\(self)".prefix { $0 != "(" })
    }
  }

  /// Whether it needs what its outputs hold already.
  var keepsContents: Bool {
    switch self {
    case .addRow, .update, .scatterAddRows, .scatterRows: true
    default: false
    }
  }
}
