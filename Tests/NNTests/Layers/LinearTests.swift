import Autograd
import Testing

@testable import NN

@Suite struct LinearTests {
  @Test func values() {
    let layer = Linear(3, 2)
    layer.weight.value = Tensor([[1, 2, 3], [-1, 0, 0.5]])
    layer.bias?.value = Tensor([10, 20])
    #expect(layer(Tensor([[1, 1, 1], [0, 2, 4]])).floats == [16, 19.5, 26, 22])
    let plain = Linear(3, 2, bias: false)
    plain.weight.value = layer.weight.value
    #expect(plain(Tensor([[1, 1, 1]])).floats == [6, -0.5])
  }

  @Test func shapes() {
    let layer = LazyLinear(4)
    #expect(layer(inputs([2, 3])).shape == [2, 4])
    #expect(layer(inputs([5, 2, 3])).shape == [5, 2, 4])
    #expect(layer(inputs([3])).shape == [4])
    #expect(layer(inputs([0, 3])).shape == [0, 4])
    let x = inputs([5, 2, 3])
    #expect(layer(x).select(axis: 0, at: 3).floats == layer(x.select(axis: 0, at: 3)).floats)
  }

  @Test func linearOfAnyStrides() {
    let layer = Linear(3, 2)
    let x = inputs([3, 4])
    #expect(layer(x.transpose()).floats == layer(x.transpose().contiguous()).floats)
  }

  @Test func details() {
    #expect(LazyLinear(7).details == "? -> 7")
    #expect(Linear(3, 7, bias: false).details == "3 -> 7, no bias")
    #expect(Linear(3, 7).weight.shape == [7, 3])
    #expect(Linear(3, 7).bias?.shape == [7])
  }

  @Test func gradients() throws {
    let layer = Linear(3, 2)
    layer.useFloat64()
    let x = inputs([4, 3], dtype: .float64)
    try checkGradients(of: { layer($0) }, at: x, order: 2)
    try checkParameterGradients(layer) { layer(x).tanh().sum() }
  }
}
