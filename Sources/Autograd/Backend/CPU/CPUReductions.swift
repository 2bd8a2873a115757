internal import CKernels

// Reductions along one group of neighbouring axes of a dense array, seen as [outer, reduced,
// inner].
extension CPU {
  private static let grain = 1 << 15

  /// Runs `body` over parts of `count` rows of `width` elements.
  static func forEachRowPart(
    _ count: Int, width: Int, _ body: (_ start: Int, _ count: Int) -> Void
  ) {
    if count == 0 { return }
    let chunks = max(1, min(count, count * max(width, 1) / grain))
    ThreadPool.run(chunks) { chunk in
      let start = count * chunk / chunks
      body(start, count * (chunk + 1) / chunks - start)
    }
  }

  /// Reduces dense `x` [outer, reduced, inner] to dense `y` [outer, inner]; `reduced` > 0.
  static func reduce(
    _ operation: CKReduce, _ x: NDArray, outer: Int, reduced: Int, inner: Int, into y: NDArray
  ) {
    let type = x.dtype.kernelType
    let size = x.dtype.byteCount
    // Few long sums are split, and their parts reduced in turn.
    let parts = outer * inner < grain / 8 ? reduced * inner / grain : 0
    if parts > 1 {
      let partial = NDArray.uninitialized(dtype: x.dtype, shape: [outer, parts, inner])
      ThreadPool.run(outer * parts) { chunk in
        let (row, part) = (chunk / parts, chunk % parts)
        let start = reduced * part / parts
        let count = reduced * (part + 1) / parts - start
        let source = x.data + (row * reduced + start) * inner * size
        let target = partial.data + chunk * inner * size
        if inner == 1 {
          kernels.reduceRows(operation, type, 1, count, source, target)
        } else {
          kernels.reduceColumns(operation, type, count, inner, source, target)
        }
      }
      reduce(operation, partial, outer: outer, reduced: parts, inner: inner, into: y)
      withExtendedLifetime(x) {}
      return
    }
    withExtendedLifetime((x, y)) {
      if inner == 1 {
        forEachRowPart(outer, width: reduced) { start, count in
          kernels.reduceRows(
            operation, type, count, reduced, x.data + start * reduced * size,
            y.data + start * size)
        }
      } else {
        forEachRowPart(outer, width: reduced * inner) { start, count in
          for row in start..<start + count {
            kernels.reduceColumns(
              operation, type, reduced, inner, x.data + row * reduced * inner * size,
              y.data + row * inner * size)
          }
        }
      }
    }
  }

  /// The first index of the largest element in each row of dense `x` [rows, columns].
  static func argmax(_ x: NDArray, rows: Int, columns: Int, into y: NDArray) {
    let type = x.dtype.kernelType
    let size = x.dtype.byteCount
    withExtendedLifetime((x, y)) {
      forEachRowPart(rows, width: columns) { start, count in
        kernels.argmaxRows(
          type, count, columns, x.data + start * columns * size,
          y.data.assumingMemoryBound(to: Int64.self) + start)
      }
    }
  }

  /// Whether the elements of a dense floating-point array are finite: told by their sum, which must
  /// not overflow either.
  static func isFinite(_ x: NDArray) -> Bool {
    if x.count == 0 { return true }
    let sum = NDArray.uninitialized(dtype: x.dtype, shape: [])
    reduce(.sum, x, outer: 1, reduced: x.count, inner: 1, into: sum)
    return withExtendedLifetime(sum) {
      x.dtype == .float64
        ? sum.data.load(as: Double.self).isFinite : sum.data.load(as: Float.self).isFinite
    }
  }

  /// The sum of the squares of a dense floating-point array; parts of it are added up in double precision.
  static func sumOfSquares(_ x: NDArray) -> Double {
    let (type, size, width) = (x.dtype.kernelType, x.dtype.byteCount, 2048)
    let parts = (x.count + width - 1) / width
    return withUnsafeTemporaryAllocation(of: Double.self, capacity: parts) { sums in
      forEachRowPart(parts, width: width) { start, count in
        let squares = NDArray.uninitialized(dtype: x.dtype, shape: [width + 1])
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
      withExtendedLifetime(x) {}
      return sums.reduce(0, +)
    }
  }

  /// The sums or products up to each place along the middle axis of dense `x` [outer, length, inner],
  /// from the end if reversed; float32 is computed in double precision.
  static func running(
    _ operation: RunningOperation, _ x: NDArray, length: Int, inner: Int, isReversed: Bool,
    into y: NDArray
  ) {
    func run<Scalar, Sum>(_ type: Scalar.Type, _ zero: Sum, _ add: (inout Sum, Scalar) -> Scalar) {
      let source = x.data.assumingMemoryBound(to: Scalar.self)
      let target = y.data.assumingMemoryBound(to: Scalar.self)
      let vectors = length == 0 ? 0 : x.count / length
      forEachRowPart(vectors, width: length) { start, count in
        for vector in start..<start + count {
          var place = vector / inner * length * inner + vector % inner
          if isReversed { place += (length - 1) * inner }
          var sum = zero
          for _ in 0..<length {
            target[place] = add(&sum, source[place])
            place += isReversed ? -inner : inner
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

  /// What `running` computes.
  enum RunningOperation {
    case sum
    case product
  }

  /// What is computed of each row in `rows`.
  enum RowFunction {
    case softmax
    case logSoftmax
    case logSumExp
  }

  /// A function of each row of dense `x` [rows, columns]; columns > 0.
  static func rows(_ function: RowFunction, _ x: NDArray, rows: Int, columns: Int, into y: NDArray)
  {
    let type = x.dtype.kernelType
    let size = x.dtype.byteCount
    let width = function == .logSumExp ? 1 : columns
    let kernel =
      switch function {
      case .softmax: kernels.softmaxRows
      case .logSoftmax: kernels.logSoftmaxRows
      case .logSumExp: kernels.logSumExpRows
      }
    withExtendedLifetime((x, y)) {
      forEachRowPart(rows, width: columns) { start, count in
        kernel(type, count, columns, x.data + start * columns * size, y.data + start * width * size)
      }
    }
  }
}
