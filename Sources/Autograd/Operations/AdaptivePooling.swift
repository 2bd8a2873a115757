// Pools whose number of windows is given. Window i along an axis runs from floor(i size / count) to
// ceil((i + 1) size / count), as in PyTorch.

/// The mean over windows whose number is given, as PyTorch's `adaptive_avg_pool1d`.
///
/// - Parameters:
///   - x: [..., length], usually [batch, channels, length].
///   - outputSize: The number of windows.
/// - Returns: [..., outputSize]
public func adaptiveAvgPool1d(_ x: Tensor, outputSize: any SpatialSizes) -> Tensor {
  adaptiveAveragePool(x, outputSize.sizes(1, "outputSize"))
}

/// The mean over windows whose number is given, as PyTorch's `adaptive_avg_pool2d`.
///
/// - Parameters:
///   - x: [..., height, width], usually [batch, channels, height, width].
///   - outputSize: The number of windows along height and width.
/// - Returns: [..., outputHeight, outputWidth]
public func adaptiveAvgPool2d(_ x: Tensor, outputSize: any SpatialSizes) -> Tensor {
  adaptiveAveragePool(x, outputSize.sizes(2, "outputSize"))
}

/// The largest element of windows whose number is given, as PyTorch's `adaptive_max_pool1d`; the
/// first of equals gets the gradient.
///
/// - Parameters:
///   - x: [..., length], usually [batch, channels, length].
///   - outputSize: The number of windows.
/// - Returns: [..., outputSize]
public func adaptiveMaxPool1d(_ x: Tensor, outputSize: any SpatialSizes) -> Tensor {
  adaptiveMaximumPool(x, outputSize.sizes(1, "outputSize"))
}

/// The largest element of windows whose number is given, as PyTorch's `adaptive_max_pool2d`; the
/// first of equals gets the gradient.
///
/// - Parameters:
///   - x: [..., height, width], usually [batch, channels, height, width].
///   - outputSize: The number of windows along height and width.
/// - Returns: [..., outputHeight, outputWidth]
public func adaptiveMaxPool2d(_ x: Tensor, outputSize: any SpatialSizes) -> Tensor {
  adaptiveMaximumPool(x, outputSize.sizes(2, "outputSize"))
}

/// The mean over a number of windows along each of the last axes.
package func adaptiveAveragePool(_ x: Tensor, _ counts: [Int]) -> Tensor {
  let operation = "adaptive average pool"
  let sizes = checkedSizes(operation, x, counts)
  if counts.allSatisfy({ $0 == 1 }) {
    return x.mean(axes: Array(x.rank - counts.count..<x.rank), keepDims: true)
  }
  if let window = SlidingWindow(operation, dividing: sizes, into: counts) {
    return averagePool(x, window, true, divisor: nil)
  }
  // The windows are those of each axis by itself: a product with a matrix of averages for each.
  var y = x
  for (place, count) in counts.enumerated().reversed() {
    let axis = x.rank - counts.count + place
    y = y.transpose(axis, -1).matmul(averages(sizes[place], count, x.dtype)).transpose(axis, -1)
  }
  return y.contiguous()
}

/// The largest element of a number of windows along each of the last axes.
package func adaptiveMaximumPool(_ x: Tensor, _ counts: [Int]) -> Tensor {
  let operation = "adaptive maximum pool"
  let sizes = checkedSizes(operation, x, counts)
  if let window = SlidingWindow(operation, dividing: sizes, into: counts) {
    return maximumPool(x, window)
  }
  // Windows of different lengths are laid side by side, the shorter ones with their last element
  // again, which changes no maximum.
  var (y, lengths) = (x, counts)
  for (place, count) in counts.enumerated() {
    let windows = (0..<count).map { adaptiveWindow($0, of: count, on: sizes[place]) }
    let length = windows.map(\.count).max() ?? 1
    let places = windows.flatMap { window in
      (0..<length).map { min(window.lowerBound + $0, window.upperBound - 1) }
    }
    lengths[place] = length
    y = y.indexSelect(axis: x.rank - counts.count + place, Tensor(scalars: places))
  }
  return maximumPool(
    y,
    SlidingWindow(operation, kernel: lengths, stride: lengths, padding: 0, dilation: 1))
}

/// The sizes of the axes that are pooled.
private func checkedSizes(_ operation: String, _ x: Tensor, _ counts: [Int]) -> [Int] {
  require(
    x.rank >= counts.count && x.dtype.isFloatingPoint,
    "\(operation): needs floating-point elements with at least \(counts.count) axes, got \(x.summary)"
  )
  require(
    counts.allSatisfy { $0 >= 0 }, "\(operation): the output size \(counts) must not be negative")
  let sizes = Array(x.shape.suffix(counts.count))
  require(sizes.allSatisfy { $0 >= 1 }, "\(operation): no elements to pool in \(x.summary)")
  return sizes
}

extension SlidingWindow {
  /// The window that fits a number of times without a rest, nil if there is none.
  fileprivate init?(_ operation: String, dividing sizes: [Int], into counts: [Int]) {
    guard counts.allSatisfy({ $0 >= 1 }), zip(sizes, counts).allSatisfy({ $0 % $1 == 0 }) else {
      return nil
    }
    let kernel = zip(sizes, counts).map { $0 / $1 }
    self.init(operation, kernel: kernel, stride: kernel, padding: 0, dilation: 1)
  }
}

/// Where window `index` of `count` begins and ends on an axis.
func adaptiveWindow(_ index: Int, of count: Int, on size: Int) -> Range<Int> {
  index * size / count..<((index + 1) * size + count - 1) / count
}

/// The matrix [size, count] that averages over windows.
private func averages(_ size: Int, _ count: Int, _ dtype: DType) -> Tensor {
  var elements = [Double](repeating: 0, count: size * count)
  for index in 0..<count {
    let window = adaptiveWindow(index, of: count, on: size)
    for place in window { elements[place * count + index] = 1 / Double(window.count) }
  }
  return Tensor(elements, shape: [size, count], dtype: dtype)
}
