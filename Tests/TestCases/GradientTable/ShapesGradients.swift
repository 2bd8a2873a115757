import Autograd

// The rows of the operations of the folder `Operations/Shapes`, an array for each file.
extension GradientTable {
  // MARK: Joining.swift

  static let joiningRows: [GradientRow] = [
    GradientRow("concatenate([Tensor], axis:)") {
      at([2, 3], [1, 3]) { concatenate($0) }
      at([2, 1], [2, 3], [2, 2]) { concatenate($0, axis: -1) }
      at([0, 3], [2, 3]) { concatenate($0) }
      at([3]) { concatenate([$0[0], $0[0], $0[0] * 2]) }
      at([3, 2], [3, 4], layout: .transposed) { concatenate($0, axis: 1) }
      at([2, 3]) {
        concatenate([$0[0], Tensor.ones([1, 3], dtype: .float64, device: $0[0].device)])
      }
    },
    GradientRow("stack([Tensor], axis:)") {
      at([2, 3], [2, 3]) { stack($0) }
      at([2, 3], [2, 3]) { stack($0, axis: -1) }
      at([], []) { stack($0) }
      at([3, 2], [3, 2], layout: .sliced) { stack($0, axis: 1) }
    },
  ]

  // MARK: Padding.swift

  static let paddingRows: [GradientRow] = [
    GradientRow("pad([Int], mode:)") {
      at([2, 3]) { $0[0].pad([1, 2, 0, 1]) }
      at([2, 3]) { $0[0].pad([-1, 2], mode: .constant(2)).square() }
      at([3, 4], layout: .transposed) { $0[0].pad([3, 2, 1, 2], mode: .reflect) }
      at([2, 3], layout: .sliced) { $0[0].pad([1, 2, 3, 0], mode: .replicate) }
      at([2, 3]) { $0[0].pad([3, 2, 1, 1], mode: .circular) }
      at([2, 4]) { $0[0].pad([-1, 2], mode: .circular) }
    }
  ]

  // MARK: Rearranging.swift

  static let rearrangingRows: [GradientRow] = [
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
  ]

  // MARK: Shape.swift

  static let shapeRows: [GradientRow] = [
    GradientRow("reshape([Int])") {
      at([2, 3]) { $0[0].reshape([3, 2]) }
      at([2, 3]) { $0[0].reshape([6]) * 2 }
      at([2, 3, 2]) { $0[0].reshape([-1, 4]) }
      at([]) { $0[0].reshape([1, 1]) }
      at([1]) { $0[0].reshape([]) }
      at([0, 3]) { $0[0].reshape([3, 0]) }
      at([3, 4], layout: .transposed) { $0[0].reshape([2, 6]) }
      at([3, 4], layout: .sliced) { $0[0].reshape([2, 6]) }
      at([3, 4], layout: .expanded) { $0[0].reshape([2, 6]) }
    },
    GradientRow("flatten(from:, through:)") {
      at([2, 3, 2]) { $0[0].flatten(from: 0, through: 1) }
      at([2, 3, 2]) { $0[0].flatten(from: 1) }
      at([2, 3]) { $0[0].flatten() }
      at([]) { $0[0].flatten() }
      at([2, 0, 3]) { $0[0].flatten(from: -2) }
      at([2, 3, 2], layout: .transposed) { $0[0].flatten(from: 1) }
    },
    GradientRow("permute([Int])") {
      at([2, 3, 4]) { $0[0].permute([2, 0, 1]) }
      at([2, 3, 4]) { $0[0].permute([-1, 1, 0]) }
      at([2, 3]) { $0[0].permute([0, 1]) * 2 }
      at([]) { $0[0].permute([]) * 2 }
      at([0, 3]) { $0[0].permute([1, 0]) }
      at([3, 2, 2], layout: .sliced) { $0[0].permute([1, 2, 0]) }
    },
    GradientRow("transpose(Int, Int)") {
      at([2, 3]) { $0[0].transpose() }
      at([2, 3, 4]) { $0[0].transpose(0, -1) }
      at([1]) { $0[0].transpose(0, 0) * 2 }
      at([2, 3], layout: .expanded) { $0[0].transpose() }
    },
    GradientRow("expand([Int])") {
      at([]) { $0[0].expand([2, 3]) }
      at([3]) { $0[0].expand([2, 3]) }
      at([2, 1, 3]) { $0[0].expand([2, 4, -1]) }
      at([1]) { $0[0].expand([0]) }
      at([2, 1], layout: .sliced) { $0[0].expand([3, 2, 2]) }
      at([2, 1]) { $0[0].expand([2, 3]) * $0[0] }
    },
    GradientRow("squeeze(Int?)") {
      at([1, 3, 1]) { $0[0].squeeze() }
      at([1, 3, 1]) { $0[0].squeeze(-1) }
      at([1]) { $0[0].squeeze(0) }
      at([3, 1, 2], layout: .transposed) { $0[0].squeeze(1) }
    },
    GradientRow("unsqueeze(Int)") {
      at([2, 3]) { $0[0].unsqueeze(1) }
      at([2, 3]) { $0[0].unsqueeze(-1) }
      at([]) { $0[0].unsqueeze(0) }
      at([2, 3], layout: .transposed) { $0[0].unsqueeze(0) }
    },
  ]

  // MARK: Splitting.swift

  static let splittingRows: [GradientRow] = [
    GradientRow("narrow(axis:, from:, count:)") {
      at([5, 2]) { $0[0].narrow(axis: 0, from: 1, count: 3) }
      at([2, 5], layout: .transposed) { $0[0].narrow(axis: -1, from: -2, count: 2) }
    },
    GradientRow("split(Int, axis:)") {
      at([7]) { x in x[0].split(3)[2] * x[0].split(3)[0].sum() }
      at([2, 5], layout: .sliced) { $0[0].split(2, axis: 1)[1] }
    },
    GradientRow("split([Int], axis:)") {
      at([5, 2]) { $0[0].split([1, 0, 4])[2] }
      at([2, 5]) { $0[0].split([2, 3], axis: -1)[0].square() }
    },
    GradientRow("chunk(Int, axis:)") {
      at([7]) { $0[0].chunk(3)[2] }
      at([2, 5]) { concatenate($0[0].chunk(2, axis: 1).reversed(), axis: 1).square() }
    },
    GradientRow("unbind(axis:)") {
      at([3, 2]) { $0[0].unbind()[1] }
      at([2, 3], layout: .expanded) {
        let parts = $0[0].unbind(axis: -1)
        return parts[0] * parts[1] * parts[2]
      }
    },
    GradientRow("tile([Int])") {
      at([2, 3]) { $0[0].tile([2, 1]) }
      at([3]) { $0[0].tile([2, 2]).square() }
      at([]) { $0[0].tile([3]) }
      at([2, 1, 3], layout: .transposed) { $0[0].tile([2]) }
    },
    GradientRow("repeatInterleave(Int, axis:)") {
      at([2, 3]) { $0[0].repeatInterleave(2, axis: 0) }
      at([2, 3], layout: .sliced) { $0[0].repeatInterleave(3, axis: -1).square() }
    },
    GradientRow("movingAxis(Int, to:)") {
      at([2, 3, 4]) { $0[0].movingAxis(0, to: -1) }
      at([2, 3, 4], layout: .transposed) { $0[0].movingAxis(2, to: 1) }
    },
    GradientRow("unflatten(axis:, into:)") {
      at([2, 6]) { $0[0].unflatten(axis: 1, into: [-1, 2]) }
      at([4], layout: .sliced) { $0[0].unflatten(axis: 0, into: [2, 2]) }
    },
  ]
}
