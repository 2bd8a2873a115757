internal import CKernels

// Reductions along one group of neighboring axes of a dense array, seen as [outer, reduced,
// inner].
extension CPU {
  /// Reduces dense `x` [outer, reduced, inner] to dense `y` [outer, inner]; `reduced` > 0.
  static func reduce(
    _ operation: ReduceOp, _ x: NDArray, outer: Int, reduced: Int, inner: Int, into y: NDArray
  ) {
    let (kernel, type) = (operation.kernel, x.dtype.kernelType)
    let size = x.dtype.byteCount
    // Few long sums are split, and their parts reduced in turn.
    let parts = outer * inner < Tuning.fewSums ? reduced * inner / Tuning.grain : 0
    if parts > 1 {
      let partial = NDArray.uninitialized(dtype: x.dtype, shape: [outer, parts, inner], on: .cpu)
      ThreadPool.run(outer * parts) { chunk in
        let (row, part) = (chunk / parts, chunk % parts)
        let start = reduced * part / parts
        let count = reduced * (part + 1) / parts - start
        let source = x.data + (row * reduced + start) * inner * size
        let target = partial.data + chunk * inner * size
        if inner == 1 {
          kernels.reduceRows(kernel, type, 1, count, source, target)
        } else {
          kernels.reduceColumns(kernel, type, count, inner, source, target)
        }
      }
      reduce(operation, partial, outer: outer, reduced: parts, inner: inner, into: y)
      withExtendedLifetime(x) {}
      return
    }
    withExtendedLifetime((x, y)) {
      if inner == 1 {
        ThreadPool.forEachPart(of: outer, width: reduced) { start, count in
          kernels.reduceRows(
            kernel, type, count, reduced, x.data + start * reduced * size,
            y.data + start * size)
        }
      } else {
        ThreadPool.forEachPart(of: outer, width: reduced * inner) { start, count in
          for row in start..<start + count {
            kernels.reduceColumns(
              kernel, type, reduced, inner, x.data + row * reduced * inner * size,
              y.data + row * inner * size)
          }
        }
      }
    }
  }

  static func argmax(_ x: NDArray, rows: Int, columns: Int, into y: NDArray) {
    let type = x.dtype.kernelType
    let size = x.dtype.byteCount
    withExtendedLifetime((x, y)) {
      ThreadPool.forEachPart(of: rows, width: columns) { start, count in
        kernels.argmaxRows(
          type, count, columns, x.data + start * columns * size,
          y.data.assumingMemoryBound(to: Int64.self) + start)
      }
    }
  }

  /// Whether the sum of a dense floating-point array is finite; if it is, so are all elements.
  static func hasFiniteSum(_ x: NDArray) -> Bool {
    if x.count == 0 { return true }
    let sum = NDArray.uninitialized(dtype: x.dtype, shape: [], on: .cpu)
    reduce(.sum, x, outer: 1, reduced: x.count, inner: 1, into: sum)
    return withExtendedLifetime(sum) {
      x.dtype == .float64
        ? sum.data.load(as: Double.self).isFinite : sum.data.load(as: Float.self).isFinite
    }
  }

  static func sumOfSquares(_ x: NDArray, into y: NDArray) {
    let (type, size, width) = (x.dtype.kernelType, x.dtype.byteCount, Tuning.squaresPerPart)
    let parts = (x.count + width - 1) / width
    withUnsafeTemporaryAllocation(of: Double.self, capacity: parts) { sums in
      ThreadPool.forEachPart(of: parts, width: width) { start, count in
        let squares = NDArray.uninitialized(dtype: x.dtype, shape: [width + 1], on: .cpu)
        for part in start..<start + count {
          let length = min(width, x.count - part * width)
          let source = CKSource(data: x.data + part * width * size, inner: 1, outer: 0)
          let sum = squares.data + width * size
          kernels.map(.square, type, length, 1, source, squares.data)
          kernels.reduceRows(.sum, type, 1, length, squares.data, sum)
          sums[part] =
            x.dtype == .float64 ? sum.load(as: Double.self) : Double(sum.load(as: Float.self))
        }
        withExtendedLifetime(squares) {}
      }
      let sum = sums.reduce(0, +)
      if x.dtype == .float32 && x.count > 0 && !(sum >= 1e-22 && sum.isFinite) {
        // Squares may have overflowed or vanished.
        return sumOfSquares(x.converted(to: .float64), into: y)
      }
      y.withElements(as: Double.self) { $0[0] = sum }
      withExtendedLifetime(x) {}
    }
  }

