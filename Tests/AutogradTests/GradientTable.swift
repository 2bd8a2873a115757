import TestSupport

@testable import Autograd

/// One row per public differentiable operation; `PublicOperations` finds the operations without
/// one.
enum GradientTable {
  static let rows =
    arithmetic + elementwise + choices + reductions + shapes + picking + layers
    + functions + activations + statistics + rearranging + normalizations + adaptivePools + hooks
    + piecewise + losses + attention + convolutions + parts + remainders + scattering

  static let arithmetic: [GradientRow] = [
    GradientRow("+(Tensor, Tensor)") { binary { $0 + $1 } },
    GradientRow("-(Tensor, Tensor)") { binary { $0 - $1 } },
    GradientRow("*(Tensor, Tensor)") {
      binary { $0 * $1 }
      at([3]) { $0[0] * $0[0] }
    },
    GradientRow("/(Tensor, Tensor)", .awayFromZero) { binary { $0 / $1 } },
    GradientRow("pow(Tensor)", .positive) { binary { $0.pow($1) } },
    GradientRow("+(Tensor, Number)") { unary { $0 + 1.5 } },
    GradientRow("+(Number, Tensor)") { unary { 2 + $0 } },
    GradientRow("-(Tensor, Number)") { unary { $0 - 1.5 } },
    GradientRow("-(Number, Tensor)") { unary { 2 - $0 } },
    GradientRow("*(Tensor, Number)") { unary { $0 * -1.5 } },
    GradientRow("*(Number, Tensor)") { unary { 3 * $0 } },
    GradientRow("/(Tensor, Number)") { unary { $0 / 4 } },
    GradientRow("/(Number, Tensor)", .awayFromZero) { unary { 2 / $0 } },
    GradientRow("+=(Tensor, Tensor)") { assigning { $0 += $1 } },
    GradientRow("-=(Tensor, Tensor)") { assigning { $0 -= $1 } },
    GradientRow("*=(Tensor, Tensor)") { assigning { $0 *= $1 } },
    GradientRow("*=(Tensor, Number)") {
      assigning { sum, other in
        sum *= -1.5
        sum += other
      }
    },
  ]

  static let elementwise: [GradientRow] = [
    GradientRow("-(Tensor)") { unary { -$0 } },
    GradientRow("exp()") {
      unary { $0.exp() }
      unary { DifferentiableTests.softplus($0) }  // a custom operation that saves exp(x)
    },
    GradientRow("log()", .positive) { unary { $0.log() } },
    GradientRow("sqrt()", .positive) { unary { $0.sqrt() } },
    GradientRow("tanh()") { unary { $0.tanh() } },
    GradientRow("sigmoid()") {
      unary { $0.sigmoid() }
      unary { ($0 * 3).sigmoid() }
    },
    GradientRow("relu()", .awayFromZero) {
      unary { $0.relu() }
      unary { ($0 * $0 - 0.1).relu() }
    },
    GradientRow("abs()", .awayFromZero) {
      unary { $0.abs() }
      unary { ($0 * $0 * $0).abs() }
    },
    GradientRow("square()") { unary { $0.square() } },
    GradientRow("reciprocal()", .awayFromZero) { unary { $0.reciprocal() } },
    GradientRow("pow(Number)", .positive) {
      unary { $0.pow(0) }
      unary { $0.pow(1) * 2 }
      unary { $0.pow(2) }
      unary { $0.pow(3) }
      unary { $0.pow(-1) }
      unary { $0.pow(0.5) }
      unary { $0.pow(-2.5) }
    },
    GradientRow("asType(DType)") { unary { ($0 * $0).asType(.float64) * 2 } },
    GradientRow("to(Device)") { unary { ($0 * $0).to(elsewhere).square().to($0.device) } },
    GradientRow("contiguous()") { unary { $0.contiguous() * $0 } },
  ]

  static let choices: [GradientRow] = [
    GradientRow("where(Tensor, Tensor, Tensor)") {
      binary { Tensor.where(mask($0), $0 * $0, $1) }
      at([3], [2, 1]) { Tensor.where(mask(.zeros([2, 1, 1], device: $0[0].device)), $0[0], $0[1]) }
    },
    GradientRow("where(Tensor, Tensor, Number)") { unary { Tensor.where(mask($0), $0 * $0, 2) } },
    GradientRow("where(Tensor, Number, Tensor)") { unary { Tensor.where(mask($0), 2, $0 * $0) } },
    GradientRow("maximum(Tensor, Tensor)", .distinct) { binary { maximum($0, $1).square() } },
    GradientRow("minimum(Tensor, Tensor)", .distinct) { binary { minimum($0, $1).square() } },
    GradientRow("maximum(Tensor, Number)", .awayFromZero) { unary { maximum($0, 0.1).square() } },
    GradientRow("minimum(Tensor, Number)", .awayFromZero) { unary { minimum($0, 0).square() } },
  ]

