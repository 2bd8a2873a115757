import Autograd
import Testing

@testable import NN

/// Blocks in a row, which run as one operation, must not be told from their layers.
@Suite struct PoolingBlockTests {
  private func layers(_ activation: any Layer, padding: Int = 0) -> [any Layer] {
    let layers: [any Layer] = [
      LazyConv2d(7, kernelSize: [5, 3], padding: padding), activation,
      AvgPool2d(kernelSize: 3, stride: 2, padding: 1),
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
      #expect(relativeError(block.dx, single.dx.asType(.float64)) < 1e-6)
      for (a, b) in zip(block.gradients, single.gradients) {
        #expect(relativeError(a, b.asType(.float64)) < 2e-6)
      }
    }
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

  @Test func onlyItsOwnPatternIsABlock() {
    func isBlock(_ layers: any Layer...) -> Bool { PoolingBlock(layers, at: 0) != nil }
    let (convolution, pool) = (Conv2d(2, 4, kernelSize: 3), AvgPool2d(kernelSize: 2))
    #expect(isBlock(convolution, ReLU(), pool))
    #expect(!isBlock(convolution, ReLU()))
    #expect(!isBlock(convolution, Softmax(), pool))
    #expect(!isBlock(convolution, ReLU(), MaxPool2d(kernelSize: 2)))
    #expect(!isBlock(Conv2d(2, 4, kernelSize: 3, groups: 2), ReLU(), pool))
    #expect(!isBlock(Conv2d(2, 4, kernelSize: 3, bias: false), ReLU(), pool))
    #expect(!isBlock(Conv3d(2, 4, kernelSize: 3), ReLU(), pool))
  }

  @Test func paddingOtherThanZerosOnBothSidesIsNoBlock() {
    func isBlock(_ convolution: Conv2d) -> Bool {
      let layers: [any Layer] = [convolution, ReLU(), AvgPool2d(kernelSize: 2)]
      let x = inputs([16, 1, 8, 8])
      #expect(Sequential(layers)(x).floats == layers.reduce(x) { $1($0) }.floats)
      return PoolingBlock(layers, at: 0) != nil
    }
    for mode in [PaddingMode.reflect, .replicate, .circular, .constant(1)] {
      #expect(!isBlock(LazyConv2d(4, kernelSize: 3, padding: 1, paddingMode: mode)))
      #expect(isBlock(LazyConv2d(4, kernelSize: 3, paddingMode: mode)))
    }
    #expect(isBlock(LazyConv2d(4, kernelSize: 3, padding: 1)))
    #expect(isBlock(LazyConv2d(4, kernelSize: 3, padding: .same)))
    #expect(!isBlock(LazyConv2d(4, kernelSize: [3, 2], padding: .same)))
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
