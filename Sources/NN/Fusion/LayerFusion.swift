import Autograd

extension NamedLayers {
  /// The result of the layers one after the other.
  ///
  /// Neighbors that have a fused form with the same bits run as one where it is faster, unless outputs are
  /// observed: then each layer's result must exist.
  func forward(_ x: consuming Tensor) -> Tensor {
    var x = x
    var index = 0
    while index < count {
      if !OutputHooks.areWanted, let y = convActivationPool(at: index, x) {
        x = y
        index += 3
      } else {
        x = self[index](consume x)
        index += 1
      }
    }
    return x
  }

  /// The result of a convolution, an activation and an average pool; nil where other layers stand at the index,
  /// or where these cannot run as one.
  private func convActivationPool(at index: Int, _ x: borrowing Tensor) -> Tensor? {
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
