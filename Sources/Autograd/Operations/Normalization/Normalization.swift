// Normalizations: one operation that brings groups of elements to mean 0 and variance 1, with
// scale and shift by channel. They differ in what a group is.

/// Normalizes each channel over the batch (Ioffe and Szegedy 2015), as PyTorch's `batch_norm` while
/// training.
///
/// - Parameters:
///   - x: [batch, channels] or [batch, channels, ...]; each channel needs more than one value.
///   - weight: [channels], a factor for the result.
///   - bias: [channels], added to the result.
///   - epsilon: Added to the variance.
/// - Returns: x's shape.
public func batchNorm(
  _ x: Tensor, weight: Tensor? = nil, bias: Tensor? = nil, epsilon: Double = 1e-5
) -> Tensor {
  if x.shape == [0] { return x }  // as PyTorch, though there is no axis of channels
  return batchNormWithStatistics(x, weight: weight, bias: bias, epsilon: epsilon).y
}

/// The batch norm of training with the mean and the unbiased variance of each channel, [channels];
/// these are not recorded, and float32 for an input of 16 bits.
package func batchNormWithStatistics(
  _ x: Tensor, weight: Tensor?, bias: Tensor?, epsilon: Double
) -> (y: Tensor, mean: Tensor, variance: Tensor) {
  checkNorm("batchNorm", x, rank: 2, channels: [weight, bias])
  let values = x.size(0) * x.shape.dropFirst(2).reduce(1, *)
  require(
    values != 1, "batchNorm: needs more than 1 value per channel when training, got \(x.summary)")
  let channels = x.size(1)
  var shape = NormalizationShape(
    batch: x.size(0), channels: channels, pixels: values / max(1, x.size(0)), epsilon: epsilon)
  var rows = x
  if shape.pixels == 1 {  // a channel's values are not neighbors: make them so
    rows = x.reshape([shape.batch, channels]).transpose().contiguous()
    (shape.batch, shape.pixels) = (1, shape.batch)
  }
  let (y, moments) = normalized(rows, weight: weight, bias: bias, shape)
  let (mean, variance) = moments.statistics(values: values, dtype: x.dtype)
  return (
    shape.batch == 1 && x.size(0) != 1
      ? y.transpose().contiguous().reshape(x.shape) : y, mean, variance
  )
}

/// Normalizes each channel by given statistics, as PyTorch's `batch_norm` while evaluating.
///
/// - Parameters:
///   - x: [batch, channels] or [batch, channels, ...]
///   - mean: [channels]
///   - variance: [channels]
///   - weight: [channels], a factor for the result.
///   - bias: [channels], added to the result.
///   - epsilon: Added to the variance.
/// - Returns: x's shape.
public func batchNorm(
  _ x: Tensor, mean: Tensor, variance: Tensor, weight: Tensor? = nil, bias: Tensor? = nil,
  epsilon: Double = 1e-5
) -> Tensor {
  if x.shape == [0] { return x }  // as above
  checkNorm("batchNorm", x, rank: 2, channels: [mean, variance, weight, bias])
  if x.count == 0 { return x }  // the parameters' gradients are 0, whatever the statistics
  let parameters = [mean, variance] + [weight, bias].compactMap { $0 }
  let dtype = parameters.reduce(x.dtype) { DType.promoted($0, $1.dtype) }
  let shape = NormalizationShape(
    batch: x.size(0), channels: x.size(1), pixels: x.shape.dropFirst(2).reduce(1, *),
    epsilon: epsilon)
  return normalizedByStatistics(
    x.asType(dtype), parameters.map { $0.asType(dtype) }, hasWeight: weight != nil, shape)
}

