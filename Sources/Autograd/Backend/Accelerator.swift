/// A device other than the CPU: its memory, and the primitives that it has kernels for.
package protocol Accelerator: DeviceMemory {
  /// Whether primitives without a kernel may run on the CPU, and how often they did.
  var fallback: Fallback { get }

  /// Runs a primitive if the device has a kernel for it, its types and its sizes; otherwise it runs on the CPU (see
  /// `Fallback`).
  ///
  /// - Parameters:
  ///   - inputs: Arrays on this device, in the order of the function of the same name in `Backend`; optional ones
  ///     are left out.
  ///   - outputs: Likewise.
  /// - Returns: Whether it ran.
  func run(_ primitive: Primitive, _ inputs: [NDArray], into outputs: [NDArray]) -> Bool
}

/// A primitive with its constants; the function of the same name in `Backend` says what it computes.
package enum Primitive: Sendable {
  case map(UnaryOp)
  case zip(BinaryOp)
  case zipScalar(BinaryOp, Double, isReversed: Bool)
  case addRow
  case compare(CompareOp)
  case select
  case update(UpdateOp, UpdateFactors)
  case copy
  case fill(Double)
  case reduce(ReduceOp, outer: Int, reduced: Int, inner: Int)
  case argmax(rows: Int, columns: Int)
  case sumOfSquares
  case scan(ScanOp, length: Int, inner: Int, isReversed: Bool)
  case rows(RowOp, rows: Int, columns: Int)
  case moments(NormalizationShape)
  case normalize(NormalizationShape, hasWeight: Bool, hasBias: Bool)
  case normalizeRows(NormalizationShape, hasWeight: Bool, hasBias: Bool)
  case normalizeGradient(NormalizationShape)
  case matmul
  case convolution(ConvolutionShape)
  case convolutionInputGradient(ConvolutionShape)
  case convolutionWeightGradient(ConvolutionShape)
  case convolutionBiasGradient(ConvolutionShape)
  case averagePool(PoolingShape, planes: Int)
  case averagePoolGradient(PoolingShape, planes: Int)
  case maxPoolIndices(PoolingShape, planes: Int)
  case gatherPlanes(planes: Int, xCount: Int, yCount: Int, isAdjoint: Bool)
  case checkIndices(below: Int, ignoring: Int?)
  case lastWriters(outer: Int, length: Int, inner: Int, size: Int)
  case pickRows
  case addRows(skipping: Int?)
  case putRows
  case order(columns: Int, isDescending: Bool, count: Int)
  case interpolate([InterpolationPoint], size: Int, inner: Int, isAdjoint: Bool)
  case uniform(RandomWords, low: Double, high: Double, largest: Double)
  case normal(RandomWords, mean: Double, standardDeviation: Double)
  case bernoulli(RandomWords, probability: Double)
  case bernoulliEach(RandomWords)
  case integers(RandomWords, from: Int, count: UInt64)
}
