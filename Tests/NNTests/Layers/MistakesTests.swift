import Autograd
import Testing

@testable import NN

/// What layers stop at, and what they say.
@Suite struct LayerMistakesTests {
  static let mistakes = [
    Mistake("Linear: needs at least 1 input and output, got 0 -> 3") { _ = Linear(0, 3) },
    Mistake("Linear: needs at least 1 input and output, got ? -> 0") { _ = LazyLinear(0) },
    Mistake("Linear 2 -> 3: expected last dimension 2, got [4, 3]") {
      _ = Linear(2, 3)(.zeros([4, 3]))
    },
    Mistake("Linear ? -> 3: needs an input [..., inputs], got float32 []") {
      _ = LazyLinear(3)(Tensor(1))
    },
    Mistake("Conv2d: needs at least 1 channel, got 0 -> 1") { _ = Conv2d(0, 1, kernelSize: 1) },
    Mistake("Conv2d: needs at least 1 channel, got ? -> 0") { _ = LazyConv2d(0, kernelSize: 1) },
    Mistake("Conv2d: kernel [0, 0], stride [1, 1] and dilation [1, 1] must be at least 1") {
      _ = LazyConv2d(1, kernelSize: 0)
    },
    Mistake("Conv2d: kernel [2, 2], stride [0, 0] and dilation [1, 1] must be at least 1") {
      _ = LazyConv2d(1, kernelSize: 2, stride: 0)
    },
    Mistake("padding [-1, -1] at least 0") { _ = LazyConv2d(1, kernelSize: 2, padding: -1) },
    Mistake("dilation [0, 0] must be at least 1") {
      _ = LazyConv2d(1, kernelSize: 2, dilation: 0)
    },
    Mistake("kernelSize: needs 2 sizes, got [3]") { _ = LazyConv2d(1, kernelSize: [3]) },
    Mistake("stride: needs 2 sizes, got [1, 1, 1]") {
      _ = LazyConv2d(1, kernelSize: 3, stride: [1, 1, 1])
    },
    Mistake("Conv2d: 2 groups do not divide the channels 4 -> 3") {
      _ = Conv2d(4, 3, kernelSize: 1, groups: 2)
    },
    Mistake("Conv2d: 2 groups do not divide the channels 3 -> 4") {
      _ = Conv2d(3, 4, kernelSize: 1, groups: 2)
    },
    Mistake("Conv2d: 0 groups do not divide the channels ? -> 4") {
      _ = LazyConv2d(4, kernelSize: 1, groups: 0)
    },
    Mistake("2 groups do not divide the 3 channels of [1, 3, 2, 2]") {
      _ = LazyConv2d(4, kernelSize: 1, groups: 2)(.zeros([1, 3, 2, 2]))
    },
    Mistake("expected images [batch, channels, height, width], also without batch, got [3, 2]") {
      _ = LazyConv2d(4, kernelSize: 1)(.zeros([3, 2]))
    },
    Mistake("a window of [5, 5] (dilation [1, 1]) does not fit into [4, 4] with padding [0, 0]") {
      _ = LazyConv2d(4, kernelSize: 5)(.zeros([1, 1, 4, 4]))
    },
    Mistake("AvgPool2d: kernel [0, 0]") { _ = AvgPool2d(kernelSize: 0) },
    Mistake("MaxPool2d: the padding [2, 2] must be at most half the kernel [3, 3]") {
      _ = MaxPool2d(kernelSize: 3, padding: 2)
    },
    Mistake("MaxPool2d: a window of [3, 3]") {
      _ = MaxPool2d(kernelSize: 3)(.zeros([1, 1, 2, 2]))
    },
    Mistake("Dropout: the probability must be between 0 and 1, got 1.1") { _ = Dropout(1.1) },
    Mistake("Dropout: the probability must be between 0 and 1, got -0.1") { _ = Dropout(-0.1) },
    Mistake("Dropout: the probability must be between 0 and 1, got nan") { _ = Dropout(.nan) },
    Mistake("Softmax axis 2: softmax: axis 2 is out of range for float32 [2, 3]") {
      _ = Softmax(axis: 2)(.zeros([2, 3]))
    },
    Mistake("Sequential: no layer 2 among 1") { _ = Sequential(ReLU())[2] },
  ]

  @Test(arguments: mistakes.indices) func stop(index: Int) async {
    let result = await #expect(
      processExitsWith: .failure, observing: [\.standardErrorContent]
    ) { [index] in
      LayerMistakesTests.mistakes[index].body()
    }
    expect(result, says: Self.mistakes[index].message)
  }
}
