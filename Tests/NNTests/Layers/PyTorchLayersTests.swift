import Autograd
import Testing

@testable import NN

/// Layers beside PyTorch's: names, shapes, results and gradients from the same weights.
@Suite struct PyTorchLayersTests {
  static let activations = [
    LayerCase("Sigmoid", Sigmoid()), LayerCase("LogSigmoid", LogSigmoid()),
    LayerCase("Tanh", Tanh()), LayerCase("Softsign", Softsign()),
    LayerCase("Softplus", Softplus()),
    LayerCase("Softplus-2-3", Softplus(beta: 2, threshold: 3)),
    LayerCase("GELU", GELU()), LayerCase("GELU-tanh", GELU(approximate: .tanh)),
    LayerCase("SiLU", SiLU()), LayerCase("Mish", Mish()), LayerCase("ReLU", ReLU()),
    LayerCase("ReLU6", ReLU6()), LayerCase("LeakyReLU", LeakyReLU()),
    LayerCase("LeakyReLU-0.3", LeakyReLU(negativeSlope: 0.3)), LayerCase("ELU", ELU()),
    LayerCase("ELU-0.5", ELU(alpha: 0.5)), LayerCase("CELU", CELU()),
    LayerCase("CELU-0.5", CELU(alpha: 0.5)), LayerCase("SELU", SELU()),
    LayerCase("Hardtanh", Hardtanh()),
    LayerCase("Hardtanh-2-3", Hardtanh(min: -2, max: 3)),
    LayerCase("Hardsigmoid", Hardsigmoid()), LayerCase("Hardswish", Hardswish()),
    LayerCase("Softmax-0", Softmax(axis: 0)), LayerCase("LogSoftmax--1", LogSoftmax()),
    LayerCase("PReLU", PReLU()), LayerCase("PReLU-3", PReLU(3)),
  ]

  @Test(arguments: activations) func activation(_ one: LayerCase) throws {
    try LayerFixture("activations").check(one)
  }

  static let small = [
    LayerCase("Embedding", Embedding(5, 3)),
    LayerCase("Embedding-frequency", Embedding(4, 2, scaleGradientByFrequency: true)),
    LayerCase("Embedding-padding", Embedding(4, 2, paddingIndex: -1)),
    LayerCase("Bilinear", Bilinear(3, 4, 2)) { [$0($1[0], $1[1])] },
    LayerCase("Bilinear-plain", LazyBilinear(3, bias: false)) { [$0($1[0], $1[1])] },
    LayerCase("Unflatten", Unflatten(1, into: [2, -1])),
    LayerCase("Flatten", Flatten(from: 1, through: 2)),
  ]

  @Test(arguments: small) func smallLayer(_ one: LayerCase) throws {
    try LayerFixture("small").check(one)
  }

  static let positions = [
    LayerCase("RotaryEmbedding-neighbours", RotaryEmbedding(6, pairing: .neighbors)),
    LayerCase("RotaryEmbedding-halves", RotaryEmbedding(8)),
    LayerCase("RotaryEmbedding-offset", RotaryEmbedding(4)) { [$0($1[0], offset: 7)] },
    LayerCase("PositionalEncoding", PositionalEncoding(6)),
    LayerCase("PositionalEncoding-odd", PositionalEncoding(5, dropout: 0.5, maxLength: 4)),
  ]

  @Test(arguments: positions) func position(_ one: LayerCase) throws {
    try LayerFixture("positions").check(one)
  }

