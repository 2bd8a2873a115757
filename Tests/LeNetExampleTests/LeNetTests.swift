import Autograd
import NN
import Testing

@testable import LeNetExample

@Suite struct LeNetTests {
  @Test func hasTheParametersOfPyTorchsLeNet() {
    let model = LeNet()
    #expect(model.parameterCount == nil)
    model.materialize(for: .zeros([1, 1, 28, 28]))
    #expect(model.parameterCount == 61_706)
    let shapes = model.namedParameters.map { "\($0.path) \($0.parameter.value.shape)" }
    #expect(
      shapes == [
        "net.0.weight [6, 1, 5, 5]", "net.0.bias [6]", "net.3.weight [16, 6, 5, 5]",
        "net.3.bias [16]", "net.7.weight [120, 400]", "net.7.bias [120]", "net.9.weight [84, 120]",
        "net.9.bias [84]", "net.11.weight [10, 84]", "net.11.bias [10]",
      ])
  }

  @Test func theSummaryIsD2Ls() {
    #expect(
      LeNet().layerSummaryLines([1, 1, 28, 28]) == [
        "Conv2d output shape:\t [1, 6, 28, 28]",
        "Sigmoid output shape:\t [1, 6, 28, 28]",
        "AvgPool2d output shape:\t [1, 6, 14, 14]",
        "Conv2d output shape:\t [1, 16, 10, 10]",
        "Sigmoid output shape:\t [1, 16, 10, 10]",
        "AvgPool2d output shape:\t [1, 16, 5, 5]",
        "Flatten output shape:\t [1, 400]",
        "Linear output shape:\t [1, 120]",
        "Sigmoid output shape:\t [1, 120]",
        "Linear output shape:\t [1, 84]",
        "Sigmoid output shape:\t [1, 84]",
        "Linear output shape:\t [1, 10]",
      ])
  }

  @Test func theSummaryLeavesTheModelAsApplyInitWouldFindIt() {
    let (summarized, fresh) = (LeNet(), LeNet())
    for model in [summarized, fresh] { model.initialize(seed: 0) }
    _ = summarized.layerSummaryLines([1, 1, 28, 28])
    for model in [summarized, fresh] { model.applyInit(.zeros([1, 1, 28, 28]), initCNN) }
    for (a, b) in zip(summarized.parameters, fresh.parameters) {
      #expect(a.value.scalars(as: Float.self) == b.value.scalars(as: Float.self))
    }
  }

  @Test func learningRateAndResults() {
    #expect(LeNet().learningRate == 0.1)
    let model = LeNet(learningRate: 0.5)
    #expect(model.configureOptimizers().learningRate == 0.5)
    #expect(model(.zeros([2, 1, 28, 28])).shape == [2, 10])
    #expect(model.predict(.zeros([2, 1, 28, 28])).shape == [2])
  }
}
