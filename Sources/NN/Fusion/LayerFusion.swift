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
    let pool = pool(at: index + 2, after: activation)
    let (weight, bias) = convolution.running { convolution.kernels.values(channels: x.size(1)) }
    let fused = ConvActivationPool(
      convolution: convolution.window, activation: activation, pool: pool)
    return fused(copy x, weight, bias).map { ($0, pool == nil ? 2 : 3) }
  }

  /// The result of a batch norm of images, an activation and the pool after it, likewise.
  func normActivationPool(
    at index: Int, _ x: borrowing Tensor
  ) -> (result: Tensor, count: Int)? {
    guard index + 2 <= count, x.rank == 4, let norm = self[index] as? BatchNorm2d,
      let activation = (self[index + 1] as? Activation)?.fused, activation.needsResultOnly
    else { return nil }
    let pool = pool(at: index + 2, after: activation)
    let x = copy x
    return norm.running {
      norm.fused(x, NormActivationPool(activation: activation, pool: pool))
    }.map { ($0, pool == nil ? 2 : 3) }
  }

  private func pool(
    at index: Int, after activation: FusedActivation
  ) -> ConvActivationPool.Pool? {
    if index >= count || !activation.needsResultOnly { return nil }
    return switch self[index] {
    case let pool as AvgPool2d where pool.divisorOverride == nil:
      .average(pool.window, countIncludesPadding: pool.countIncludesPadding)
    case let pool as MaxPool2d: .maximum(pool.window)
    default: nil
    }
  }
}