  static let pooling = [
    LayerCase("AvgPool1d", AvgPool1d(kernelSize: 3, stride: 2, padding: 1, ceilMode: true)),
    LayerCase("AvgPool2d", AvgPool2d(kernelSize: 2)),
    LayerCase("AvgPool2d-ceil", AvgPool2d(kernelSize: 3, stride: 2, padding: 1, ceilMode: true)),
    LayerCase(
      "AvgPool2d-uncounted",
      AvgPool2d(kernelSize: [3, 2], stride: [2, 1], padding: [1, 0], countIncludesPadding: false)),
    LayerCase(
      "AvgPool2d-divisor",
      AvgPool2d(kernelSize: 3, stride: 2, padding: 1, ceilMode: true, divisorOverride: 5)),
    LayerCase(
      "AvgPool3d", AvgPool3d(kernelSize: 2, stride: 1, padding: 1, countIncludesPadding: false)),
    LayerCase("MaxPool1d", MaxPool1d(kernelSize: 3, stride: 2, padding: 1, dilation: 2)),
    LayerCase("MaxPool2d", MaxPool2d(kernelSize: 3, stride: 2, padding: 1)),
    LayerCase("MaxPool2d-ceil", MaxPool2d(kernelSize: [2, 3], stride: 2, ceilMode: true)),
    LayerCase(
      "MaxPool3d",
      MaxPool3d(kernelSize: [2, 3, 2], stride: 2, padding: [1, 1, 0], ceilMode: true)),
    LayerCase("AdaptiveAvgPool1d", AdaptiveAvgPool1d(3)),
    LayerCase("AdaptiveAvgPool2d", AdaptiveAvgPool2d([2, 3])),
    LayerCase("AdaptiveAvgPool3d", AdaptiveAvgPool3d([2, 1, 3])),
    LayerCase("AdaptiveMaxPool1d", AdaptiveMaxPool1d(4)),
    LayerCase("AdaptiveMaxPool2d", AdaptiveMaxPool2d([2, 3])),
    LayerCase("AdaptiveMaxPool3d", AdaptiveMaxPool3d(2)),
    LayerCase("AdaptiveAvgPool2d-height", AdaptiveAvgPool2d([2, nil])),
    LayerCase("AdaptiveMaxPool3d-depth", AdaptiveMaxPool3d([nil, 1, 3])),
    LayerCase("GlobalAvgPool", GlobalAvgPool()),
    LayerCase("Upsample", Upsample(scaleFactor: 2)),
    LayerCase("Upsample-size", Upsample(size: [7, 3])),
    LayerCase("Upsample-linear", Upsample(scaleFactor: 1.5, mode: .linear)),
    LayerCase("Upsample-bilinear", Upsample(scaleFactor: 2, mode: .bilinear)),
    LayerCase("Upsample-corners", Upsample(size: [5, 3], mode: .bilinear, alignCorners: true)),
    LayerCase("Upsample-factors", Upsample(scaleFactor: [2, 1.5], mode: .bilinear)),
    LayerCase("PixelShuffle", PixelShuffle(2)), LayerCase("PixelUnshuffle", PixelUnshuffle(3)),
  ]

  @Test(arguments: pooling) func pool(_ one: LayerCase) throws {
    try LayerFixture("pooling").check(one)
  }

  static let norms = [
    LayerCase("LayerNorm", LayerNorm(5)),
    LayerCase("LayerNorm-axes", LayerNorm([3, 2], epsilon: 0.1)),
    LayerCase("LayerNorm-no-bias", LayerNorm(4, bias: false)),
    LayerCase("LayerNorm-plain", LayerNorm(4, affine: false)),
    LayerCase("RMSNorm", RMSNorm(5)), LayerCase("RMSNorm-axes", RMSNorm([3, 2], epsilon: 0.1)),
    LayerCase("RMSNorm-plain", RMSNorm(4, affine: false)),
    LayerCase("GroupNorm", GroupNorm(2, 4)),
    LayerCase("GroupNorm-options", GroupNorm(3, 3, epsilon: 0.1)),
    LayerCase("GroupNorm-plain", GroupNorm(1, 4, affine: false)),
    LayerCase("GroupNorm-no-bias", GroupNorm(2, 4, bias: false)),
    LayerCase("InstanceNorm2d", LazyInstanceNorm2d()),
    LayerCase("InstanceNorm2d-affine", LazyInstanceNorm2d(epsilon: 0.1, affine: true)),
    LayerCase("InstanceNorm2d-no-bias", InstanceNorm2d(2, affine: true, bias: false)),
  ]

  @Test(arguments: norms) func norm(_ one: LayerCase) throws {
    try LayerFixture("norms").check(one)
  }

  @Test(arguments: recurrent) func recurrentLayer(_ one: LayerCase) throws {
    try LayerFixture("recurrent").check(one)
  }

  @Test(arguments: attention) func attend(_ one: LayerCase) throws {
    try LayerFixture("attention").check(one)
  }

  @Test(arguments: transformers) func transformer(_ one: LayerCase) throws {
    try LayerFixture("transformers").check(one)
  }

  @Test func everyCaseIsTested() throws {
    for (family, cases) in [
      ("activations", Self.activations), ("small", Self.small), ("positions", Self.positions),
      ("pooling", Self.pooling), ("norms", Self.norms),
      ("recurrent", Self.recurrent), ("attention", Self.attention),
      ("transformers", Self.transformers),
    ] {
      #expect(try LayerFixture(family).names == Set(cases.map(\.name)), "\(family)")
    }
  }
}