/// (x - mean) / sqrt(variance + epsilon) * weight + bias in one step: subtracting the mean first loses no
/// digits where it is large.
///
/// - Parameter parameters: Mean and variance, then the weight if there is one, then the bias if there is one;
///   [channels].
private func normalizedByStatistics(
  _ x: Tensor, _ parameters: [Tensor], hasWeight: Bool, _ shape: NormalizationShape
) -> Tensor {
  let hasBias = parameters.count > (hasWeight ? 3 : 2)
  return differentiable([x] + parameters) { inputs in
    let statistics = stack([inputs[1].asType(.float64), inputs[2].asType(.float64)])
    return [
      .result(
        of: .normalize(shape, hasWeight: hasWeight, hasBias: hasBias),
        [inputs[0], statistics] + inputs[3...])
    ]
  } pullbacks: { inputs, _ in
    { cotangents, wanted in
      guard let dy = cotangents[0] else { return inputs.map { _ in nil } }
      let axes = dy.shape.indices.filter { $0 != 1 }
      let byChannel = [shape.channels] + dy.shape.dropFirst(2).map { _ in 1 }
      let inverse = 1 / (inputs[2] + shape.epsilon).sqrt()
      let scale = hasWeight ? inputs[3] * inverse : inverse
      // The gradients of everything but x follow from two sums by channel.
      let needsProducts = wanted[2] || hasWeight && wanted[3]
      let sums = dy.sum(axes: axes)
      let products =
        needsProducts
        ? (dy * (inputs[0] - inputs[1].reshape(byChannel))).sum(axes: axes) : nil
      var gradients: [Tensor?] = [
        wanted[0] ? dy * scale.reshape(byChannel) : nil,
        wanted[1] ? -(sums * scale) : nil,
        products.map { $0 * scale * inverse.square() * -0.5 },
      ]
      if hasWeight { gradients.append(products.map { $0 * inverse }) }
      if hasBias { gradients.append(sums) }
      return gradients
    }
  }[0]
}

/// Normalizes groups of channels of each example (Wu and He 2018), as PyTorch's `group_norm`.
///
/// - Parameters:
///   - x: [batch, channels, ...]
///   - groups: How many groups the channels are split into.
///   - weight: [channels], a factor for the result.
///   - bias: [channels], added to the result.
///   - epsilon: Added to the variance.
/// - Returns: x's shape.
public func groupNorm(
  _ x: Tensor, groups: Int, weight: Tensor? = nil, bias: Tensor? = nil, epsilon: Double = 1e-5
) -> Tensor {
  checkNorm("groupNorm", x, rank: 2, channels: [weight, bias])
  let (batch, channels) = (x.size(0), x.size(1))
  require(
    groups >= 1 && channels % groups == 0,
    "groupNorm: \(groups) groups do not divide the \(channels) channels of \(x.summary)")
  let pixels = x.shape.dropFirst(2).reduce(1, *)
  require(
    batch * (channels / groups) * pixels != 1,
    "groupNorm: needs more than 1 value per group, got \(x.summary) with \(groups) groups")
  return normalized(
    x, weight: weight, bias: bias,
    NormalizationShape(
      batch: batch, channels: channels, pixels: pixels, groups: groups, epsilon: epsilon)
  ).y
}

/// Normalizes each channel of each example (Ulyanov and others 2016), as PyTorch's `instance_norm`.
///
/// - Parameters:
///   - x: [batch, channels, ...] with more than one value per channel.
///   - weight: [channels], a factor for the result.
///   - bias: [channels], added to the result.
///   - epsilon: Added to the variance.
/// - Returns: x's shape.
public func instanceNorm(
  _ x: Tensor, weight: Tensor? = nil, bias: Tensor? = nil, epsilon: Double = 1e-5
) -> Tensor {
  checkNorm("instanceNorm", x, rank: 3, channels: [weight, bias])
  let pixels = x.shape.dropFirst(2).reduce(1, *)
  require(pixels != 1, "instanceNorm: needs more than 1 value per channel, got \(x.summary)")
  return normalized(
    x, weight: weight, bias: bias,
    NormalizationShape(
      batch: x.size(0), channels: x.size(1), pixels: pixels, groups: x.size(1), epsilon: epsilon)
  ).y
}

