internal import CKernels

/// An activation whose derivative follows from its result, so that it can be part of a block.
package enum BlockActivation: Sendable {
  case sigmoid
  case tanh
  case relu

  fileprivate var kernels: (map: CKMap, gradient: CKZip) {
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

/// A convolution, an activation and an average pool as one operation, where that is possible and
/// faster; nil where the three must run one after the other.
///
/// The result is bit for bit that of the three. It is possible for one group of float32 or float64
/// channels that suit lanes (see `CPU.LaneConvolution`), below at most one tape.
///
/// - Parameters:
///   - x: [batch, channels, height, width]
///   - weight: [outputChannels, channels, kernelHeight, kernelWidth]
///   - bias: [outputChannels]
///   - convolution: The convolution's window.
///   - activation: What is applied to the convolution's result.
///   - pool: The pool's window.
///   - countIncludesPadding: Whether the pool's padding counts in its means.
/// - Returns: [batch, outputChannels, pooledHeight, pooledWidth]
package func convolutionBlock(
  _ x: Tensor, _ weight: Tensor, bias: Tensor, convolution: SlidingWindow,
  activation: BlockActivation, pool: SlidingWindow, countIncludesPadding: Bool
) -> Tensor? {
  guard
    let block = ConvolutionBlock(
      x, weight, bias: bias, convolution, activation, pool, countIncludesPadding)
  else { return nil }
  let isRecording = x.isTraced || weight.isTraced || bias.isTraced
  var state: (input: Tensor, activations: Tensor)?
  return differentiable([x, weight, bias]) { inputs in
    let (y, saved) = block.value(inputs, isRecording: isRecording)
    state = saved
    return [y]
  } pullbacks: { inputs, _ in
    { [state] cotangents, wanted in
      guard let dy = cotangents[0], let state else { return [nil, nil, nil] }
      // An older tape may record the cotangent or the inputs: then it must record the gradients.
      if dy.isTraced || inputs.contains(where: \.isTraced) {
        return block.recordedGradients(dy, inputs)
      }
      return block.gradients(dy, inputs[1], state, wantsInput: wanted[0])
    }
  }[0]
}

private struct ConvolutionBlock: Sendable {
  let shape: ConvolutionShape
  let pooling: PoolingShape
  let activation: BlockActivation

  init?(
    _ x: Tensor, _ weight: Tensor, bias: Tensor, _ convolution: SlidingWindow,
    _ activation: BlockActivation, _ pool: SlidingWindow, _ countIncludesPadding: Bool
  ) {
    let tensors = [x, weight, bias]
    guard x.rank == 4, weight.rank == 4, weight.size(1) == x.size(1),
      bias.shape == [weight.size(0)],
      tensors.allSatisfy({ $0.dtype == x.dtype && !$0.trace.isNested }), x.dtype.isFloatingPoint
    else { return nil }
    let input = Array(x.shape[2...])
    guard convolution.fits(input) else { return nil }
    shape = ConvolutionShape(
      batch: x.size(0), inputChannels: x.size(1), inputSize: input,
      outputChannels: weight.size(0), outputSize: convolution.outputSize(input),
      kernelSize: convolution.kernel, stride: convolution.stride, padding: convolution.padding,
      dilation: convolution.dilation, groups: 1)
    guard pool.fits(shape.outputSize), CPU.LaneConvolution(shape).suits(x.dtype),
      let inputGradient = CPU.LaneConvolution(inputGradientOf: shape), inputGradient.suits(x.dtype)
    else { return nil }
    pooling = PoolingShape(
      inputSize: shape.outputSize, outputSize: pool.outputSize(shape.outputSize),
      kernelSize: pool.kernel, stride: pool.stride, padding: pool.padding, dilation: [1, 1],
      countIncludesPadding: countIncludesPadding)
    self.activation = activation
  }

  private var lanes: CPU.LaneBlock {
    CPU.LaneBlock(
      convolution: CPU.LaneConvolution(shape), activation: activation.kernels.map,
      gradient: activation.kernels.gradient, pool: pooling)
  }

  func value(
    _ inputs: [Tensor], isRecording: Bool
  ) -> (y: Tensor, state: (input: Tensor, activations: Tensor)?) {
    let (x, block) = (inputs[0], lanes)
    let y = NDArray.uninitialized(
      dtype: x.dtype, shape: [shape.batch, shape.outputChannels] + pooling.outputSize)
    let state = isRecording ? CPU.LaneBlockState(block, x.dtype) : nil
    CPU.laneBlock(
      CPU.contiguous(x.array), CPU.contiguous(inputs[1].array),
      bias: CPU.contiguous(inputs[2].array), block, state: state, into: y)
    return (Tensor(y), state.map { (Tensor($0.input), Tensor($0.activations)) })
  }

  func gradients(
    _ dy: Tensor, _ weight: Tensor, _ state: (input: Tensor, activations: Tensor),
    wantsInput: Bool
  ) -> [Tensor?] {
    guard let inputGradient = CPU.LaneConvolution(inputGradientOf: shape) else { return [] }
    let dtype = dy.dtype
    let dx = wantsInput ? NDArray.uninitialized(dtype: dtype, shape: shape.inputShape) : nil
    let dw = NDArray.uninitialized(dtype: dtype, shape: shape.weightShape)
    let db = NDArray.uninitialized(dtype: dtype, shape: [shape.outputChannels])
    CPU.laneBlockGradient(
      CPU.contiguous(dy.array), CPU.contiguous(weight.array), lanes, inputGradient,
      CPU.LaneBlockState(input: state.input.array, activations: state.activations.array), dx: dx,
      dw: dw, db: db, shape)
    return [dx.map { Tensor($0) }, Tensor(dw), Tensor(db)]
  }

  /// The gradients by the three operations, which are recorded where the cotangent is.
  func recordedGradients(_ dy: Tensor, _ inputs: [Tensor]) -> [Tensor?] {
    let tape = Tape()
    let watched = inputs.map { tape.watch($0) }
    let y = activation(
      conv2d(
        watched[0], watched[1], bias: watched[2], stride: shape.stride, padding: shape.padding,
        dilation: shape.dilation))
    let pooled = avgPool2d(
      y, kernelSize: pooling.kernelSize, stride: pooling.stride, padding: pooling.padding,
      countIncludesPadding: pooling.countIncludesPadding)
    return tape.pullback(of: pooled, cotangent: dy, at: watched)
  }
}

extension Trace {
  /// Whether more than one tape records.
  fileprivate var isNested: Bool { innermost.map { $0.outer.isLive } ?? false }
}
