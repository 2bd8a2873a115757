@testable import Autograd

// The rows of convolutions along one and three axes, and of transposed ones.
extension GradientTable {
  static let convolutions: [GradientRow] = [
    GradientRow("conv1d(Tensor, Tensor, bias:, stride:, padding:, dilation:, groups:)") {
      at([2, 2, 6], [3, 2, 3], [3]) { conv1d($0[0], $0[1], bias: $0[2], stride: 2, padding: 1) }
      at([1, 4, 7], [2, 2, 2]) { conv1d($0[0], $0[1], dilation: 3, groups: 2) }
      at([1, 1, 5], [1, 1, 4]) { conv1d($0[0], $0[1], padding: .same) }
      at([2, 5], [3, 2, 2]) { conv1d($0[0], $0[1], stride: 2) }
    },
    GradientRow("conv3d(Tensor, Tensor, bias:, stride:, padding:, dilation:, groups:)") {
      at([1, 2, 4, 3, 3], [2, 2, 2, 2, 2], [2]) { conv3d($0[0], $0[1], bias: $0[2], padding: 1) }
      at([1, 2, 5, 3, 4], [2, 1, 2, 2, 3]) {
        conv3d($0[0], $0[1], stride: [2, 1, 2], dilation: [2, 1, 1], groups: 2)
      }
    },
    GradientRow(
      "convTranspose1d(Tensor, Tensor, bias:, stride:, padding:, outputPadding:, dilation:, groups:)"
    ) {
      at([2, 3, 4], [3, 2, 3], [2]) {
        convTranspose1d($0[0], $0[1], bias: $0[2], stride: 2, padding: 1, outputPadding: 1)
      }
    },
    GradientRow(
      "convTranspose2d(Tensor, Tensor, bias:, stride:, padding:, outputPadding:, dilation:, groups:)"
    ) {
      at([2, 3, 2, 3], [3, 2, 2, 3], [2]) {
        convTranspose2d($0[0], $0[1], bias: $0[2], stride: [2, 1], padding: [0, 1])
      }
      at([1, 4, 3, 2], [4, 1, 2, 2]) {
        convTranspose2d($0[0], $0[1], stride: 3, outputPadding: [1, 2], dilation: 2, groups: 2)
      }
    },
  ]
}
