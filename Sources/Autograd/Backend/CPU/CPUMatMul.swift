internal import CKernels

/// A block of pooled memory for packed panels, returned when it goes out of use.
struct Scratch: ~Copyable {
  let start: UnsafeMutableRawPointer
  private let sizeClass: Int

  init(byteCount: Int) {
    sizeClass = MemoryPool.host.sizeClass(for: byteCount)
    start = MemoryPool.host.allocate(sizeClass: sizeClass)
  }

  deinit { MemoryPool.host.release(start, sizeClass: sizeClass) }
}

/// The sizes of a blocked matrix product and the panel widths of the kernels in use.
struct PanelShape {
  /// Blocks of about equal depth.
  static func depthBlock(of depth: Int) -> Int {
    let count = max(1, (depth + Tuning.depthBlock - 1) / Tuning.depthBlock)
    return (depth + count - 1) / count
  }

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

  func fromRow(_ row: Int, _ panels: PanelShape) -> MatrixView {
    MatrixView(
      data: data + row * rowStride * panels.elementSize, rowStride: rowStride,
      columnStride: columnStride)
  }

  func fromColumn(_ column: Int, _ panels: PanelShape) -> MatrixView {
    MatrixView(
      data: data + column * columnStride * panels.elementSize, rowStride: rowStride,
      columnStride: columnStride)
  }

  /// For packing: the rows, each along its columns.
  var asRows: CKSource { CKSource(data: data, inner: columnStride, outer: rowStride) }
  /// The columns, each along its rows.
  var asColumns: CKSource { CKSource(data: data, inner: rowStride, outer: columnStride) }
}

/// Whole panels of an axis, in tiles of about equal size.
struct PanelTiles {
  let size: Int
  let count: Int

  init(_ length: Int, panel: Int, atMost limit: Int, atLeast count: Int = 1) {
    self.init(length, panel: panel, count: max(count, (length + limit - 1) / limit))
  }

  /// As many tiles as asked for, or fewer if there are not so many panels.
  init(_ length: Int, panel: Int, count: Int) {
    let panels = (length + panel - 1) / panel
    size = (panels + count - 1) / count * panel
    self.count = (length + size - 1) / size
  }
}

extension CPU {
  /// One product of a batch: y [rows, columns], its row stride given, = a [rows, depth] · b [depth,
  /// columns].
  ///
  /// Where it is split changes no element of the result.
  static func multiply(
    _ dtype: DType, rows: Int, columns: Int, depth: Int, _ a: MatrixView, _ b: MatrixView,
    into y: UnsafeMutableRawPointer, rowStride: Int
  ) {
    if rows == 0 || columns == 0 { return }
    let panels = PanelShape(dtype)
    // A vector and a matrix: packing would cost more than the product.
    if rows == 1, a.columnStride == 1, b.rowStride == 1 || b.columnStride == 1 {
      multiplyVector(panels, columns, depth: depth, a.data, b.asColumns, into: y)
      return
    }
    if columns == 1, rowStride == 1, b.rowStride == 1, a.rowStride == 1 || a.columnStride == 1 {
      multiplyVector(panels, rows, depth: depth, b.data, a.asRows, into: y)
      return
    }
    guard let chunks = Tuning.chunksWithOwnPanels(multiplications: rows * columns * depth) else {
      multiplyInTiles(
        panels, rows: rows, columns: columns, depth: depth, a, b, into: y, rowStride: rowStride)
      return
    }
    // Parts of the columns share no packed panel, so vectors make more equal parts than panels; rows are split where
    // that makes still more equal ones.
    let rowTiles = PanelTiles(rows, panel: panels.leftWidth, count: chunks)
    let columnTiles = PanelTiles(columns, panel: laneCount(dtype), count: chunks)
    let splitsRows =
      rowTiles.size * columns * 9 < min(columns, columnTiles.size) * rows * 8
    let tiles = splitsRows ? rowTiles : columnTiles
    ThreadPool.run(tiles.count) { tile in
      let first = tile * tiles.size
      let length = min(tiles.size, (splitsRows ? rows : columns) - first)
      multiplyInOneGo(
        panels, rows: splitsRows ? length : rows, columns: splitsRows ? columns : length,
        depth: depth, splitsRows ? a.fromRow(first, panels) : a,
        splitsRows ? b : b.fromColumn(first, panels),
        into: y + first * (splitsRows ? rowStride : 1) * panels.elementSize, rowStride: rowStride)
    }
  }

