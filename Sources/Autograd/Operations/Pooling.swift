/// The mean over windows of images, as PyTorch's `avg_pool2d`.
///
/// - Parameters:
///   - x: [..., height, width], usually [batch, channels, height, width].
///   - kernelSize: The window's height and width.
///   - stride: The distance between windows; nil for the kernel size.
///   - padding: Zeros added on either side; at most half the kernel.
///   - countIncludesPadding: Whether these zeros count in the mean.
/// - Returns: [..., outputHeight, outputWidth], where outputHeight = (height + 2 padding - kernelHeight) / stride + 1.
public func avgPool2d(
  _ x: Tensor, kernelSize: any SpatialSizes, stride: (any SpatialSizes)? = nil,
  padding: any SpatialSizes = 0, countIncludesPadding: Bool = true
) -> Tensor {
  let shape = poolingShape(
    "avgPool2d", x, kernelSize, stride, padding, dilation: 1,
    countIncludesPadding: countIncludesPadding)
  return averagePool(x, shape)
}

/// The largest element in windows of images, as PyTorch's `max_pool2d`; the first of equals gets the gradient.
///
/// - Parameters:
///   - x: [..., height, width], usually [batch, channels, height, width].
///   - kernelSize: The window's height and width.
///   - stride: The distance between windows; nil for the kernel size.
///   - padding: Places added on either side that never win; at most half the kernel.
///   - dilation: The distance between the elements of a window.
/// - Returns: [..., outputHeight, outputWidth]
public func maxPool2d(
  _ x: Tensor, kernelSize: any SpatialSizes, stride: (any SpatialSizes)? = nil,
  padding: any SpatialSizes = 0, dilation: any SpatialSizes = 1
) -> Tensor {
  let shape = poolingShape(
    "maxPool2d", x, kernelSize, stride, padding, dilation: dilation, countIncludesPadding: true)
  require(
    shape.everyWindowHasElements,
    """
    maxPool2d: a window of \(shape.kernelSize) (dilation \(shape.dilation)) with padding \(shape.padding) sees no \
    element of \(x.summary)
    """)
  let planes = Array(x.shape.dropLast(2))
  let indices = NDArray.uninitialized(dtype: .int32, shape: planes + [shape.outputPixels])
  CPU.maxPoolIndices(
    CPU.contiguous(x.array), shape, planes: planes.reduce(1, *), into: indices)
  return x.reshape(planes + [shape.inputPixels])
    .gathered(planes.count, Tensor(indices))
    .reshape(planes + shape.outputSize)
}

private func poolingShape(
  _ operation: StaticString, _ x: Tensor, _ kernelSize: any SpatialSizes,
  _ stride: (any SpatialSizes)?, _ padding: any SpatialSizes, dilation: any SpatialSizes,
  countIncludesPadding: Bool
) -> PoolingShape {
  require(x.rank >= 2, "\(operation): needs images [..., height, width], got \(x.summary)")
  require(
    x.dtype.isFloatingPoint, "\(operation): needs floating-point elements, got \(x.summary)")
  let kernel = kernelSize.sizes(2, "kernelSize")
  let window = SlidingWindow(
    operation, kernel: kernel, stride: stride ?? kernel, padding: padding, dilation: dilation)
  require(
    zip(window.padding, kernel).allSatisfy { $0 * 2 <= $1 },
    "\(operation): the padding \(window.padding) must be at most half the kernel \(kernel)")
  let input = Array(x.shape.suffix(2))
  return PoolingShape(
    inputSize: input, outputSize: window.outputSize(input), kernelSize: kernel,
    stride: window.stride, padding: window.padding, dilation: window.dilation,
    countIncludesPadding: countIncludesPadding)
}

private func averagePool(_ x: Tensor, _ shape: PoolingShape) -> Tensor {
  differentiable(x) { x in
    let planes = Array(x.shape.dropLast(2))
    let y = NDArray.uninitialized(dtype: x.dtype, shape: planes + shape.outputSize)
    CPU.averagePool(CPU.contiguous(x.array), shape, planes: planes.reduce(1, *), into: y)
    return Tensor(y)
  } pullback: { _, _ in
    { dy in averagePoolGradient(dy, shape) }
  }
}

private func averagePoolGradient(_ dy: Tensor, _ shape: PoolingShape) -> Tensor {
  differentiable(dy) { dy in
    let planes = Array(dy.shape.dropLast(2))
    let dx = NDArray.uninitialized(dtype: dy.dtype, shape: planes + shape.inputSize)
    CPU.averagePoolGradient(CPU.contiguous(dy.array), shape, planes: planes.reduce(1, *), into: dx)
    return Tensor(dx)
  } pullback: { _, _ in
    { d in averagePool(d, shape) }
  }
}
