internal import CKernels
import Synchronization

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
    pool(x, shape, planes, into: y, kernels.averagePool)
  }

  static func averagePoolGradient(
    _ dy: NDArray, _ shape: PoolingShape, planes: Int, into dx: NDArray
  ) {
    pool(dy, shape, planes, into: dx, kernels.averagePoolGradient)
  }

  static func maxPoolIndices(_ x: NDArray, _ shape: PoolingShape, planes: Int, into y: NDArray) {
    pool(x.computable, shape, planes, into: y) { type, window, count, x, y in
      kernels.maxPoolIndices(type, window, count, x, y.assumingMemoryBound(to: Int32.self))
    }
  }

  private static func pool(
    _ x: NDArray, _ shape: PoolingShape, _ planes: Int, into y: NDArray,
    _ kernel: (CKType, UnsafePointer<CKWindow>, Int, UnsafeRawPointer, UnsafeMutableRawPointer) ->
      Void
  ) {
    if planes == 0 { return }
    let (xBytes, yBytes) = (
      x.count / planes * x.dtype.byteCount, y.count / planes * y.dtype.byteCount
    )
    let width = max(shape.window.inputPixels, shape.window.outputPixels)
    withExtendedLifetime((x, y)) {
      withUnsafePointer(to: shape.kernelWindow) { window in
        ThreadPool.forEachPart(of: planes, width: width) { start, count in
          kernel(
            x.dtype.kernelType, window, count, x.data + start * xBytes, y.data + start * yBytes)
        }
      }
    }
  }

  /// - Returns: The first of int64 indices that is out of range, nil if there is none; int32 indices fit.
  @discardableResult
  static func gatherPlanes(
    _ x: NDArray, _ indices: NDArray, planes: Int, xCount: Int, yCount: Int, isAdjoint: Bool,
    addingTo sums: NDArray? = nil, into y: NDArray
  ) -> Int? {
    let size = x.dtype.byteCount
    let indexCount = isAdjoint ? xCount : yCount
    // Integers of the same size are moved like floats.
    let type: CKType = size == 4 ? .float32 : .float64
    let kernel = isAdjoint ? kernels.scatterAddPlanes : kernels.gatherPlanes
    let (areWide, indexSize) = (indices.dtype == .int64, indices.dtype.byteCount)
    let allFit = Atomic<Bool>(true)
    withExtendedLifetime((x, indices, sums, y)) {
      ThreadPool.forEachPart(of: planes, width: max(xCount, yCount)) { start, count in
        let target = y.data + start * yCount * size
        let fit = kernel(
          type, count, xCount, yCount, x.data + start * xCount * size,
          indices.data + start * indexCount * indexSize, areWide, target)
        if !fit { allFit.store(false, ordering: .relaxed) }
        guard let sums else { return }
        kernels.zip(
          .add, type, count * yCount, 1,
          CKSource(data: sums.data + start * yCount * size, inner: 1, outer: 0),
          CKSource(data: target, inner: 1, outer: 0), target)
      }
    }
    if allFit.load(ordering: .relaxed) { return nil }
    let bound = isAdjoint ? yCount : xCount
    return indices.withElements(as: Int.self) { $0.first { !(0..<bound ~= $0) } }
  }
}
