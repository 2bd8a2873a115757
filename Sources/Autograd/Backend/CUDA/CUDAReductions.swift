internal import CKernels
internal import GPUKernels

// Reductions and functions of rows on a GPU: Sources/GPUKernels/texts/reduce.inc.h and rows.inc.h.
extension CUDADevice {
  /// - Returns: Whether it ran, nil for primitives of other families.
  func runReduction(_ primitive: Primitive, _ x: [NDArray], _ y: NDArray) -> Bool? {
    switch primitive {
    case .reduce(let f, let outer, let reduced, let inner):
      guard !y.dtype.isHalf else { return false }
      reduce(f, x[0], outer: outer, reduced: reduced, inner: inner, into: y)
    case .argmax(let rows, let columns):
      guard !x[0].dtype.isHalf else { return false }
      launch(
        .argmax, x[0].dtype, blocks: rows, threads: Self.threads(forRow: columns), [x[0], y],
        GPURows(operation: 0, rows: UInt32(rows), columns: UInt32(columns)))
    case .sumOfSquares:
      guard x[0].dtype == .float32 || x[0].dtype == .float64 else { return false }
      sumOfSquares(x[0], into: y)
    case .rows(let f, let rows, let columns):
      guard y.dtype == .float32 else { return false }
      launch(
        .rows, y.dtype, blocks: rows, threads: Self.threads(forRow: columns), [x[0], y],
        GPURows(operation: f.cudaOperation, rows: UInt32(rows), columns: UInt32(columns)))
    default: return nil
    }
    return true
  }

  /// Elements that a block adds before it is worth another one.
  private static let partSize = 4096
  /// Rows that a thread adds before it is worth another one.
  private static let partRows = 32
  /// Blocks, and threads, that keep a large GPU busy; an order of sums does not depend on the card.
  private static let (manyBlocks, manyThreads) = (512, 1 << 16)

  /// y [outer, inner] from x [outer, reduced, inner], in one launch or two.
  func reduce(
    _ f: ReduceOp, _ x: NDArray, outer: Int, reduced: Int, inner: Int, into y: NDArray
  ) {
    let parts =
      inner == 1
      ? min(reduced / Self.partSize, Self.manyBlocks / outer)
      : min(reduced / Self.partRows, Self.manyThreads / (outer * inner))
    if parts > 1 {
      let partial = NDArray.uninitialized(
        dtype: x.dtype, shape: [outer, parts, inner], on: x.device)
      reduce(f, x, outer, reduced, inner, parts: parts, into: partial)
      reduce(f, partial, outer: outer, reduced: parts, inner: inner, into: y)
    } else {
      reduce(f, x, outer, reduced, inner, parts: 1, into: y)
    }
  }

  private func reduce(
    _ f: ReduceOp, _ x: NDArray, _ outer: Int, _ reduced: Int, _ inner: Int, parts: Int,
    into y: NDArray
  ) {
    let numbers = GPUReduction(
      operation: UInt32(f.kernel.rawValue), outer: UInt32(outer), reduced: UInt32(reduced),
      inner: UInt32(inner), parts: UInt32(parts))
    if inner == 1 {
      launch(
        .reduceRows, x.dtype, blocks: outer * parts,
        threads: Self.threads(forRow: reduced / parts), [x, y], numbers)
    } else {
      launch(
        .reduceColumns, x.dtype, blocks: Self.blocks(for: outer * parts * inner), [x, y], numbers)
    }
  }

  private func sumOfSquares(_ x: NDArray, into y: NDArray) {
    if x.count == 0 { return clear(y) }
    let parts = max(1, min(x.count / Self.partSize, Self.manyBlocks))
    let partial =
      parts == 1 ? y : NDArray.uninitialized(dtype: .float64, shape: [parts], on: x.device)
    launch(
      .squares, x.dtype, blocks: parts, threads: Self.threads(forRow: x.count / parts),
      [x, partial],
      GPUReduction(
        operation: 0, outer: 1, reduced: UInt32(x.count), inner: 1, parts: UInt32(parts)))
    if parts > 1 { reduce(.sum, partial, outer: 1, reduced: parts, inner: 1, into: y) }
  }
}

extension RowOp {
  fileprivate var cudaOperation: UInt32 {
    switch self {
    case .softmax: UInt32(GPURowSoftmax)
    case .maskedSoftmax: UInt32(GPURowMaskedSoftmax)
    case .logSoftmax: UInt32(GPURowLogSoftmax)
    case .logSumExp: UInt32(GPURowLogSumExp)
    }
  }
}
