/// A device other than the CPU: its memory, and the primitives that it has kernels for.
///
/// Each kernel computes what the function of the same name in `Backend` says and returns whether it did; where
/// it returns false, as all defaults do, the primitive runs on the CPU (see `Fallback`). Arrays are on this
/// device. A kernel may decline some types or sizes only.
package protocol Accelerator: DeviceMemory {
  /// Whether primitives without a kernel may run on the CPU, and how often they did.
  var fallback: Fallback { get }

  func map(_ f: UnaryOp, _ x: NDArray, into y: NDArray) -> Bool
  func zip(_ f: BinaryOp, _ a: NDArray, _ b: NDArray, into y: NDArray) -> Bool
  func zip(
    _ f: BinaryOp, _ a: NDArray, scalar: Double, isReversed: Bool, into y: NDArray
  ) -> Bool
  func addRow(_ x: NDArray, to y: NDArray) -> Bool
  func compare(_ f: CompareOp, _ a: NDArray, _ b: NDArray, into y: NDArray) -> Bool
  func select(_ condition: NDArray, _ a: NDArray, _ b: NDArray, into y: NDArray) -> Bool
  func update(
    _ f: UpdateOp, _ factors: UpdateFactors, _ u: NDArray, _ v: NDArray, into y: NDArray
  ) -> Bool
  func copy(_ x: NDArray, into y: NDArray) -> Bool
  func fill(_ y: NDArray, with value: Double) -> Bool
  func reduce(
    _ f: ReduceOp, _ x: NDArray, outer: Int, reduced: Int, inner: Int, into y: NDArray
  ) -> Bool
  func argmax(_ x: NDArray, rows: Int, columns: Int, into y: NDArray) -> Bool
  func sumOfSquares(_ x: NDArray, into y: NDArray) -> Bool
  func scan(
    _ f: ScanOp, _ x: NDArray, length: Int, inner: Int, isReversed: Bool, into y: NDArray
  ) -> Bool
  func rows(_ f: RowOp, _ x: NDArray, rows: Int, columns: Int, into y: NDArray) -> Bool
  func moments(_ x: NDArray, _ shape: NormalizationShape, into moments: NDArray) -> Bool
  func normalize(
    _ x: NDArray, _ moments: NDArray, weight: NDArray?, bias: NDArray?, _ shape: NormalizationShape,
    into y: NDArray
  ) -> Bool
  func normalizeRows(
    _ x: NDArray, weight: NDArray?, bias: NDArray?, _ shape: NormalizationShape, into y: NDArray
  ) -> Bool
  func normalizeGradient(
    _ dy: NDArray, _ x: NDArray, _ moments: NDArray, weight: NDArray?, _ shape: NormalizationShape,
    into dx: NDArray, _ dWeight: NDArray, _ dBias: NDArray
  ) -> Bool
  func matmul(_ a: NDArray, _ b: NDArray, into y: NDArray) -> Bool
  func convolution(
    _ x: NDArray, _ weight: NDArray, bias: NDArray?, _ shape: ConvolutionShape, into y: NDArray
  ) -> Bool
  func convolutionInputGradient(
    _ dy: NDArray, _ weight: NDArray, _ shape: ConvolutionShape, into dx: NDArray
  ) -> Bool
  func convolutionWeightGradient(
    _ x: NDArray, _ dy: NDArray, _ shape: ConvolutionShape, into dw: NDArray
  ) -> Bool
  func convolutionBiasGradient(_ dy: NDArray, _ shape: ConvolutionShape, into db: NDArray) -> Bool
  func averagePool(_ x: NDArray, _ shape: PoolingShape, planes: Int, into y: NDArray) -> Bool
  func averagePoolGradient(
    _ dy: NDArray, _ shape: PoolingShape, planes: Int, into dx: NDArray
  ) -> Bool
  func maxPoolIndices(_ x: NDArray, _ shape: PoolingShape, planes: Int, into y: NDArray) -> Bool
  func gatherPlanes(
    _ x: NDArray, _ indices: NDArray, planes: Int, xCount: Int, yCount: Int, isAdjoint: Bool,
    into y: NDArray
  ) -> Bool
  func checkIndices(_ x: NDArray, below bound: Int, ignoring ignored: Int?, into y: NDArray) -> Bool
  func lastWriters(
    _ indices: NDArray, outer: Int, length: Int, inner: Int, size: Int, into y: NDArray
  ) -> Bool
  func pickRows(_ x: NDArray, _ indices: NDArray, into y: NDArray) -> Bool
  func addRows(
    _ x: NDArray, at indices: NDArray, skipping skipped: Int?, into y: NDArray
  ) -> Bool
  func putRows(_ x: NDArray, at indices: NDArray, into y: NDArray) -> Bool
  func order(
    _ x: NDArray, columns: Int, isDescending: Bool, into y: NDArray, columns count: Int
  ) -> Bool
  func interpolate(
    _ x: NDArray, _ points: [InterpolationPoint], size: Int, inner: Int, isAdjoint: Bool,
    into y: NDArray
  ) -> Bool
  func uniform(
    _ words: RandomWords, low: Double, high: Double, largest: Double, into y: NDArray
  ) -> Bool
  func normal(
    _ words: RandomWords, mean: Double, standardDeviation: Double, into y: NDArray
  ) -> Bool
  func bernoulli(_ words: RandomWords, probability: Double, into y: NDArray) -> Bool
  func bernoulli(_ words: RandomWords, probabilities: NDArray, into y: NDArray) -> Bool
  func integers(_ words: RandomWords, from low: Int, count: UInt64, into y: NDArray) -> Bool
}