/// Normalizes the last axes (Ba and others 2016), as PyTorch's `layer_norm`.
///
/// - Parameters:
///   - x: [..., normalizedShape...]
///   - normalizedShape: The sizes of the last axes, over which statistics are taken.
///   - weight: In this shape, a factor for the result.
///   - bias: In this shape, added to the result.
///   - epsilon: Added to the variance.
/// - Returns: x's shape.
public func layerNorm(
  _ x: Tensor, normalizedShape: [Int], weight: Tensor? = nil, bias: Tensor? = nil,
  epsilon: Double = 1e-5
) -> Tensor {
  normalizedRows("layerNorm", x, normalizedShape, weight, bias, isCentered: true, epsilon)
}

/// Divides by the root mean square over the last axes (Zhang and Sennrich 2019), as PyTorch's
/// `rms_norm`.
///
/// - Parameters:
///   - x: [..., normalizedShape...]
///   - normalizedShape: The sizes of the last axes, over which the mean is taken.
///   - weight: In this shape, a factor for the result.
///   - epsilon: Added to the mean square; nil for the machine epsilon of the type computed in (float32 for halves).
/// - Returns: x's shape.
public func rmsNorm(
  _ x: Tensor, normalizedShape: [Int], weight: Tensor? = nil, epsilon: Double? = nil
) -> Tensor {
  let spacing = x.dtype == .float64 ? Double.ulpOfOne : Double(Float.ulpOfOne)
  return normalizedRows(
    "rmsNorm", x, normalizedShape, weight, nil, isCentered: false, epsilon ?? spacing)
}

private func normalizedRows(
  _ operation: StaticString, _ x: Tensor, _ normalizedShape: [Int], _ weight: Tensor?,
  _ bias: Tensor?, isCentered: Bool, _ epsilon: Double
) -> Tensor {
  require(
    x.dtype.isFloatingPoint && !normalizedShape.isEmpty
      && Array(x.shape.suffix(normalizedShape.count)) == normalizedShape,
    "\(operation): needs floating-point elements [..., \(normalizedShape)], got \(x.summary)")
  for parameter in [weight, bias] {
    guard let parameter else { continue }
    require(
      parameter.shape == normalizedShape,
      "\(operation): weight and bias must be \(normalizedShape), got \(parameter.summary)")
  }
  let columns = normalizedShape.reduce(1, *)
  let shape = NormalizationShape(
    batch: columns == 0 ? 0 : x.count / columns, channels: 1, pixels: columns, groups: 1,
    isCentered: isCentered, epsilon: epsilon)
  let all = [x, weight, bias].compactMap { $0 }
  if all.allSatisfy({ !$0.isTraced && $0.dtype == x.dtype }) && !x.dtype.isHalf {
    let y = Tensor.result(
      of: .normalizeRows(shape, hasWeight: weight != nil, hasBias: bias != nil), all)
    return constant(y, operation)
  }
  var y = normalized(x, weight: nil, bias: nil, shape).y
  if let weight { y = (consume y) * weight }
  if let bias { y = (consume y) + bias }
  return y
}

private func checkNorm(
  _ operation: StaticString, _ x: Tensor, rank: Int, channels parameters: [Tensor?]
) {
  require(
    x.rank >= rank && x.dtype.isFloatingPoint,
    """
    \(operation): needs floating-point elements [batch, channels\(rank > 2 ? ", ..." : "")], got \(x.summary)
    """)
  for case let parameter? in parameters {
    require(
      parameter.shape == [x.size(1)] && parameter.dtype.isFloatingPoint,
      "\(operation): expected one parameter for each of \(x.size(1)) channels, got \(parameter.summary)"
    )
  }
}

// MARK: The one operation

