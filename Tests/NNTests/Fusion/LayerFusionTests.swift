import Autograd
import Testing

@testable import NN

/// Layers that run as one operation: values and gradients are bit for bit those of the layers.
@Suite struct LayerFusionTests {
  private func layers(
    _ activation: any Layer, padding: Int = 0, bias: Bool = true,
    pool: (any Layer)? = AvgPool2d(kernelSize: 3, stride: 2, padding: 1)
  ) -> [any Layer] {
    let layers: [any Layer] = [
      LazyConv2d(7, kernelSize: [5, 3], padding: .all(padding), bias: bias), activation,
      pool ?? Identity(),
      LazyConv2d(5, kernelSize: 3), Tanh(), AvgPool2d(kernelSize: 2),
      LazyConv2d(3, kernelSize: 2, padding: 1), Sigmoid(), AvgPool2d(kernelSize: 2),
    ]
    for (index, layer) in layers.enumerated() { layer.initialize(seed: UInt64(index)) }
    return layers
  }

  /// Results and gradients of layers in a row, called by Sequential or one by one.
  private func run(
    _ layers: [any Layer], _ x: Tensor, isBlock: Bool
  ) -> (y: Tensor, gradients: [Tensor], dx: Tensor) {
    let net = Sequential(layers)
    net.materialize(for: x)
    let tape = Tape()
    let watched = tape.watch(x)
    for parameter in net.parameters { _ = parameter.beginWatching(tape) }
    defer { for parameter in net.parameters { parameter.endWatching() } }
    let y = isBlock ? net(watched) : layers.reduce(watched) { $1($0) }
    let parameters = net.parameters.compactMap(\.watched)
    let all = tape.gradient(of: y.square().sum(), at: parameters + [watched])
    return (y.stoppingGradient(), Array(all.dropLast()), all[all.count - 1])
  }

  @Test(arguments: [1, 8, 16, 37])
  func agreesWithItsLayers(_ batch: Int) {
    for activation in [Sigmoid(), Tanh(), ReLU()] as [any Layer] {
      let x = inputs([batch, 2, 13, 12])
      let (block, single) = (
        run(layers(activation, padding: 2), x, isBlock: true),
        run(layers(activation, padding: 2), x, isBlock: false)
      )
      #expect(block.y.scalars() == single.y.scalars())
      #expect(block.dx.scalars() == single.dx.scalars())
      for (a, b) in zip(block.gradients, single.gradients) {
        #expect(a.scalars() == b.scalars())
      }
    }
  }

  /// Without a bias, with other activations, with a max pool or none, and with NaN.
  @Test(arguments: [nil, "2", "3/2", "2/1, dilated"] as [String?], [1, 16, 21])
  func agreesWithItsLayersOfAllKinds(_ window: String?, _ batch: Int) {
    func pool() -> (any Layer)? {
      switch window {
      case "2": MaxPool2d(kernelSize: 2)
      case "3/2": MaxPool2d(kernelSize: 3, stride: 2, padding: 1, ceilMode: true)
      case "2/1, dilated": MaxPool2d(kernelSize: 2, stride: 1, dilation: 2)
      default: nil
      }
    }
    let activations: [any Layer] = [
      ReLU(), Tanh(), Sigmoid(), LeakyReLU(negativeSlope: 0.3), SiLU(), GELU(),
      GELU(approximate: .tanh),
    ]
    for (number, activation) in activations.enumerated() {
      var x = inputs([batch, 2, 13, 12])
      if number == 0 { x[0, 1, 6, 6] = Tensor(Float.nan) }
      func outcome(isBlock: Bool) -> (y: Tensor, gradients: [Tensor], dx: Tensor) {
        let layers = layers(activation, padding: 2, bias: number % 2 == 1, pool: pool())
        return run(layers, x, isBlock: isBlock)
      }
      let (block, single) = (outcome(isBlock: true), outcome(isBlock: false))
      let pairs = zip(
        [block.y, block.dx] + block.gradients, [single.y, single.dx] + single.gradients)
      for (a, b) in pairs {
        #expect(a.doubles.map(\.bitPattern) == b.doubles.map(\.bitPattern), "\(activation)")
      }
    }
  }