  /// y [columns] = x [depth] · b; chunks of columns are large enough for a thread each.
  private static func multiplyVector(
    _ panels: PanelShape, _ columns: Int, depth: Int, _ x: UnsafeMutableRawPointer, _ b: CKSource,
    into y: UnsafeMutableRawPointer
  ) {
    let tiles = PanelTiles(
      columns, panel: 64, count: max(1, columns * depth / Tuning.vectorProductGrain))
    let size = panels.elementSize
    ThreadPool.run(tiles.count) { tile in
      let first = tile * tiles.size
      let part = CKSource(data: b.data + first * b.outer * size, inner: b.inner, outer: b.outer)
      kernels.multiplyVector(
        panels.type, min(tiles.size, columns - first), depth, x, part, y + first * size)
    }
  }

  /// A product on the calling thread, per block of depth.
  ///
  /// Packs b, except whole panels that are already contiguous and used by few rows of a. Packs a only if its rows
  /// are not contiguous and used by many columns.
  static func multiplyInOneGo(
    _ panels: PanelShape, rows: Int, columns: Int, depth: Int, _ a: MatrixView, _ b: MatrixView,
    into y: UnsafeMutableRawPointer, rowStride: Int
  ) {
    let depthBlock = PanelShape.depthBlock(of: depth)
    let packsLeft = a.columnStride != 1 && columns > Tuning.columnsWithoutPackingLeft
    let left = Scratch(
      byteCount: packsLeft
        ? panels.byteCount(rows, width: panels.leftWidth, depth: depthBlock) : 1)
    let unpacked =
      b.columnStride == 1 && rows <= Tuning.rowsWithoutPackingRight && !packsLeft
      ? columns / panels.rightWidth * panels.rightWidth : 0
    let right = Scratch(
      byteCount: panels.byteCount(
        columns - unpacked, width: panels.rightWidth, depth: depthBlock))
    var start = 0
    repeat {
      let block = min(depthBlock, depth - start)
      let leftRows = a.fromColumn(start, panels).asRows
      let rightRows = b.fromRow(start, panels)
      if unpacked > 0 {
        kernels.multiplyMatrices(
          panels.type, rows, unpacked, block, leftRows, rightRows.data, b.rowStride, y, rowStride,
          start > 0)
      }
      if unpacked < columns {
        let target = y + unpacked * panels.elementSize
        kernels.pack(
          panels.type, panels.rightWidth, columns - unpacked, block,
          rightRows.fromColumn(unpacked, panels).asColumns, right.start)
        if packsLeft {
          kernels.pack(panels.type, panels.leftWidth, rows, block, leftRows, left.start)
          kernels.multiplyPanels(
            panels.type, rows, columns, block, left.start, right.start, target, rowStride, start > 0
          )
        } else {
          kernels.multiplyRows(
            panels.type, rows, columns - unpacked, block, leftRows, right.start, target, rowStride,
            start > 0)
        }
      }
      start += block
    } while start < depth
  }