/// The normalized tensor, and mean and biased variance of each group, float64 [2, groups], as constants.
private func normalized(
  _ x: Tensor, weight: Tensor?, bias: Tensor?, _ shape: NormalizationShape
) -> (y: Tensor, moments: Tensor) {
  let (hasWeight, hasBias) = (weight != nil, bias != nil)
  let results = differentiable([x] + [weight, bias].compactMap { $0 }) { inputs in
    let moments = inputs[0].moments(shape)
    let y = Tensor.result(
      of: .normalize(shape, hasWeight: hasWeight, hasBias: hasBias),
      [inputs[0], moments] + inputs[1...])
    return ([y, moments], saved: moments)
  } pullbacks: { inputs, _ in
    { cotangents, _, moments in
      guard let dy = cotangents[0] else { return inputs.map { _ in nil } }
      let gradients = normalizedGradients(
        dy, inputs[0], hasWeight ? inputs[1] : nil, moments, shape)
      return [gradients[0]] + (hasWeight ? [gradients[1]] : []) + (hasBias ? [gradients[2]] : [])
    }
  }
  return (results[0], results[1].stoppingGradient())
}

/// The gradients by x, weight and bias; nil moments are computed.
private func normalizedGradients(
  _ dy: Tensor, _ x: Tensor, _ weight: Tensor?, _ moments: Tensor?, _ shape: NormalizationShape
) -> [Tensor] {
  differentiable([dy, x] + [weight].compactMap { $0 }) { inputs in
    let x = inputs[1]
    let gradients = [x.shape, [shape.channels], [shape.channels]].map {
      NDArray.uninitialized(dtype: x.dtype, shape: $0, on: x.device)
    }
    let operands = inputs[..<2] + [moments ?? x.moments(shape)] + inputs[2...]
    Backend.run(
      .normalizeGradient(shape), operands.map { $0.array.contiguous() }, into: gradients)
    return gradients.map { Tensor($0) }
  } pullbacks: { inputs, _ in
    { cotangents, _ in
      // The derivative of the same formulas in plain operations.
      let tape = Tape()
      let watched = inputs.map { tape.watch($0) }
      let gradients = composedGradients(
        watched[0], watched[1], watched.count > 2 ? watched[2] : nil, shape)
      var total = Tensor.zeros([], dtype: inputs[0].dtype, device: inputs[0].device)
      for (gradient, cotangent) in zip(gradients, cotangents) {
        if let cotangent { total = total + (gradient * cotangent).sum() }
      }
      return tape.gradient(of: total, at: watched)
    }
  }
}

/// What `normalizedGradients` computes, from operations that are differentiable.
private func composedGradients(
  _ dy: Tensor, _ x: Tensor, _ weight: Tensor?, _ shape: NormalizationShape
) -> [Tensor] {
  let groups = shape.groups ?? shape.channels
  let grouped = [shape.batch, groups, groups == 0 ? 0 : shape.channels / groups, shape.pixels]
  let axes = shape.groups == nil ? [0, 2, 3] : [2, 3]
  let mean = { (tensor: Tensor) in tensor.mean(axes: axes, keepDims: true) }
  let (values, dValues) = (x.reshape(grouped), dy.reshape(grouped))
  let centered = shape.isCentered ? values - mean(values) : values
  let inverse = 1 / (mean(centered.square()) + shape.epsilon).sqrt()
  let result = centered * inverse
  let scaled = weight.map { dValues * $0.reshape([grouped[1], grouped[2], 1]) } ?? dValues
  var dx = scaled - result * mean(scaled * result)
  if shape.isCentered { dx = dx - mean(scaled) }
  return [
    (dx * inverse).reshape(x.shape),
    (dValues * result).sum(axes: [0, 3]).reshape([shape.channels]),
    dValues.sum(axes: [0, 3]).reshape([shape.channels]),
  ]
}

extension Tensor {
  /// Mean and unbiased variance [channels] of moments [2, channels] over so many values each, for inputs of a type.
  func statistics(values: Int, dtype: DType) -> (mean: Tensor, variance: Tensor) {
    let correction = Double(values) / Double(values - 1)
    let dtype = dtype.isHalf ? .float32 : dtype
    return (
      select(axis: 0, at: 0).asType(dtype), (select(axis: 0, at: 1) * correction).asType(dtype)
    )
  }

  /// Mean and biased variance of each group, float64 [2, groups].
  func moments(_ shape: NormalizationShape) -> Tensor {
    .result(of: .moments(shape), [self], dtype: .float64, shape: [2, shape.groupCount])
  }
}
