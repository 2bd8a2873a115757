import Autograd

// The rows of the operations of the folder `Operations/Activations`, an array for each file.
extension GradientTable {
  // MARK: Activations.swift

  static let activationsRows: [GradientRow] = [
    GradientRow("tanh()") { unary { $0.tanh() } },
    GradientRow("sigmoid()") {
      unary { $0.sigmoid() }
      unary { ($0 * 3).sigmoid() }
    },
    GradientRow("relu()", .awayFromZero) {
      unary { $0.relu() }
      unary { ($0 * $0 - 0.1).relu() }
    },
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
    GradientRow("hardtanh(min:, max:)", .distinct) {
      unary { $0.hardtanh(min: -0.45, max: 0.5).square() }
    },
    GradientRow("relu6()", .distinct) { unary { ($0 * 20).relu6().square() } },
    GradientRow("hardsigmoid()", .distinct) { unary { ($0 * 15).hardsigmoid().square() } },
    GradientRow("selu()", .awayFromZero) { unary { $0.selu() } },
    GradientRow("celu(alpha:)", .awayFromZero) { unary { $0.celu(alpha: 0.7) } },
  ]

  // MARK: Softmax.swift

  static let softmaxRows: [GradientRow] = [
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
    GradientRow("logSumExp(axes:, keepDims:)") {
      at([2, 3, 2]) { $0[0].logSumExp(axes: nil) }
      at([2, 3, 2]) { $0[0].logSumExp(axes: [0, 2], keepDims: true) }
      at([2, 3, 2]) { $0[0].logSumExp(axes: [-1, 1]) }
      at([2, 3], layout: .transposed) { $0[0].logSumExp(axes: [0]) }
      at([]) { $0[0].logSumExp(axes: []) }
    },
  ]
}