  static let reductions: [GradientRow] = [
    GradientRow("sum(axes:, keepDims:)") {
      reducing { $0.sum(axes: $1, keepDims: $2) }
      at([3, 0, 2]) { $0[0].sum(axes: [1]) }
    },
    GradientRow("mean(axes:, keepDims:)") { reducing { $0.mean(axes: $1, keepDims: $2) } },
    GradientRow("max(axes:, keepDims:)", .distinct) {
      reducing { $0.max(axes: $1, keepDims: $2).square() }
    },
    GradientRow("min(axes:, keepDims:)", .distinct) {
      reducing { $0.min(axes: $1, keepDims: $2).square() }
    },
    GradientRow("sum(axis:, keepDims:)") { along { $0.sum(axis: $1, keepDims: $2) } },
    GradientRow("mean(axis:, keepDims:)") { along { $0.mean(axis: $1, keepDims: $2) } },
    GradientRow("max(axis:, keepDims:)", .distinct) { along { $0.max(axis: $1, keepDims: $2) } },
    GradientRow("min(axis:, keepDims:)", .distinct) { along { $0.min(axis: $1, keepDims: $2) } },
    GradientRow("softmax(axis:)") {
      along { x, axis, _ in x.softmax(axis: axis) }
      at([]) { $0[0].softmax() }
    },
    GradientRow("logSoftmax(axis:)") {
      along { x, axis, _ in x.logSoftmax(axis: axis) }
      at([]) { $0[0].logSoftmax() }
    },
    GradientRow("logSumExp(axis:, keepDims:)") {
      along { $0.logSumExp(axis: $1, keepDims: $2) }
      at([]) { $0[0].logSumExp() }
    },
  ]

  // MARK: The shapes that families share

  static func at(
    _ shapes: [Int]..., layout: Layout = .dense,
    _ function: @escaping @Sendable ([Tensor]) -> Tensor
  ) -> GradientCase {
    GradientCase(shapes: shapes, layout: layout, function: function)
  }

  @GradientCases
  static func unary(_ f: @escaping @Sendable (Tensor) -> Tensor) -> [GradientCase] {
    at([]) { f($0[0]) }
    at([1]) { f($0[0]) }
    at([0, 3]) { f($0[0]) }
    at([7]) { f($0[0]) }
    at([2, 3], layout: .transposed) { f($0[0]) }
    at([3, 3], layout: .sliced) { f($0[0]) }
    at([2, 3], layout: .expanded) { f($0[0]) }
    at([2, 3, 1]) { f($0[0].transpose(0, 1)) }
  }

  @GradientCases
  static func binary(_ f: @escaping @Sendable (Tensor, Tensor) -> Tensor) -> [GradientCase] {
    at([], []) { f($0[0], $0[1]) }
    at([1], [1]) { f($0[0], $0[1]) }
    at([5], [5]) { f($0[0], $0[1]) }
    at([2, 3], []) { f($0[0], $0[1]) }
    at([], [3]) { f($0[0], $0[1]) }
    at([2, 1], [3]) { f($0[0], $0[1]) }
    at([3], [2, 1]) { f($0[0], $0[1]) }
    at([2, 1, 3], [4, 1]) { f($0[0], $0[1]) }
    at([0, 3], [1, 3]) { f($0[0], $0[1]) }
    at([1], [0]) { f($0[0], $0[1]) }
    at([2, 3], [2, 3], layout: .transposed) { f($0[0], $0[1]) }
    at([2, 3], [3], layout: .sliced) { f($0[0], $0[1]) }
    at([2, 3], [2, 1], layout: .expanded) { f($0[0], $0[1]) }
    at([2, 3], [3, 2]) { f($0[0].transpose(), $0[1]) }
  }

  static func assigning(
    _ f: @escaping @Sendable (inout Tensor, Tensor) -> Void
  ) -> [GradientCase] {
    binary { a, b in
      var sum = a * 2
      f(&sum, b)
      return sum
    }
  }

  @GradientCases
  static func reducing(
    _ f: @escaping @Sendable (Tensor, [Int]?, Bool) -> Tensor
  ) -> [GradientCase] {
    at([2, 3, 2]) { f($0[0], nil, false) }
    at([2, 3, 2]) { f($0[0], nil, true) }
    at([2, 3, 2]) { f($0[0], [], false) }
    at([2, 3, 2]) { f($0[0], [0], false) }
    at([2, 3, 2]) { f($0[0], [1], true) }
    at([2, 3, 2]) { f($0[0], [-1], false) }
    at([2, 3, 2]) { f($0[0], [0, 1], true) }
    at([2, 3, 2]) { f($0[0], [0, 2], false) }
    at([2, 3, 2]) { f($0[0], [2, -2], true) }
    at([2, 3, 2]) { f($0[0], [2, 1, 0], false) }
    at([]) { f($0[0], nil, false) }
    at([1]) { f($0[0], [0], true) }
    at([3, 0, 2]) { f($0[0], [0], false) }
    at([2, 3, 3], layout: .transposed) { f($0[0], [1], false) }
    at([5, 3], layout: .sliced) { f($0[0], [0], false) }
    at([2, 2, 3]) { f($0[0].transpose(0, 2), [0, 1], false) }
  }

  @GradientCases
  static func along(_ f: @escaping @Sendable (Tensor, Int, Bool) -> Tensor) -> [GradientCase] {
    at([3, 2, 3]) { f($0[0], 0, false) }
    at([3, 2, 3]) { f($0[0], 1, true) }
    at([3, 2, 3]) { f($0[0], 2, false) }
    at([3, 2, 3]) { f($0[0], -1, true) }
    at([1]) { f($0[0], 0, false) }
    at([7]) { f($0[0], -1, true) }
    at([0, 3]) { f($0[0], 1, false) }
    at([3, 5], layout: .transposed) { f($0[0], 1, false) }
    at([3, 5], layout: .sliced) { f($0[0], 0, false) }
  }

  /// A device beside those that the table is run on.
  private static let elsewhere = WalledDevice.make("elsewhere").device

  /// A fixed pattern of truth values in a tensor's shape.
  static func mask(_ x: Tensor) -> Tensor {
    Tensor(scalars: (0..<x.count).map { $0 % 3 != 1 }, shape: x.shape, device: x.device)
  }
}
