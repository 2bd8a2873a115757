import Autograd

extension NamedLayers {
  /// The result of a convolution, an activation and an average pool; nil where other layers stand at the index,
  /// or where these cannot run as one.
  func convActivationPool(at index: Int, _ x: borrowing Tensor) -> Tensor? {
    guard index + 3 <= count, x.rank == 4, let convolution = self[index] as? Conv2d,
      convolution.groups == 1, convolution.margin.isEmpty, convolution.kernels.bias != nil,
      let activation = FusedActivation(self[index + 1]), let pool = self[index + 2] as? AvgPool2d,
      pool.divisorOverride == nil, convolution.kernels.inputs ?? x.size(1) == x.size(1)
    else { return nil }
    let (weight, bias) = convolution.running { convolution.kernels.values(channels: x.size(1)) }
    let fused = ConvActivationPool(
      convolution: convolution.window, activation: activation, pool: pool.window,
      countIncludesPadding: pool.countIncludesPadding)
    return bias.flatMap { fused(copy x, weight, $0) }
  }
}

extension FusedActivation {
  fileprivate init?(_ layer: any Layer) {
    switch layer {
    case is Sigmoid: self = .sigmoid
    case is Tanh: self = .tanh
    case is ReLU: self = .relu
    default: return nil
    }
  }
}
