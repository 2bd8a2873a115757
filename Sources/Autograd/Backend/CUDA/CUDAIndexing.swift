internal import GPUKernels

// Elements and rows picked by index on a GPU: Sources/GPUKernels/texts/indices.inc.h and checks.inc.h.
extension CUDADevice {
  /// Below this many elements, each looks through the indices of its plane; above, the planes are enough to keep a GPU
  /// busy (not measured).
  private static let manyTargets = 1 << 17

  /// - Returns: Whether it ran, nil for primitives of other families.
  func runIndexing(_ primitive: Primitive, _ x: [NDArray], _ y: NDArray) -> Bool? {
    let isFloat = y.dtype == .float32 || y.dtype == .float64
    switch primitive {
    case .gatherPlanes(let planes, let xCount, let yCount, let isAdjoint):
      let numbers = GPUPlanes(
        planes: UInt32(planes), xCount: UInt32(xCount), yCount: UInt32(yCount))
      if !isAdjoint {
        guard y.dtype.byteCount >= 4 else { return false }
        launch(.gatherPlanes, y.dtype.carrier, blocks: Self.blocks(for: y.count), x + [y], numbers)
      } else if !isFloat {
        return false
      } else if y.count < Self.manyTargets {
        launch(.scatterPlanes, y.dtype, blocks: Self.blocks(for: y.count), x + [y], numbers)
      } else {
        clear(y)
        launch(.scatterManyPlanes, y.dtype, blocks: Self.blocks(for: planes), x + [y], numbers)
      }
    case .checkIndices(let range):
      let (number, cell) = noteIndexCheck(range)
      launch(
        .checkIndices, nil, blocks: Self.blocks(for: y.count), [x[0], y], cell: cell,
        GPUIndexCheck(
          count: UInt32(y.count), narrows: y.dtype == .int32 ? 1 : 0,
          ignores: range.ignored == nil ? 0 : 1, bound: Int64(range.bound),
          ignored: Int64(range.ignored ?? 0), check: Int64(number)))
    case .lastWriters(let outer, let length, let inner, let size):
      launch(
        .lastWriters, nil, blocks: Self.blocks(for: y.count), [x[0], y],
        GPUWriters(
          outer: UInt32(outer), length: UInt32(length), inner: UInt32(inner), size: UInt32(size)))
    case .gatherRows:
      launch(
        .gatherRows, y.dtype.carrier, blocks: Self.blocks(for: y.count), x + [y],
        rows(x[1], width: x[0].count / max(1, x[0].size(0))))
    case .scatterRows:
      let width = y.count / max(1, y.size(0))
      launch(
        .scatterRows, y.dtype.carrier, blocks: x[1].count, threads: Self.threads(forRow: width),
        x + [y], rows(x[1], width: width))
    case .scatterAddRows(let skipped):
      guard isFloat else { return false }
      let width = y.count / max(1, y.size(0))
      var numbers = rows(x[1], width: width)
      if let skipped { (numbers.skips, numbers.skipped) = (1, Int64(skipped)) }
      launch(
        .scatterAddRows, y.dtype, blocks: x[1].count, threads: Self.threads(forRow: width),
        x + [y], numbers)
    default: return nil
    }
    return true
  }

  private func rows(_ indices: NDArray, width: Int) -> GPUIndexedRows {
    GPUIndexedRows(count: UInt32(indices.count), width: UInt32(width), skips: 0, skipped: 0)
  }
}

extension DType {
  /// The type whose kernels move elements of this size.
  fileprivate var carrier: DType {
    switch byteCount {
    case 1: .uint8
    case 2: .float16
    case 4: .float32
    default: .float64
    }
  }
}