  static func scan(
    _ operation: ScanOp, _ x: NDArray, length: Int, inner: Int, isReversed: Bool,
    into y: NDArray
  ) {
    func run<Scalar, Sum>(_ type: Scalar.Type, _ zero: Sum, _ add: (inout Sum, Scalar) -> Scalar) {
      let source = x.data.assumingMemoryBound(to: Scalar.self)
      let target = y.data.assumingMemoryBound(to: Scalar.self)
      let vectors = length == 0 ? 0 : x.count / length
      ThreadPool.forEachPart(of: vectors, width: length) { start, count in
        for vector in start..<start + count {
          var index = vector / inner * length * inner + vector % inner
          if isReversed { index += (length - 1) * inner }
          var sum = zero
          for _ in 0..<length {
            target[index] = add(&sum, source[index])
            index += isReversed ? -inner : inner
          }
        }
      }
    }
    withExtendedLifetime((x, y)) {
      switch (operation, x.dtype) {
      case (.sum, .float32):
        run(Float.self, 0.0) { sum, next in
          sum += Double(next)
          return Float(sum)
        }
      case (.sum, .float64):
        run(Double.self, 0.0) { sum, next in
          sum += next
          return sum
        }
      case (.sum, _):
        run(Int64.self, Int64(0)) { sum, next in
          sum &+= next
          return sum
        }
      case (.product, .float32):
        run(Float.self, 1.0) { product, next in
          product *= Double(next)
          return Float(product)
        }
      case (.product, .float64):
        run(Double.self, 1.0) { product, next in
          product *= next
          return product
        }
      case (.product, _):
        run(Int64.self, Int64(1)) { product, next in
          product &*= next
          return product
        }
      }
    }
  }

  static func rows(_ function: RowOp, _ x: NDArray, rows: Int, columns: Int, into y: NDArray) {
    let type = x.dtype.kernelType
    let size = x.dtype.byteCount
    let width = function == .logSumExp ? 1 : columns
    let kernel =
      switch function {
      case .softmax, .maskedSoftmax: kernels.softmaxRows
      case .logSoftmax: kernels.logSoftmaxRows
      case .logSumExp: kernels.logSumExpRows
      }
    withExtendedLifetime((x, y)) {
      ThreadPool.forEachPart(of: rows, width: columns) { start, count in
        kernel(type, count, columns, x.data + start * columns * size, y.data + start * width * size)
        if function != .maskedSoftmax { return }
        if x.dtype == .float64 {
          clearHiddenRows(Double.self, x, columns, start..<start + count, y)
        } else {
          clearHiddenRows(Float.self, x, columns, start..<start + count, y)
        }
      }
    }
  }

  /// Makes zeros of the softmax of rows of -infinity alone, which the kernel leaves as NaN.
  private static func clearHiddenRows<Scalar: BinaryFloatingPoint>(
    _ type: Scalar.Type, _ x: NDArray, _ columns: Int, _ rows: Range<Int>, _ y: NDArray
  ) {
    let source = x.data.assumingMemoryBound(to: type)
    let target = y.data.assumingMemoryBound(to: type)
    for row in rows where target[row * columns].isNaN {
      let elements = UnsafeBufferPointer(start: source + row * columns, count: columns)
      if elements.allSatisfy({ $0 == -.infinity }) {
        (target + row * columns).update(repeating: 0, count: columns)
      }
    }
  }
}
