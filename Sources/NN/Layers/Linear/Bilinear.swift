import Autograd

/// y[o] = x1ᵀ W[o] x2 + b[o], on the last axes of two inputs.
///
/// Parameters, as in PyTorch: `weight` [outputs, inputs1, inputs2], `bias` [outputs], both uniform in
/// ±1/sqrt(inputs1) unless initialized otherwise.
public final class Bilinear: Module {
  /// [outputs, inputs1, inputs2].
  public let weight: Parameter
  /// [outputs], nil for a layer without bias.
  public let bias: Parameter?
  private let outputs: Int

  /// A layer that states its inputs.
  ///
  /// - Parameters:
  ///   - inputs1: The size of the first input's last axis.
  ///   - inputs2: The size of the second input's last axis.
  ///   - outputs: The size of the result's last axis.
  ///   - bias: Whether a bias is added.
  public convenience init(_ inputs1: Int, _ inputs2: Int, _ outputs: Int, bias: Bool = true) {
    self.init(inputs: [inputs1, inputs2], outputs, bias)
  }

  /// Without inputs a lazy layer, as `LazyBilinear` makes it.
  init(inputs: [Int?], _ outputs: Int, _ bias: Bool) {
    require(
      outputs >= 1 && inputs.allSatisfy { $0 ?? 1 >= 1 },
      "Bilinear: needs at least 1 input and output, got \(inputs.compactMap(\.self)) -> \(outputs)")
    self.outputs = outputs
    let initializer = Initializer("standard") { shape, fanIn, random in
      let bound = 1 / Double(fanIn ?? shape[1]).squareRoot()
      return random.uniform(shape, low: -bound, high: bound)
    }
    weight = Parameter(shape: [outputs] + inputs, initializer: initializer)
    self.bias =
      bias ? Parameter(shape: [outputs], initializer: initializer, fanIn: inputs[0]) : nil
  }

  /// `weight` and `bias`.
  public var members: [Member] { membersOf(weight, bias) }

  /// The sizes, as in `4, 5 -> 3`.
  public var details: String {
    "\(weight.size(1)), \(weight.size(2)) -> \(outputs)" + (bias == nil ? ", no bias" : "")
  }

  /// - Parameters:
  ///   - x1: [..., inputs1]
  ///   - x2: [..., inputs2], with the same leading axes
  /// - Returns: [..., outputs]
  public func callAsFunction(_ x1: Tensor, _ x2: Tensor) -> Tensor {
    running {
      require(
        x1.rank >= 1 && x1.shape.dropLast() == x2.shape.dropLast() && x1.rank == x2.rank,
        "needs inputs of the same shape but for the last axis, got \(x1.shape) and \(x2.shape)"
      )
      let sizes = [x1.size(-1), x2.size(-1)]
      for (index, x) in [x1, x2].enumerated() {
        guard let expected = weight.shape[index + 1] else { continue }
        require(
          x.size(-1) == expected,
          "expected a last axis of \(expected) of input \(index + 1), got \(x.shape)")
      }
      let weight = weight.value(shape: [outputs] + sizes)
      // [..., inputs1] times [inputs1, outputs * inputs2], then the sum over the second input.
      let flat = weight.permute([1, 0, 2]).reshape([sizes[0], outputs * sizes[1]])
      let partial = x1.matmul(flat).reshape(x1.shape.dropLast() + [outputs, sizes[1]])
      let y = partial.matmul(x2.unsqueeze(-1)).squeeze(-1)
      guard let bias else { return y }
      return y + bias.value(shape: [outputs], fanIn: sizes[0])
    }
  }
}
