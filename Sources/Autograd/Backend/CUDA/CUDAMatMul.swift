internal import GPUKernels

// Matrix products on a GPU: Sources/GPUKernels/texts/matmul.inc.h.
extension CUDADevice {
  /// The side of a block's tile of the result, and of those for small results.
  private static let (tile, smallTile) = (64, 16)
  /// Fewer tiles than this leave a GPU idle (not measured).
  private static let fewTiles = 128

  /// - Returns: Whether it ran, nil for primitives of other families.
  func runMatMul(_ primitive: Primitive, _ x: [NDArray], _ y: NDArray) -> Bool? {
    guard case .matmul = primitive else { return nil }
    guard y.dtype == .float32 || y.dtype == .float64 else { return false }
    let (a, b, rank) = (x[0], x[1], y.rank)
    let (rows, columns, depth) = (y.size(rank - 2), y.size(rank - 1), a.size(a.rank - 1))
    let batch = Array(y.shape.dropLast(2))
    let aStrides = a.strides(broadcastTo: batch + [rows, depth]).map(Int32.init)
    let bStrides = b.strides(broadcastTo: batch + [depth, columns]).map(Int32.init)
    let axes = mergedAxes(
      batch, [aStrides, bStrides].map { $0.dropLast(2).map(Int.init) })
    if axes.sizes.count > GPUAxes { return false }
    var numbers = GPUProduct()
    (numbers.rows, numbers.columns, numbers.depth) = (UInt32(rows), UInt32(columns), UInt32(depth))
    (numbers.aRow, numbers.aColumn) = (aStrides[rank - 2], aStrides[rank - 1])
    (numbers.bRow, numbers.bColumn) = (bStrides[rank - 2], bStrides[rank - 1])
    numbers.batchRank = UInt32(axes.sizes.count)
    withUnsafeMutableBytes(of: &numbers.sizes) { $0.set(axes.sizes, as: UInt32.self) }
    withUnsafeMutableBytes(of: &numbers.strides) { strides in
      for operand in 0..<2 {
        strides.set(axes.strides[operand], as: Int32.self, from: operand * Int(GPUAxes))
      }
    }
    func blocks(_ tile: Int) -> Int {
      (rows + tile - 1) / tile * ((columns + tile - 1) / tile) * (y.count / (rows * columns))
    }
    let isSmall = blocks(Self.tile) < Self.fewTiles
    launch(
      isSmall ? .smallMatmul : .matmul, y.dtype,
      blocks: blocks(isSmall ? Self.smallTile : Self.tile),
      [a, b, y], numbers)
    return true
  }
}
