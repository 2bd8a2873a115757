// Activations made of pieces: cut off on both sides, or scaled forms of `elu`.
extension Tensor {
  /// Each element cut off below `min` and above `max`.
  ///
  /// The gradient is 1 between them and 0 at the ends and outside; `clamp` differs at the ends.
  public func hardtanh(min low: Double = -1, max high: Double = 1) -> Tensor {
    require(low < high, "hardtanh: min \(low) must be below max \(high)")
    return differentiable(self) { x in
      x.clamp(min: low, max: high)
    } pullback: { x, _ in
      { dy in Tensor.where(x .> low, Tensor.where(x .< high, dy, 0), 0) }
    }
  }

  /// min(max(x, 0), 6) of each element; the gradient is 0 at 0 and at 6.
  public func relu6() -> Tensor { hardtanh(min: 0, max: 6) }

  /// min(max(x + 3, 0), 6) / 6 of each element: `sigmoid` of straight pieces.
  ///
  /// The gradient is 0 at -3 and at 3.
  public func hardsigmoid() -> Tensor { (self + 3).relu6() / 6 }

  /// `elu`, scaled so that mean 0 and variance 1 reproduce themselves (Klambauer and others 2017).
  public func selu() -> Tensor {
    elu(alpha: 1.6732632423543772848170429916717) * 1.0507009873554804934193349852946
  }

  /// max(x, 0) + min(0, alpha (exp(x / alpha) - 1)) of each element, smooth for every alpha above 0.
  public func celu(alpha: Double = 1) -> Tensor {
    require(alpha > 0, "celu: alpha must be above 0, got \(alpha)")
    return (self / alpha).elu() * alpha
  }
}
