internal import CKernels

/// A nest of loops over a shape, with the strides of some operands, reduced to the fewest loops.
///
/// The two innermost loops are the kernels' own; the rest is walked here. Splitting for threads goes by rows (steps of all
/// loops but the innermost), or within the row if there is only one.
struct StridedLoop {
  private let sizes: [Int]
  private let strides: [[Int]]
  private let inner: Int
  private let outer: Int
  private let rows: Int

  /// - Parameters:
  ///   - shape: The sizes, outermost first.
  ///   - operands: Each operand's strides in elements, 0 along broadcast axes.
  init(shape: [Int], operands: [[Int]]) {
    let (sizes, strides) = mergedAxes(shape, operands)
    self.sizes = sizes
    self.strides = strides
    inner = sizes.last ?? 1
    outer = sizes.count >= 2 ? sizes[sizes.count - 2] : 1
    rows = sizes.dropLast().reduce(1, *)
  }

  /// Loops over `y` and operands that are broadcast to its shape; `y` is the last operand.
  init(_ operands: [NDArray], into y: NDArray) {
    let shape = y.shape
    self.init(
      shape: shape, operands: operands.map { $0.strides(broadcastTo: shape) } + [y.strides])
  }

  /// What a kernel reads of an operand in a part with some offsets.
  func source(_ operand: Int, _ array: NDArray, _ offsets: [Int]) -> CKSource {
    let strides = innermost(operand)
    return CKSource(
      data: array.data + offsets[operand] * array.dtype.byteCount, inner: strides.inner,
      outer: strides.outer)
  }

  /// An operand's strides in the two innermost loops.
  func innermost(_ operand: Int) -> (inner: Int, outer: Int) {
    let own = strides[operand]
    return (own.last ?? 0, own.count >= 2 ? own[own.count - 2] : 0)
  }

  /// Calls `body` for parts that together cover all loops: how often the two innermost loops run
  /// and where each operand starts, in elements.
  func forEachPart(_ body: (_ inner: Int, _ outer: Int, _ offsets: [Int]) -> Void) {
    if inner == 0 || rows == 0 { return }
    if rows == 1 {
      ThreadPool.forEachPart(of: inner) { start, count in
        body(count, 1, strides.map { start * ($0.last ?? 0) })
      }
      return
    }
    ThreadPool.forEachPart(of: rows, width: inner) { start, count in
      var row = start
      let end = start + count
      while row < end {
        let run = min(outer - row % outer, end - row)
        body(inner, run, strides.map { offset(ofRow: row, $0) })
        row += run
      }
    }
  }

  private func offset(ofRow row: Int, _ strides: [Int]) -> Int {
    var rest = row
    var offset = 0
    for axis in (0..<sizes.count - 1).reversed() {
      offset += rest % sizes[axis] * strides[axis]
      rest /= sizes[axis]
    }
    return offset
  }
}
