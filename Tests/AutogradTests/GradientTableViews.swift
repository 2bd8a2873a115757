@testable import Autograd

// The rows of operations that move elements, and of those that layers are made of.
extension GradientTable {
  static let shapes: [GradientRow] = [
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

  static let picking: [GradientRow] = [
    GradientRow("slice(axis:, from:, to:, step:)") {
      at([7]) { $0[0].slice(axis: 0, from: 1, to: 6, step: 2) }
      at([3, 5]) { $0[0].slice(axis: -1, from: -3) }
      at([5, 3]) { $0[0].slice(axis: 0, to: -1, step: 3) }
      at([4, 2]) { $0[0].slice(axis: 0, from: 2, to: 2) }
      at([4]) { $0[0].slice(axis: 0) * 2 }
      at([1]) { $0[0].slice(axis: 0, step: 9) * 2 }
      at([3, 4], layout: .transposed) { $0[0].slice(axis: 0, from: 1).slice(axis: 1, step: 2) }
      at([3, 4], layout: .sliced) { $0[0].slice(axis: 1, from: 1, to: 3) }
    },
    GradientRow("select(axis:, at:)") {
      at([3, 4]) { $0[0].select(axis: 0, at: 1) }
      at([3, 4]) { $0[0].select(axis: -1, at: -1) }
      at([1]) { $0[0].select(axis: 0, at: 0) }
      at([3, 4], layout: .transposed) { $0[0].select(axis: 1, at: 2) }
    },
    GradientRow("gather(axis:, Tensor)") {
      at([2, 3]) { $0[0].gather(axis: 1, indices([2, 4], below: 3, like: $0[0])) }
      at([4, 3]) { $0[0].gather(axis: 0, indices([2, 3], below: 4, like: $0[0])) }
      at([2, 3, 2]) { $0[0].gather(axis: 1, indices([2, 5, 2], below: 3, like: $0[0])) }
      at([1]) { $0[0].gather(axis: 0, indices([3], below: 1, like: $0[0])) }
      at([2, 3]) { $0[0].gather(axis: 1, indices([2, 0], below: 3, like: $0[0])) }
      at([3, 4], layout: .transposed) {
        $0[0].gather(axis: -1, indices([3, 2], below: 4, like: $0[0]))
      }
      at([3, 4]) {
        $0[0].gather(
          axis: 0, indices([4, 3], below: 3, like: $0[0]).transpose().slice(axis: 0, to: 2))
      }
    },
    GradientRow("scatterSum(axis:, Tensor, size:)") {
      at([2, 3]) { $0[0].scatterSum(axis: 1, indices([2, 3], below: 4, like: $0[0]), size: 4) }
      at([4, 3]) { $0[0].scatterSum(axis: 0, indices([4, 3], below: 2, like: $0[0]), size: 3) }
      at([2, 0]) { $0[0].scatterSum(axis: 1, indices([2, 0], below: 1, like: $0[0]), size: 3) }
      at([3, 4], layout: .sliced) {
        $0[0].scatterSum(axis: -1, indices([3, 4], below: 2, like: $0[0]), size: 2)
      }
    },
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

  static let layers: [GradientRow] = [
    GradientRow("matmul(Tensor)") { products },
    GradientRow("conv2d(Tensor, Tensor, bias:, stride:, padding:, dilation:, groups:)") {
      at([2, 2, 4, 5], [3, 2, 2, 3]) { conv2d($0[0], $0[1]) }
      at([8, 1, 4, 4], [2, 1, 2, 2], [2]) { inputs in  // fused on the CPU
        let test = ConvActivationPoolTests.Case(
          activation: .tanh, kernel: [2, 1, 2, 2], padding: 0, pool: (2, 1, 0))
        return test.fused(inputs) ?? test.oneByOne(inputs)
      }
      at([2, 4, 5], [3, 2, 2, 3], [3]) { conv2d($0[0], $0[1], bias: $0[2]) }
      at([1, 2, 4, 3], [2, 2, 2, 2], [2]) { conv2d($0[0], $0[1], bias: $0[2], padding: 1) }
      at([1, 1, 5, 6], [2, 1, 3, 2]) { conv2d($0[0], $0[1], stride: [2, 3], padding: [1, 0]) }
      at([1, 1, 6, 5], [1, 1, 2, 2]) {
        conv2d($0[0], $0[1], padding: [2, 1], dilation: [3, 2])
      }
      at([2, 4, 3, 3], [4, 2, 2, 2]) { conv2d($0[0], $0[1], stride: 2, padding: 1, groups: 2) }
      at([1, 3, 3, 3], [6, 1, 2, 2]) { conv2d($0[0], $0[1], groups: 3) }
      at([1, 1, 1, 1], [1, 1, 1, 1]) { conv2d($0[0], $0[1], padding: 2) }
      at([1, 1, 6, 6], [1, 1, 2, 2]) { conv2d($0[0], $0[1], stride: 3) }
      at([0, 1, 3, 3], [2, 1, 2, 2]) { conv2d($0[0], $0[1]) }
      at([1, 0, 3, 3], [2, 0, 2, 2]) { conv2d($0[0], $0[1]) }
      at([2, 2, 3, 4], [2, 2, 2, 2], layout: .transposed) { conv2d($0[0], $0[1], padding: 1) }
      at([2, 2, 3, 4], [2, 2, 2, 2], layout: .expanded) { conv2d($0[0], $0[1]) }
    },
    GradientRow(
      "avgPool2d(Tensor, kernelSize:, stride:, padding:, ceilMode:, countIncludesPadding:, divisorOverride:)"
    ) {
      at([2, 2, 4, 4]) { avgPool2d($0[0], kernelSize: 2) }
      at([1, 5, 7]) { avgPool2d($0[0], kernelSize: [2, 3], stride: [1, 2], padding: [1, 1]) }
      at([5, 5]) {
        avgPool2d($0[0], kernelSize: 3, stride: 2, padding: 1, countIncludesPadding: false)
      }
      at([5, 7]) { avgPool2d($0[0], kernelSize: 2) }
      at([1, 1]) { avgPool2d($0[0], kernelSize: 1) }
      at([0, 4, 4]) { avgPool2d($0[0], kernelSize: 2) }
      at([2, 4, 4], layout: .transposed) { avgPool2d($0[0], kernelSize: 2, stride: 1) }
      at([2, 4, 4], layout: .sliced) { avgPool2d($0[0], kernelSize: 2) }
    },
    GradientRow(
      "maxPool2d(Tensor, kernelSize:, stride:, padding:, dilation:, ceilMode:)", .distinct
    ) {
      at([2, 2, 4, 4]) { maxPool2d($0[0], kernelSize: 2) }
      at([1, 5, 7]) { maxPool2d($0[0], kernelSize: [2, 3], stride: [1, 2], padding: [1, 1]) }
      at([5, 6]) { maxPool2d($0[0], kernelSize: 2, stride: 1, padding: 1, dilation: [2, 3]) }
      at([5, 7]) { maxPool2d($0[0], kernelSize: 2) }
      at([1, 1]) { maxPool2d($0[0], kernelSize: 1) }
      at([0, 4, 4]) { maxPool2d($0[0], kernelSize: 2) }
      at([2, 4, 4], layout: .transposed) { maxPool2d($0[0], kernelSize: 3, stride: 1) }
      at([2, 4, 4], layout: .sliced) { maxPool2d($0[0], kernelSize: 2) }
    },
  ]

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

  /// Integers with repetitions in no obvious order.
  private static func indices(_ shape: [Int], below limit: Int, like x: Tensor) -> Tensor {
    let count = shape.reduce(1, *)
    return Tensor(
      scalars: (0..<count).map { ($0 * $0 * 5 + $0 * 3 + 1) % limit }, shape: shape,
      device: x.device)
  }
}
