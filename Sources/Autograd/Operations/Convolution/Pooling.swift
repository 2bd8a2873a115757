// Pools along one, two and three axes, all from those along two.

/// The mean over windows of sequences, as PyTorch's `avg_pool1d`.
///
/// - Parameters:
///   - x: [..., length], usually [batch, channels, length].
///   - kernelSize: The window's length.
///   - stride: The distance between windows; nil for the kernel size.
///   - padding: Zeros added on either side; at most half the kernel.
///   - ceilMode: Whether a last window that only begins inside counts.
///   - countIncludesPadding: Whether the padding counts in the mean.
/// - Returns: [..., outputLength]
public func avgPool1d(
  _ x: Tensor, kernelSize: Sizes, stride: Sizes? = nil,
  padding: Sizes = 0, ceilMode: Bool = false, countIncludesPadding: Bool = true
) -> Tensor {
  averagePool(
    x, SlidingWindow(pooling: "avgPool1d", 1, kernelSize, stride, padding, ceilMode: ceilMode),
    countIncludesPadding, divisor: nil)
}

/// The mean over windows of images, as PyTorch's `avg_pool2d`.
///
/// - Parameters:
///   - x: [..., height, width], usually [batch, channels, height, width].
///   - kernelSize: The window's height and width.
///   - stride: The distance between windows; nil for the kernel size.
///   - padding: Zeros added on either side; at most half the kernel.
///   - ceilMode: Whether a last window that only begins inside counts.
///   - countIncludesPadding: Whether the padding counts in the mean.
///   - divisorOverride: By what to divide sums, instead of the number of elements.
/// - Returns: [..., outputHeight, outputWidth], where outputHeight = (height + 2 padding -
///   kernelHeight) / stride + 1, rounded down, or up in `ceilMode` if the last window begins inside
///   the image or the padding before it.
public func avgPool2d(
  _ x: Tensor, kernelSize: Sizes, stride: Sizes? = nil,
  padding: Sizes = 0, ceilMode: Bool = false, countIncludesPadding: Bool = true,
  divisorOverride: Int? = nil
) -> Tensor {
  averagePool(
    x, SlidingWindow(pooling: "avgPool2d", 2, kernelSize, stride, padding, ceilMode: ceilMode),
    countIncludesPadding, divisor: divisorOverride)
}

/// The mean over windows of volumes, as PyTorch's `avg_pool3d`.
///
/// Maps [..., depth, height, width] to [..., outputDepth, outputHeight, outputWidth]; the parameters are
/// those of `avgPool2d`.
public func avgPool3d(
  _ x: Tensor, kernelSize: Sizes, stride: Sizes? = nil,
  padding: Sizes = 0, ceilMode: Bool = false, countIncludesPadding: Bool = true,
  divisorOverride: Int? = nil
) -> Tensor {
  averagePool(
    x, SlidingWindow(pooling: "avgPool3d", 3, kernelSize, stride, padding, ceilMode: ceilMode),
    countIncludesPadding, divisor: divisorOverride)
}

/// The largest element in windows of sequences, as PyTorch's `max_pool1d`; the first of equals gets
/// the gradient.
///
/// Maps [..., length] to [..., outputLength]; the parameters are those of `maxPool2d`.
public func maxPool1d(
  _ x: Tensor, kernelSize: Sizes, stride: Sizes? = nil,
  padding: Sizes = 0, dilation: Sizes = 1, ceilMode: Bool = false
) -> Tensor {
  maximumPool(
    x,
    SlidingWindow(
      pooling: "maxPool1d", 1, kernelSize, stride, padding, dilation, ceilMode: ceilMode))
}

/// The largest element in windows of images, as PyTorch's `max_pool2d`; the first of equals gets
/// the gradient.
///
/// - Parameters:
///   - x: [..., height, width], usually [batch, channels, height, width].
///   - kernelSize: The window's height and width.
///   - stride: The distance between windows; nil for the kernel size.
///   - padding: Elements added on either side that never win; at most half the kernel.
///   - dilation: The distance between the elements of a window.
///   - ceilMode: Whether a last window that only begins inside counts.
/// - Returns: [..., outputHeight, outputWidth]; -infinity for a window that sees padding only.
public func maxPool2d(
  _ x: Tensor, kernelSize: Sizes, stride: Sizes? = nil,
  padding: Sizes = 0, dilation: Sizes = 1, ceilMode: Bool = false
) -> Tensor {
  maximumPool(
    x,
    SlidingWindow(
      pooling: "maxPool2d", 2, kernelSize, stride, padding, dilation, ceilMode: ceilMode))
}

/// The largest element in windows of volumes, as PyTorch's `max_pool3d`; the first of equals gets
/// the gradient.
///
/// Maps [..., depth, height, width] to [..., outputDepth, outputHeight, outputWidth]; the parameters are
/// those of `maxPool2d`.
public func maxPool3d(
  _ x: Tensor, kernelSize: Sizes, stride: Sizes? = nil,
  padding: Sizes = 0, dilation: Sizes = 1, ceilMode: Bool = false
) -> Tensor {
  maximumPool(
    x,
    SlidingWindow(
      pooling: "maxPool3d", 3, kernelSize, stride, padding, dilation, ceilMode: ceilMode))
}

