/// The primitives through which all numeric work goes: a static call for the CPU, after comparing one byte for
/// each array; other devices run their own kernels, or fall back to the CPU.
///
/// They see arrays, sizes and strides, never tensors or tapes. Callers check shapes and types, allocate
/// results, and pass operands of one device (single elements on the CPU excepted). `Backend/CPU` computes what is
/// said here; `Primitive` lists what another device may implement.
enum Backend {
  @inline(__always)
  static func onCPU(_ x: NDArray, _ y: NDArray) -> Bool {
    x.device.index | y.device.index == 0
  }

  @inline(__always)
  static func onCPU(_ a: NDArray, _ b: NDArray, _ y: NDArray) -> Bool {
    a.device.index | b.device.index | y.device.index == 0
  }

  static func onCPU(_ arrays: [NDArray?]) -> Bool {
    arrays.allSatisfy { $0.map { $0.device == .cpu } ?? true }
  }

  // MARK: Element-wise

  /// y = f(x) for dense `y` in x's shape; y may be x.
  static func map(_ f: UnaryOp, _ x: NDArray, into y: NDArray) {
    if onCPU(x, y) { return CPU.map(f, x, into: y) }
    offCPU("map \(f)", .map(f), [x], into: [y])
  }

  /// y = f(a, b) for dense arrays of one shape; y may be a or b.
  static func zip(_ f: BinaryOp, dense a: NDArray, _ b: NDArray, into y: NDArray) {
    if onCPU(a, b, y) { return CPU.zip(f, dense: a, b, into: y) }
    offCPU(f.rawValue, .zip(f), [a, b], into: [y])
  }

  /// y = f(a, scalar), or f(scalar, a) if reversed, for dense arrays; y may be a.
  static func zip(
    _ f: BinaryOp, dense a: NDArray, scalar: Double, isReversed: Bool, into y: NDArray
  ) {
    if onCPU(a, y) { return CPU.zip(f, dense: a, scalar: scalar, isReversed: isReversed, into: y) }
    offCPU(f.rawValue, .zipScalar(f, scalar, isReversed: isReversed), [a], into: [y])
  }

  /// y = f(a, b), operands of one type broadcast to the shape of dense `y`; y may be an operand of its shape.
  static func zip(_ f: BinaryOp, broadcast a: NDArray, _ b: NDArray, into y: NDArray) {
    if onCPU(a, b, y) { return CPU.zip(f, broadcast: a, b, into: y) }
    offCPU(f.rawValue, .zip(f), [a, b], into: [y])
  }

  /// Adds dense `x` [columns] to each row of dense `y` [rows, columns].
  static func addRow(_ x: NDArray, to y: NDArray) {
    if onCPU(x, y) { return CPU.addRow(x, to: y) }
    offCPU("add a row", .addRow, [x], into: [y], keepsContents: true)
  }

  /// y = f(a, b), operands of one type broadcast to the shape of dense, boolean `y`.
  static func compare(_ f: CompareOp, _ a: NDArray, _ b: NDArray, into y: NDArray) {
    if onCPU(a, b, y) { return CPU.compare(f, a, b, into: y) }
    offCPU(f.rawValue, .compare(f), [a, b], into: [y])
  }

  /// y = condition ? a : b, all broadcast to the shape of dense `y`.
  static func select(_ condition: NDArray, _ a: NDArray, _ b: NDArray, into y: NDArray) {
    if onCPU(a, b, y) && condition.device == .cpu { return CPU.select(condition, a, b, into: y) }
    offCPU("where", .select, [condition, a, b], into: [y])
  }

  /// y = keep * y + scale * f(u, v) in place; dense arrays of one floating-point type and shape.
  static func update(
    _ f: UpdateOp, _ factors: UpdateFactors, _ u: NDArray, _ v: NDArray, into y: NDArray
  ) {
    if onCPU(u, v, y) { return CPU.update(f, factors, u, v, into: y) }
    offCPU(f.rawValue, .update(f, factors), [u, v], into: [y], keepsContents: true)
  }

  /// Copies `x`, broadcast and converted, into `y`, which may be a view.
  static func copy(_ x: NDArray, into y: NDArray) {
    if onCPU(x, y) { return CPU.copy(x, into: y) }
    offCPU("copy to \(y.dtype) from", .copy, [x], into: [y])
  }

  /// Sets every element of dense `y`.
  static func fill(_ y: NDArray, with value: Double) {
    if y.device == .cpu { return CPU.fill(y, with: value) }
    offCPU("fill", .fill(value), [], into: [y])
  }

  // MARK: Reductions and rows

  /// Reduces dense `x` [outer, reduced, inner] to dense `y` [outer, inner]; `reduced` > 0.
  static func reduce(
    _ f: ReduceOp, _ x: NDArray, outer: Int, reduced: Int, inner: Int, into y: NDArray
  ) {
    if onCPU(x, y) {
      return CPU.reduce(f, x, outer: outer, reduced: reduced, inner: inner, into: y)
    }
    offCPU(f.rawValue, .reduce(f, outer: outer, reduced: reduced, inner: inner), [x], into: [y])
  }

  /// The first index of the largest element in each row of dense `x` [rows, columns], int64.
  static func argmax(_ x: NDArray, rows: Int, columns: Int, into y: NDArray) {
    if onCPU(x, y) { return CPU.argmax(x, rows: rows, columns: columns, into: y) }
    offCPU("argmax", .argmax(rows: rows, columns: columns), [x], into: [y])
  }

  /// The sum of the squares of a dense floating-point array into `y`, float64 []; parts of it are added in
  /// double precision.
  static func sumOfSquares(_ x: NDArray, into y: NDArray) {
    if onCPU(x, y) { return CPU.sumOfSquares(x, into: y) }
    offCPU("sum of squares", .sumOfSquares, [x], into: [y])
  }

  /// The cumulative sums or products along the middle axis of dense `x` [outer, length, inner], from the end if
  /// reversed; float32 is computed in double precision.
  static func scan(
    _ f: ScanOp, _ x: NDArray, length: Int, inner: Int, isReversed: Bool, into y: NDArray
  ) {
    if onCPU(x, y) {
      return CPU.scan(f, x, length: length, inner: inner, isReversed: isReversed, into: y)
    }
    offCPU(
      f.rawValue, .scan(f, length: length, inner: inner, isReversed: isReversed), [x], into: [y])
  }

  /// A function of each row of dense `x` [rows, columns]; columns > 0.
  ///
  /// `y` has x's shape, or one column for `logSumExp`.
  static func rows(_ f: RowOp, _ x: NDArray, rows: Int, columns: Int, into y: NDArray) {
    if onCPU(x, y) { return CPU.rows(f, x, rows: rows, columns: columns, into: y) }
    offCPU(f.rawValue, .rows(f, rows: rows, columns: columns), [x], into: [y])
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
