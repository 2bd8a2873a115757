import Autograd

/// y = x Wᵀ + b, on the last axis of any input.
///
/// Parameters, as in PyTorch: `weight` [outputs, inputs], `bias` [outputs], both uniform in
/// ±1/sqrt(inputs) unless initialized otherwise.
public final class Linear: Layer {
  /// [outputs, inputs].
  public let weight: Parameter
  /// [outputs], nil for a layer without bias.
  public let bias: Parameter?

  /// A layer that states its inputs.
  ///
  /// - Parameters:
  ///   - inputs: The size of the input's last axis.
  ///   - outputs: The size of the result's last axis.
  ///   - bias: Whether a bias is added.
  public convenience init(_ inputs: Int, _ outputs: Int, bias: Bool = true) {
    self.init(inputs: inputs, outputs: outputs, bias: bias)
  }

  /// Without inputs a lazy layer, as `LazyLinear` makes it.
  init(inputs: Int?, outputs: Int, bias: Bool) {
    require(
      outputs >= 1 && inputs ?? 1 >= 1,
      "Linear: needs at least 1 input and output, got \(inputs.map(String.init) ?? "?") -> \(outputs)"
    )
    weight = Parameter(shape: [outputs, inputs])
    self.bias = bias ? Parameter(biasOf: weight) : nil
  }

  /// `weight` and `bias`.
  public var members: [Member] { membersOf(weight, bias) }

  /// The sizes, as in `400 -> 120`.
  public var details: String {
    "\(weight.size(1)) -> \(weight.size(0))" + (bias == nil ? ", no bias" : "")
  }

  /// - Parameter x: [..., inputs]
  /// - Returns: [..., outputs]
  public func forward(_ x: consuming Tensor) -> Tensor {
    require(x.rank >= 1, "needs an input [..., inputs], got \(x.summary)")
    let inputs = x.size(-1)
    if let expected = weight.shape[1] {
      require(inputs == expected, "expected a last axis of \(expected), got \(x.shape)")
    }
    // A value that exists has the sizes that were declared, and the inputs were compared with them.
    if weight.isReady, bias?.isReady ?? true {
      return linear(x, weight.value, bias: bias?.value)
    }
    let weight = weight.value(shape: [outputs, inputs])
    return linear(x, weight, bias: bias?.value(shape: [outputs]))
  }

  private var outputs: Int { weight.shape[0] ?? 0 }
}

extension Parameter {
  /// A size for printing, `?` while unknown.
  func size(_ axis: Int) -> String { shape[axis].map(String.init) ?? "?" }
}