extension Accelerator {
  package func map(_ f: UnaryOp, _ x: NDArray, into y: NDArray) -> Bool { false }
  package func zip(_ f: BinaryOp, _ a: NDArray, _ b: NDArray, into y: NDArray) -> Bool { false }
  package func zip(
    _ f: BinaryOp, _ a: NDArray, scalar: Double, isReversed: Bool, into y: NDArray
  ) -> Bool { false }
  package func addRow(_ x: NDArray, to y: NDArray) -> Bool { false }
  package func compare(_ f: CompareOp, _ a: NDArray, _ b: NDArray, into y: NDArray) -> Bool {
    false
  }
  package func select(_ condition: NDArray, _ a: NDArray, _ b: NDArray, into y: NDArray) -> Bool {
    false
  }
  package func update(
    _ f: UpdateOp, _ factors: UpdateFactors, _ u: NDArray, _ v: NDArray, into y: NDArray
  ) -> Bool { false }
  package func copy(_ x: NDArray, into y: NDArray) -> Bool { false }
  package func fill(_ y: NDArray, with value: Double) -> Bool { false }
  package func reduce(
    _ f: ReduceOp, _ x: NDArray, outer: Int, reduced: Int, inner: Int, into y: NDArray
  ) -> Bool { false }
  package func argmax(_ x: NDArray, rows: Int, columns: Int, into y: NDArray) -> Bool { false }
  package func sumOfSquares(_ x: NDArray, into y: NDArray) -> Bool { false }
  package func scan(
    _ f: ScanOp, _ x: NDArray, length: Int, inner: Int, isReversed: Bool, into y: NDArray
  ) -> Bool { false }
  package func rows(_ f: RowOp, _ x: NDArray, rows: Int, columns: Int, into y: NDArray) -> Bool {
    false
  }
  package func moments(_ x: NDArray, _ shape: NormalizationShape, into moments: NDArray) -> Bool {
    false
  }
  package func normalize(
    _ x: NDArray, _ moments: NDArray, weight: NDArray?, bias: NDArray?, _ shape: NormalizationShape,
    into y: NDArray
  ) -> Bool { false }
  package func normalizeRows(
    _ x: NDArray, weight: NDArray?, bias: NDArray?, _ shape: NormalizationShape, into y: NDArray
  ) -> Bool { false }
  package func normalizeGradient(
    _ dy: NDArray, _ x: NDArray, _ moments: NDArray, weight: NDArray?, _ shape: NormalizationShape,
    into dx: NDArray, _ dWeight: NDArray, _ dBias: NDArray
  ) -> Bool { false }
  package func matmul(_ a: NDArray, _ b: NDArray, into y: NDArray) -> Bool { false }
  package func convolution(
    _ x: NDArray, _ weight: NDArray, bias: NDArray?, _ shape: ConvolutionShape, into y: NDArray
  ) -> Bool { false }
  package func convolutionInputGradient(
    _ dy: NDArray, _ weight: NDArray, _ shape: ConvolutionShape, into dx: NDArray
  ) -> Bool { false }
  package func convolutionWeightGradient(
    _ x: NDArray, _ dy: NDArray, _ shape: ConvolutionShape, into dw: NDArray
  ) -> Bool { false }
  package func convolutionBiasGradient(_ dy: NDArray, _ shape: ConvolutionShape, into db: NDArray)
    -> Bool
  { false }
  package func averagePool(_ x: NDArray, _ shape: PoolingShape, planes: Int, into y: NDArray)
    -> Bool
  { false }
  package func averagePoolGradient(
    _ dy: NDArray, _ shape: PoolingShape, planes: Int, into dx: NDArray
  ) -> Bool { false }
  package func maxPoolIndices(_ x: NDArray, _ shape: PoolingShape, planes: Int, into y: NDArray)
    -> Bool
  { false }
  package func gatherPlanes(
    _ x: NDArray, _ indices: NDArray, planes: Int, xCount: Int, yCount: Int, isAdjoint: Bool,
    into y: NDArray
  ) -> Bool { false }
  package func checkIndices(_ x: NDArray, below bound: Int, ignoring ignored: Int?, into y: NDArray)
    -> Bool
  { false }
  package func lastWriters(
    _ indices: NDArray, outer: Int, length: Int, inner: Int, size: Int, into y: NDArray
  ) -> Bool { false }
  package func pickRows(_ x: NDArray, _ indices: NDArray, into y: NDArray) -> Bool { false }
  package func addRows(
    _ x: NDArray, at indices: NDArray, skipping skipped: Int?, into y: NDArray
  ) -> Bool { false }
  package func putRows(_ x: NDArray, at indices: NDArray, into y: NDArray) -> Bool { false }
  package func order(
    _ x: NDArray, columns: Int, isDescending: Bool, into y: NDArray, columns count: Int
  ) -> Bool { false }
  package func interpolate(
    _ x: NDArray, _ points: [InterpolationPoint], size: Int, inner: Int, isAdjoint: Bool,
    into y: NDArray
  ) -> Bool { false }
  package func uniform(
    _ words: RandomWords, low: Double, high: Double, largest: Double, into y: NDArray
  ) -> Bool { false }
  package func normal(
    _ words: RandomWords, mean: Double, standardDeviation: Double, into y: NDArray
  ) -> Bool { false }
  package func bernoulli(_ words: RandomWords, probability: Double, into y: NDArray) -> Bool {
    false
  }
  package func bernoulli(_ words: RandomWords, probabilities: NDArray, into y: NDArray) -> Bool {
    false
  }
  package func integers(_ words: RandomWords, from low: Int, count: UInt64, into y: NDArray) -> Bool
  { false }
}
