import Autograd
import Testing

@testable import NN

/// What convolutions and batch norms of all ranks stop at, and what they say.
@Suite struct ConvolutionMistakesTests {
  static let mistakes = [
    Mistake("Conv1d: needs at least 1 channel, got 0 -> 1") { _ = Conv1d(0, 1, kernelSize: 1) },
    Mistake("Conv1d: kernel [0], stride [1] and dilation [1] must be at least 1") {
      _ = LazyConv1d(1, kernelSize: 0)
    },
    Mistake("Conv3d: kernel [2, 2, 2], stride [-1, -1, -1] and") {
      _ = LazyConv3d(1, kernelSize: 2, stride: -1)
    },
    Mistake("kernelSize: needs 1 sizes, got [3, 3]") { _ = LazyConv1d(1, kernelSize: [3, 3]) },
    Mistake("padding: needs 3 sizes, got [1, 1]") {
      _ = LazyConv3d(1, kernelSize: 3, padding: [1, 1])
    },
    Mistake("padding [-1] at least 0") {
      _ = LazyConv1d(1, kernelSize: 3, padding: -1, paddingMode: .reflect)
    },
    Mistake("Conv3d: 3 groups do not divide the channels 4 -> 3") {
      _ = Conv3d(4, 3, kernelSize: 1, groups: 3)
    },
    Mistake("Conv1d: -1 groups do not divide the channels ? -> 3") {
      _ = LazyConv1d(3, kernelSize: 1, groups: -1)
    },
    Mistake("Conv2d: the padding same requires a stride of 1, got [1, 2]") {
      _ = LazyConv2d(1, kernelSize: 3, stride: [1, 2], padding: .same)
    },
    Mistake("ConvTranspose2d: needs at least 1 channel, got 2 -> 0") {
      _ = ConvTranspose2d(2, 0, kernelSize: 3)
    },
    Mistake("ConvTranspose1d: kernel [0], stride [1]") {
      _ = LazyConvTranspose1d(2, kernelSize: 0)
    },
    Mistake("ConvTranspose1d: 2 groups do not divide the channels ? -> 3") {
      _ = LazyConvTranspose1d(3, kernelSize: 3, groups: 2)
    },
    Mistake(
      """
      ConvTranspose2d: the output padding [2, 1] must be at least 0 and below the stride [2, 2] or the dilation [1, 1]
      """
    ) { _ = LazyConvTranspose2d(3, kernelSize: 3, stride: 2, outputPadding: [2, 1]) },
    Mistake("ConvTranspose1d: the output padding [1] must be at least 0 and below the stride [1]") {
      _ = LazyConvTranspose1d(3, kernelSize: 3, outputPadding: 1)
    },
    Mistake("ConvTranspose1d: the output padding [-1] must be at least 0") {
      _ = LazyConvTranspose1d(3, kernelSize: 3, outputPadding: -1)
    },
    Mistake("outputPadding: needs 2 sizes, got [1]") {
      _ = LazyConvTranspose2d(3, kernelSize: 3, stride: 2, outputPadding: [1])
    },
    Mistake(
      "Conv1d ? -> 4, kernel 1: expected sequences [batch, channels, length], also without batch, got [3]"
    ) {
      _ = LazyConv1d(4, kernelSize: 1)(.zeros([3]))
    },
    Mistake("volumes [batch, channels, depth, height, width], also without batch, got [3, 2, 2]") {
      _ = LazyConv3d(4, kernelSize: 1)(.zeros([3, 2, 2]))
    },
    Mistake("Conv2d 2 -> 3, kernel 1x1: expected 2 channels in dimension 0, got [1, 2, 2]") {
      _ = Conv2d(2, 3, kernelSize: 1)(.zeros([1, 2, 2]))
    },
    Mistake(
      "ConvTranspose2d 2 -> 3, kernel 1x1: expected 2 channels in dimension 1, got [1, 3, 2, 2]"
    ) {
      _ = ConvTranspose2d(2, 3, kernelSize: 1)(.zeros([1, 3, 2, 2]))
    },
    Mistake("Conv1d 1 -> 1, kernel 3, padding 2, reflect: pad: reflect needs 3 elements") {
      _ = LazyConv1d(1, kernelSize: 3, padding: 2, paddingMode: .reflect)(.zeros([1, 1, 2]))
    },
    Mistake(
      "convTranspose2d: the result would have a negative size: float32 [1, 1, 1, 1], size [-1, -1]"
    ) {
      _ = LazyConvTranspose2d(1, kernelSize: 1, padding: 1)(.zeros([1, 1, 1, 1]))
    },
    Mistake("BatchNorm1d: needs at least 1 channel, got 0") { _ = BatchNorm1d(0) },
    Mistake("BatchNorm3d: the momentum must be at least 0 and at most 1, got 1.5") {
      _ = LazyBatchNorm3d(momentum: 1.5)
    },
    Mistake(
      "BatchNorm1d ?: expected [batch, channels] or [batch, channels, length], got [1, 2, 3, 4]"
    ) {
      _ = LazyBatchNorm1d()(.zeros([1, 2, 3, 4]))
    },
    Mistake("BatchNorm2d 2: expected 2 channels in dimension 1, got [2, 3, 1, 2]") {
      _ = BatchNorm2d(2)(.zeros([2, 3, 1, 2]))
    },
    Mistake("BatchNorm2d 2: expected images [batch, channels, height, width], got [2, 2]") {
      _ = BatchNorm2d(2)(.zeros([2, 2]))
    },
  ]

  @Test(arguments: mistakes.indices) func stop(index: Int) async {
    let result = await #expect(
      processExitsWith: .failure, observing: [\.standardErrorContent]
    ) { [index] in
      ConvolutionMistakesTests.mistakes[index].body()
    }
    expect(result, says: Self.mistakes[index].message)
  }
}
