import Autograd
import TestSupport
import Testing

@testable import NN

@Suite struct GradientsTests {
  @Test func gradientsFollowTheOrderOfParameters() {
    let model = Sequential(Linear(3, 4), Tanh(), Linear(4, 2))
    let (_, gradients) = model.valueAndGradients { model(inputs([5, 3])).square().sum() }
    #expect(
      gradients.map { ObjectIdentifier($0.parameter) }
        == model.parameters.map(
          ObjectIdentifier.init))
    #expect(gradients.map(\.gradient.shape) == [[4, 3], [4], [2, 4], [2]])
    let reversed = Array(model.parameters.reversed())
    let (_, others) = valueAndGradients(at: reversed) { model(inputs([5, 3])).square().sum() }
    #expect(others.map(\.gradient.floats) == gradients.map(\.gradient.floats).reversed())
  }

  @Test func unreachedParameterHasNoGradient() {
    let (used, unused) = (Linear(2, 1), Linear(2, 1))
    let model = Sequential(used, unused)
    let (_, gradients) = model.valueAndGradients {
      _ = unused(inputs([1, 2])).stoppingGradient()
      return used(inputs([1, 2])).sum()
    }
    #expect(gradients.entries.count == 2)
    #expect(gradients[used.weight] != nil && gradients[unused.weight] == nil)
    let before = model.values
    SGD(model.parameters, learningRate: 1).step(gradients)
    #expect(model.values[2...] == before[2...] && model.values[0] != before[0])
  }

  @Test func sharedLayerGradientsAreSummed() {
    let shared = Linear(1, 1, bias: false)
    shared.weight.value = Tensor([[3]])
    let model = Sequential(shared, shared)
    let (value, gradients) = model.valueAndGradients { model(Tensor([[2]])).sum() }
    #expect(value.item() == 18)  // w * w * x
    #expect(gradients.entries.count == 1)
    #expect(gradients[shared.weight]?.item() == 12)  // 2 w x
  }

  @Test func parameterListedTwiceCountsOnce() {
    let layer = Linear(1, 1, bias: false)
    layer.weight.value = Tensor([[3]])
    let twice = layer.parameters + layer.parameters
    let (_, gradients) = valueAndGradients(at: twice) { layer(Tensor([[2]])).sum() }
    #expect(gradients.entries.count == 1)
    SGD(twice, learningRate: 1).step(gradients)
    #expect(layer.weight.value.item() == 1)
  }

  @Test func lossValueIsNotTraced() {
    let layer = Linear(1, 1)
    var total = Tensor(0)
    for _ in 1...3 { total += layer.valueAndGradients { layer(.ones([1, 1])).sum() }.value }
    #expect(!total.isTraced)
  }

  @Test func secondOrderThroughParameters() throws {
    let w = Parameter(Tensor([2, 3]))
    let (_, outer) = valueAndGradients(at: [w]) {
      let (_, inner) = valueAndGradients(at: [w]) { w.value.pow(3).sum() }
      #expect(inner[w]?.isTraced == true)
      return (inner[w] ?? Tensor(0)).sum()
    }
    #expect(outer[w]?.floats == [12, 18])  // 6 w
    #expect(!w.value.isTraced)
  }

  @Test func thirdOrderThroughParameters() {
    let w = Parameter(Tensor([2]))
    func derivative(_ f: () -> Tensor) -> Tensor {
      valueAndGradients(at: [w], f).gradients[w] ?? Tensor(0)
    }
    let third = derivative { derivative { derivative { w.value.pow(4).sum() }.sum() }.sum() }
    #expect(third.floats == [48])  // 24 w
  }

  /// The loss after a step of gradient descent, differentiated through that step (MAML, Finn and
  /// others 2017); the parameter is drawn inside.
  @Test func throughAStepOfTheInnerLoop() throws {
    let w = Parameter(shape: [1], initializer: .constant(2))
    let rate = 0.1
    let (value, gradients) = valueAndGradients(at: [w]) {
      let (_, inner) = valueAndGradients(at: [w]) { w.value.pow(3).sum() }
      let adapted = w.value - (inner[w] ?? Tensor(0)) * rate
      return adapted.square().sum()
    }
    // w' = w - 3 rate w^2; d(w'^2)/dw = 2 w' (1 - 6 rate w)
    #expect(abs(value.item() - 0.64) < 1e-6)
    #expect(abs((gradients[w]?.item() ?? 0) - 2 * 0.8 * -0.2) < 1e-6)
  }

  @Test func throughAStepOfAWholeLazyModel() throws {
    let model = Sequential(LazyLinear(4), Tanh(), LazyLinear(1))
    model.initialize(seed: 3)
    let (x, y) = (inputs([6, 2], dtype: .float64), inputs([6, 1], seed: 2, dtype: .float64))
    func loss() -> Tensor { (model(x) - y).square().mean() }
    func innerGradientNorm() -> Tensor {
      model.valueAndGradients(loss).gradients.reduce(Tensor(0, dtype: .float64)) {
        $0 + $1.gradient.square().sum()
      }
    }
    let drawnInside = model.valueAndGradients(innerGradientNorm).gradients
    #expect(drawnInside.entries.count == 4)
    model.useFloat64()
    try checkParameterGradients(model, innerGradientNorm)
  }

  @Test func parametersAndTensorsNest() {
    let layer = Linear(1, 1, bias: false)
    layer.weight.value = Tensor([[3]])
    // d/dx of the gradient by w of (w x)^2, which is 2 w x^2
    let mixed = gradient(at: Tensor([[2]])) { x in
      layer.valueAndGradients { layer(x).square().sum() }.gradients[layer.weight]!.sum()
    }
    #expect(mixed.item() == 24)
  }

  @Test func clippingScalesAllToTheNorm() {
    let (a, b) = (Parameter(Tensor([0])), Parameter(Tensor([0, 0])))
    let gradients = Gradients([(a, Tensor([3])), (b, Tensor([0, 4]))])
    #expect(gradients.norm == 5)
    let clipped = gradients.clipped(norm: 1)
    #expect(abs(clipped.norm - 1) < 1e-6)
    #expect(
      zip(clipped.flatMap(\.gradient.floats), [0.6, 0, 0.8]).allSatisfy { abs($0 - $1) < 1e-6 })
    #expect(gradients.clipped(norm: 5.001).map(\.gradient.floats) == [[3], [0, 4]])
    #expect(gradients.clipped(norm: 6).norm == 5)
    #expect(Gradients([]).norm == 0)
  }

  /// `clip_grad_norm_` and `clip_grad_value_`, with the limits of `Tests/Reference/optimizers.py`.
  @Test func normsOfHugeAndTinyGradients() {
    let parameter = Parameter(Tensor([0, 0]))
    for scale in [Float(1e20), 1e-25] {
      let gradients = Gradients([(parameter, Tensor([3 * scale, 4 * scale]))])
      #expect(abs(gradients.norm / (5 * Double(scale)) - 1) < 1e-6)
    }
    let huge = Gradients([(parameter, Tensor([3e20, 4e20]))])
    let clipped = huge.clipped(norm: 1).entries[0].gradient.floats
    #expect(abs(clipped[0] - 0.6) < 1e-6 && abs(clipped[1] - 0.8) < 1e-6)
  }

  @Test func clippingAgreesWithPyTorch() throws {
    let fixture = try OptimizerFixture()
    let values = try ["w", "b", "u"].map { try #require(fixture.tensors[$0]) }
    let gradients = Gradients(values.map { (Parameter($0.zerosLike()), $0) })
    let norms: [(limit: Double, order: Double)] = [
      (0.5, 2), (2, 2), (100, 2), (1.5, 1), (0.3, .infinity), (1, 3.5),
    ]
    let byNorm = norms.map { gradients.clipped(norm: $0.limit, order: $0.order) }
    let byValue = [0.4, 1, 50].map { gradients.clipped(value: $0) }
    for (key, clipped) in [("clip.norm", byNorm), ("clip.value", byValue)] {
      let expected = try #require(fixture.tensors[key])
      #expect(expected.size(0) == clipped.count)
      let found = stack(clipped.map { concatenate($0.map { $0.gradient.flatten() }) })
      #expect(relativeError(found, expected) < 1e-14)
    }
  }

  /// As `clip_grad_norm_` has it, so that a broken step does not look like a whole one.
  @Test func clippingSpreadsNaNAndInfinity() throws {
    let (a, b) = (Parameter(Tensor([0])), Parameter(Tensor([0])))
    let broken = Gradients([(a, Tensor([Float.nan])), (b, Tensor([0.1]))]).clipped(norm: 1)
    #expect(broken.allSatisfy { $0.gradient.item().isNaN })
    let infinite = Gradients([(a, Tensor([Float.infinity])), (b, Tensor([0.1]))]).clipped(norm: 1)
    #expect(try #require(infinite[a]).item().isNaN && infinite[b]?.item() == 0)
    #expect(Gradients([]).clipped(norm: 1, order: .infinity).entries.isEmpty)
  }

  @Test func normsOfManyAndOfExtremes() {
    let a = Parameter(Tensor([0]))
    for dtype in [DType.float32, .float64, .float16] {
      for count in [1, 2047, 2048, 2049, 10_000] {
        let values = (0..<count).map { Double($0 % 7) - 3 }
        let gradients = Gradients([(a, Tensor(values, dtype: dtype))])
        #expect(gradients.norm == values.reduce(0) { $0 + $1 * $1 }.squareRoot())
        let column = Tensor(values, dtype: dtype).unsqueeze(1).expand([count, 3])
        #expect(abs(Gradients([(a, column)]).norm / gradients.norm - 3.0.squareRoot()) < 1e-7)
      }
    }
    let infinite = Gradients([(a, Tensor([.infinity, 1]))])
    #expect(infinite.norm == .infinity)
    #expect(infinite.clipped(norm: 1).first { _ in true }!.gradient.floats[1] == 0)
    #expect(Gradients([(a, Tensor([.nan, 1]))]).norm.isNaN)
    #expect(Gradients([(a, Tensor.zeros([0, 3]))]).norm == 0)
  }

  @Test func clippingHappensInPlaceWhereNobodyElseSees() async {
    await #expect(processExitsWith: .success) {
      let a = Parameter(Tensor.zeros([1000]))
      let kept = Tensor.full([1000], 2)
      let shared = Gradients([(a, kept)]).clipped(norm: 1)
      #expect(kept.floats[0] == 2 && abs(shared.norm - 1) < 1e-6)
      let own = Gradients([(a, Tensor.full([1000], 2))])
      let address = own.entries[0].gradient.withScalars(as: Float.self) {
        Int(bitPattern: $0.baseAddress)
      }
      let clipped = (consume own).clipped(norm: 1)
      let after = clipped.entries[0].gradient.withScalars(as: Float.self) {
        Int(bitPattern: $0.baseAddress)
      }
      #expect(address == after && abs(clipped.norm - 1) < 1e-6)
    }
  }

  @Test func clippingByValue() {
    let a = Parameter(Tensor([0, 0, 0]))
    let clipped = Gradients([(a, Tensor([3, -0.25, -4]))]).clipped(value: 0.5)
    #expect(clipped[a]?.floats == [0.5, -0.25, -0.5])
  }

  @Test func accumulatingAddsByParameters() {
    let (a, b, c) = (Parameter(Tensor([0])), Parameter(Tensor([0])), Parameter(Tensor([0])))
    let first = Gradients([(a, Tensor([1])), (b, Tensor([2]))])
    let second = Gradients([(c, Tensor([5])), (b, Tensor([4]))])
    let sum = first + second
    #expect(sum.map(\.gradient.floats) == [[1], [6], [5]])
    #expect(sum[c]?.item() == 5 && first[b]?.item() == 2 && second[b]?.item() == 4)
    #expect((sum / 2).map(\.gradient.floats) == [[0.5], [3], [2.5]])
    #expect((sum * 2).map(\.gradient.floats) == [[2], [12], [10]])
    #expect((Gradients([]) + first).map(\.gradient.floats) == [[1], [2]])
  }

  @Test func accumulatedHalvesAreTheWhole() throws {
    let layer = Linear(3, 2)
    layer.useFloat64()
    let x = inputs([8, 3], dtype: .float64)
    func gradients(_ x: Tensor) -> Gradients {
      layer.valueAndGradients { layer(x).square().mean() }.gradients
    }
    let parts = gradients(x.slice(axis: 0, to: 4)) + gradients(x.slice(axis: 0, from: 4))
    for (part, whole) in zip(parts / 2, gradients(x)) {
      #expect(relativeError(part.gradient, whole.gradient) < 1e-14)
    }
  }

  @Test func mistakesStop() async {
    let vector = await #expect(
      processExitsWith: .failure, observing: [\.standardErrorContent]
    ) {
      let layer = Linear(2, 2)
      _ = layer.valueAndGradients { layer(.ones([1, 2])) }
    }
    expect(vector, names: "valueAndGradients", "loss", "float32 [1, 2]")
    let constant = await #expect(
      processExitsWith: .failure, observing: [\.standardErrorContent]
    ) {
      let layer = Linear(2, 2)
      let y = layer(.ones([1, 2])).sum()
      _ = layer.valueAndGradients { y }
    }
    expect(
      constant, names: "valueAndGradients", "float32 []", "none of the 2 parameters", "closure")
    let replaced = await #expect(
      processExitsWith: .failure, observing: [\.standardErrorContent]
    ) {
      let (old, new) = (Linear(2, 2), Linear(2, 2))
      let optimizer = Adam(old.parameters)
      optimizer.step(new.valueAndGradients { new(.ones([1, 2])).sum() }.gradients)
    }
    expect(replaced, names: "Adam", "none of the 2 gradients", "a layer replaced")
    let searched = await #expect(
      processExitsWith: .failure, observing: [\.standardErrorContent]
    ) {
      let (old, new) = (Linear(2, 2), Linear(2, 2))
      let optimizer = LBFGS(old.parameters)
      optimizer.step { new.valueAndGradients { new(.ones([1, 2])).sum() } }
    }
    expect(searched, names: "LBFGS", "none of the 2 gradients", "a layer replaced")
    let limit = await #expect(
      processExitsWith: .failure, observing: [\.standardErrorContent]
    ) {
      _ = Gradients([]).clipped(norm: 0)
    }
    expect(limit, names: "clipped", "limit", "0", "0.0")
    let order = await #expect(
      processExitsWith: .failure, observing: [\.standardErrorContent]
    ) {
      _ = Gradients([]).clipped(norm: 1, order: 0)
    }
    expect(order, names: "clipped", "order", "0", "0.0")
    let integers = await #expect(
      processExitsWith: .failure, observing: [\.standardErrorContent]
    ) {
      let layer = Linear(2, 2)
      _ = layer.valueAndGradients { layer(.ones([2])).argmax() }
    }
    expect(integers, names: "valueAndGradients", "loss", "int64 []")
  }
}

/// Compares the gradients of a loss by float64 parameters with difference quotients.
func checkParameterGradients(
  _ model: some Module, tolerance: Double = 1e-6, _ loss: () -> Tensor,
  sourceLocation: SourceLocation = #_sourceLocation
) throws {
  let (_, gradients) = model.valueAndGradients(loss)
  let step = 1e-4
  for (path, parameter) in model.namedParameters {
    let gradient = try #require(gradients[parameter], sourceLocation: sourceLocation)
    let start = parameter.value
    defer { parameter.value = start }
    let quotients = start.doubles.indices.map { element in
      func value(_ distance: Double) -> Double {
        var moved = start.doubles
        moved[element] += distance * step
        parameter.value = Tensor(moved, shape: start.shape, dtype: .float64)
        return loss().item()
      }
      return (8 * (value(1) - value(-1)) - (value(2) - value(-2))) / (12 * step)
    }
    let expected = Tensor(quotients, shape: start.shape, dtype: .float64)
    #expect(
      relativeError(gradient, expected) < tolerance, "\(path)", sourceLocation: sourceLocation)
  }
}
