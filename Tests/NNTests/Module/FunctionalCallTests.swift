import Autograd
import TestSupport
import Testing

@testable import NN

/// Modules with other values than their own.
@Suite struct FunctionalCallTests {
  /// y = w² x, which makes the second derivative matter.
  private final class Square: Layer {
    let weight = Parameter(Tensor(3, dtype: .float64))
    func forward(_ x: consuming Tensor) -> Tensor { weight.value.square() * x }
  }

  @Test func otherValuesHoldWhileTheClosureRuns() throws {
    let net = Sequential(Linear(2, 1), ReLU())
    net.initialize(seed: 1)
    let x = inputs([3, 2])
    let before = net(x).floats
    let values: StateDictionary = ["0.weight": Tensor([[1, 1]]), "0.bias": Tensor([0.5])]
    let found = net.with(values) { net(x) }
    #expect(found.floats == (x.sum(axis: 1, keepDims: true) + 0.5).relu().floats)
    #expect(net(x).floats == before)
    struct Stop: Error {}
    #expect(throws: Stop.self) { try net.with(values) { throw Stop() } }
    #expect(net(x).floats == before)
    // Inside one another, each for what it names.
    let nested = net.with(["0.bias": Tensor([9])]) {
      net.with(["0.weight": Tensor([[0, 0]])]) { net(x) }
    }
    #expect(nested.floats == [9, 9, 9])
  }

  /// A net that makes the weights of another one: gradients flow through them.
  @Test func gradientsFlowToWhatValuesWereComputedFrom() {
    let (net, maker) = (Square(), Parameter(Tensor(2, dtype: .float64)))
    let (value, gradients) = valueAndGradients(at: [maker]) {
      net.with(["weight": maker.value * 5]) { net(Tensor(7, dtype: .float64)) }
    }
    #expect(value.item() == 700)  // (5 m)² 7
    #expect(gradients[maker]?.item() == 700)  // 2 · 25 m · 7
    #expect(net.weight.value.item() == 3)
  }

  /// One step of MAML: the inner step's own derivative, 1 - a l''(w), is a factor of the outer gradient.
  @Test func aStepOfTrainingIsTrainedThrough() throws {
    let net = Square()
    let (rate, x, y) = (0.01, 2.0, 5.0)
    func loss(_ x: Double, _ y: Double) -> Tensor {
      (net(Tensor(x, dtype: .float64)) - y).square()
    }
    let (value, gradients) = net.valueAndGradients {
      let first = net.valueAndGradients { loss(x, y) }.gradients
      let adapted = net.namedParameters.map { (name: $0, tensor: $1.value - rate * first[$1]!) }
      return net.with(StateDictionary(adapted)) { loss(3, 4) }
    }
    // l(w) = (w² x - y)², l' = 4 w x (w² x - y), l'' = 4 x (3 w² x - y)
    func slope(_ w: Double, _ x: Double, _ y: Double) -> Double { 4 * w * x * (w * w * x - y) }
    let w = 3.0
    let adapted = w - rate * slope(w, x, y)
    let expected = slope(adapted, 3, 4) * (1 - rate * 4 * x * (3 * w * w * x - y))
    let found = try #require(gradients[net.weight]).item()
    #expect(abs(value.item() - (adapted * adapted * 3 - 4) * (adapted * adapted * 3 - 4)) < 1e-9)
    #expect(abs(found - expected) < 1e-9 * abs(expected))
  }

  /// Gradients taken inside are those at the values.
  @Test func gradientsAtOtherValues() {
    let net = Square()
    let gradients = net.with(["weight": Tensor(10, dtype: .float64)]) {
      net.valueAndGradients { net(Tensor(2, dtype: .float64)) }.gradients
    }
    #expect(gradients[net.weight]?.item() == 40)
  }

  @Test func buffersToo() {
    let norm = BatchNorm1d(1, affine: false)
    let mean = norm.runningMean!
    let found = norm.with(["running_mean": Tensor([3]), "running_var": Tensor([1])]) {
      norm.evaluating { norm(Tensor([[5]])) }
    }
    #expect(abs(found.item() - 2) < 1e-4)
    norm.with(["running_mean": Tensor([3])]) { _ = norm(Tensor([[5], [7]])) }
    #expect(mean.value.floats == [0])
  }

  @Test func aLazyModelTakesValues() {
    let layer = LazyLinear(1, bias: false)
    let found = layer.with(["weight": Tensor([[2, 3]])]) { layer(Tensor([[1, 1]])) }
    #expect(found.item() == 5)
  }

  @Test func anUnknownPathStops() async {
    let result = await #expect(processExitsWith: .failure, observing: [\.standardErrorContent]) {
      Linear(2, 1).with(["bais": Tensor([0])]) {}
    }
    expect(result, names: "with: Linear has no parameter or buffer bais")
  }

  @Test func aWrongShapeStops() async {
    let result = await #expect(processExitsWith: .failure, observing: [\.standardErrorContent]) {
      Linear(2, 1).with(["weight": Tensor([0])]) {}
    }
    expect(result, names: "with: weight of shape [1, 2] cannot take float32 [1]")
  }
}
