/// Runs primitives, through which all numeric work goes: a static call for the CPU, after comparing one byte for
/// each array; other devices run their own kernels, or fall back to the CPU.
///
/// It sees arrays, sizes and strides, never tensors or tapes. Callers check shapes and types, allocate
/// results, and pass operands of one device (single elements on the CPU excepted). `Primitive` says what is
/// computed. The functions here are those of small tensors, for which the lists of `run` would take too long.
enum Backend {
  /// Runs a primitive on its arrays' device.
  ///
  /// - Returns: What a check of indices found on the CPU.
  @discardableResult
  static func run(
    _ primitive: Primitive, _ inputs: [NDArray], into outputs: [NDArray]
  ) -> IndexCheck? {
    for array in inputs where array.device != .cpu {
      return offCPU(primitive, inputs, into: outputs)
    }
    for array in outputs where array.device != .cpu {
      return offCPU(primitive, inputs, into: outputs)
    }
    return CPU.run(primitive, inputs, into: outputs)
  }

  @inline(__always)
  static func onCPU(_ x: NDArray, _ y: NDArray) -> Bool {
    x.device.index | y.device.index == 0
  }

  @inline(__always)
  static func onCPU(_ a: NDArray, _ b: NDArray, _ y: NDArray) -> Bool {
    a.device.index | b.device.index | y.device.index == 0
  }

  // MARK: Element-wise

  /// y = f(x) for dense `y` in x's shape; y may be x.
  static func map(_ f: UnaryOp, _ x: NDArray, into y: NDArray) {
    if onCPU(x, y) { return CPU.map(f, x, into: y) }
    offCPU(.map(f), [x], into: [y])
  }

  /// y = f(a, b) for dense arrays of one shape; y may be a or b.
  static func zip(_ f: BinaryOp, dense a: NDArray, _ b: NDArray, into y: NDArray) {
    if onCPU(a, b, y) { return CPU.zip(f, dense: a, b, into: y) }
    offCPU(.zip(f), [a, b], into: [y])
  }

  /// y = f(a, scalar), or f(scalar, a) if reversed, for dense arrays; y may be a.
  static func zip(
    _ f: BinaryOp, dense a: NDArray, scalar: Double, isReversed: Bool, into y: NDArray
  ) {
    if onCPU(a, y) { return CPU.zip(f, dense: a, scalar: scalar, isReversed: isReversed, into: y) }
    offCPU(.zipScalar(f, scalar, isReversed: isReversed), [a], into: [y])
  }

  /// y = f(a, b), operands of one type broadcast to the shape of dense `y`; y may be an operand of its shape.
  static func zip(_ f: BinaryOp, broadcast a: NDArray, _ b: NDArray, into y: NDArray) {
    if onCPU(a, b, y) { return CPU.zip(f, broadcast: a, b, into: y) }
    offCPU(.zip(f), [a, b], into: [y])
  }

  /// Adds dense `x` [columns] to each row of dense `y` [rows, columns].
  static func addRow(_ x: NDArray, to y: NDArray) {
    if onCPU(x, y) { return CPU.addRow(x, to: y) }
    offCPU(.addRow, [x], into: [y])
  }

  /// y = f(a, b), operands of one type broadcast to the shape of dense, boolean `y`.
  static func compare(_ f: CompareOp, _ a: NDArray, _ b: NDArray, into y: NDArray) {
    if onCPU(a, b, y) { return CPU.compare(f, a, b, into: y) }
    offCPU(.compare(f), [a, b], into: [y])
  }

  /// y = condition ? a : b, all broadcast to the shape of dense `y`.
  static func select(_ condition: NDArray, _ a: NDArray, _ b: NDArray, into y: NDArray) {
    if onCPU(a, b, y) && condition.device == .cpu { return CPU.select(condition, a, b, into: y) }
    offCPU(.select, [condition, a, b], into: [y])
  }

  /// y = keep * y + scale * f(u, v) in place; dense arrays of one floating-point type and shape.
  static func update(
    _ f: UpdateOp, _ factors: UpdateFactors, _ u: NDArray, _ v: NDArray, into y: NDArray
  ) {
    if onCPU(u, v, y) { return CPU.update(f, factors, u, v, into: y) }
    offCPU(.update(f, factors), [u, v], into: [y])
  }

  /// Copies `x`, broadcast and converted, into `y`, which may be a view.
  static func copy(_ x: NDArray, into y: NDArray) {
    if onCPU(x, y) { return CPU.copy(x, into: y) }
    offCPU(.copy, [x], into: [y])
  }

