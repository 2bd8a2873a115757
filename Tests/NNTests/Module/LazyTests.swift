import Autograd
import TestSupport
import Testing

@testable import LeNetExample
@testable import NN

@Suite struct LazyTests {
  private static func perceptron(isLazy: Bool) -> Sequential {
    isLazy
      ? Sequential(LazyLinear(5), Dropout(0.5), Tanh(), LazyLinear(2))
      : Sequential(Linear(3, 5), Dropout(0.5), Tanh(), Linear(5, 2))
  }

  private static func convolutional(isLazy: Bool) -> Sequential {
    Sequential(
      isLazy ? LazyConv2d(6, kernelSize: 5) : Conv2d(1, 6, kernelSize: 5), Sigmoid(), Flatten(),
      isLazy ? LazyLinear(10) : Linear(96, 10))
  }

  @Test func anOptimizerMayBeBuiltBeforeTheFirstForward() {
    let model = Sequential(LazyLinear(4), Tanh(), LazyLinear(1))
    model.initialize(seed: 1)
    let optimizer = SGD(model.parameters, learningRate: 0.1)
    let (x, y) = (inputs([8, 3]), inputs([8, 1], seed: 2))
    var losses: [Double] = []
    for _ in 1...20 {
      let (loss, gradients) = model.valueAndGradients { (model(x) - y).square().mean() }
      #expect(gradients.entries.count == 4)
      optimizer.step(gradients)
      losses.append(loss.item())
    }
    #expect(losses[19] < losses[0])
  }

  @Test func anInitializerSetBeforeTheShapeIsKnownIsKept() {
    let model = Sequential(LazyLinear(4), LazyConv2d(2, kernelSize: 1))
    for parameter in model.parameters { parameter.initialize(with: .constant(0.5)) }
    let linear = Sequential(model[0])
    linear.materialize(for: inputs([1, 3]))
    #expect(linear.values == [Array(repeating: 0.5, count: 12), Array(repeating: 0.5, count: 4)])

    let (before, after) = (LazyLinear(4), LazyLinear(4))
    before.apply(initCNN)
    for layer in [before, after] {
      layer.initialize(seed: 3)
      layer.materialize(for: inputs([1, 3]))
    }
    after.apply(initCNN)
    #expect(before.values == after.values)
  }

  @Test func printingAndCountingBeforeAndAfter() {
    let linear = LazyLinear(120)
    let convolution = LazyConv2d(6, kernelSize: 5)
    #expect(linear.description == "Linear ? -> 120")
    #expect(convolution.description == "Conv2d ? -> 6, kernel 5x5")
    #expect(linear.weight.description == "Parameter [120, ?]")
    #expect(linear.weight.count == nil && linear.bias?.count == 120)
    #expect(linear.parameterCount == nil && convolution.parameterCount == nil)
    linear.materialize(for: inputs([1, 400]))
    convolution.materialize(for: inputs([1, 3, 8, 8]))
    #expect(linear.description == Linear(400, 120).description)
    #expect(linear.description == "Linear 400 -> 120")
    #expect(convolution.description == "Conv2d 3 -> 6, kernel 5x5")
    #expect(linear.weight.description == "Parameter [120, 400]")
    #expect(linear.parameterCount == 48_120)
    #expect(convolution.parameterCount == 6 * 3 * 25 + 6)
  }

  @Test func aSharedLazyLayerCountsOnce() {
    let shared = LazyLinear(3)
    let model = Sequential(shared, shared)
    #expect(model.parameterCount == nil)
    model.materialize(for: inputs([1, 3]))
    #expect(model.parameterCount == 12)
  }

  @Test(arguments: [UInt64(0), 1, 99])
  func lazyAndExplicitModelsAreEqual(seed: UInt64) {
    let (lazy, explicit) = (Self.convolutional(isLazy: true), Self.convolutional(isLazy: false))
    explicit.initialize(seed: seed)
    lazy.initialize(seed: seed)
    lazy.materialize(for: inputs([1, 1, 8, 8]))
    #expect(lazy.values == explicit.values)
    let x = inputs([2, 1, 8, 8])
    #expect(lazy(x).floats == explicit(x).floats)
  }

  @Test func theOrderInWhichPartsRunFirstDoesNotMatter() {
    let models = (0..<4).map { _ in Self.perceptron(isLazy: true) }
    let explicit = Self.perceptron(isLazy: false)
    for model in models.dropLast() { model.initialize(seed: 5) }
    models[0].materialize(for: inputs([1, 3]))
    _ = models[1][3](inputs([1, 5]))
    _ = models[1][0](inputs([1, 3]))
    _ = models[2].valueAndGradients { models[2](inputs([2, 3])).sum() }
    models[3].materialize(for: inputs([1, 3]))
    models[3].initialize(seed: 5)  // draws existing values again
    _ = explicit(inputs([1, 3]))
    explicit.initialize(seed: 5)
    for model in models { #expect(model.values == explicit.values) }
    #expect(
      models[0](inputs([4, 3])).floats == explicit(inputs([4, 3])).floats, "dropout's masks")
  }

