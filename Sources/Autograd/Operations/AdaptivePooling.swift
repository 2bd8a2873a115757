/// The mean over windows whose number is given, as PyTorch's `adaptive_avg_pool2d`.
///
/// Window i along an axis runs from floor(i size / count) to ceil((i + 1) size / count).
///
/// - Parameters:
///   - x: [..., height, width], usually [batch, channels, height, width].
///   - outputSize: The number of windows along height and width.
/// - Returns: [..., outputHeight, outputWidth]
public func adaptiveAvgPool2d(_ x: Tensor, outputSize: any SpatialSizes) -> Tensor {
  adaptiveAveragePool("adaptiveAvgPool2d", x, outputSize.sizes(2, "outputSize"))
}

/// The mean over windows whose number is given, as PyTorch's `adaptive_avg_pool1d`.
///
/// - Parameters:
///   - x: [..., length], usually [batch, channels, length].
///   - outputSize: The number of windows.
/// - Returns: [..., outputSize]
public func adaptiveAvgPool1d(_ x: Tensor, outputSize: Int) -> Tensor {
  adaptiveAveragePool("adaptiveAvgPool1d", x, [outputSize])
}

private func adaptiveAveragePool(
  _ operation: StaticString, _ x: Tensor, _ counts: [Int]
) -> Tensor {
  require(
    x.rank >= counts.count && x.dtype.isFloatingPoint,
    "\(operation): needs floating-point elements with at least \(counts.count) axes, got \(x.summary)"
  )
  require(
    counts.allSatisfy { $0 >= 0 }, "\(operation): the output size \(counts) must not be negative")
  let sizes = Array(x.shape.suffix(counts.count))
  require(
    sizes.allSatisfy { $0 >= 1 }, "\(operation): no elements to average over in \(x.summary)")
  if counts.allSatisfy({ $0 == 1 }) {
    return x.mean(axes: Array(x.rank - counts.count..<x.rank), keepDims: true)
  }
  if counts.count == 2 && counts.allSatisfy({ $0 >= 1 })
    && zip(sizes, counts).allSatisfy({ $0 % $1 == 0 })
  {
    return avgPool2d(x, kernelSize: zip(sizes, counts).map { $0 / $1 })
  }
  // The windows are those of each axis by itself: a product with a matrix of averages for each.
  var y = x
  for (place, count) in counts.enumerated().reversed() {
    let axis = x.rank - counts.count + place
    y = y.transpose(axis, -1).matmul(averages(sizes[place], count, x.dtype)).transpose(axis, -1)
  }
  return y.contiguous()
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
