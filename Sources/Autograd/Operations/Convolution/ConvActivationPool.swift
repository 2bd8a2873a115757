/// An activation whose derivative follows from its result, so that a fused operation can contain it.
package enum FusedActivation: Sendable {
  case sigmoid
  case tanh
  case relu

  fileprivate var primitives: (value: UnaryOp, derivative: BinaryOp) {
    switch self {
    case .sigmoid: (.sigmoid, .sigmoidGradient)
    case .tanh: (.tanh, .tanhGradient)
    case .relu: (.relu, .reluGradient)
    }
  }

  fileprivate func callAsFunction(_ x: consuming Tensor) -> Tensor {
    switch self {
    case .sigmoid: x.sigmoid()
    case .tanh: x.tanh()
    case .relu: x.relu()
    }
  }
}

/// A convolution with a bias, an activation and an average pool as one operation, which gives bit for bit the
/// values and gradients of the three.
package struct ConvActivationPool: Sendable {
  let convolution: SlidingWindow
  let activation: FusedActivation
  let pool: SlidingWindow
  /// Whether the pool's padding counts in its means.
  let countIncludesPadding: Bool

  package init(
    convolution: SlidingWindow, activation: FusedActivation, pool: SlidingWindow,
    countIncludesPadding: Bool
  ) {
    self.convolution = convolution
    self.activation = activation
    self.pool = pool
    self.countIncludesPadding = countIncludesPadding
  }

  /// The result; nil where the three cannot run as one, or not faster (see `Backend.canFuse`).
  ///
  /// - Parameters:
  ///   - x: [batch, channels, height, width]
  ///   - weight: [outputChannels, channels, kernelHeight, kernelWidth]
  ///   - bias: [outputChannels]
  /// - Returns: [batch, outputChannels, pooledHeight, pooledWidth]
  package func callAsFunction(_ x: Tensor, _ weight: Tensor, _ bias: Tensor) -> Tensor? {
    let inputs = [x, weight, bias]
    guard inputs.allSatisfy({ $0.dtype == x.dtype && $0.device == .cpu }),
      let shape = shape(x, weight, bias), Backend.canFuse(shape, x.dtype)
    else { return nil }
    let isRecording = inputs.contains(where: \.isTraced)
    return differentiable(
      inputs,
      saving: { inputs in
        let y = NDArray.uninitialized(dtype: x.dtype, shape: shape.resultShape, on: .cpu)
        let state = isRecording ? Backend.state(of: shape, x.dtype) : nil
        Backend.convActivationPool(
          inputs[0].array.contiguous(), inputs[1].array.contiguous(),
          inputs[2].array.contiguous(), shape, state, into: y)
        return ([Tensor(y)], saved: state.map { [Tensor($0.input), Tensor($0.activations)] })
      },
      pullbacks: { inputs, _ in
        { cotangents, wanted, saved in
          guard let dy = cotangents[0] else { return [nil, nil, nil] }
          guard let state = saved ?? nil else { return recordedGradients(dy, inputs) }
          return gradients(dy, weight: inputs[1], shape, state, wanted)
        }
      })[0]
  }

  private func gradients(
    _ dy: Tensor, weight: Tensor, _ shape: ConvActivationPoolShape, _ state: [Tensor],
    _ wanted: [Bool]
  ) -> [Tensor?] {
    let convolution = shape.convolution
    let shapes = [
      convolution.inputShape, convolution.weightShape, [convolution.outputChannels],
    ]
    let gradients = zip(wanted, shapes).map { isWanted, shape in
      isWanted ? NDArray.uninitialized(dtype: dy.dtype, shape: shape, on: .cpu) : nil
    }
    Backend.convActivationPoolGradient(
      dy.array.contiguous(), weight.array.contiguous(), shape,
      Backend.FusedState(input: state[0].array, activations: state[1].array),
      dx: gradients[0], dw: gradients[1], db: gradients[2])
    return gradients.map { $0.map { Tensor($0) } }
  }

  /// The gradients by the three operations, which are recorded where the cotangent is.
  private func recordedGradients(_ dy: Tensor, _ inputs: [Tensor]) -> [Tensor?] {
    let tape = Tape()
    let watched = inputs.map { tape.watch($0) }
    let y = averagePool(
      activation(
        conv2d(
          watched[0], watched[1], bias: watched[2], stride: .each(convolution.stride),
          padding: .each(convolution.padding), dilation: .each(convolution.dilation))),
      pool, countIncludesPadding, divisor: nil)
    return tape.pullback(of: y, cotangent: dy, at: watched)
  }

  /// The sizes for an input; nil where they do not fit each other.
  private func shape(_ x: Tensor, _ weight: Tensor, _ bias: Tensor) -> ConvActivationPoolShape? {
    guard x.rank == 4, weight.rank == 4, weight.size(1) == x.size(1),
      bias.shape == [weight.size(0)]
    else { return nil }
    let input = [x.size(2), x.size(3)]
    guard convolution.fits(input) else { return nil }
    let output = convolution.outputSize(input)
    guard pool.fits(output) else { return nil }
    return ConvActivationPoolShape(
      convolution: ConvolutionShape(
        batch: x.size(0), inputChannels: x.size(1), outputChannels: weight.size(0),
        window: convolution.geometry(input, output)),
      pool: PoolingShape(window: pool.geometry(output), countIncludesPadding: countIncludesPadding),
      activation: activation.primitives.value, derivative: activation.primitives.derivative)
  }
}
