import Autograd
import Testing

@testable import NN

@Suite struct TransposedConvolutionTests {
  @Test func values() {
    let layer = ConvTranspose1d(1, 2, kernelSize: 2, stride: 2, outputPadding: 1)
    layer.weight.value = Tensor([1, 2, 3, 4], shape: [1, 2, 2])
    layer.bias?.value = Tensor([10, 0])
    #expect(
      layer(Tensor([1, 5], shape: [1, 1, 2])).floats == [11, 12, 15, 20, 10, 3, 4, 15, 20, 0])
  }

  @Test func firstValuesAreWithinPyTorchsBound() throws {
    // The fan in is that of the weight's second axis: 128 / 64 channels of 3 x 5 elements.
    let bound = Float((1 / 30.0).squareRoot())
    for layer in [ConvTranspose2d(64, 128, kernelSize: [3, 5], groups: 64), lazy()] {
      layer.initialize(seed: 5)
      #expect(layer.weight.value.shape == [64, 2, 3, 5])
      for values in [layer.weight.value.floats, try #require(layer.bias).value.floats] {
        let largest = values.map(abs).max() ?? 0
        #expect(largest <= bound && largest > 0.95 * bound)
      }
    }
    func lazy() -> ConvTranspose2d {
      let layer = LazyConvTranspose2d(128, kernelSize: [3, 5], groups: 64)
      layer.materialize(for: .zeros([1, 64, 1, 1]))
      return layer
    }
  }

  @Test func namesAndDetails() {
    let layer = LazyConvTranspose2d(
      3, kernelSize: 4, stride: 2, padding: 1, outputPadding: [1, 0], groups: 3)
    #expect(layer.members.map(\.name) == ["weight", "bias"])
    #expect(
      "\(layer)"
        == "ConvTranspose2d ? -> 3, kernel 4x4, stride 2x2, padding 1x1, output padding 1x0, 3 groups"
    )
    #expect(layer(inputs([2, 6, 3, 5])).shape == [2, 3, 7, 10])
    #expect(layer.details.hasPrefix("6 -> 3"))
    #expect(
      "\(ConvTranspose1d(2, 4, kernelSize: 3, dilation: 2, bias: false))"
        == "ConvTranspose1d 2 -> 4, kernel 3, dilation 2, no bias")
  }

  @Test func gradients() throws {
    let layer = ConvTranspose2d(4, 2, kernelSize: [2, 3], stride: [1, 2], padding: 1, groups: 2)
    layer.useFloat64()
    let x = inputs([2, 4, 3, 2], dtype: .float64)
    try checkGradients(of: { layer($0) }, at: x)
    try checkParameterGradients(layer) { layer(x).tanh().sum() }
  }
}
