import Autograd

// The rows of the operations of the folder `Operations/Normalization`, an array for each file.
extension GradientTable {
  // MARK: Attention.swift

  static let attentionRows: [GradientRow] = [
    GradientRow(
      "scaledDotProductAttention(Tensor, Tensor, Tensor, mask:, causal:, scale:, enableGQA:)"
    ) {
      at([2, 3, 4], [2, 5, 4], [2, 5, 2]) { scaledDotProductAttention($0[0], $0[1], $0[2]) }
      at([3, 4], [3, 4], [3, 2]) {
        scaledDotProductAttention($0[0], $0[1], $0[2], causal: true, scale: 0.3)
      }
      at([4, 2, 3], [2, 3, 3], [2, 3, 1]) {
        scaledDotProductAttention($0[0], $0[1], $0[2], enableGQA: true)
      }
      at([2, 4], [3, 4], [3, 2], [2, 3]) {
        scaledDotProductAttention($0[0], $0[1], $0[2], mask: $0[3])
      }
      at([2, 4], [3, 4], [3, 2]) {
        scaledDotProductAttention(
          $0[0], $0[1], $0[2],
          mask: Tensor(
            scalars: [true, false, true, false, false, false], shape: [2, 3], device: $0[0].device))
      }
    }
  ]

  // MARK: Normalization.swift

  static let normalizationRows: [GradientRow] = [
    GradientRow("batchNorm(Tensor, weight:, bias:, epsilon:)") {
      at([4, 3], [3], [3]) { batchNorm($0[0], weight: $0[1], bias: $0[2], epsilon: 0.1) }
      at([2, 3, 2, 2], [3], [3]) { batchNorm($0[0], weight: $0[1], bias: $0[2], epsilon: 0.1) }
      at([2, 3, 2, 2], [3], [3]) { inputs in  // fused on the CPU
        let (x, weight, bias) = (inputs[0], inputs[1], inputs[2])
        let fused = NormActivationPool(
          activation: .tanh,
          pool: .average(
            SlidingWindow("avgPool2d", kernel: [2, 2], stride: [1, 1]), countIncludesPadding: true)
        )
        return fused(x, weight: weight, bias: bias, epsilon: 0.1)?.y
          ?? avgPool2d(
            batchNorm(x, weight: weight, bias: bias, epsilon: 0.1).tanh(), kernelSize: 2, stride: 1)
      }
      at([3, 2, 2]) { batchNorm($0[0], epsilon: 0.2) }
      at([3, 2, 2], [2]) { batchNorm($0[0], bias: $0[1], epsilon: 0.2) }
      at([1, 2, 5], [2]) { batchNorm($0[0], weight: $0[1], epsilon: 0.2) }
      at([3, 2, 3], [2], layout: .transposed) {
        batchNorm($0[0], weight: $0[1], epsilon: 0.2).square()
      }
    },
    GradientRow("batchNorm(Tensor, mean:, variance:, weight:, bias:, epsilon:)", .positive) {
      at([2, 3, 2], [3], [3], [3], [3]) {
        batchNorm($0[0], mean: $0[1], variance: $0[2], weight: $0[3], bias: $0[4])
      }
      at([0, 3], [3], [3]) { batchNorm($0[0], mean: $0[1], variance: $0[2]) }
      at([4, 3], [3], [3], layout: .sliced) {
        batchNorm($0[0], mean: $0[1], variance: $0[2], epsilon: 0.1)
      }
    },
    GradientRow("groupNorm(Tensor, groups:, weight:, bias:, epsilon:)") {
      at([2, 4, 3], [4], [4]) {
        groupNorm($0[0], groups: 2, weight: $0[1], bias: $0[2], epsilon: 0.1)
      }
      at([2, 3, 2, 2], [3]) { groupNorm($0[0], groups: 1, weight: $0[1], epsilon: 0.1) }
      at([2, 4]) { groupNorm($0[0], groups: 1, epsilon: 0.1) }
      at([0, 4, 2], [4]) { groupNorm($0[0], groups: 2, weight: $0[1]) }
    },
    GradientRow("instanceNorm(Tensor, weight:, bias:, epsilon:)") {
      at([2, 3, 5], [3], [3]) { instanceNorm($0[0], weight: $0[1], bias: $0[2], epsilon: 0.1) }
      at([1, 2, 2, 3]) { instanceNorm($0[0], epsilon: 0.1) }
    },
    GradientRow("layerNorm(Tensor, normalizedShape:, weight:, bias:, epsilon:)") {
      at([2, 3, 4], [4], [4]) {
        layerNorm($0[0], normalizedShape: [4], weight: $0[1], bias: $0[2], epsilon: 0.1)
      }
      at([2, 3, 2], [3, 2]) {
        layerNorm($0[0], normalizedShape: [3, 2], weight: $0[1], epsilon: 0.1)
      }
      at([5]) { layerNorm($0[0], normalizedShape: [5], epsilon: 0.1) }
      at([0, 3]) { layerNorm($0[0], normalizedShape: [3]) }
      at([3, 4], layout: .transposed) {
        layerNorm($0[0], normalizedShape: [4], epsilon: 0.1).square()
      }
    },
    GradientRow("rmsNorm(Tensor, normalizedShape:, weight:, epsilon:)") {
      at([2, 3, 4], [4]) { rmsNorm($0[0], normalizedShape: [4], weight: $0[1], epsilon: 0.1) }
      at([2, 6]) { rmsNorm($0[0], normalizedShape: [6], epsilon: 0.1).square() }
    },
  ]
}
