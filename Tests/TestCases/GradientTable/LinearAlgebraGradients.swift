import Autograd

// The rows of the operations of the folder `Operations/LinearAlgebra`, an array for each file.
extension GradientTable {
  // MARK: Diagonals.swift

  static let diagonalsRows: [GradientRow] = [
    GradientRow("diagonal(offset:, axis1:, axis2:)") {
      at([3, 4]) { $0[0].diagonal() }
      at([2, 3, 4]) { $0[0].diagonal(offset: -1, axis1: 2, axis2: 0) }
      at([3, 4], layout: .transposed) { $0[0].diagonal(offset: 2) }
      at([2, 3]) { $0[0].diagonal(offset: 5) }
    },
    GradientRow("diag(offset:)") {
      at([3]) { $0[0].diag().square() }
      at([2]) { $0[0].diag(offset: -2) }
      at([3, 4]) { $0[0].diag(offset: 1) }
    },
    GradientRow("outer(Tensor)") {
      at([3], [4]) { $0[0].outer($0[1]) }
      at([3], [0]) { $0[0].outer($0[1]) }
      at([4]) { $0[0].outer($0[0]) }
    },
    GradientRow("dot(Tensor)") {
      at([5], [5]) { $0[0].dot($0[1]) }
      at([0], [0]) { $0[0].dot($0[1]) }
      at([4], [4], layout: .sliced) { $0[0].dot($0[1]) }
    },
    GradientRow("trace(Tensor)") {
      at([3, 3]) { trace($0[0] * $0[0]) }
      at([2, 4], layout: .transposed) { trace($0[0]) }
    },
  ]

  // MARK: Einsum.swift

  static let einsumRows: [GradientRow] = [
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

  // MARK: MatMul.swift

  static let matMulRows: [GradientRow] = [
    GradientRow("matmul(Tensor)") { products },
    GradientRow("linear(Tensor, Tensor, bias:)") {
      at([3, 4], [2, 4], [2]) { linear($0[0], $0[1], bias: $0[2]) }
      at([4], [2, 4]) { linear($0[0], $0[1]) }
      at([2, 3, 4], [4]) { linear($0[0], $0[1]) }
    },
  ]

  // MARK: What rows share

  @GradientCases
  private static var products: [GradientCase] {
    at([3, 4], [4, 5]) { $0[0].matmul($0[1]) }
    at([1, 1], [1, 1]) { $0[0].matmul($0[1]) }
    at([4], [4]) { $0[0].matmul($0[1]) }
    at([4], [4, 3]) { $0[0].matmul($0[1]) }
    at([3, 4], [4]) { $0[0].matmul($0[1]) }
    at([2, 3, 4], [4, 2]) { $0[0].matmul($0[1]) }
    at([2, 3, 4], [2, 4, 3]) { $0[0].matmul($0[1]) }
    at([2, 1, 3, 2], [3, 2, 2]) { $0[0].matmul($0[1]) }
    at([3], [2, 3, 2]) { $0[0].matmul($0[1]) }
    at([2, 2, 3], [3]) { $0[0].matmul($0[1]) }
    at([3, 4], [2, 4, 2]) { $0[0].matmul($0[1]) }
    at([1, 2, 3], [3, 2]) { $0[0].matmul($0[1]) }
    at([0, 3], [3, 2]) { $0[0].matmul($0[1]) }
    at([2, 0], [0, 3]) { $0[0].matmul($0[1]) }
    at([2, 3], [3, 0]) { $0[0].matmul($0[1]) }
    at([2, 3, 0], [0, 2]) { $0[0].matmul($0[1]) }
    at([2, 3, 2], [2, 0]) { $0[0].matmul($0[1]) }
    at([0, 2, 3], [3, 2]) { $0[0].matmul($0[1]) }
    at([3, 4], [4, 2], layout: .transposed) { $0[0].matmul($0[1]) }
    at([2, 3, 4], [2, 4, 2], layout: .transposed) { $0[0].matmul($0[1]) }
    at([3, 4], [4, 2], layout: .sliced) { $0[0].matmul($0[1]) }
    at([2, 3, 4], [2, 4, 2], layout: .sliced) { $0[0].matmul($0[1]) }
    at([3, 4], [4, 2], layout: .expanded) { $0[0].matmul($0[1]) }
    at([2, 3, 4], [2, 4, 2], layout: .expanded) { $0[0].matmul($0[1]) }
    at([3, 3]) { $0[0].matmul($0[0]) }
    at([4, 3]) { $0[0].transpose().matmul($0[0]) }
  }
}
