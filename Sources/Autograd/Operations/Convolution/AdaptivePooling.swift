// Pools whose number of windows is given. Window i along an axis runs from floor(i size / count) to
// ceil((i + 1) size / count), as in PyTorch; where the number is nil, as PyTorch's None, it is the
// input's size, and the axis stays as it is.

/// The mean over windows whose number is given, as PyTorch's `adaptive_avg_pool1d`.
///
/// - Parameters:
///   - x: [..., length], usually [batch, channels, length].
///   - outputSize: The number of windows.
/// - Returns: [..., outputSize]
public func adaptiveAvgPool1d(_ x: Tensor, outputSize: Sizes) -> Tensor {
  adaptiveAveragePool(x, outputSize.sizes(1, "outputSize"))
}

/// The mean over windows whose number is given, as PyTorch's `adaptive_avg_pool2d`.
///
/// - Parameters:
///   - x: [..., height, width], usually [batch, channels, height, width].
///   - outputSize: The number of windows along height and width.
/// - Returns: [..., outputHeight, outputWidth]
public func adaptiveAvgPool2d(_ x: Tensor, outputSize: Sizes) -> Tensor {
  adaptiveAveragePool(x, outputSize.sizes(2, "outputSize"))
}

/// The mean over windows whose number is given for height or width only.
///
/// - Parameters:
///   - x: [..., height, width], usually [batch, channels, height, width].
///   - outputSize: The number of windows along height and width, nil for as many as there are elements.
/// - Returns: [..., outputHeight, outputWidth]
public func adaptiveAvgPool2d(_ x: Tensor, outputSize: [Int?]) -> Tensor {
  adaptiveAveragePool(x, outputSize.sizes(2, "outputSize"))
}

/// The largest element of windows whose number is given, as PyTorch's `adaptive_max_pool1d`; the
/// first of equals gets the gradient.
///
/// - Parameters:
///   - x: [..., length], usually [batch, channels, length].
///   - outputSize: The number of windows.
/// - Returns: [..., outputSize]
public func adaptiveMaxPool1d(_ x: Tensor, outputSize: Sizes) -> Tensor {
  adaptiveMaximumPool(x, outputSize.sizes(1, "outputSize"))
}

/// The largest element of windows whose number is given, as PyTorch's `adaptive_max_pool2d`; the
/// first of equals gets the gradient.
///
/// - Parameters:
///   - x: [..., height, width], usually [batch, channels, height, width].
///   - outputSize: The number of windows along height and width.
/// - Returns: [..., outputHeight, outputWidth]
public func adaptiveMaxPool2d(_ x: Tensor, outputSize: Sizes) -> Tensor {
  adaptiveMaximumPool(x, outputSize.sizes(2, "outputSize"))
}

/// The largest element of windows whose number is given for height or width only.
///
/// - Parameters:
///   - x: [..., height, width], usually [batch, channels, height, width].
///   - outputSize: The number of windows along height and width, nil for as many as there are elements.
/// - Returns: [..., outputHeight, outputWidth]
public func adaptiveMaxPool2d(_ x: Tensor, outputSize: [Int?]) -> Tensor {
  adaptiveMaximumPool(x, outputSize.sizes(2, "outputSize"))
}

/// The mean over a number of windows along each of the last axes.
package func adaptiveAveragePool(_ x: Tensor, _ outputSize: [Int?]) -> Tensor {
  let operation = "adaptive average pool"
  let (sizes, counts) = checkedSizes(operation, x, outputSize)
  if counts.allSatisfy({ $0 == 1 }) {
    return x.mean(axes: Array(x.rank - counts.count..<x.rank), keepDims: true)
  }
  if let window = SlidingWindow(operation, dividing: sizes, into: counts) {
    return averagePool(x, window, true, divisor: nil)
  }
  // The windows are those of each axis by itself.
  var y = x
  for (index, count) in counts.enumerated().reversed() where sizes[index] != count {
    y = y.averaged(x.rank - counts.count + index, AdaptiveWindows(count, on: sizes[index]))
  }
  return y
}

