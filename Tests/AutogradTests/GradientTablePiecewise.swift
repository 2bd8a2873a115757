@testable import Autograd

extension GradientTable {
  static let piecewise: [GradientRow] = [
    GradientRow("hardtanh(min:, max:)", .distinct) {
      unary { $0.hardtanh(min: -0.45, max: 0.5).square() }
    },
    GradientRow("relu6()", .distinct) { unary { ($0 * 20).relu6().square() } },
    GradientRow("hardsigmoid()", .distinct) { unary { ($0 * 15).hardsigmoid().square() } },
    GradientRow("selu()", .awayFromZero) { unary { $0.selu() } },
    GradientRow("celu(alpha:)", .awayFromZero) { unary { $0.celu(alpha: 0.7) } },
  ]
}