  @Test func standaloneLayersOfOneShapeDiffer() {
    #expect(Linear(3, 2).values != Linear(3, 2).values)
    let (a, b) = (LazyLinear(2), LazyLinear(2))
    #expect(a(inputs([1, 3])).floats != b(inputs([1, 3])).floats)
    let model = Sequential(Linear(3, 3), Linear(3, 3))
    model.initialize(seed: 0)
    #expect(model[0].values != model[1].values)
    let other = Sequential(Linear(3, 3), Linear(3, 3))
    other.initialize(seed: 1)
    #expect(model.values != other.values)
    let (c, d) = (Dropout(), Dropout())
    #expect(c(.ones([64])).floats != d(.ones([64])).floats)
  }

  @Test func secondInputSizeStopsNamingBothSizes() async {
    let result = await #expect(
      processExitsWith: .failure, observing: [\.standardErrorContent]
    ) {
      let model = LeNet()
      _ = model(Tensor.zeros([128, 1, 28, 28]))
      _ = model(Tensor.zeros([128, 1, 24, 24]))
    }
    expect(result, names: "LeNet.net.7 (Linear 400 -> 120)", "axis of 400", "[128, 256]")
    let channels = await #expect(
      processExitsWith: .failure, observing: [\.standardErrorContent]
    ) {
      let model = LeNet()
      model.materialize(for: Tensor.zeros([1, 1, 28, 28]))
      _ = model(Tensor.zeros([2, 3, 28, 28]))
    }
    expect(
      channels, names: "LeNet.net.0 (Conv2d 1 -> 6, kernel 5x5, padding 2x2)", "1 channels",
      "axis 1", "[2, 3, 28, 28]")
  }

  @Test(arguments: [true, false])
  func materializingHasNoSideEffects(isTraining: Bool) throws {
    let model = Self.perceptron(isLazy: true)
    model.initialize(seed: 7)
    let dropout = try #require(model[1] as? Dropout)
    dropout.isTraining = isTraining
    var before = dropout.random
    model.materialize(for: inputs([4, 3]))
    var after = dropout.random
    #expect(before.next() == after.next())
    #expect(dropout.isTraining == isTraining)
    #expect(model.parameters.allSatisfy { !$0.value.isTraced })
    #expect(!model(inputs([1, 3])).isTraced)

    let other = Self.perceptron(isLazy: true)
    let loss = Parameter(Tensor([1]))
    let (_, gradients) = valueAndGradients(at: other.parameters + [loss]) {
      other.materialize(for: inputs([4, 3]))
      return loss.value
    }
    #expect(gradients.entries.count == 1)
  }

  @Test func reinitializingGivesTheValuesOfAFreshModel() {
    let (used, fresh) = (Self.perceptron(isLazy: true), Self.perceptron(isLazy: true))
    let optimizer = SGD(used.parameters, learningRate: 0.5)
    used.initialize(seed: 1)
    for _ in 1...3 {
      optimizer.step(used.valueAndGradients { used(inputs([4, 3])).square().sum() }.gradients)
    }
    used.initialize(seed: 2)
    fresh.initialize(seed: 2)
    #expect(used(inputs([4, 3])).floats == fresh(inputs([4, 3])).floats)
    #expect(used.values == fresh.values)
  }

  @Test func aLoadedLazyModelCanBeInitializedBeforeItRuns() throws {
    let folder = try TemporaryFolder()
    let model = Self.perceptron(isLazy: true)
    let explicit = Self.perceptron(isLazy: false)
    try explicit.save(to: folder("w"))
    try model.load(from: folder("w"))
    #expect(model.values == explicit.values)
    #expect(model.parameterCount == 32)
    model.initialize(seed: 4)
    explicit.initialize(seed: 4)
    #expect(model.values == explicit.values)
  }

  @Test func applyInitGivesShapesThenInitializes() {
    let model = LeNet()
    model.initialize(seed: 0)
    model.applyInit(inputs([2, 1, 28, 28]), initCNN)
    #expect(model.parameterCount == 61_706)
    let other = LeNet()
    other.materialize(for: inputs([1, 1, 28, 28]))
    other.initialize(seed: 0)
    other.apply(initCNN)
    #expect(model.values == other.values)
    let plain = LeNet()
    plain.applyInit(inputs([2, 1, 28, 28]))
    #expect(plain.parameterCount == 61_706)
  }
}
