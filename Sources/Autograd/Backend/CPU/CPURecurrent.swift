internal import CKernels

// The whole sequence of a recurrent layer in one pass. Rows of the batch do not depend on each other: each thread takes
// some through all steps, without waiting for the others and without an object per step.
extension CPU {
  /// Fills `hidden` [steps, batch, hidden] and, of an LSTM, `lastCell` [batch, hidden]; all dense, of one floating-point
  /// type.
  ///
  /// - Parameters:
  ///   - inputs: W_ih x + b_ih, [steps, batch, gates * hidden].
  ///   - weight: W_hh, [gates * hidden, hidden].
  ///   - bias: b_hh, or nil.
  ///   - initial: The state before the first step, each [batch, hidden].
  ///   - saved: Filled for the backward pass; nil if there is none.
  static func recurrent(
    _ shape: RecurrentShape, inputs: NDArray, weight: NDArray, bias: NDArray?, initial: [NDArray],
    _ saved: Backend.RecurrentState?, hidden: NDArray, lastCell: NDArray?
  ) {
    let (dtype, width, sums) = (inputs.dtype, shape.hidden, shape.gates * shape.hidden)
    let type = dtype.kernelType
    let bias = bias ?? .filled(shape: [sums], value: -0.0, dtype: dtype, on: .cpu)
    let panels = RightPanels(weight.transposed(0, 1))
    if let lastCell, saved == nil { copy(initial[1], into: lastCell) }
    forEachRows(shape) { rows, first in
      let size = dtype.byteCount
      func row(_ array: NDArray, _ step: Int, columns: Int) -> UnsafeMutableRawPointer {
        array.data + (step * shape.batch + first) * columns * size
      }
      let activationCount = shape.activations * width
      let products = Scratch(byteCount: rows * (sums + activationCount) * size)
      var (state, cell) = (row(initial[0], 0, columns: width), nil as UnsafeMutableRawPointer?)
      if shape.kind == .lstm {
        cell =
          saved == nil
          ? lastCell.map { row($0, 0, columns: width) } : row(initial[1], 0, columns: width)
      }
      for number in 0..<shape.steps {
        let step = shape.step(number)
        panels.multiply(state, rows: rows, isAlone: shape.batch == 1, into: products.start)
        let next = row(hidden, step, columns: width)
        let nextCell = saved?.cells.map { row($0, step, columns: width) } ?? cell
        var arrays = CKRecurrentStep(
          inputs: row(inputs, step, columns: sums), products: products.start, bias: bias.data,
          previous: cell ?? state,
          activations: saved.map { row($0.activations, step, columns: activationCount) }
            ?? products.start + rows * sums * size, cell: nextCell, state: next)
        kernels.recurrentStep(shape.kind.kernel, type, rows, width, &arrays)
        (state, cell) = (next, nextCell)
      }
    }
    if let lastCell, let cells = saved?.cells {
      copy(shape.row(of: cells, at: shape.step(shape.steps - 1)), into: lastCell)
    }
    keepAlive(inputs, bias, weight)
    withExtendedLifetime((initial, saved, hidden)) {}
  }

  /// The way back.
  ///
  /// - Parameters:
  ///   - dy: The cotangent of all hidden states, or nil.
  ///   - dlast: Those of the last hidden and cell state, or nil.
  ///   - dinputs: Filled.
  ///   - dproducts: For GRU alone, the cotangent of W_hh h + b_hh, which for the others is that of `inputs`; filled.
  ///   - dinitial: Filled: the cotangents of the state before the first step.
  static func recurrentGradient(
    _ shape: RecurrentShape, weight: NDArray, initial: [NDArray], hidden: NDArray,
    _ saved: Backend.RecurrentState, dy: NDArray?, dlast: [NDArray?],
    dinputs: NDArray, dproducts: NDArray?, dinitial: [NDArray]
  ) {
    let (dtype, width, sums) = (hidden.dtype, shape.hidden, shape.gates * shape.hidden)
    let type = dtype.kernelType
    let panels = RightPanels(weight)
    // Nothing to add: -0, which changes no number.
    let nothing = NDArray.filled(
      shape: [shape.batch, width], value: -0.0, dtype: dtype, on: .cpu)
    for (target, last) in Swift.zip(dinitial, dlast) { copy(last ?? nothing, into: target) }
    forEachRows(shape) { rows, first in
      let size = dtype.byteCount
      func row(_ array: NDArray, _ step: Int, columns: Int) -> UnsafeMutableRawPointer {
        array.data + (step * shape.batch + first) * columns * size
      }
      let scratch = Scratch(byteCount: rows * width * size)
      var product = row(nothing, 0, columns: width)
      let direct = row(dinitial[0], 0, columns: width)
      for number in (0..<shape.steps).reversed() {
        let (step, before) = (shape.step(number), number == 0 ? 0 : shape.step(number - 1))
        let states = shape.kind == .lstm ? saved.cells ?? hidden : hidden
        let start = shape.kind == .lstm ? initial[1] : initial[0]
        let sent = row(dproducts ?? dinputs, step, columns: sums)
        var arrays = CKRecurrentStepGradient(
          dy: dy.map { row($0, step, columns: width) } ?? row(nothing, 0, columns: width),
          product: product, state: row(hidden, step, columns: width),
          activations: row(saved.activations, step, columns: shape.activations * width),
          previous: number == 0
            ? row(start, 0, columns: width) : row(states, before, columns: width),
          direct: direct, dinputs: row(dinputs, step, columns: sums),
          dcell: dinitial.count > 1 ? row(dinitial[1], 0, columns: width) : nil, dproducts: sent)
        kernels.recurrentStepGradient(shape.kind.kernel, type, rows, width, &arrays)
        product = scratch.start
        panels.multiply(sent, rows: rows, isAlone: shape.batch == 1, into: product)
      }
      let source = CKSource(data: direct, inner: 1, outer: width)
      kernels.zip(
        .add, type, width, rows, source, CKSource(data: product, inner: 1, outer: width), direct)
    }
    keepAlive(weight, hidden, nothing)
    withExtendedLifetime((initial, saved, dy, dinputs, dproducts, dinitial)) {}
  }