  /// Sets every element of dense `y`.
  static func fill(_ y: NDArray, with value: Double) {
    if y.device == .cpu { return CPU.fill(y, with: value) }
    offCPU(.fill(value), [], into: [y])
  }

  // MARK: Reductions and rows

  /// Reduces dense `x` [outer, reduced, inner] to dense `y` [outer, inner]; `reduced` > 0.
  static func reduce(
    _ f: ReduceOp, _ x: NDArray, outer: Int, reduced: Int, inner: Int, into y: NDArray
  ) {
    if onCPU(x, y) {
      return CPU.reduce(f, x, outer: outer, reduced: reduced, inner: inner, into: y)
    }
    offCPU(.reduce(f, outer: outer, reduced: reduced, inner: inner), [x], into: [y])
  }

  /// A function of each row of dense `x` [rows, columns]; columns > 0.
  ///
  /// `y` has x's shape, or one column for `logSumExp`.
  static func rows(_ f: RowOp, _ x: NDArray, rows: Int, columns: Int, into y: NDArray) {
    if onCPU(x, y) { return CPU.rows(f, x, rows: rows, columns: columns, into: y) }
    offCPU(.rows(f, rows: rows, columns: columns), [x], into: [y])
  }

  /// y [batch..., rows, columns] = a · b for dense `y` and a depth above 0.
  ///
  /// a and b have y's batch axes or broadcast to them, and may be views.
  static func matmul(_ a: NDArray, _ b: NDArray, into y: NDArray) {
    if onCPU(a, b, y) { return CPU.matmul(a, b, into: y) }
    offCPU(.matmul, [a, b], into: [y])
  }

  /// y[p, j] = x[p, indices[p, j]] for every plane, or its adjoint, which adds, to `sums` if there are any.
  ///
  /// Indices are int32 and known to fit; on the CPU they may be int64, and stop the program if one does not.
  static func gatherPlanes(
    _ x: NDArray, _ indices: NDArray, planes: Int, xCount: Int, yCount: Int, isAdjoint: Bool,
    addingTo sums: NDArray? = nil, into y: NDArray, _ operation: StaticString
  ) {
    if onCPU(x, indices, y) {
      let wrong = CPU.gatherPlanes(
        x, indices, planes: planes, xCount: xCount, yCount: yCount, isAdjoint: isAdjoint,
        addingTo: sums, into: y)
      let range = IndexRange(operation: operation, bound: isAdjoint ? yCount : xCount)
      if let wrong { fail(range.message(wrong)) }
      return
    }
    offCPU(
      .gatherPlanes(planes: planes, xCount: xCount, yCount: yCount, isAdjoint: isAdjoint),
      [x, indices], into: [y])
    if let sums { zip(.add, dense: sums, y, into: y) }
  }

  /// Copies indices, dense int64, into `y`, int32 or int64, and checks in the same pass that they are in range;
  /// stops the program at a wrong one, on a device when the program waits for it next.
  ///
  /// - Returns: Whether an index is the one to ignore; true where the host cannot know.
  static func checkIndices(_ x: NDArray, in range: IndexRange, into y: NDArray) -> Bool {
    let check =
      onCPU(x, y)
      ? CPU.checkIndices(x, in: range, into: y) : offCPU(.checkIndices(range), [x], into: [y])
    if let wrong = check?.wrong { fail(range.message(wrong)) }
    return check?.hasIgnored ?? (range.ignored != nil)
  }

  /// Random words in the memory of the host, whatever devices there are.
  static func randomWords(_ words: RandomWords, into target: UnsafeMutableBufferPointer<UInt32>) {
    CPU.randomWords(words, into: target)
  }
}

// MARK: Arrays made by primitives

extension NDArray {
  /// The array itself if it is dense and of the type, else a dense copy on its device.
  func contiguous(as dtype: DType? = nil) -> NDArray {
    let dtype = dtype ?? self.dtype
    if isDense && self.dtype == dtype { return self }
    let y = uninitializedLike(dtype: dtype)
    Backend.copy(self, into: y)
    return y
  }

  /// The array itself if it is of the type, else a dense copy of that type on its device.
  func converted(to dtype: DType) -> NDArray {
    self.dtype == dtype ? self : contiguous(as: dtype)
  }

  /// The array itself, or halves as float32, which the kernels compute with.
  var computable: NDArray { dtype.isHalf ? contiguous(as: .float32) : self }

  /// A dense array of one value.
  static func filled(shape: [Int], value: Double, dtype: DType, on device: Device) -> NDArray {
    let y = NDArray.uninitialized(dtype: dtype, shape: shape, on: device)
    Backend.fill(y, with: value)
    return y
  }
}
