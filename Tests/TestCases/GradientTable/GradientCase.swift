import Autograd

/// From where a gradient case draws its inputs: always away from kinks, ties and poles.
package enum Domain: Sendable {
  /// -1.5 ... 1.5
  case any
  /// 0.5 ... 2
  case positive
  /// 0.5 ... 1.5 in magnitude, either sign
  case awayFromZero
  /// All elements of all inputs at least 0.02 apart, none near zero
  case distinct
}

/// How an input lies in memory.
package enum Layout: Sendable, CaseIterable {
  case dense, transposed, sliced, expanded

  /// A tensor of a shape in this layout, made from dense ones.
  package func make(_ shape: [Int], _ dense: ([Int]) -> Tensor) -> Tensor {
    guard let first = shape.first, let last = shape.last else { return dense(shape) }
    switch self {
    case .dense: return dense(shape)
    case .transposed:
      return dense(shape.reversed()).permute(Array(shape.indices.reversed()))
    case .sliced:
      return dense(shape.dropLast() + [2 * last + 1])
        .slice(axis: -1, from: 1, to: 2 * last + 1, step: 2)
    case .expanded:
      return first == 0 ? dense(shape) : dense([1] + shape.dropFirst()).expand(shape)
    }
  }
}

/// One check of one operation: shapes, layout and the function.
package struct GradientCase: Sendable, CustomStringConvertible {
  package var operation = ""
  var domain = Domain.any
  package let shapes: [[Int]]
  let layout: Layout
  package let function: @Sendable ([Tensor]) -> Tensor

  package var description: String { "\(operation) \(shapes) \(layout)" }

  /// The inputs; their values are float32 numbers in any type.
  package func inputs(dtype: DType = .float64) -> [Tensor] {
    shapes.enumerated().map { index, shape in
      var random = RandomStream(seed: UInt64(index), path: description)
      return layout.make(shape) { shape in
        values(shape, index, &random).asType(.float32).asType(dtype)
      }
    }
  }

  /// The value, the gradients, and the gradients of those by inputs and cotangent.
  package func derivatives(_ dtype: DType, on device: Device) -> [Tensor] {
    let (outer, inner) = (Tape(), Tape())
    let inputs = self.inputs(dtype: dtype).map { outer.watch($0.to(device)) }
    let watched = inputs.map { inner.watch($0) }
    let y = function(watched)
    var random = RandomStream(seed: 3)
    let dy = random.uniform(y.shape, low: 0.5, high: 1.5, dtype: .float32).asType(y.dtype)
    let cotangent = outer.watch(dy.to(device))
    let gradients = inner.pullback(of: y, cotangent: cotangent, at: watched)
    let weights = gradients.map {
      random.uniform($0.shape, low: 0.5, high: 1.5, dtype: .float32).asType($0.dtype).to(device)
    }
    let total = zip(gradients, weights).map { ($0 * $1).sum() }.reduce(
      Tensor(0, dtype: dtype, device: device)
    ) { $0 + $1 }
    let second =
      total.isTraced
      ? outer.pullback(
        of: total, cotangent: total.onesLike().stoppingGradient(), at: inputs + [cotangent]) : []
    return ([y] + gradients + second).map { $0.stoppingGradient() }
  }

  private func values(_ shape: [Int], _ index: Int, _ random: inout RandomStream) -> Tensor {
    switch domain {
    case .any: return random.uniform(shape, low: -1.5, high: 1.5, dtype: .float64)
    case .positive: return random.uniform(shape, low: 0.5, high: 2, dtype: .float64)
    case .awayFromZero:
      let signs = random.bernoulli(shape, probability: 0.5).asType(.float64) * 2 - 1
      return random.uniform(shape, low: 0.5, high: 1.5, dtype: .float64) * signs
    case .distinct:
      let count = shape.reduce(1, *)
      let middle = Double(count) / 2 + 0.3
      let steps = random.permutation(count).map { (Double($0) - middle) * 0.1 }
      return Tensor(steps.map { $0 + 0.04 * Double(index) }, shape: shape, dtype: .float64)
    }
  }
}

/// The row of one public operation, named as `PublicOperations` names it.
package struct GradientRow: Sendable {
  package let operation: String
  package let cases: [GradientCase]

  init(
    _ operation: String, _ domain: Domain = .any, @GradientCases cases: () -> [GradientCase]
  ) {
    self.operation = operation
    self.cases = cases().map {
      var named = $0
      named.operation = operation
      named.domain = domain
      return named
    }
  }
}

/// Collects cases line by line; an array of them at once would take the compiler minutes.
@resultBuilder
enum GradientCases {
  static func buildExpression(_ one: GradientCase) -> [GradientCase] { [one] }
  static func buildExpression(_ several: [GradientCase]) -> [GradientCase] { several }
  static func buildBlock(_ parts: [GradientCase]...) -> [GradientCase] { parts.flatMap { $0 } }
}
