import Autograd
import TestSupport
import Testing

@testable import NN

/// What layers stop at, and what they say.
@Suite struct LayerMistakesTests {
  static let mistakes = [
    Mistake("Linear", "1 input", "0 -> 3") { _ = Linear(0, 3) },
    Mistake("Linear", "1 input", "? -> 0") { _ = LazyLinear(0) },
    Mistake("Linear 2 -> 3", "axis of 2", "[4, 3]") { _ = Linear(2, 3)(.zeros([4, 3])) },
    Mistake("Linear ? -> 3", "float32 []") { _ = LazyLinear(3)(Tensor(1)) },
    Mistake("Conv2d", "1 channel", "0 -> 1") { _ = Conv2d(0, 1, kernelSize: 1) },
    Mistake("Conv2d", "1 channel", "? -> 0") { _ = LazyConv2d(0, kernelSize: 1) },
    Mistake("Conv2d", "kernel [0, 0]", "stride [1, 1]", "dilation [1, 1]", "1") {
      _ = LazyConv2d(1, kernelSize: 0)
    },
    Mistake("Conv2d", "kernel [2, 2]", "stride [0, 0]", "dilation [1, 1]", "1") {
      _ = LazyConv2d(1, kernelSize: 2, stride: 0)
    },
    Mistake("Conv2d", "padding [-1, -1]") { _ = LazyConv2d(1, kernelSize: 2, padding: -1) },
    Mistake("Conv2d", "dilation [0, 0]", "1") { _ = LazyConv2d(1, kernelSize: 2, dilation: 0) },
    Mistake("kernelSize", "2 sizes", "[3]") { _ = LazyConv2d(1, kernelSize: [3]) },
    Mistake("stride", "2 sizes", "[1, 1, 1]") {
      _ = LazyConv2d(1, kernelSize: 3, stride: [1, 1, 1])
    },
    Mistake("Conv2d", "2 groups", "channels 4 -> 3") { _ = Conv2d(4, 3, kernelSize: 1, groups: 2) },
    Mistake("Conv2d", "2 groups", "channels 3 -> 4") { _ = Conv2d(3, 4, kernelSize: 1, groups: 2) },
    Mistake("Conv2d", "0 groups", "channels ? -> 4") {
      _ = LazyConv2d(4, kernelSize: 1, groups: 0)
    },
    Mistake("Conv2d", "2 groups", "3 channels", "[1, 3, 2, 2]") {
      _ = LazyConv2d(4, kernelSize: 1, groups: 2)(.zeros([1, 3, 2, 2]))
    },
    Mistake("Conv2d", "images", "[3, 2]") { _ = LazyConv2d(4, kernelSize: 1)(.zeros([3, 2])) },
    Mistake("Conv2d", "window of [5, 5]", "[4, 4]") {
      _ = LazyConv2d(4, kernelSize: 5)(.zeros([1, 1, 4, 4]))
    },
    Mistake("AvgPool2d", "kernel [0, 0]") { _ = AvgPool2d(kernelSize: 0) },
    Mistake("MaxPool2d", "padding [2, 2]", "kernel [3, 3]") {
      _ = MaxPool2d(kernelSize: 3, padding: 2)
    },
    Mistake("MaxPool2d", "window of [3, 3]", "[2, 2]") {
      _ = MaxPool2d(kernelSize: 3)(.zeros([1, 1, 2, 2]))
    },
    Mistake("Dropout", "probability", "0", "1", "1.1") { _ = Dropout(1.1) },
    Mistake("Dropout", "probability", "0", "1", "-0.1") { _ = Dropout(-0.1) },
    Mistake("Dropout", "probability", "0", "1", "nan") { _ = Dropout(.nan) },
    Mistake("Softmax axis 2", "softmax", "axis 2", "float32 [2, 3]") {
      _ = Softmax(axis: 2)(.zeros([2, 3]))
    },
    Mistake("Sequential", "layer 2", "1") { _ = Sequential(ReLU())[2] },
  ]

  @Test(arguments: mistakes.indices) func stop(index: Int) async {
    let result = await #expect(
      processExitsWith: .failure, observing: [\.standardErrorContent]
    ) { [index] in
      LayerMistakesTests.mistakes[index].body()
    }
    expect(result, names: Self.mistakes[index].names)
  }
}
