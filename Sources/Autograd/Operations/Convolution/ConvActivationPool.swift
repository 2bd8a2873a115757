/// A convolution, an activation and maybe a pool as one operation, which gives bit for bit the values and gradients of
/// the single ones.
package struct ConvActivationPool: Sendable {
  /// The pool at the end.
  package enum Pool: Sendable {
    /// Whether the padding counts in the means.
    case average(SlidingWindow, countIncludesPadding: Bool)
    case maximum(SlidingWindow)

    func callAsFunction(_ x: Tensor) -> Tensor {
      switch self {
      case .average(let window, let counts): averagePool(x, window, counts, divisor: nil)
      case .maximum(let window): maximumPool(x, window)
      }
    }

    /// The sizes for an input; nil where the pool does not fit it.
    func shape(_ input: [Int]) -> FusedPool? {
      switch self {
      case .average(let window, let counts):
        guard window.fits(input) else { return nil }
        return .average(
          PoolingShape(window: window.geometry(input), countIncludesPadding: counts))
      case .maximum(let window):
        guard window.fits(input) else { return nil }
        let shape = PoolingShape(window: window.geometry(input), countIncludesPadding: true)
        return shape.window.everyWindowHasElements ? .maximum(shape) : nil
      }
    }
  }

  let convolution: SlidingWindow
  let activation: FusedActivation
  let pool: Pool?

  package init(convolution: SlidingWindow, activation: FusedActivation, pool: Pool?) {
    self.convolution = convolution
    self.activation = activation
    self.pool = pool
  }

  /// The result; nil where they cannot run as one, or not faster (see `Backend.canFuse`).
  ///
  /// - Parameters:
  ///   - x: [batch, channels, height, width]
  ///   - weight: [outputChannels, channels, kernelHeight, kernelWidth]
  ///   - bias: [outputChannels], or nil
  /// - Returns: [batch, outputChannels, height, width]
  package func callAsFunction(_ x: Tensor, _ weight: Tensor, _ bias: Tensor?) -> Tensor? {
    let inputs = [x, weight] + (bias.map { [$0] } ?? [])
    guard inputs.allSatisfy({ $0.dtype == x.dtype && $0.device == .cpu }),
      let shape = shape(x, weight, bias), Backend.canFuse(shape, x.dtype)
    else { return nil }
    let isRecording = inputs.contains(where: \.isTraced)
    return differentiable(
      inputs,
      saving: { inputs in
        let y = NDArray.uninitialized(dtype: x.dtype, shape: shape.resultShape, on: .cpu)
        let state = isRecording ? Backend.state(of: shape, x.dtype) : nil
        let arrays = inputs.map { $0.array.contiguous() }
        Backend.convActivationPool(
          arrays[0], arrays[1], arrays.count > 2 ? arrays[2] : nil, shape, state, into: y)
        return ([Tensor(y)], saved: state.map { [Tensor($0.input), Tensor($0.activations)] })
      },
      pullbacks: { inputs, _ in
        { cotangents, wanted, saved in
          guard let dy = cotangents[0] else { return inputs.map { _ in nil } }
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
      dx: gradients[0], dw: gradients[1], db: gradients.count > 2 ? gradients[2] : nil)
    return gradients.map { $0.map { Tensor($0) } }
  }

  /// The gradients by single operations, which are recorded where the cotangent is.
  private func recordedGradients(_ dy: Tensor, _ inputs: [Tensor]) -> [Tensor?] {
    let tape = Tape()
    let watched = inputs.map { tape.watch($0) }
    let y = activation(
      conv2d(
        watched[0], watched[1], bias: watched.count > 2 ? watched[2] : nil,
        stride: .each(convolution.stride), padding: .each(convolution.padding),
        dilation: .each(convolution.dilation)))
    return tape.pullback(of: pool.map { $0(y) } ?? y, cotangent: dy, at: watched)
  }

  /// The sizes for an input; nil where they do not fit each other.
  private func shape(_ x: Tensor, _ weight: Tensor, _ bias: Tensor?) -> ConvActivationPoolShape? {
    guard x.rank == 4, weight.rank == 4, weight.size(1) == x.size(1),
      bias.map({ $0.shape == [weight.size(0)] }) ?? true
    else { return nil }
    let input = [x.size(2), x.size(3)]
    guard convolution.fits(input) else { return nil }
    let output = convolution.outputSize(input)
    let pool = pool.map { $0.shape(output) }
    if case .some(nil) = pool { return nil }
    return ConvActivationPoolShape(
      convolution: ConvolutionShape(
        batch: x.size(0), inputChannels: x.size(1), outputChannels: weight.size(0),
        window: convolution.geometry(input, output)),
      activation: activation, pool: pool ?? nil)
  }
}

extension FusedActivation {
  func callAsFunction(_ x: consuming Tensor) -> Tensor {
    switch self {
    case .sigmoid: x.sigmoid()
    case .tanh: x.tanh()
    case .relu: x.relu()
    case .silu: x.silu()
    case .gelu: x.gelu()
    case .leakyRelu(let slope): x.leakyRelu(negativeSlope: slope)
    }
  }
}
