import Autograd
import Testing

@testable import NN

extension PyTorchLayersTests {
  static let convolutions =
    [
      LayerCase("Conv1d", Conv1d(3, 4, kernelSize: 3)),
      LayerCase(
        "Conv1d-options",
        LazyConv1d(
          6, kernelSize: 2, stride: 2, padding: 3, dilation: 2, groups: 2, bias: false)),
      LayerCase("Conv1d-same", LazyConv1d(3, kernelSize: 4, padding: .same)),
      LayerCase(
        "Conv1d-same-circular",
        Conv1d(2, 3, kernelSize: 4, padding: .same, dilation: 3, paddingMode: .circular)),
      LayerCase("Conv2d", LazyConv2d(3, kernelSize: 5)),
      LayerCase(
        "Conv2d-options",
        Conv2d(
          4, 6, kernelSize: [3, 2], stride: [2, 3], padding: [2, 1], dilation: [1, 2], groups: 2)),
      LayerCase(
        "Conv2d-depthwise",
        LazyConv2d(6, kernelSize: 3, stride: 2, padding: 1, groups: 3, bias: false)),
      LayerCase("Conv2d-same", Conv2d(2, 3, kernelSize: [2, 3], padding: .same)),
      LayerCase(
        "Conv2d-same-dilation",
        LazyConv2d(2, kernelSize: [3, 4], padding: .same, dilation: [2, 1], groups: 2)),
      LayerCase(
        "Conv2d-same-reflect",
        LazyConv2d(3, kernelSize: [4, 3], padding: .same, paddingMode: .reflect)),
      LayerCase(
        "Conv2d-valid",
        Conv2d(2, 3, kernelSize: [1, 3], stride: 2, padding: .valid, paddingMode: .replicate)),
      LayerCase("Conv3d", LazyConv3d(3, kernelSize: [2, 1, 3])),
      LayerCase(
        "Conv3d-options",
        Conv3d(
          2, 4, kernelSize: [2, 3, 2], stride: [1, 2, 3], padding: [1, 2, 0],
          dilation: [2, 1, 3], groups: 2, bias: false)),
      LayerCase("Conv3d-same", LazyConv3d(2, kernelSize: [3, 2, 1], padding: .same)),
      LayerCase("ConvTranspose1d", ConvTranspose1d(3, 2, kernelSize: 3)),
      LayerCase(
        "ConvTranspose1d-options",
        LazyConvTranspose1d(
          6, kernelSize: 3, stride: 3, padding: 2, outputPadding: 1, dilation: 2, groups: 2,
          bias: false)),
      LayerCase("ConvTranspose2d", LazyConvTranspose2d(2, kernelSize: 4, stride: 2, padding: 1)),
      LayerCase(
        "ConvTranspose2d-options",
        ConvTranspose2d(
          4, 6, kernelSize: [3, 2], stride: [2, 3], padding: [1, 0], outputPadding: [1, 2],
          groups: 2)),
      LayerCase(
        "ConvTranspose2d-dilation",
        LazyConvTranspose2d(
          3, kernelSize: [2, 3], outputPadding: [0, 1], dilation: [1, 3], bias: false)),
    ] + [PaddingMode.reflect, .replicate, .circular].flatMap(padded)

  private static func padded(by mode: PaddingMode) -> [LayerCase] {
    [
      LayerCase(
        "Conv1d-\(mode)", Conv1d(2, 3, kernelSize: 3, stride: 2, padding: 4, paddingMode: mode)),
      LayerCase(
        "Conv2d-\(mode)",
        LazyConv2d(
          2, kernelSize: [3, 2], stride: [1, 2], padding: [3, 1], groups: 2, paddingMode: mode)),
      LayerCase(
        "Conv3d-\(mode)", LazyConv3d(2, kernelSize: 2, padding: [1, 0, 2], paddingMode: mode)),
    ]
  }

  @Test(arguments: convolutions) func convolution(_ one: LayerCase) throws {
    try LayerFixture("convolutions").check(one)
  }

  @Test func everyConvolutionIsTested() throws {
    #expect(try LayerFixture("convolutions").names == Set(Self.convolutions.map(\.name)))
  }
}
