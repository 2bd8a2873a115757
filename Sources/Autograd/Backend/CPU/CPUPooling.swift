internal import CKernels

extension PoolingShape {
  var window: CKWindow {
    CKWindow(
      height: inputSize[0], width: inputSize[1], kernelHeight: kernelSize[0],
      kernelWidth: kernelSize[1], outputHeight: outputSize[0], outputWidth: outputSize[1],
      strideY: stride[0], strideX: stride[1], padY: padding[0], padX: padding[1],
      dilationY: dilation[0], dilationX: dilation[1], countIncludesPadding: countIncludesPadding)
  }
}

// Pooling primitives on dense arrays [planes..., height, width].
extension CPU {
  static func averagePool(_ x: NDArray, _ shape: PoolingShape, planes: Int, into y: NDArray) {
    pool(x, shape.inputPixels, planes, into: y, shape.outputPixels, shape, kernels.averagePool)
  }

  static func averagePoolGradient(
    _ dy: NDArray, _ shape: PoolingShape, planes: Int, into dx: NDArray
  ) {
    pool(
      dy, shape.outputPixels, planes, into: dx, shape.inputPixels, shape,
      kernels.averagePoolGradient)
  }

  private static func pool(
    _ x: NDArray, _ xPixels: Int, _ planes: Int, into y: NDArray, _ yPixels: Int,
    _ shape: PoolingShape,
    _ kernel: (CKType, UnsafePointer<CKWindow>, Int, UnsafeRawPointer, UnsafeMutableRawPointer) ->
      Void
  ) {
    let size = x.dtype.byteCount
    let window = shape.window
    withExtendedLifetime((x, y)) {
      withUnsafePointer(to: window) { window in
        forEachRowPart(planes, width: max(xPixels, yPixels)) { start, count in
          kernel(
            x.dtype.kernelType, window, count, x.data + start * xPixels * size,
            y.data + start * yPixels * size)
        }
      }
    }
  }

  static func maxPoolIndices(_ x: NDArray, _ shape: PoolingShape, planes: Int, into y: NDArray) {
    let x = x.computable
    let size = x.dtype.byteCount
    let window = shape.window
    withExtendedLifetime((x, y)) {
      withUnsafePointer(to: window) { window in
        forEachRowPart(planes, width: shape.inputPixels) { start, count in
          kernels.maxPoolIndices(
            x.dtype.kernelType, window, count, x.data + start * shape.inputPixels * size,
            y.data.assumingMemoryBound(to: Int32.self) + start * shape.outputPixels)
        }
      }
    }
  }

  static func gatherPlanes(
    _ x: NDArray, _ indices: NDArray, planes: Int, xCount: Int, yCount: Int, isAdjoint: Bool,
    into y: NDArray
  ) {
    let size = x.dtype.byteCount
    let indexCount = isAdjoint ? xCount : yCount
    // Integers of the same size are moved like floats.
    let type: CKType = size == 4 ? .float32 : .float64
    let kernel = isAdjoint ? kernels.scatterAddPlanes : kernels.gatherPlanes
    withExtendedLifetime((x, indices, y)) {
      forEachRowPart(planes, width: max(xCount, yCount)) { start, count in
        kernel(
          type, count, xCount, yCount, x.data + start * xCount * size,
          indices.data.assumingMemoryBound(to: Int32.self) + start * indexCount,
          y.data + start * yCount * size)
      }
    }
  }
}
