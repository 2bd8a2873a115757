/// A batch norm of images, an activation whose derivative needs no more than its result, and maybe a pool as one operation,
/// which gives bit for bit the values and gradients of the single ones.
package struct NormActivationPool: Sendable {
  let activation: FusedActivation
  let pool: ConvActivationPool.Pool?

  package init(activation: FusedActivation, pool: ConvActivationPool.Pool?) {
    self.activation = activation
    self.pool = pool
  }

  /// The result with the mean and the unbiased variance of each channel, as `batchNormWithStatistics`; nil where they
  /// cannot run as one.
  ///
  /// - Parameters:
  ///   - x: [batch, channels, height, width]
  ///   - weight: [channels], a factor for the normalized images.
  ///   - bias: [channels], added to them.
  ///   - epsilon: Added to the variance.
  /// - Returns: y [batch, channels, height, width], mean and variance [channels].
  package func callAsFunction(
    _ x: Tensor, weight: Tensor?, bias: Tensor?, epsilon: Double
  ) -> (y: Tensor, mean: Tensor, variance: Tensor)? {
    let (hasWeight, hasBias) = (weight != nil, bias != nil)
    let inputs = [x] + [weight, bias].compactMap { $0 }
    guard let shape = shape(x, [weight, bias], epsilon) else { return nil }
    let values = shape.norm.groupSize
    if values < 2 { return nil }
    let results = differentiable(
      inputs,
      saving: { inputs in
        let moments = inputs[0].moments(shape.norm)
        let (y, activations) = run(
          inputs[0], moments, hasWeight ? inputs[1] : nil, hasBias ? inputs.last : nil, shape)
        return ([y, moments], saved: [moments, activations])
      },
      pullbacks: { inputs, _ in
        { cotangents, _, saved in
          guard let dy = cotangents[0] else { return inputs.map { _ in nil } }
          guard let saved else {
            return recordedGradients(dy, inputs, hasWeight: hasWeight, hasBias: hasBias, epsilon)
          }
          return gradients(
            dy, inputs[0], hasWeight ? inputs[1] : nil, hasBias: hasBias, moments: saved[0],
            activations: saved[1], shape)
        }
      })
    let (mean, variance) = results[1].stoppingGradient().statistics(
      values: values, dtype: x.dtype)
    return (results[0], mean, variance)
  }

  /// The result with given statistics; nil where they cannot run as one, or where a tape records.
  ///
  /// - Parameters:
  ///   - x: [batch, channels, height, width]
  ///   - mean: [channels]
  ///   - variance: [channels]
  ///   - weight: [channels], a factor for the normalized images.
  ///   - bias: [channels], added to them.
  ///   - epsilon: Added to the variance.
  /// - Returns: [batch, channels, height, width]
  package func callAsFunction(
    _ x: Tensor, mean: Tensor, variance: Tensor, weight: Tensor?, bias: Tensor?, epsilon: Double
  ) -> Tensor? {
    guard let shape = shape(x, [mean, variance, weight, bias], epsilon),
      ![x, mean, variance, weight, bias].contains(where: { $0?.isTraced ?? false })
    else { return nil }
    let statistics = stack([mean.asType(.float64), variance.asType(.float64)])
    return run(x, statistics, weight, bias, shape).y
  }

  private func run(
    _ x: Tensor, _ statistics: Tensor, _ weight: Tensor?, _ bias: Tensor?,
    _ shape: NormActivationPoolShape
  ) -> (y: Tensor, activations: Tensor) {
    let activations = NDArray.uninitialized(dtype: x.dtype, shape: x.shape, on: .cpu)
    let y = shape.pool.map {
      NDArray.uninitialized(
        dtype: x.dtype, shape: Array(x.shape[..<2]) + $0.shape.window.outputSize, on: .cpu)
    }
    Backend.normActivationPool(
      x.array.contiguous(), statistics.array, weight: weight?.array, bias: bias?.array, shape,
      activations: activations, into: y ?? activations)
    return (Tensor(y ?? activations), Tensor(activations))
  }

  private func gradients(
    _ dy: Tensor, _ x: Tensor, _ weight: Tensor?, hasBias: Bool, moments: Tensor,
    activations: Tensor, _ shape: NormActivationPoolShape
  ) -> [Tensor?] {
    let found = [x.shape, [shape.norm.channels], [shape.norm.channels]].map {
      NDArray.uninitialized(dtype: x.dtype, shape: $0, on: .cpu)
    }
    Backend.normActivationPoolGradient(
      dy.array.contiguous(), x.array.contiguous(), moments.array, weight: weight?.array,
      activations: activations.array, shape, into: found[0], found[1], found[2])
    let parameters = (weight == nil ? [] : [found[1]]) + (hasBias ? [found[2]] : [])
    return ([found[0]] + parameters).map { Tensor($0) }
  }

  /// The gradients by single operations, which are recorded where the cotangent is.
  private func recordedGradients(
    _ dy: Tensor, _ inputs: [Tensor], hasWeight: Bool, hasBias: Bool, _ epsilon: Double
  ) -> [Tensor?] {
    let tape = Tape()
    let watched = inputs.map { tape.watch($0) }
    let y = activation(
      batchNorm(
        watched[0], weight: hasWeight ? watched[1] : nil, bias: hasBias ? watched.last : nil,
        epsilon: epsilon))
    return tape.pullback(of: pool.map { $0(y) } ?? y, cotangent: dy, at: watched)
  }

  /// The sizes for an input; nil where they do not fit each other, or where types or devices differ.
  private func shape(
    _ x: Tensor, _ parameters: [Tensor?], _ epsilon: Double
  ) -> NormActivationPoolShape? {
    let parameters = parameters.compactMap { $0 }
    guard x.rank == 4, x.count > 0, x.dtype == .float32 || x.dtype == .float64, x.device == .cpu,
      parameters.allSatisfy({
        $0.shape == [x.size(1)] && $0.dtype == x.dtype && $0.device == .cpu
      })
    else { return nil }
    let pool = pool.map { $0.shape([x.size(2), x.size(3)]) }
    if case .some(nil) = pool { return nil }
    return NormActivationPoolShape(
      norm: NormalizationShape(
        batch: x.size(0), channels: x.size(1), pixels: x.size(2) * x.size(3), epsilon: epsilon),
      activation: activation, pool: pool ?? nil)
  }
}
