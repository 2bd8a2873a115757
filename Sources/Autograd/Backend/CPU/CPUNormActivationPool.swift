internal import CKernels

// A norm, an activation and maybe a pool, whose planes stay in a thread's cache from one to the next.
extension CPU {
  /// y = pool(activation(norm(x))), all dense [batch, channels, ...].
  ///
  /// - Parameter activations: Filled, in x's shape; y itself if there is no pool.
  static func normActivationPool(
    _ x: NDArray, _ statistics: NDArray, weight: NDArray?, bias: NDArray?,
    _ shape: NormActivationPoolShape, activations: NDArray, into y: NDArray
  ) {
    let (dtype, pixels) = (x.dtype, shape.norm.pixels)
    normalize(x, statistics, weight: weight, bias: bias, shape.norm, into: activations) {
      start, count in
      let planes = activations.data + start * pixels * dtype.byteCount
      shape.activation.apply(dtype, count * pixels, planes, into: planes)
      guard let pool = shape.pool else { return }
      let outputs = pool.shape.window.outputPixels
      let result = y.data + start * outputs * dtype.byteCount
      withUnsafePointer(to: pool.shape.kernelWindow) {
        switch pool {
        case .average: kernels.averagePool(dtype.kernelType, $0, count, planes, result)
        case .maximum:
          let indices = maxIndices($0, count, outputs, planes, dtype)
          _ = kernels.gatherPlanes(
            dtype.kernelType, count, pixels, outputs, planes, indices, false, result)
        }
      }
    }
    keepAlive(activations, y)
  }

  /// The gradients by x, weight and bias from dy in y's shape.
  static func normActivationPoolGradient(
    _ dy: NDArray, _ x: NDArray, _ statistics: NDArray, weight: NDArray?, activations: NDArray,
    _ shape: NormActivationPoolShape, into dx: NDArray, _ dWeight: NDArray, _ dBias: NDArray
  ) {
    let (dtype, pixels) = (x.dtype, shape.norm.pixels)
    let sent = x.uninitializedLike(dtype: dtype)
    normalizeGradient(
      sent, x, statistics, weight: weight, shape.norm, into: dx, dWeight, dBias
    ) { start, count in
      let offset = start * pixels * dtype.byteCount
      let (planes, target) = (activations.data + offset, sent.data + offset)
      var source = dy.data + offset
      if let pool = shape.pool {
        let outputs = pool.shape.window.outputPixels
        let pooled = dy.data + start * outputs * dtype.byteCount
        withUnsafePointer(to: pool.shape.kernelWindow) {
          switch pool {
          case .average: kernels.averagePoolGradient(dtype.kernelType, $0, count, pooled, target)
          case .maximum:
            let indices = maxIndices($0, count, outputs, planes, dtype)
            _ = kernels.scatterAddPlanes(
              dtype.kernelType, count, outputs, pixels, pooled, indices, false, target)
          }
        }
        source = target
      }
      kernels.zip(
        shape.activation.derivative, dtype.kernelType, count * pixels, 1,
        CKSource(data: source, inner: 1, outer: 0), CKSource(data: planes, inner: 1, outer: 0),
        target)
    }
    keepAlive(dy, activations)
  }

  private static func maxIndices(
    _ window: UnsafePointer<CKWindow>, _ planes: Int, _ outputs: Int,
    _ x: UnsafeMutableRawPointer, _ dtype: DType
  ) -> [Int32] {
    Array(unsafeUninitializedCapacity: planes * outputs) { buffer, initialized in
      kernels.maxPoolIndices(dtype.kernelType, window, planes, x, buffer.baseAddress!)
      initialized = planes * outputs
    }
  }
}
