@testable import Autograd

// The rows of what layers are made of beside convolutions and pools.
extension GradientTable {
  static let normalizations: [GradientRow] = [
    GradientRow("batchNorm(Tensor, weight:, bias:, epsilon:)") {
      at([4, 3], [3], [3]) { batchNorm($0[0], weight: $0[1], bias: $0[2], epsilon: 0.1) }
      at([2, 3, 2, 2], [3], [3]) { batchNorm($0[0], weight: $0[1], bias: $0[2], epsilon: 0.1) }
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

  static let adaptivePools: [GradientRow] = [
    GradientRow(
      "avgPool1d(Tensor, kernelSize:, stride:, padding:, ceilMode:, countIncludesPadding:)"
    ) {
      at([2, 2, 7]) { avgPool1d($0[0], kernelSize: 3, stride: 2, padding: 1) }
      at([8]) { avgPool1d($0[0], kernelSize: 3, ceilMode: true, countIncludesPadding: false) }
    },
    GradientRow(
      """
      avgPool3d(Tensor, kernelSize:, stride:, padding:, ceilMode:, countIncludesPadding:, \
      divisorOverride:)
      """
    ) {
      at([1, 2, 3, 4, 3]) { avgPool3d($0[0], kernelSize: 2, stride: 1, padding: 1).square() }
      at([4, 4, 5]) { avgPool3d($0[0], kernelSize: [1, 2, 3], ceilMode: true, divisorOverride: 5) }
    },
    GradientRow(
      "maxPool1d(Tensor, kernelSize:, stride:, padding:, dilation:, ceilMode:)", .distinct
    ) {
      at([2, 2, 7]) { maxPool1d($0[0], kernelSize: 3, stride: 2, padding: 1).square() }
      at([8]) { maxPool1d($0[0], kernelSize: 3, dilation: 2, ceilMode: true) }
    },
    GradientRow(
      "maxPool3d(Tensor, kernelSize:, stride:, padding:, dilation:, ceilMode:)", .distinct
    ) {
      at([1, 2, 3, 4, 3]) { maxPool3d($0[0], kernelSize: 2, stride: 1, padding: 1).square() }
      at([3, 4, 5]) { maxPool3d($0[0], kernelSize: [1, 2, 3], ceilMode: true) }
    },
    GradientRow("adaptiveAvgPool2d(Tensor, outputSize:)") {
      at([2, 3, 4, 5]) { adaptiveAvgPool2d($0[0], outputSize: 1) }
      at([2, 4, 6]) { adaptiveAvgPool2d($0[0], outputSize: [2, 3]) }
      at([2, 5, 7]) { adaptiveAvgPool2d($0[0], outputSize: [3, 4]) }
      at([2, 2]) { adaptiveAvgPool2d($0[0], outputSize: [3, 3]) }
      at([2, 5, 3]) { adaptiveAvgPool2d($0[0], outputSize: [2, nil]) }
    },
    GradientRow("adaptiveAvgPool1d(Tensor, outputSize:)") {
      at([2, 3, 5]) { adaptiveAvgPool1d($0[0], outputSize: 3) }
      at([4]) { adaptiveAvgPool1d($0[0], outputSize: 1) }
    },
    GradientRow("adaptiveMaxPool1d(Tensor, outputSize:)", .distinct) {
      at([2, 3, 5]) { adaptiveMaxPool1d($0[0], outputSize: 3) }
      at([6]) { adaptiveMaxPool1d($0[0], outputSize: 2).square() }
    },
    GradientRow("adaptiveMaxPool2d(Tensor, outputSize:)", .distinct) {
      at([2, 4, 6]) { adaptiveMaxPool2d($0[0], outputSize: [2, 3]) }
      at([2, 4, 3]) { adaptiveMaxPool2d($0[0], outputSize: [nil, 2]) }
      at([2, 5, 7], layout: .transposed) { adaptiveMaxPool2d($0[0], outputSize: [3, 4]).square() }
    },
    GradientRow("interpolate(Tensor, size:, mode:, alignCorners:)") {
      at([1, 2, 3, 4]) { interpolate($0[0], size: [5, 2]) }
      at([1, 2, 3]) { interpolate($0[0], size: 7, mode: .linear, alignCorners: true).square() }
    },
    GradientRow("interpolate(Tensor, scaleFactor:, mode:, alignCorners:)") {
      at([1, 2, 2, 3]) { interpolate($0[0], scaleFactor: 2, mode: .bilinear) }
      at([1, 1, 4]) { interpolate($0[0], scaleFactor: 0.5).square() }
      at([1, 1, 2, 3]) { interpolate($0[0], scaleFactor: [1.5, 2], mode: .linear) }
    },
    GradientRow("pixelShuffle(Int)") { at([2, 8, 1, 3]) { $0[0].pixelShuffle(2).square() } },
    GradientRow("pixelUnshuffle(Int)") { at([2, 2, 4]) { $0[0].pixelUnshuffle(2).square() } },
  ]
}
