internal import CKernels

// Element-wise primitives: map, zip, compare, select, copy and fill.
extension CPU {
  // MARK: Map

  static func map(_ operation: UnaryOp, _ x: NDArray, into y: NDArray) {
    let (operation, type) = (operation.kernel, x.dtype.kernelType)
    let size = x.dtype.byteCount
    if x.isDense {
      let (xData, yData) = (x.data, y.data)
      ThreadPool.forEachPart(of: x.count) { start, count in
        let source = CKSource(data: xData + start * size, inner: 1, outer: 0)
        kernels.map(operation, type, count, 1, source, yData + start * size)
      }
      keepAlive(x, y)
      return
    }
    withExtendedLifetime((x, y)) {
      let loop = StridedLoop([x], into: y)
      loop.forEachPart { inner, outer, offsets in
        kernels.map(
          operation, type, inner, outer, loop.source(0, x, offsets), y.data + offsets[1] * size)
      }
    }
  }

  // MARK: Zip

  /// Dense arrays of one type and shape.
  static func zip(
    _ operation: BinaryOp, dense a: NDArray, _ b: NDArray, into y: NDArray
  ) {
    let (operation, type) = (operation.kernel, a.dtype.kernelType)
    let size = a.dtype.byteCount
    let (aData, bData, yData) = (a.data, b.data, y.data)
    ThreadPool.forEachPart(of: a.count) { start, count in
      kernels.zip(
        operation, type, count, 1,
        CKSource(data: aData + start * size, inner: 1, outer: 0),
        CKSource(data: bData + start * size, inner: 1, outer: 0), yData + start * size)
    }
    keepAlive(a, b, y)
  }

  /// Dense `a` with one scalar, which stands on the left if `isReversed`.
  static func zip(
    _ operation: BinaryOp, dense a: NDArray, scalar: Double, isReversed: Bool, into y: NDArray
  ) {
    let (operation, type) = (operation.kernel, a.dtype.kernelType)
    let size = a.dtype.byteCount
    let (aData, yData) = (a.data, y.data)
    withScalar(scalar, as: a.dtype) { scalar in
      ThreadPool.forEachPart(of: a.count) { start, count in
        let array = CKSource(data: aData + start * size, inner: 1, outer: 0)
        let constant = CKSource(data: scalar, inner: 0, outer: 0)
        kernels.zip(
          operation, type, count, 1, isReversed ? constant : array,
          isReversed ? array : constant, yData + start * size)
      }
    }
    keepAlive(a, y)
  }

  /// Operands of one type, broadcast to the shape of dense `y`.
  static func zip(
    _ operation: BinaryOp, broadcast a: NDArray, _ b: NDArray, into y: NDArray
  ) {
    let (operation, type) = (operation.kernel, a.dtype.kernelType)
    let size = a.dtype.byteCount
    if y.count < Tuning.parallelCount, let (width, aStrides, bStrides) = rowStrides(a, b, in: y) {
      if width == 0 { return }
      kernels.zip(
        operation, type, width, y.count / width,
        CKSource(data: a.data, inner: aStrides.inner, outer: aStrides.outer),
        CKSource(data: b.data, inner: bStrides.inner, outer: bStrides.outer), y.data)
      keepAlive(a, b, y)
      return
    }
    let loop = StridedLoop([a, b], into: y)
    withExtendedLifetime((a, b, y)) {
      loop.forEachPart { inner, outer, offsets in
        kernels.zip(
          operation, type, inner, outer, loop.source(0, a, offsets), loop.source(1, b, offsets),
          y.data + offsets[2] * size)
      }
    }
  }

  /// Adds dense `x` [columns] to each row of dense `y` [rows, columns].
  static func addRow(_ x: NDArray, to y: NDArray) {
    let (type, columns) = (y.dtype.kernelType, x.count)
    let (xData, yData) = (x.data, y.data)
    if columns == 0 { return }
    ThreadPool.forEachPart(of: y.count / columns, width: columns) { start, count in
      let rows = yData + start * columns * y.dtype.byteCount
      kernels.zip(
        .add, type, columns, count, CKSource(data: rows, inner: 1, outer: columns),
        CKSource(data: xData, inner: 1, outer: 0), rows)
    }
    keepAlive(x, y)
  }

  /// The width of rows, and strides within and between them, where each operand is dense and has y's
  /// shape or that of y's last axes (a bias, say), or repeats one element.
  private static func rowStrides(
    _ a: NDArray, _ b: NDArray, in y: NDArray
  ) -> (width: Int, a: (inner: Int, outer: Int), b: (inner: Int, outer: Int))? {
    guard a.hasLastAxes(of: y) && b.hasLastAxes(of: y) else { return nil }
    // The gradient of a sum is one element, expanded.
    let (aIsOne, bIsOne) = (a.repeatsOneElement, b.repeatsOneElement)
    guard a.isDense || aIsOne, b.isDense || bIsOne else { return nil }
    let (aCount, bCount, count) = (aIsOne ? 1 : a.count, bIsOne ? 1 : b.count, y.count)
    func strides(_ own: Int, _ width: Int) -> (inner: Int, outer: Int) {
      own == 1 ? (0, 0) : (1, own == width ? 0 : width)
    }
    if aCount == count || aCount == 1 {
      let width = bCount == 1 ? count : bCount
      return (width, strides(aCount, width), strides(bCount, width))
    }
    guard bCount == count || bCount == 1 else { return nil }
    return (aCount, strides(aCount, aCount), strides(bCount, aCount))
  }

