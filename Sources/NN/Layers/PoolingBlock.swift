import Autograd

/// A convolution, an activation and an average pool that stand one after the other: they run as one
/// operation where that gives the same result faster.
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

  /// The result for an input, nil where the layers must run by themselves.
  func callAsFunction(_ x: borrowing Tensor) -> Tensor? {
    let (weight, bias) = convolution.running { convolution.kernels.values(for: x) }
    guard let bias else { return nil }
    return convolutionBlock(
      copy x, weight, bias: bias, convolution: convolution.window, activation: activation,
      pool: pool.window, countIncludesPadding: pool.countIncludesPadding)
  }
}
