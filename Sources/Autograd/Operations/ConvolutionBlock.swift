/// An activation whose derivative follows from its result, so that it can be part of a block.
package enum BlockActivation: Sendable {
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

/// A convolution, an activation and an average pool, one after the other.
package struct ConvolutionBlock {
  /// The kernels, [outputChannels, channels, kernelHeight, kernelWidth].
  let weight: Tensor
  /// What is added, [outputChannels].
  let bias: Tensor
  let convolution: SlidingWindow
  let activation: BlockActivation
  let pool: SlidingWindow
  /// Whether the pool's padding counts in its means.
  let countIncludesPadding: Bool

  package init(
    _ weight: Tensor, bias: Tensor, convolution: SlidingWindow, activation: BlockActivation,
    pool: SlidingWindow, countIncludesPadding: Bool
  ) {
    self.weight = weight
    self.bias = bias
    self.convolution = convolution
    self.activation = activation
    self.pool = pool
    self.countIncludesPadding = countIncludesPadding
  }

  /// How many channels the result has.
  package var channels: Int { weight.size(0) }
}

/// Blocks in a row as one operation, as many of the first ones as that is possible and faster for; nil
/// where not even the first one is such.
///
/// The result is bit for bit that of the layers one by one. It is possible for one group of float32 or
/// float64 channels that suit the CPU's kernels for few channels (see `Backend.canFuse`).
///
/// - Parameters:
///   - x: [batch, channels, height, width]
///   - blocks: Each one's result is the next one's input.
/// - Returns: The result of the last block that took part, [batch, outputChannels, pooledHeight,
///   pooledWidth], and how many took part.
package func convolutionBlocks(
  _ x: Tensor, _ blocks: [ConvolutionBlock]
) -> (y: Tensor, count: Int)? {
  let chain = ConvolutionChain(x, blocks)
  let count = chain.steps.count
  if count == 0 { return nil }
  let inputs = [x] + blocks[..<count].flatMap { [$0.weight, $0.bias] }
  let isRecording = inputs.contains(where: \.isTraced)
  let results = differentiable(inputs) { inputs in
    let (y, states) = chain.value(inputs, isRecording: isRecording)
    return ([y], saved: states)
  } pullbacks: { inputs, _ in
    { cotangents, wanted, states in
      guard let dy = cotangents[0] else { return inputs.map { _ in nil } }
      guard let states else { return chain.recordedGradients(dy, inputs) }
      return chain.gradients(dy, inputs, states, wanted)
    }
  }
  return (results[0], count)
}

private struct ConvolutionChain: Sendable {
  typealias State = (input: Tensor, activations: Tensor)

  private(set) var steps: [ConvolutionBlockShape] = []
  private var activations: [BlockActivation] = []

  /// The first blocks that suit.
  init(_ x: Tensor, _ blocks: [ConvolutionBlock]) {
    guard x.rank == 4, x.dtype.isFloatingPoint, x.device == .cpu else { return }
    var sizes = x.shape
    for block in blocks {
      guard
        [block.weight, block.bias].allSatisfy({ $0.dtype == x.dtype && $0.device == .cpu }),
        let step = ConvolutionBlockShape(sizes, block), Backend.canFuse(step, x.dtype)
      else { return }
      steps.append(step)
      activations.append(block.activation)
      sizes = step.resultShape
    }
  }

  func value(_ inputs: [Tensor], isRecording: Bool) -> (y: Tensor, states: [State]) {
    let x = inputs[0]
    let y = NDArray.uninitialized(
      dtype: x.dtype, shape: steps[steps.count - 1].resultShape, on: .cpu)
    let states = isRecording ? Backend.states(of: steps, x.dtype) : []
    let parameters = steps.indices.map {
      (inputs[2 * $0 + 1].array.contiguous(), inputs[2 * $0 + 2].array.contiguous())
    }
    Backend.convolutionBlocks(x.array.contiguous(), parameters, steps, states: states, into: y)
    return (Tensor(y), states.map { (Tensor($0.input), Tensor($0.activations)) })
  }

  func gradients(
    _ dy: Tensor, _ inputs: [Tensor], _ states: [State], _ wanted: [Bool]
  ) -> [Tensor?] {
    let dtype = dy.dtype
    let dx =
      wanted[0]
      ? NDArray.uninitialized(
        dtype: dtype, shape: steps[0].convolution.inputShape, on: .cpu) : nil
    let gradients = steps.enumerated().map { index, step in
      wanted[2 * index + 1] || wanted[2 * index + 2]
        ? (
          dw: NDArray.uninitialized(dtype: dtype, shape: step.convolution.weightShape, on: .cpu),
          db: NDArray.uninitialized(
            dtype: dtype, shape: [step.convolution.outputChannels], on: .cpu)
        ) : nil
    }
    Backend.convolutionBlocksGradient(
      dy.array.contiguous(), steps.indices.map { inputs[2 * $0 + 1].array.contiguous() }, steps,
      states.map { Backend.BlockState(input: $0.input.array, activations: $0.activations.array) },
      dx: dx, gradients)
    return [dx.map { Tensor($0) }]
      + gradients.flatMap { [$0.map { Tensor($0.dw) }, $0.map { Tensor($0.db) }] }
  }

  /// The gradients by the operations one by one, which are recorded where the cotangent is.
  func recordedGradients(_ dy: Tensor, _ inputs: [Tensor]) -> [Tensor?] {
    let tape = Tape()
    let watched = inputs.map { tape.watch($0) }
    var y = watched[0]
    for (index, step) in steps.enumerated() {
      let (shape, pool) = (step.convolution, step.pool)
      y = activations[index](
        conv2d(
          y, watched[2 * index + 1], bias: watched[2 * index + 2], stride: shape.stride,
          padding: shape.padding, dilation: shape.dilation))
      y = averagePool(y, pool)
    }
    return tape.pullback(of: y, cotangent: dy, at: watched)
  }
}

extension ConvolutionBlockShape {
  /// A block on inputs of some sizes [batch, channels, height, width]; nil if they do not fit.
  fileprivate init?(_ sizes: [Int], _ block: ConvolutionBlock) {
    let (input, convolution, pool) = (Array(sizes[2...]), block.convolution, block.pool)
    guard block.weight.rank == 4, block.weight.size(1) == sizes[1],
      block.bias.shape == [block.weight.size(0)], convolution.fits(input)
    else { return nil }
    let shape = ConvolutionShape(
      batch: sizes[0], inputChannels: sizes[1], inputSize: input,
      outputChannels: block.weight.size(0), outputSize: convolution.outputSize(input),
      kernelSize: convolution.kernel, stride: convolution.stride, padding: convolution.padding,
      dilation: convolution.dilation, groups: 1)
    guard pool.fits(shape.outputSize) else { return nil }
    self.init(
      convolution: shape,
      pool: PoolingShape(
        inputSize: shape.outputSize, outputSize: pool.outputSize(shape.outputSize),
        kernelSize: pool.kernel, stride: pool.stride, padding: pool.padding, dilation: [1, 1],
        countIncludesPadding: block.countIncludesPadding),
      activation: block.activation.primitives.value,
      derivative: block.activation.primitives.derivative)
  }
}