  /// A product on all threads: per group of blocks of depth both operands are packed into panels once, then tiles of
  /// the result are computed, block after block.
  ///
  /// a is not packed if its rows are contiguous and used by one tile of columns only.
  private static func multiplyInTiles(
    _ panels: PanelShape, rows: Int, columns: Int, depth: Int, _ a: MatrixView, _ b: MatrixView,
    into y: UnsafeMutableRawPointer, rowStride: Int
  ) {
    let size = panels.elementSize
    let depthBlock = PanelShape.depthBlock(of: depth)
    let packsLeft = a.columnStride != 1 || columns > Tuning.tileColumns
    let rightBytes = panels.byteCount(columns, width: panels.rightWidth, depth: depthBlock)
    // While a's rows are read in place, neither they nor a tile of the result leave the cache between blocks.
    let group = packsLeft ? 1 : max(1, Tuning.depthGroupBytes / rightBytes)
    let left = Scratch(
      byteCount: packsLeft
        ? panels.byteCount(rows, width: panels.leftWidth, depth: depthBlock) : 1)
    let right = Scratch(byteCount: rightBytes * min(group, (depth + depthBlock - 1) / depthBlock))
    let (leftStart, rightStart) = (left.start, right.start)
    let columnTiles = PanelTiles(columns, panel: panels.rightWidth, atMost: Tuning.tileColumns)
    let rowTiles = PanelTiles(
      rows, panel: panels.leftWidth, atMost: Tuning.tileRows,
      atLeast: (Tuning.leastTiles - 1 + columnTiles.count) / columnTiles.count)
    let packedTiles = packsLeft ? rowTiles.count : 0
    for groupStart in stride(from: 0, to: depth, by: group * depthBlock) {
      let blocks = (min(depth - groupStart, group * depthBlock) + depthBlock - 1) / depthBlock
      let blockAt = { (index: Int) in
        let start = groupStart + index * depthBlock
        return (start: start, depth: min(depthBlock, depth - start), panels: index * rightBytes)
      }
      ThreadPool.run(packedTiles + blocks * columnTiles.count) { tile in
        if tile < packedTiles {
          let (first, block) = (tile * rowTiles.size, blockAt(0))
          kernels.pack(
            panels.type, panels.leftWidth, min(rowTiles.size, rows - first), block.depth,
            a.fromRow(first, panels).fromColumn(block.start, panels).asRows,
            leftStart + first * block.depth * size)
        } else {
          let block = blockAt((tile - packedTiles) / columnTiles.count)
          let first = (tile - packedTiles) % columnTiles.count * columnTiles.size
          kernels.pack(
            panels.type, panels.rightWidth, min(columnTiles.size, columns - first), block.depth,
            b.fromRow(block.start, panels).fromColumn(first, panels).asColumns,
            rightStart + block.panels + first * block.depth * size)
        }
      }
      ThreadPool.run(rowTiles.count * columnTiles.count) { tile in
        let row = tile % rowTiles.count * rowTiles.size
        let column = tile / rowTiles.count * columnTiles.size
        let (height, width) = (
          min(rowTiles.size, rows - row), min(columnTiles.size, columns - column)
        )
        let target = y + (row * rowStride + column) * size
        for block in (0..<blocks).lazy.map(blockAt) {
          let panel = rightStart + block.panels + column * block.depth * size
          if packsLeft {
            kernels.multiplyPanels(
              panels.type, height, width, block.depth, leftStart + row * block.depth * size, panel,
              target, rowStride, block.start > 0)
          } else {
            kernels.multiplyRows(
              panels.type, height, width, block.depth,
              a.fromRow(row, panels).fromColumn(block.start, panels).asRows, panel, target,
              rowStride, block.start > 0)
          }
        }
      }
    }
  }

  static func matmul(_ a: NDArray, _ b: NDArray, into y: NDArray) {
    let rank = y.rank
    if rank == 2 && a.rank == 2 && b.rank == 2 {
      multiply(
        y.dtype, rows: y.size(0), columns: y.size(1), depth: a.size(1),
        MatrixView(data: a.data, rowStride: a.stride(0), columnStride: a.stride(1)),
        MatrixView(data: b.data, rowStride: b.stride(0), columnStride: b.stride(1)),
        into: y.data, rowStride: y.size(1))
      keepAlive(a, b, y)
      return
    }
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
        let perChunk = max(1, Tuning.batchedProductGrain / work)
        let chunks = (products + perChunk - 1) / perChunk
        ThreadPool.run(chunks) { chunk in
          for index in chunk * perChunk..<min(products, (chunk + 1) * perChunk) { one(index) }
        }
      }
    }
  }
}
