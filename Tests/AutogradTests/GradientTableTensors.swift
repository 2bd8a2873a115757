@testable import Autograd

// The rows of further functions of elements, of statistics, and of what puts elements in order.
extension GradientTable {
  static let functions: [GradientRow] = [
    GradientRow("rsqrt()", .positive) { unary { $0.rsqrt() } },
    GradientRow("sin()") { unary { $0.sin() } },
    GradientRow("cos()") { unary { $0.cos() } },
    GradientRow("log1p()", .positive) { unary { ($0 - 1).log1p() } },
    GradientRow("expm1()") { unary { $0.expm1() } },
    GradientRow("erf()") { unary { $0.erf() } },
    GradientRow("clamp(min:, max:)", .awayFromZero) {
      unary { ($0 * $0).clamp(min: 0.2, max: 0.2) * $0 }
      unary { $0.clamp(min: 0).square() }
      unary { $0.clamp(max: 0.01).square() }
    },
    GradientRow("atan2(Tensor)", .awayFromZero) { binary { $0.atan2($1) } },
  ]

  static let activations: [GradientRow] = [
    GradientRow("softplus(beta:, threshold:)") {
      unary { $0.softplus() }
      unary { ($0 * 3).softplus(beta: 2) }
      unary { $0.square().softplus(beta: 0.5, threshold: -1) }
    },
    GradientRow("silu()") { unary { $0.silu() } },
    GradientRow("mish()") { unary { ($0 * 0.5).mish() } },
    GradientRow("gelu(approximate:)") {
      unary { $0.gelu() }
      unary { ($0 * 3).gelu() }
      unary { $0.gelu(approximate: .tanh) }
    },
    GradientRow("logSigmoid()") { unary { ($0 * 3).logSigmoid() } },
    GradientRow("hardswish()", .awayFromZero) {
      unary { $0.hardswish() }
      unary { ($0 * 10).hardswish() }
    },
    GradientRow("softsign()", .awayFromZero) { unary { $0.softsign() } },
    GradientRow("leakyRelu(negativeSlope:)", .awayFromZero) {
      unary { $0.leakyRelu().square() }
      unary { $0.leakyRelu(negativeSlope: 0.5).square() }
    },
    GradientRow("elu(alpha:)", .awayFromZero) {
      unary { $0.elu() }
      unary { $0.elu(alpha: 0.5) }
    },
  ]

  static let statistics: [GradientRow] = [
    GradientRow("prod(axes:, keepDims:)") { reducing { $0.prod(axes: $1, keepDims: $2) } },
    GradientRow("prod(axis:, keepDims:)") {
      along { $0.prod(axis: $1, keepDims: $2) }
      at([2, 5]) {
        ($0[0] * Tensor([1, 0, 2, 0, 1], dtype: .float64, device: $0[0].device)).prod(axis: 1)
      }
      at([2, 5]) {
        ($0[0] * Tensor([1, 0, 2, 1, 1], dtype: .float64, device: $0[0].device)).prod(axis: 1)
      }
    },
    GradientRow("variance(axes:, correction:, keepDims:)") {
      reducing { $0.variance(axes: $1, correction: 0, keepDims: $2) }
      at([2, 5]) { $0[0].variance() }
      at([2, 5]) { $0[0].variance(axes: [1], correction: 1.5) }
    },
    GradientRow("variance(axis:, correction:, keepDims:)") {
      at([3, 4]) { $0[0].variance(axis: 1) }
      at([3, 4], layout: .transposed) { $0[0].variance(axis: 0, correction: 0, keepDims: true) }
    },
    GradientRow("standardDeviation(axes:, correction:, keepDims:)") {
      at([2, 5]) { $0[0].standardDeviation() }
      at([2, 3, 2]) { $0[0].standardDeviation(axes: [0, 2], correction: 0, keepDims: true) }
    },
    GradientRow("standardDeviation(axis:, correction:, keepDims:)") {
      at([3, 4]) { $0[0].standardDeviation(axis: -1) }
      at([3, 4], layout: .sliced) { $0[0].standardDeviation(axis: 0, keepDims: true) }
    },
    GradientRow("norm(Double, axes:, keepDims:)", .distinct) {
      reducing { $0.norm(axes: $1, keepDims: $2) }
      reducing { $0.norm(1, axes: $1, keepDims: $2) }
      reducing { $0.norm(0, axes: $1, keepDims: $2) * $0.norm(3, axes: $1, keepDims: $2) }
      reducing { $0.norm(-2, axes: $1.map { $0.isEmpty ? [0] : $0 }, keepDims: $2) }
      at([2, 3]) { $0[0].norm(.infinity) * $0[0].norm(-.infinity) }
      at([2, 3]) { ($0[0].square() + 1).norm(0.5, axes: [1]) }
      at([2, 3]) { $0[0].norm(2.5, axes: [1], keepDims: true) }
    },
    GradientRow("norm(Double, axis:, keepDims:)", .awayFromZero) {
      along { $0.norm(axis: $1, keepDims: $2) }
    },
    GradientRow("cumsum(axis:)") {
      along { x, axis, _ in x.cumsum(axis: axis).square() }
      at([]) { $0[0].cumsum(axis: 0).square() }
    },
    GradientRow("logSumExp(axes:, keepDims:)") {
      at([2, 3, 2]) { $0[0].logSumExp(axes: nil) }
      at([2, 3, 2]) { $0[0].logSumExp(axes: [0, 2], keepDims: true) }
      at([2, 3, 2]) { $0[0].logSumExp(axes: [-1, 1]) }
      at([2, 3], layout: .transposed) { $0[0].logSumExp(axes: [0]) }
      at([]) { $0[0].logSumExp(axes: []) }
    },
  ]

