import Autograd

// The rows of the operations of the folder `Operations/Convolution`, an array for each file.
extension GradientTable {
  // MARK: AdaptivePooling.swift

  static let adaptivePoolingRows: [GradientRow] = [
    GradientRow("adaptiveAvgPool1d(Tensor, outputSize:)") {
      at([2, 3, 5]) { adaptiveAvgPool1d($0[0], outputSize: 3) }
      at([4]) { adaptiveAvgPool1d($0[0], outputSize: 1) }
    },
    GradientRow("adaptiveAvgPool2d(Tensor, outputSize:)") {
      at([2, 3, 4, 5]) { adaptiveAvgPool2d($0[0], outputSize: 1) }
      at([2, 4, 6]) { adaptiveAvgPool2d($0[0], outputSize: [2, 3]) }
      at([2, 5, 7]) { adaptiveAvgPool2d($0[0], outputSize: [3, 4]) }
      at([2, 2]) { adaptiveAvgPool2d($0[0], outputSize: [3, 3]) }
      at([2, 5, 3]) { adaptiveAvgPool2d($0[0], outputSize: [2, nil]) }
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
  ]

  // MARK: Convolution.swift

  static let convolutionRows: [GradientRow] = [
    GradientRow("conv2d(Tensor, Tensor, bias:, stride:, padding:, dilation:, groups:)") {
      at([2, 2, 4, 5], [3, 2, 2, 3]) { conv2d($0[0], $0[1]) }
      at([8, 1, 4, 4], [2, 1, 2, 2], [2]) { inputs in  // fused on the CPU
        let fused = ConvActivationPool(
          convolution: SlidingWindow("conv2d", kernel: [2, 2], padding: [0, 0]), activation: .tanh,
          pool: .average(
            SlidingWindow("avgPool2d", kernel: [2, 2], stride: [1, 1]), countIncludesPadding: true)
        )
        return fused(inputs[0], inputs[1], inputs[2])
          ?? avgPool2d(
            conv2d(inputs[0], inputs[1], bias: inputs[2]).tanh(), kernelSize: 2, stride: 1)
      }
      at([8, 1, 4, 4], [2, 1, 2, 2]) { inputs in  // likewise
        let fused = ConvActivationPool(
          convolution: SlidingWindow("conv2d", kernel: [2, 2], padding: [0, 0]), activation: .silu,
          pool: nil)
        return fused(inputs[0], inputs[1], nil) ?? conv2d(inputs[0], inputs[1]).silu()
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
  ]

  // MARK: Interpolation.swift

  static let interpolationRows: [GradientRow] = [
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

  // MARK: Pooling.swift

  static let poolingRows: [GradientRow] = [
    GradientRow(
      "avgPool1d(Tensor, kernelSize:, stride:, padding:, ceilMode:, countIncludesPadding:)"
    ) {
      at([2, 2, 7]) { avgPool1d($0[0], kernelSize: 3, stride: 2, padding: 1) }
      at([8]) { avgPool1d($0[0], kernelSize: 3, ceilMode: true, countIncludesPadding: false) }
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
    GradientRow(
      "maxPool3d(Tensor, kernelSize:, stride:, padding:, dilation:, ceilMode:)", .distinct
    ) {
      at([1, 2, 3, 4, 3]) { maxPool3d($0[0], kernelSize: 2, stride: 1, padding: 1).square() }
      at([3, 4, 5]) { maxPool3d($0[0], kernelSize: [1, 2, 3], ceilMode: true) }
    },
  ]

  // MARK: TransposedConvolution.swift

  static let transposedConvolutionRows: [GradientRow] = [
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
    GradientRow(
      "convTranspose1d(Tensor, Tensor, bias:, stride:, padding:, outputPadding:, dilation:, groups:)"
    ) {
      at([2, 3, 4], [3, 2, 3], [2]) {
        convTranspose1d($0[0], $0[1], bias: $0[2], stride: 2, padding: 1, outputPadding: 1)
      }
    },
  ]
}
