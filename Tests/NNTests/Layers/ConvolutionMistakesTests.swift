import Autograd
import TestSupport
import Testing

@testable import NN

/// What convolutions and batch norms of all ranks stop at, and what they say.
@Suite struct ConvolutionMistakesTests {
  static let mistakes = [
    Mistake("Conv1d", "1 channel", "0 -> 1") { _ = Conv1d(0, 1, kernelSize: 1) },
    Mistake("Conv1d", "kernel [0]", "stride [1]", "dilation [1]", "1") {
      _ = LazyConv1d(1, kernelSize: 0)
    },
    Mistake("Conv3d", "stride [-1, -1, -1]") { _ = LazyConv3d(1, kernelSize: 2, stride: -1) },
    Mistake("kernelSize", "1 sizes", "[3, 3]") { _ = LazyConv1d(1, kernelSize: [3, 3]) },
    Mistake("padding", "3 sizes", "[1, 1]") { _ = LazyConv3d(1, kernelSize: 3, padding: [1, 1]) },
    Mistake("Conv1d", "padding [-1]") {
      _ = LazyConv1d(1, kernelSize: 3, padding: -1, paddingMode: .reflect)
    },
    Mistake("Conv3d", "3 groups", "channels 4 -> 3") { _ = Conv3d(4, 3, kernelSize: 1, groups: 3) },
    Mistake("Conv1d", "-1 groups", "channels ? -> 3") {
      _ = LazyConv1d(3, kernelSize: 1, groups: -1)
    },
    Mistake("Conv2d", "padding", "stride", "1", "[1, 2]") {
      _ = LazyConv2d(1, kernelSize: 3, stride: [1, 2], padding: .same)
    },
    Mistake("ConvTranspose2d", "1 channel", "2 -> 0") { _ = ConvTranspose2d(2, 0, kernelSize: 3) },
    Mistake("ConvTranspose1d", "kernel [0]", "stride [1]") {
      _ = LazyConvTranspose1d(2, kernelSize: 0)
    },
    Mistake("ConvTranspose1d", "2 groups", "channels ? -> 3") {
      _ = LazyConvTranspose1d(3, kernelSize: 3, groups: 2)
    },
    Mistake("ConvTranspose2d", "output padding [2, 1]", "0", "stride [2, 2]", "dilation [1, 1]") {
      _ = LazyConvTranspose2d(3, kernelSize: 3, stride: 2, outputPadding: [2, 1])
    },
    Mistake("ConvTranspose1d", "output padding [1]", "0", "stride [1]") {
      _ = LazyConvTranspose1d(3, kernelSize: 3, outputPadding: 1)
    },
    Mistake("ConvTranspose1d", "output padding [-1]", "0") {
      _ = LazyConvTranspose1d(3, kernelSize: 3, outputPadding: -1)
    },
    Mistake("outputPadding", "2 sizes", "[1]") {
      _ = LazyConvTranspose2d(3, kernelSize: 3, stride: 2, outputPadding: [1])
    },
    Mistake("Conv1d ? -> 4, kernel 1", "sequences", "[3]") {
      _ = LazyConv1d(4, kernelSize: 1)(.zeros([3]))
    },
    Mistake("Conv3d", "volumes", "[3, 2, 2]") {
      _ = LazyConv3d(4, kernelSize: 1)(.zeros([3, 2, 2]))
    },
    Mistake("Conv2d 2 -> 3, kernel 1x1", "2 channels", "axis 0", "[1, 2, 2]") {
      _ = Conv2d(2, 3, kernelSize: 1)(.zeros([1, 2, 2]))
    },
    Mistake("ConvTranspose2d 2 -> 3, kernel 1x1", "2 channels", "axis 1", "[1, 3, 2, 2]") {
      _ = ConvTranspose2d(2, 3, kernelSize: 1)(.zeros([1, 3, 2, 2]))
    },
    Mistake("Conv1d 1 -> 1, kernel 3, padding 2, reflect", "pad", "reflect", "3 elements") {
      _ = LazyConv1d(1, kernelSize: 3, padding: 2, paddingMode: .reflect)(.zeros([1, 1, 2]))
    },
    Mistake("convTranspose2d", "float32 [1, 1, 1, 1]", "size [-1, -1]") {
      _ = LazyConvTranspose2d(1, kernelSize: 1, padding: 1)(.zeros([1, 1, 1, 1]))
    },
    Mistake("BatchNorm1d", "1 channel", "0") { _ = BatchNorm1d(0) },
    Mistake("BatchNorm3d", "momentum", "0", "1", "1.5") { _ = LazyBatchNorm3d(momentum: 1.5) },
    Mistake("BatchNorm1d ?", "[1, 2, 3, 4]") { _ = LazyBatchNorm1d()(.zeros([1, 2, 3, 4])) },
    Mistake("BatchNorm2d 2", "2 channels", "axis 1", "[2, 3, 1, 2]") {
      _ = BatchNorm2d(2)(.zeros([2, 3, 1, 2]))
    },
    Mistake("BatchNorm2d 2", "images", "[2, 2]") { _ = BatchNorm2d(2)(.zeros([2, 2])) },
  ]

  @Test(arguments: mistakes.indices) func stop(index: Int) async {
    let result = await #expect(
      processExitsWith: .failure, observing: [\.standardErrorContent]
    ) { [index] in
      ConvolutionMistakesTests.mistakes[index].body()
    }
    expect(result, names: Self.mistakes[index].names)
  }
}
