import Autograd

/// A convolution, an activation and an average pool that stand one after the other: such blocks run as
/// one operation where that gives the same result faster.
struct PoolingBlock {
  /// How many layers it stands for.
  static let layerCount = 3

  private let convolution: Conv2d
  private let activation: BlockActivation
  private let pool: AvgPool2d

  /// The block that begins at a place, nil if other layers stand there.
  init?(_ layers: [any Layer], at place: Int) {
    guard place + PoolingBlock.layerCount <= layers.count,
      let convolution = layers[place] as? Conv2d, convolution.groups == 1, convolution.bias != nil,
      convolution.margin.isEmpty, let pool = layers[place + 2] as? AvgPool2d,
      pool.divisorOverride == nil
    else { return nil }
    switch layers[place + 1] {
    case is Sigmoid: activation = .sigmoid
    case is Tanh: activation = .tanh
    case is ReLU: activation = .relu
    default: return nil
    }
    self.convolution = convolution
    self.pool = pool
  }

  /// The block with its parameters for a number of input channels, nil if it expects another one.
  private func callAsFunction(channels: Int) -> ConvolutionBlock? {
    let kernels = convolution.kernels
    guard kernels.inputs ?? channels == channels else { return nil }
    let (weight, bias) = convolution.running { kernels.values(channels: channels) }
    return bias.map {
      ConvolutionBlock(
        weight, bias: $0, convolution: convolution.window, activation: activation,
        pool: pool.window, countIncludesPadding: pool.countIncludesPadding)
    }
  }

  /// The result of the blocks that follow each other from a place on, and the place behind those that
  /// ran; nil where the layers must run by themselves.
  ///
  /// - Parameter blocks: What begins at each place.
  static func run(
    _ blocks: [PoolingBlock?], at place: Int, _ x: borrowing Tensor
  ) -> (y: Tensor, end: Int)? {
    guard blocks[place] != nil, x.rank == 4 else { return nil }
    var (next, channels) = (place, x.size(1))
    var chain: [ConvolutionBlock] = []
    while next < blocks.count, let block = blocks[next]?(channels: channels) {
      chain.append(block)
      channels = block.channels
      next += layerCount
    }
    return convolutionBlocks(copy x, chain).map { ($0.y, place + $0.count * layerCount) }
  }
}
