internal import CKernels

extension PoolingShape {
  var kernelWindow: CKWindow {
    CKWindow(
      height: window.inputSize[0], width: window.inputSize[1], kernelHeight: window.kernel[0],
      kernelWidth: window.kernel[1], outputHeight: window.outputSize[0],
      outputWidth: window.outputSize[1], strideY: window.stride[0], strideX: window.stride[1],
      padY: window.padding[0], padX: window.padding[1], dilationY: window.dilation[0],
      dilationX: window.dilation[1], countIncludesPadding: countIncludesPadding)
  }
}

// Pooling primitives on dense arrays [planes..., height, width].
extension CPU {
  static func averagePool(_ x: NDArray, _ shape: PoolingShape, planes: Int, into y: NDArray) {
    pool(
      x, shape.window.inputPixels, planes, into: y, shape.window.outputPixels, shape,
      kernels.averagePool)
  }

  static func averagePoolGradient(
    _ dy: NDArray, _ shape: PoolingShape, planes: Int, into dx: NDArray
  ) {
    pool(
      dy, shape.window.outputPixels, planes, into: dx, shape.window.inputPixels, shape,
      kernels.averagePoolGradient)
  }

  private static func pool(
    _ x: NDArray, _ xPixels: Int, _ planes: Int, into y: NDArray, _ yPixels: Int,
    _ shape: PoolingShape,
    _ kernel: (CKType, UnsafePointer<CKWindow>, Int, UnsafeRawPointer, UnsafeMutableRawPointer) ->
      Void
  ) {
    let size = x.dtype.byteCount
    let window = shape.kernelWindow
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
    let window = shape.kernelWindow
    withExtendedLifetime((x, y)) {
      withUnsafePointer(to: window) { window in
        forEachRowPart(planes, width: shape.window.inputPixels) { start, count in
          kernels.maxPoolIndices(
            x.dtype.kernelType, window, count, x.data + start * shape.window.inputPixels * size,
            y.data.assumingMemoryBound(to: Int32.self) + start * shape.window.outputPixels)
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