extension Tensor {
  /// The mean over windows along one axis.
  ///
  /// The gradient is a product with the matrix of averages. The value is not: its zeros would make NaN
  /// of infinite elements in other windows.
  fileprivate func averaged(_ axis: Int, _ windows: AdaptiveWindows) -> Tensor {
    let count = windows.ranges.count
    if count == 0 { return slice(axis: axis, to: 0) }
    return differentiable(self) { x in
      let rest = Array(repeating: 1, count: x.rank - 1 - axis)
      // What fills up the shorter windows does not count.
      let isInside = Tensor(
        scalars: windows.ranges.flatMap { range in (0..<windows.length).map { $0 < range.count } },
        shape: [count, windows.length] + rest, device: x.device)
      let lengths = Tensor(
        windows.ranges.map { Double($0.count) }, shape: [count] + rest, dtype: x.dtype,
        device: x.device)
      let parts = x.indexSelect(axis: axis, windows.indices.to(x.device))
        .unflatten(axis: axis, into: [count, windows.length])
      return Tensor.where(isInside, parts, 0).sum(axis: axis + 1) / lengths
    } pullback: { x, _ in
      let size = x.size(axis)
      return { dy in
        dy.transpose(axis, -1).matmul(windows.averages(on: size, dy.dtype).to(dy.device)).transpose(
          axis, -1)
      }
    }
  }
}

/// The largest element of a number of windows along each of the last axes.
package func adaptiveMaximumPool(_ x: Tensor, _ outputSize: [Int?]) -> Tensor {
  let operation = "adaptive maximum pool"
  let (sizes, counts) = checkedSizes(operation, x, outputSize)
  if counts.contains(0) {
    return .zeros(
      x.shape.dropLast(counts.count) + counts, dtype: x.dtype, device: x.device)
  }
  if let window = SlidingWindow(operation, dividing: sizes, into: counts) {
    return maximumPool(x, window)
  }
  // Windows of different lengths are laid side by side, the shorter ones with their last element
  // again, which changes no maximum.
  var (y, lengths) = (x, counts)
  for (index, count) in counts.enumerated() {
    let windows = AdaptiveWindows(count, on: sizes[index])
    lengths[index] = windows.length
    y = y.indexSelect(axis: x.rank - counts.count + index, windows.indices.to(x.device))
  }
  return maximumPool(
    y,
    SlidingWindow(operation, kernel: lengths, stride: .each(lengths)))
}

extension [Int?] {
  /// The list itself; one of another length is an error.
  package func sizes(_ axes: Int, _ name: StaticString) -> [Int?] {
    require(count == axes, "\(name): needs \(axes) sizes, got \(count)")
    return self
  }
}

/// The sizes of the axes that are pooled, and the number of windows along each.
private func checkedSizes(
  _ operation: String, _ x: Tensor, _ outputSize: [Int?]
) -> (sizes: [Int], counts: [Int]) {
  require(
    x.rank >= outputSize.count && x.dtype.isFloatingPoint,
    "\(operation): needs floating-point elements with at least \(outputSize.count) axes, got \(x.summary)"
  )
  let sizes = Array(x.shape.suffix(outputSize.count))
  let counts = zip(sizes, outputSize).map { $1 ?? $0 }
  require(
    counts.allSatisfy { $0 >= 0 }, "\(operation): the output size \(counts) must not be negative")
  require(sizes.allSatisfy { $0 >= 1 }, "\(operation): no elements to pool in \(x.summary)")
  return (sizes, counts)
}

extension SlidingWindow {
  /// The window that fits a number of times without a rest, nil if there is none.
  fileprivate init?(_ operation: String, dividing sizes: [Int], into counts: [Int]) {
    guard counts.allSatisfy({ $0 >= 1 }), zip(sizes, counts).allSatisfy({ $0 % $1 == 0 }) else {
      return nil
    }
    let kernel = zip(sizes, counts).map { $0 / $1 }
    self.init(operation, kernel: kernel, stride: .each(kernel))
  }
}

/// Where window `index` of `count` begins and ends on an axis.
func adaptiveWindow(_ index: Int, of count: Int, on size: Int) -> Range<Int> {
  index * size / count..<((index + 1) * size + count - 1) / count
}

/// The windows along one axis, brought to one length by their last indices again.
private struct AdaptiveWindows: Sendable {
  let ranges: [Range<Int>]
  /// That of the longest one.
  let length: Int
  /// The elements of all windows, one window after the other.
  let indices: Tensor

  init(_ count: Int, on size: Int) {
    let ranges = (0..<count).map { adaptiveWindow($0, of: count, on: size) }
    let length = ranges.map(\.count).max() ?? 1
    let indices = ranges.flatMap { range in
      (0..<length).map { min(range.lowerBound + $0, range.upperBound - 1) }
    }
    (self.ranges, self.length, self.indices) = (ranges, length, Tensor(scalars: indices))
  }

  /// The matrix [windows, size] each of whose rows averages over a window.
  func averages(on size: Int, _ dtype: DType) -> Tensor {
    var elements = [Double](repeating: 0, count: ranges.count * size)
    for (row, range) in ranges.enumerated() {
      for index in range { elements[row * size + index] = 1 / Double(range.count) }
    }
    return Tensor(elements, shape: [ranges.count, size], dtype: dtype)
  }
}