/// The mean over the windows of one, two or three axes.
package func averagePool(
  _ x: Tensor, _ window: SlidingWindow, _ countIncludesPadding: Bool, divisor: Int?
) -> Tensor {
  require(
    divisor != 0, "\(window.operation): the divisor must not be 0")
  let y = overPlanes(x, window, countIncludesPadding) { averagePool($0, $1) }
  guard let divisor else { return y }
  return y * window.elementCounts(x, countIncludesPadding) / divisor
}

/// The largest element in the windows of one, two or three axes.
package func maximumPool(_ x: Tensor, _ window: SlidingWindow) -> Tensor {
  require(
    x.rank < window.kernel.count || !x.shape.suffix(window.kernel.count).contains(0),
    "\(window.operation): no elements to pool in \(x.summary)")
  return overPlanes(x, window, true) { x, shape in
    let planes = Array(x.shape.dropLast(2))
    // A dilated window that steps over all elements is as long as the padded axis, so the only one.
    if !shape.window.everyWindowHasElements {
      return .full(
        planes + shape.window.outputSize, -Double.infinity, dtype: x.dtype, device: x.device)
    }
    let indices = Tensor.result(
      of: .maxPoolIndices(shape, planes: planes.reduce(1, *)), [Tensor(x.array)], dtype: .int32,
      shape: planes + [shape.window.outputPixels])
    return x.reshape(planes + [shape.window.inputPixels])
      .gathered(planes.count, indices)
      .reshape(planes + shape.window.outputSize)
  }
}

/// Pools along one or three axes by pools along two: a pool of a volume is one of its slices, then
/// one along its depth.
private func overPlanes(
  _ x: Tensor, _ window: SlidingWindow, _ countIncludesPadding: Bool,
  _ pool: (Tensor, PoolingShape) -> Tensor
) -> Tensor {
  let axes = window.kernel.count
  require(
    x.rank >= axes, "\(window.operation): needs [..., \(spatialNames(axes))], got \(x.summary)")
  require(
    x.dtype.isFloatingPoint, "\(window.operation): needs floating-point elements, got \(x.summary)")
  let (input, leading) = (Array(x.shape.suffix(axes)), Array(x.shape.dropLast(axes)))
  let output = window.outputSize(input)
  func shape(_ rows: Int?, _ columns: Int?, inner: Int = 1) -> PoolingShape {
    func pair(_ sizes: [Int], _ other: Int) -> [Int] {
      [rows.map { sizes[$0] } ?? other, columns.map { sizes[$0] } ?? other]
    }
    return PoolingShape(
      window: window.mapped(pair).geometry(pair(input, inner), pair(output, inner)),
      countIncludesPadding: countIncludesPadding)
  }
  switch axes {
  case 1: return pool(x.unsqueeze(-2), shape(nil, 0)).squeeze(-2)
  case 2: return pool(x, shape(0, 1))
  default:
    let slices = pool(x, shape(1, 2))
    let pixels = output[1] * output[2]
    return pool(slices.reshape(leading + [input[0], pixels]), shape(0, nil, inner: pixels))
      .reshape(leading + output)
  }
}

extension SlidingWindow {
  /// The number of elements that each window counts: [outputSize...].
  fileprivate func elementCounts(_ x: Tensor, _ countIncludesPadding: Bool) -> Tensor {
    let input = Array(x.shape.suffix(kernel.count))
    var counts: [Double] = [1]
    for (axis, count) in outputSize(input).enumerated() {
      let lengths = (0..<count).map { index in
        let start = index * stride[axis] - padding[axis]
        let end = min(start + kernel[axis], input[axis] + padding[axis])
        return Double(countIncludesPadding ? end - start : min(end, input[axis]) - max(start, 0))
      }
      counts = counts.flatMap { outer in lengths.map { outer * $0 } }
    }
    return Tensor(counts, shape: outputSize(input), dtype: x.dtype, device: x.device)
  }
}

/// The mean over windows of [..., height, width], or its adjoint.
private func averagePool(
  _ x: Tensor, _ shape: PoolingShape, isAdjoint: Bool = false
) -> Tensor {
  differentiable(x) { x in
    let planes = Array(x.shape.dropLast(2))
    let size = isAdjoint ? shape.window.inputSize : shape.window.outputSize
    let count = planes.reduce(1, *)
    return .result(
      of: isAdjoint
        ? .averagePoolGradient(shape, planes: count) : .averagePool(shape, planes: count), [x],
      shape: planes + size)
  } pullback: { _, _ in
    { dy in averagePool(dy, shape, isAdjoint: !isAdjoint) }
  }
}
