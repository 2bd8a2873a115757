import Autograd

// The rows of the operations of `Tensor`, and of gradient hooks, an array for each file.
extension GradientTable {
  // MARK: GradientHook.swift

  static let gradientHookRows: [GradientRow] = [
    GradientRow("onGradient(@escaping @Sendable (_ dy: Tensor) → Tensor)") {
      unary { $0.onGradient { dy in dy } * 2 }
      unary { ($0 * $0).onGradient { dy in dy + 0 } }
    }
  ]

  // MARK: Creation.swift

  static let creationRows: [GradientRow] = [
    GradientRow("meshgrid([Tensor])") {
      at([2], [3]) { Tensor.meshgrid($0)[0] * Tensor.meshgrid($0)[1] }
    }
  ]

  // MARK: Tensor.swift

  static let tensorRows: [GradientRow] = [
    GradientRow("asType(DType)") { unary { ($0 * $0).asType(.float64) * 2 } },
    GradientRow("to(Device)") { unary { ($0 * $0).to(elsewhere).square().to($0.device) } },
    GradientRow("contiguous()") { unary { $0.contiguous() * $0 } },
  ]

  // MARK: What rows share

  /// A device beside those that the table is run on.
  private static let elsewhere = WalledDevice.make("elsewhere").device
}