  /// Batch norm, an activation and maybe a pool: in training, with the running statistics, and in evaluation.
  @Test(arguments: [nil, "average", "maximum"] as [String?], [1, 16, 70])
  func batchNormsAgreeWithTheirLayers(_ pool: String?, _ batch: Int) {
    for (affine, activation) in [(true, ReLU()), (false, Sigmoid()), (true, Tanh())]
      as [(Bool, any Layer)]
    {
      func outcome(isBlock: Bool) -> [Tensor] {
        let norm = LazyBatchNorm2d(affine: affine)
        var layers: [any Layer] = [norm, activation]
        if let pool {
          layers.append(
            pool == "average"
              ? AvgPool2d(kernelSize: 3, stride: 2, padding: 1) : MaxPool2d(kernelSize: 2))
        }
        let x = inputs([batch, 3, 26, 11])
        let (y, gradients, dx) = run(layers, x, isBlock: isBlock)
        norm.evaluate()
        let evaluated = isBlock ? Sequential(layers)(x) : layers.reduce(x) { $1($0) }
        let buffers = [norm.runningMean, norm.runningVariance].compactMap { $0?.value }
        return [y, dx, evaluated] + gradients + buffers
      }
      let (block, single) = (outcome(isBlock: true), outcome(isBlock: false))
      #expect(block.count == single.count && block.count >= 5)
      for (number, (a, b)) in zip(block, single).enumerated() {
        #expect(
          a.doubles.map(\.bitPattern) == b.doubles.map(\.bitPattern),
          "\(activation.name), result \(number)")
      }
    }
  }

  @Test func secondDerivativesOfBatchNormsPass() throws {
    let net = Sequential(
      LazyConv2d(2, kernelSize: 3), LazyBatchNorm2d(), Tanh(), AvgPool2d(kernelSize: 2),
      LazyBatchNorm2d(), Sigmoid(), Flatten(), LazyLinear(2))
    net.initialize(seed: 3)
    #expect(
      try checkGradients(of: net, at: inputs([4, 1, 6, 6], dtype: .float64), order: 2) < 1e-6)
  }

  /// Which neighbors run as one: as many layers as stated, counted from the convolution.
  @Test func whichLayersRunAsOne() {
    func count(_ layers: any Layer...) -> Int? {
      let named = NamedLayers("Sequential", layers)
      return named.convActivationPool(at: 0, inputs([16, 2, 13, 12]))?.count
    }
    let conv = { LazyConv2d(4, kernelSize: 3, bias: $0) }
    #expect(count(conv(true), ReLU(), MaxPool2d(kernelSize: 2)) == 3)
    #expect(count(conv(false), Sigmoid(), AvgPool2d(kernelSize: 2)) == 3)
    #expect(count(conv(true), SiLU(), MaxPool2d(kernelSize: 2)) == 2)
    #expect(count(conv(true), GELU()) == 2)
    #expect(count(conv(true), ReLU(), AvgPool2d(kernelSize: 2, divisorOverride: 3)) == 2)
    #expect(count(conv(true), LeakyReLU(), Flatten()) == 2)
    #expect(count(conv(true), GELU(approximate: .tanh)) == nil)
    #expect(count(conv(true), MaxPool2d(kernelSize: 2)) == nil)
    #expect(count(LazyConv2d(4, kernelSize: 3, groups: 2), ReLU()) == nil)
    func normCount(_ layers: any Layer...) -> Int? {
      NamedLayers("Sequential", layers).normActivationPool(at: 0, inputs([4, 2, 6, 6]))?.count
    }
    #expect(normCount(LazyBatchNorm2d(), ReLU(), MaxPool2d(kernelSize: 2)) == 3)
    #expect(normCount(LazyBatchNorm2d(), Tanh()) == 2)
    #expect(normCount(LazyBatchNorm2d(), GELU()) == nil)
    #expect(normCount(LazyInstanceNorm2d(), ReLU()) == nil)
  }

  /// Observed layers run one by one; no number changes.
  @Test func observingChangesNoGradient() {
    let net = Sequential(layers(Sigmoid(), padding: 2))
    let x = inputs([16, 2, 13, 12])
    net.materialize(for: x)
    func run() -> [Tensor] {
      let (loss, gradients) = net.valueAndGradients { net(x).square().sum() }
      return [loss] + gradients.map(\.gradient)
    }
    let plain = run()
    var seen = 0
    let observed = net.observingOutputs { _, _, _ in
      seen += 1
    } during: {
      run()
    }
    #expect(seen == 10 && plain.count == 7)
    for (a, b) in zip(plain, observed) { #expect(a.scalars() == b.scalars()) }
  }

  @Test func secondDerivativesPass() throws {
    let net = Sequential(
      LazyConv2d(2, kernelSize: 3), Sigmoid(), AvgPool2d(kernelSize: 2),
      LazyConv2d(2, kernelSize: 2), Tanh(), AvgPool2d(kernelSize: 2), Flatten(), LazyLinear(2))
    net.initialize(seed: 3)
    #expect(
      try checkGradients(of: net, at: inputs([4, 1, 8, 8], dtype: .float64), order: 2) < 1e-6)
  }

  /// A recorded cotangent: the derivative along a direction goes backwards through the pullback.
  @Test func theDerivativeAlongADirectionIsThatOfTheLayers() {
    let layers = layers(Sigmoid())
    let net = Sequential(layers)
    let (x, direction) = (inputs([16, 2, 13, 12]), inputs([16, 2, 13, 12], seed: 2))
    net.materialize(for: x)
    let block = jvp(at: x, along: direction) { net($0) }.tangent
    let single = jvp(at: x, along: direction) { x in layers.reduce(x) { $1($0) } }.tangent
    #expect(relativeError(block, single.asType(.float64)) < 1e-6)
  }

  /// A pool that rounds up has more windows than its sizes say: the recorded gradients must keep them.
  @Test(arguments: [true, false]) func recordsTheGradientsOfPoolsThatRoundUp(_ counts: Bool) {
    let layers: [any Layer] = [
      LazyConv2d(4, kernelSize: 3), Tanh(),
      AvgPool2d(
        kernelSize: 3, stride: 2, padding: 1, ceilMode: true, countIncludesPadding: counts),
    ]
    let net = Sequential(layers)
    net.initialize(seed: 1)
    let (x, direction) = (inputs([16, 2, 10, 10]), inputs([16, 2, 10, 10], seed: 2))
    net.materialize(for: x)
    let block = jvp(at: x, along: direction) { net($0) }.tangent
    let single = jvp(at: x, along: direction) { x in layers.reduce(x) { $1($0) } }.tangent
    #expect(relativeError(block, single.asType(.float64)) < 1e-6)
  }

  /// Inputs on one tape and parameters on another: the inner gradient is recorded by the outer tape.
  @Test func inputsAndParametersOnDifferentTapes() {
    let layers = layers(Sigmoid())
    let net = Sequential(layers)
    let x = inputs([16, 2, 13, 12])
    net.materialize(for: x)
    func gradients(_ run: (Tensor) -> Tensor) -> [Tensor] {
      let outer = NN.valueAndGradients(at: net.parameters) {
        gradient(at: x) { run($0).sum() }.square().sum()
      }
      let inner = gradient(at: x) { x in
        net.valueAndGradients { run(x).square().sum() }.gradients
          .reduce(Tensor(0)) { $0 + $1.gradient.square().sum() }
      }
      return outer.gradients.map(\.gradient) + [inner]
    }
    let block = gradients { net($0) }
    let single = gradients { x in layers.reduce(x) { $1($0) } }
    #expect(block.count == single.count && block.count > 3)
    for (a, b) in zip(block, single) { #expect(relativeError(a, b.asType(.float64)) < 1e-5) }
  }

  /// Layers that look like the pattern but for one property, which the fused form lacks.
  @Test func otherPatternsRunAsTheyAre() {
    let x = inputs([16, 2, 9, 9])
    func check(_ layers: any Layer...) {
      let net = Sequential(layers)
      net.initialize(seed: 1)
      #expect(net(x).floats == layers.reduce(x) { $1($0) }.floats)
    }
    let (convolution, pool) = (Conv2d(2, 4, kernelSize: 3), AvgPool2d(kernelSize: 2))
    check(convolution, ReLU())
    check(convolution, Softmax(), pool)
    check(convolution, ReLU(), MaxPool2d(kernelSize: 2))
    check(convolution, ReLU(), AvgPool2d(kernelSize: 2, divisorOverride: 3))
    check(Conv2d(2, 4, kernelSize: 3, groups: 2), ReLU(), pool)
    check(Conv2d(2, 4, kernelSize: 3, bias: false), ReLU(), pool)
    for mode in [PaddingMode.reflect, .replicate, .circular, .constant(1)] {
      check(Conv2d(2, 4, kernelSize: 3, padding: 1, paddingMode: mode), ReLU(), pool)
    }
    check(Conv2d(2, 4, kernelSize: 3, padding: .same), ReLU(), pool)
    check(Conv2d(2, 4, kernelSize: [3, 2], padding: .same), ReLU(), pool)
  }

  @Test func appendingMakesABlock() {
    let net = Sequential(LazyConv2d(3, kernelSize: 3), Sigmoid())
    net.initialize(seed: 1)
    let x = inputs([16, 1, 8, 8])
    let before = avgPool2d(net(x), kernelSize: 2)
    net.append(AvgPool2d(kernelSize: 2))
    #expect(net(x).scalars() == before.scalars())
  }
}
