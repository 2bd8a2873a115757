import Autograd
import Testing

@testable import NN

@Suite struct SequentialTests {
  @Test func sequentialAppliesItsLayersInOrder() {
    let linear = Linear(2, 2, bias: false)
    linear.weight.value = Tensor([[-1, 0], [0, 1]])
    let x = Tensor([[1, 2]])
    #expect(Sequential(linear, ReLU())(x).floats == [0, 2])
    #expect(Sequential(ReLU(), linear)(x).floats == [-1, 2])
    #expect(x.floats == [1, 2])
  }

  /// Minutes where each name is compared with all before it.
  @Test(.timeLimit(.minutes(1))) func manyLayersTakeLinearTime() {
    let layer = Linear(1, 1)
    let model = Sequential([any Layer](repeating: layer, count: 300_000))
    #expect(model.count == 300_000 && model.namedParameters.map(\.path) == ["0.weight", "0.bias"])
  }

  @Test func emptySequentialReturnsItsInput() {
    let model = Sequential()
    #expect(model.isEmpty && model.count == 0 && model.parameters.isEmpty)
    #expect(model(Tensor([1, 2])).floats == [1, 2])
    #expect(Sequential([]).count == 0)
  }

  @Test func indexingAndIterating() {
    let model = Sequential(Linear(1, 2), ReLU(), Sequential(Tanh()))
    #expect(model.count == 3)
    #expect(model.map(\.name) == ["Linear", "ReLU", "Sequential"])
    #expect(model[1] is ReLU && model.last is Sequential)
    #expect(model.indices == 0..<3)
    #expect(model.dropFirst().map(\.name) == ["ReLU", "Sequential"])
    #expect((model[2] as? Sequential)?[0] is Tanh)
  }

  @Test func appending() {
    let model = Sequential(Linear(3, 4))
    #expect(model(inputs([2, 3])).shape == [2, 4])
    model.append(LazyLinear(5))
    #expect(model(inputs([2, 3])).shape == [2, 5])
    #expect(
      model.namedParameters.map(\.path) == ["0.weight", "0.bias", "1.weight", "1.bias"])
  }

  @Test func fromAList() {
    let layers = [3, 4].flatMap { [LazyLinear($0), ReLU()] as [any Layer] }
    let model = Sequential(layers + [LazyLinear(1)])
    #expect(model(inputs([2, 7])).shape == [2, 1])
    #expect(model.count == 5)
  }

  @Test func gradientsFlowThroughAllLayers() throws {
    let model = Sequential(
      Conv2d(1, 2, kernelSize: 3, padding: 1), Tanh(), MaxPool2d(kernelSize: 2),
      Sequential(Flatten(), Linear(8, 3)), Softmax())
    model.useFloat64()
    let x = inputs([2, 1, 4, 4], dtype: .float64)
    try checkGradients(of: { model($0) }, at: x)
    try checkParameterGradients(model) { model(x).square().sum() }
  }
}
