internal import CKernels

/// A block of pooled memory for packed panels, returned when it goes out of use.
struct Scratch: ~Copyable {
  let start: UnsafeMutableRawPointer
  private let sizeClass: Int

  init(byteCount: Int) {
    sizeClass = MemoryPool.sizeClass(for: byteCount)
    start = MemoryPool.allocate(sizeClass: sizeClass)
  }

  deinit { MemoryPool.release(start, sizeClass: sizeClass) }
}

/// The sizes of a blocked matrix product and the panel widths of the kernels in use.
struct PanelShape {
  /// Depth of one packed block: a right panel of this depth stays in the first-level cache.
  static let depthBlock = 320

  let type: CKType
  let elementSize: Int
  /// Widths of left and right panels.
  let leftWidth: Int
  let rightWidth: Int

  init(_ dtype: DType) {
    let index = dtype == .float32 ? 0 : 1
    type = dtype.kernelType
    elementSize = dtype.byteCount
    let (left, right) = (CPU.kernels.panelRows, CPU.kernels.panelColumns)
    leftWidth = index == 0 ? left.0 : left.1
    rightWidth = index == 0 ? right.0 : right.1
  }

  /// Bytes of packed panels for `count` vectors of a depth.
  func byteCount(_ count: Int, width: Int, depth: Int) -> Int {
    (count + width - 1) / width * width * depth * elementSize
  }
}

/// A matrix in memory with any strides.
struct MatrixView {
  let data: UnsafeMutableRawPointer
  let rowStride: Int
  let columnStride: Int
}

extension CPU {
  /// One product of a batch: y [rows, columns], its row stride given, = a [rows, depth] · b [depth,
  /// columns].
  ///
  /// Per block of depth both operands are packed into panels, then tiles of the result are
  /// computed.
  static func multiply(
    _ dtype: DType, rows: Int, columns: Int, depth: Int, _ a: MatrixView, _ b: MatrixView,
    into y: UnsafeMutableRawPointer, rowStride: Int
  ) {
    if rows == 0 || columns == 0 { return }
    let panels = PanelShape(dtype)
    let size = panels.elementSize
    let depthBlock = min(depth, PanelShape.depthBlock)
    let left = Scratch(
      byteCount: panels.byteCount(rows, width: panels.leftWidth, depth: depthBlock))
    let right = Scratch(
      byteCount: panels.byteCount(columns, width: panels.rightWidth, depth: depthBlock))
    let (leftStart, rightStart) = (left.start, right.start)
    // Tiles of about 96 by 256 keep the left block in the second-level cache.
    let tileRows = max(1, 96 / panels.leftWidth) * panels.leftWidth
    let tileColumns = max(1, 256 / panels.rightWidth) * panels.rightWidth
    let rowTiles = (rows + tileRows - 1) / tileRows
    let columnTiles = (columns + tileColumns - 1) / tileColumns
    let isSmall = rows * columns * depth < 1 << 18
    var start = 0
    repeat {
      let block = min(depthBlock, depth - start)
      let packA = { (tile: Int) in
        let first = tile * tileRows
        kernels.pack(
          panels.type, panels.leftWidth, min(tileRows, rows - first), block,
          CKSource(
            data: a.data + (first * a.rowStride + start * a.columnStride) * size,
            inner: a.columnStride, outer: a.rowStride),
          leftStart + first * block * size)
      }
      let packB = { (tile: Int) in
        let first = tile * tileColumns
        kernels.pack(
          panels.type, panels.rightWidth, min(tileColumns, columns - first), block,
          CKSource(
            data: b.data + (first * b.columnStride + start * b.rowStride) * size,
            inner: b.rowStride, outer: b.columnStride),
          rightStart + first * block * size)
      }
      let multiplyTile = { (tile: Int) in
        let row = tile % rowTiles * tileRows
        let column = tile / rowTiles * tileColumns
        kernels.multiplyPanels(
          panels.type, min(tileRows, rows - row), min(tileColumns, columns - column), block,
          leftStart + row * block * size, rightStart + column * block * size,
          y + (row * rowStride + column) * size, rowStride, start > 0)
      }
      if isSmall {
        for tile in 0..<rowTiles { packA(tile) }
        for tile in 0..<columnTiles { packB(tile) }
        for tile in 0..<rowTiles * columnTiles { multiplyTile(tile) }
      } else {
        ThreadPool.run(rowTiles + columnTiles) { tile in
          if tile < rowTiles { packA(tile) } else { packB(tile - rowTiles) }
        }
        ThreadPool.run(rowTiles * columnTiles, multiplyTile)
      }
      start += block
    } while start < depth
  }

  /// y [batch..., rows, columns] = a · b, where a and b have y's batch axes or broadcast to them.
  static func matmul(_ a: NDArray, _ b: NDArray, into y: NDArray) {
    let rank = y.rank
    let (rows, columns) = (y.size(rank - 2), y.size(rank - 1))
    let depth = a.size(a.rank - 1)
    let size = y.dtype.byteCount
    let batch = Array(y.shape.dropLast(2))
    let aStrides = a.strides(broadcastTo: batch + [rows, depth])
    let bStrides = b.strides(broadcastTo: batch + [depth, columns])
    let products = batch.reduce(1, *)
    let one = { (index: Int) in
      var (rest, aOffset, bOffset) = (index, 0, 0)
      for axis in batch.indices.reversed() {
        aOffset += rest % batch[axis] * aStrides[axis]
        bOffset += rest % batch[axis] * bStrides[axis]
        rest /= batch[axis]
      }
      multiply(
        y.dtype, rows: rows, columns: columns, depth: depth,
        MatrixView(
          data: a.data + aOffset * size, rowStride: aStrides[rank - 2],
          columnStride: aStrides[rank - 1]),
        MatrixView(
          data: b.data + bOffset * size, rowStride: bStrides[rank - 2],
          columnStride: bStrides[rank - 1]),
        into: y.data + index * rows * columns * size, rowStride: columns)
    }
    withExtendedLifetime((a, b, y)) {
      if products == 1 {
        one(0)
      } else {
        // Chunks of whole products, large enough for a thread each.
        let work = max(1, rows * columns * max(depth, 1))
        let perChunk = max(1, (1 << 18) / work)
        let chunks = (products + perChunk - 1) / perChunk
        ThreadPool.run(chunks) { chunk in
          for index in chunk * perChunk..<min(products, (chunk + 1) * perChunk) { one(index) }
        }
      }
    }
  }
}
