import Autograd

extension NamedLayers {
  /// The result of a convolution, an activation and the pool after it, if there is one, with the number of layers; nil
  /// where other layers stand at the index, or where these cannot run as one.
  func convActivationPool(
    at index: Int, _ x: borrowing Tensor
  ) -> (result: Tensor, count: Int)? {
    guard index + 2 <= count, x.rank == 4, let convolution = self[index] as? Conv2d,
      convolution.groups == 1, convolution.margin.isEmpty,
      convolution.kernels.inputs ?? x.size(1) == x.size(1),
      let activation = (self[index + 1] as? Activation)?.fused
    else { return nil }
    let pool = index + 2 < count ? pool(self[index + 2], after: activation) : nil
    let (weight, bias) = convolution.running { convolution.kernels.values(channels: x.size(1)) }
    let fused = ConvActivationPool(
      convolution: convolution.window, activation: activation, pool: pool)
    return fused(copy x, weight, bias).map { ($0, pool == nil ? 2 : 3) }
  }

  private func pool(
    _ layer: any Layer, after activation: FusedActivation
  ) -> ConvActivationPool.Pool? {
    if !activation.needsResultOnly { return nil }
    return switch layer {
    case let pool as AvgPool2d where pool.divisorOverride == nil:
      .average(pool.window, countIncludesPadding: pool.countIncludesPadding)
    case let pool as MaxPool2d: .maximum(pool.window)
    default: nil
    }
  }
}