  /// Operands of one type, broadcast to the shape of dense, boolean `y`.
  static func compare(_ operation: CompareOp, _ a: NDArray, _ b: NDArray, into y: NDArray) {
    let (operation, type) = (operation.kernel, a.dtype.kernelType)
    let loop = StridedLoop([a, b], into: y)
    withExtendedLifetime((a, b, y)) {
      loop.forEachPart { inner, outer, offsets in
        kernels.compare(
          operation, type, inner, outer, loop.source(0, a, offsets), loop.source(1, b, offsets),
          (y.data + offsets[2]).assumingMemoryBound(to: UInt8.self))
      }
    }
  }

  /// `condition ? a : b`, all broadcast to the shape of dense `y`.
  static func select(_ condition: NDArray, _ a: NDArray, _ b: NDArray, into y: NDArray) {
    let (type, size) = (a.dtype.kernelType, a.dtype.byteCount)
    let loop = StridedLoop([condition, a, b], into: y)
    withExtendedLifetime((condition, a, b, y)) {
      loop.forEachPart { inner, outer, offsets in
        kernels.select(
          type, inner, outer, loop.source(0, condition, offsets), loop.source(1, a, offsets),
          loop.source(2, b, offsets), y.data + offsets[3] * size)
      }
    }
  }

  // MARK: Update

  /// y = keep * y + scale * f(u, v) in place; dense arrays of one floating-point type and shape.
  static func update(
    _ operation: UpdateOp, _ factors: UpdateFactors, _ u: NDArray, _ v: NDArray, into y: NDArray
  ) {
    let (operation, factors, type) = (operation.kernel, factors.kernel, y.dtype.kernelType)
    let size = y.dtype.byteCount
    let (uData, vData, yData) = (u.data, v.data, y.data)
    ThreadPool.forEachPart(of: y.count) { start, count in
      let start = start * size
      kernels.update(operation, type, count, factors, uData + start, vData + start, yData + start)
    }
    keepAlive(u, v, y)
  }

  /// See `Backend.huber`.
  static func huber(
    _ x: NDArray, _ target: NDArray, width: Double, slope: Double, dy: NDArray?, into y: NDArray
  ) {
    let (type, size) = (y.dtype.kernelType, y.dtype.byteCount)
    let step = dy?.isDense == true && y.count > 1 ? 1 : 0
    withExtendedLifetime((x, target, dy, y)) {
      ThreadPool.forEachPart(of: y.count) { start, count in
        let (offset, result) = (start * size, y.data + start * size)
        kernels.huber(
          type, count, width, slope, dy != nil, x.data + offset, target.data + offset, result)
        guard let dy else { return }
        kernels.zip(
          .multiply, type, count, 1,
          CKSource(data: dy.data + offset * step, inner: step, outer: 0),
          CKSource(data: result, inner: 1, outer: 0), result)
      }
    }
  }

  // MARK: Copy and fill

  /// Copies `x`, broadcast and converted, into `y`, which may be a view.
  static func copy(_ x: NDArray, into y: NDArray) {
    let (from, to) = (x.dtype, y.dtype)
    if from != to && (from.isHalf && to != .float32 || to.isHalf && from != .float32) {
      return copy(x.contiguous(as: .float32), into: y)
    }
    let loop = StridedLoop([x], into: y)
    let yStrides = loop.innermost(1)
    withExtendedLifetime((x, y)) {
      loop.forEachPart { inner, outer, offsets in
        kernels.copy(
          from.kernelType, to.kernelType, inner, outer, loop.source(0, x, offsets),
          y.data + offsets[1] * to.byteCount, yStrides.inner, yStrides.outer)
      }
    }
  }

  static func fill(_ y: NDArray, with value: Double) {
    let type = y.dtype.kernelType
    withScalar(value, as: y.dtype) { scalar in
      kernels.copy(
        type, type, y.count, 1, CKSource(data: scalar, inner: 0, outer: 0), y.data, 1, 0)
    }
    withExtendedLifetime(y) {}
  }

  /// Calls `body` with the address of a scalar converted to a type.
  @inline(__always)
  static func withScalar<Result>(
    _ value: Double, as dtype: DType, _ body: (UnsafeRawPointer) -> Result
  ) -> Result {
    switch dtype {
    case .float32: return withUnsafePointer(to: Float(value)) { body($0) }
    case .float64: return withUnsafePointer(to: value) { body($0) }
    case .int32: return withUnsafePointer(to: integer(value, Int32.self)) { body($0) }
    case .int64: return withUnsafePointer(to: integer(value, Int64.self)) { body($0) }
    case .uint8: return withUnsafePointer(to: integer(value, UInt8.self)) { body($0) }
    case .bool: return withUnsafePointer(to: UInt8(value == 0 ? 0 : 1)) { body($0) }
    case .float16, .bfloat16:
      var half: UInt16 = 0
      withUnsafePointer(to: Float(value)) { number in
        let source = CKSource(data: number, inner: 0, outer: 0)
        kernels.copy(.float32, dtype.kernelType, 1, 1, source, &half, 1, 1)
      }
      return withUnsafePointer(to: half) { body($0) }
    }
  }

  private static func integer<Integer: FixedWidthInteger>(
    _ value: Double, _ type: Integer.Type
  ) -> Integer {
    guard let result = Integer(exactly: value) else {
      fail(
        "\(value) cannot be an element of an integer tensor (\(Integer.self)); use asType(.float32) first"
      )
    }
    return result
  }
}

/// Keeps arrays alive up to here, for pointers to their elements.
///
/// `withExtendedLifetime` of a tuple does it by counting references up and down, which a tiny
/// operation notices.
@inline(__always)
func keepAlive(_ a: NDArray, _ b: NDArray, _ c: NDArray? = nil) {
  withExtendedLifetime(a) {}
  withExtendedLifetime(b) {}
  withExtendedLifetime(c) {}
}