  static let rearranging: [GradientRow] = [
    GradientRow("flip([Int]?)") {
      unary { $0.flip() * $0 }
      at([2, 3, 4]) { $0[0].flip([0, -1]) }
      at([3, 4, 2], layout: .transposed) { $0[0].flip([1, 2]) }
    },
    GradientRow("flip(Int)") {
      at([2, 3]) { $0[0].flip(1) }
      at([4, 3], layout: .sliced) { $0[0].flip(0) }
      at([4, 3], layout: .expanded) { $0[0].flip(0) }
    },
    GradientRow("roll(Int)") { unary { $0.roll(2) * $0 } },
    GradientRow("roll(Int, axis:)") {
      at([5]) { $0[0].roll(2, axis: 0) }
      at([2, 5], layout: .transposed) { $0[0].roll(-8, axis: 1) }
    },
    GradientRow("roll([Int], axes:)") { at([3, 4]) { $0[0].roll([1, -1], axes: [0, -1]) } },
    GradientRow("tril(diagonal:)") {
      at([3, 4]) { $0[0].tril() }
      at([2, 3, 3], layout: .transposed) { $0[0].tril(diagonal: -1).square() }
    },
    GradientRow("triu(diagonal:)") {
      at([3, 4]) { $0[0].triu() }
      at([2, 3, 3], layout: .sliced) { $0[0].triu(diagonal: 1).square() }
    },
    GradientRow("pad([Int], mode:)") {
      at([2, 3]) { $0[0].pad([1, 2, 0, 1]) }
      at([2, 3]) { $0[0].pad([-1, 2], mode: .constant(2)).square() }
      at([3, 4], layout: .transposed) { $0[0].pad([3, 2, 1, 2], mode: .reflect) }
      at([2, 3], layout: .sliced) { $0[0].pad([1, 2, 3, 0], mode: .replicate) }
      at([2, 3]) { $0[0].pad([3, 2, 1, 1], mode: .circular) }
      at([2, 4]) { $0[0].pad([-1, 2], mode: .circular) }
    },
    GradientRow("indexSelect(axis:, Tensor)") {
      at([3, 4]) {
        $0[0].indexSelect(axis: 0, Tensor(scalars: [2, 0, 2, 2], device: $0[0].device))
      }
      at([3, 4, 2], layout: .transposed) {
        $0[0].indexSelect(axis: 1, Tensor(scalars: [3, 1], device: $0[0].device))
      }
      at([3, 4]) { $0[0].indexSelect(axis: -1, Tensor(scalars: [Int](), device: $0[0].device)) }
      at([]) { $0[0].indexSelect(axis: 0, Tensor(scalars: [0], device: $0[0].device)) }
    },
    GradientRow("embedding(Tensor, Tensor, paddingIndex:, scaleGradientByFrequency:)") {
      at([4, 3]) {
        embedding(Tensor(scalars: [1, 3, 1, 0], shape: [2, 2], device: $0[0].device), $0[0])
          .square()
      }
      at([4, 3], layout: .transposed) {
        embedding(Tensor(scalars: [1, 3], device: $0[0].device), $0[0])
      }
    },
    GradientRow("linear(Tensor, Tensor, bias:)") {
      at([3, 4], [2, 4], [2]) { linear($0[0], $0[1], bias: $0[2]) }
      at([4], [2, 4]) { linear($0[0], $0[1]) }
      at([2, 3, 4], [4]) { linear($0[0], $0[1]) }
    },
    GradientRow("einsum(String, [Tensor])") {
      at([2, 3], [3, 4], [4]) { einsum("ij,jk,k->i", $0) }
      at([3, 3], [3]) { einsum("ii,i->i", $0) }
      at([2, 3, 2], layout: .transposed) { einsum("iji->j", $0) }
      at([2, 3, 4], [4, 5]) { einsum("...j,jk->...k", $0) }
      at([2, 1], [3, 4]) { einsum("ij,jk->ik", $0) }
    },
    GradientRow("einsum(String, Tensor...)") {
      at([2, 3, 4], [2, 4, 2]) { einsum("bij,bjk->bki", $0[0], $0[1]) }
      at([2], [3]) { einsum("i,j", $0[0], $0[1]) }
    },
  ]
}