  /// Calls `body` with parts of the batch's rows, on all threads; what a row gets depends on no other one.
  private static func forEachRows(
    _ shape: RecurrentShape, _ body: (_ count: Int, _ first: Int) -> Void
  ) {
    let (least, most) = Tuning.recurrentRows
    let share = (shape.batch + ThreadPool.threadCount - 1) / ThreadPool.threadCount
    let size = min(most, max(least, share))
    ThreadPool.run((shape.batch + size - 1) / size) { chunk in
      let first = chunk * size
      body(min(size, shape.batch - first), first)
    }
  }
}

/// A right operand of many products, packed once.
private struct RightPanels: ~Copyable {
  private let matrix: NDArray
  private let panels: PanelShape
  private let packed: Scratch
  private let depth, columns: Int

  /// - Parameter matrix: [depth, columns], maybe a view.
  init(_ matrix: NDArray) {
    self.matrix = matrix
    (depth, columns) = (matrix.size(0), matrix.size(1))
    panels = PanelShape(matrix.dtype)
    packed = Scratch(byteCount: panels.byteCount(columns, width: panels.rightWidth, depth: depth))
    let tiles = PanelTiles(columns, panel: panels.rightWidth, atMost: Tuning.tileColumns)
    let (panels, start, columns) = (panels, packed.start, columns)
    forEachBlock { depth, block in
      let view = MatrixView(
        data: matrix.data, rowStride: matrix.stride(0), columnStride: matrix.stride(1)
      ).fromRow(depth, panels)
      ThreadPool.run(tiles.count) { tile in
        let first = tile * tiles.size
        CPU.kernels.pack(
          panels.type, panels.rightWidth, min(tiles.size, columns - first), block,
          view.fromColumn(first, panels).asColumns,
          start + offset(depth) + first * block * panels.elementSize)
      }
    }
  }

  private func offset(_ depth: Int) -> Int {
    (columns + panels.rightWidth - 1) / panels.rightWidth * panels.rightWidth * depth
      * panels.elementSize
  }

  /// The blocks of depth of every product (`CPU.multiply`), so that sums are taken in the same order.
  private func forEachBlock(_ body: (_ start: Int, _ block: Int) -> Void) {
    let size = PanelShape.depthBlock(of: depth)
    for start in stride(from: 0, to: depth, by: size) { body(start, min(size, depth - start)) }
  }

  /// y [rows, columns] = a [rows, depth] times the matrix, both dense.
  ///
  /// - Parameter isAlone: Whether the row is the only one of its matrix: such products have a kernel of their own, which
  ///   takes sums in another order.
  func multiply(
    _ a: UnsafeMutableRawPointer, rows: Int, isAlone: Bool, into y: UnsafeMutableRawPointer
  ) {
    if isAlone {
      CPU.multiply(
        matrix.dtype, rows: 1, columns: columns, depth: depth,
        MatrixView(data: a, rowStride: depth, columnStride: 1),
        MatrixView(
          data: matrix.data, rowStride: matrix.stride(0), columnStride: matrix.stride(1)),
        into: y, rowStride: columns)
      return
    }
    forEachBlock { start, block in
      CPU.kernels.multiplyRows(
        panels.type, rows, columns, block,
        CKSource(data: a + start * panels.elementSize, inner: 1, outer: depth),
        packed.start + offset(start), y, columns, start > 0)
    }
  }
}

extension RecurrentKind {
  fileprivate var kernel: CKRecurrent {
    switch self {
    case .tanh: .tanh
    case .relu: .relu
    case .lstm: .LSTM
    case .gru: .GRU
    }
  }
}
