import Autograd
import TestSupport
import Testing

@testable import NN

@Suite struct PoolingTests {
  private static let x = Tensor((1...16).map(Double.init), shape: [1, 1, 4, 4])

  @Test func averages() {
    #expect(AvgPool2d(kernelSize: 2)(Self.x).floats == [3.5, 5.5, 11.5, 13.5])
    #expect(AvgPool2d(kernelSize: 2, stride: 1)(Self.x).shape == [1, 1, 3, 3])
    #expect(AvgPool2d(kernelSize: [4, 1])(Self.x).floats == [7, 8, 9, 10])
    let corner = AvgPool2d(kernelSize: 2, stride: 4, padding: 1)(Self.x)
    #expect(corner.floats == [0.25, 1, 3.25, 4])
    let without = AvgPool2d(kernelSize: 2, stride: 4, padding: 1, countIncludesPadding: false)
    #expect(without(Self.x).floats == [1, 4, 13, 16])
  }

  @Test func largest() {
    #expect(MaxPool2d(kernelSize: 2)(Self.x).floats == [6, 8, 14, 16])
    #expect(MaxPool2d(kernelSize: 3, stride: 1)(Self.x).floats == [11, 12, 15, 16])
    #expect(MaxPool2d(kernelSize: 2, stride: 1, dilation: 2)(Self.x).floats == [11, 12, 15, 16])
    let padded = MaxPool2d(kernelSize: 2, stride: 4, padding: 1)(-Self.x)
    #expect(padded.floats == [-1, -4, -13, -16], "padding never wins")
  }

  @Test func shapesAndDetails() {
    let average = AvgPool2d(kernelSize: [3, 2], stride: [2, 1], padding: [1, 0])
    #expect(average(inputs([2, 3, 7, 6])).shape == [2, 3, 4, 5])
    #expect(average.details == "kernel 3x2, stride 2x1, padding 1x0")
    #expect(AvgPool2d(kernelSize: 2).details == "kernel 2x2, stride 2x2")
    #expect(
      MaxPool2d(kernelSize: 3, dilation: 2).details == "kernel 3x3, stride 3x3, dilation 2x2")
    #expect(MaxPool2d(kernelSize: 2)(inputs([0, 3, 4, 4])).shape == [0, 3, 2, 2])
  }

  @Test func gradients() throws {
    let x = inputs([2, 2, 5, 4], dtype: .float64)
    try checkGradients(of: { AvgPool2d(kernelSize: 2, stride: 1, padding: 1)($0) }, at: x)
    try checkGradients(of: { MaxPool2d(kernelSize: 2, stride: 1, padding: 1)($0) }, at: x)
  }
}

/// What pools and resampling layers stop at, and what they say.
@Suite struct PoolingMistakesTests {
  static let mistakes = [
    Mistake("MaxPool1d", "kernel [0]", "stride [0]") { _ = MaxPool1d(kernelSize: 0) },
    Mistake("AvgPool2d", "padding [2, 2]", "kernel [3, 3]") {
      _ = AvgPool2d(kernelSize: 3, padding: 2)
    },
    Mistake("AvgPool3d", "divisorOverride", "0") {
      _ = AvgPool3d(kernelSize: 2, divisorOverride: 0)
    },
    Mistake("AdaptiveMaxPool2d", "output size -1x-1") { _ = AdaptiveMaxPool2d(-1) },
    Mistake("Upsample", "scale factor", "0", "-1.0") { _ = Upsample(scaleFactor: -1) },
    Mistake("Upsample", "1", "[0, 2]") { _ = Upsample(size: [0, 2]) },
    Mistake("AdaptiveAvgPool2d", "output size allx-1") { _ = AdaptiveAvgPool2d([nil, -1]) },
    Mistake("outputSize", "3 sizes", "2") { _ = AdaptiveMaxPool3d([2, nil]) },
    Mistake("interpolate", "scale factor", "0", "2", "[2.0]") {
      _ = Upsample(scaleFactor: [2])(.zeros([1, 1, 2, 2]))
    },
    Mistake("interpolate", "factors", "[1e+30, 1e+30]", "float32 [1, 1, 2, 2]") {
      _ = Upsample(scaleFactor: 1e30)(.zeros([1, 1, 2, 2]))
    },
    Mistake("mseLoss", "weight float32 [3]", "shape [2]") {
      _ = mseLoss(.zeros([2]), .zeros([2]), weight: .zeros([3]))
    },
    Mistake("huberLoss", "delta", "0", "inf") {
      _ = huberLoss(.zeros([2]), .zeros([2]), delta: .infinity)
    },
    Mistake("PixelShuffle", "factor", "1", "0") { _ = PixelShuffle(0) },
    Mistake("MaxPool1d", "float32 []") { _ = MaxPool1d(kernelSize: 2)(Tensor(1)) },
    Mistake("GlobalAvgPool", "[2, 3]") { _ = GlobalAvgPool()(.zeros([2, 3])) },
    Mistake("interpolate", "float32 [2, 3]") { _ = Upsample(scaleFactor: 2)(.zeros([2, 3])) },
    Mistake("interpolate", "factors", "[0.1]", "float32 [1, 1, 4]") {
      _ = Upsample(scaleFactor: 0.1)(.zeros([1, 1, 4]))
    },
    Mistake("pixelShuffle", "factor of 2", "channels * 4", "float32 [1, 3, 2, 2]") {
      _ = PixelShuffle(2)(.zeros([1, 3, 2, 2]))
    },
    Mistake("pixelUnshuffle", "factor of 2", "float32 [1, 3, 3, 2]") {
      _ = PixelUnshuffle(2)(.zeros([1, 3, 3, 2]))
    },
  ]

  @Test(arguments: mistakes.indices) func stop(index: Int) async {
    let result = await #expect(
      processExitsWith: .failure, observing: [\.standardErrorContent]
    ) { [index] in
      PoolingMistakesTests.mistakes[index].body()
    }
    expect(result, names: Self.mistakes[index].names)
  }
}
