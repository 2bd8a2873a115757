import Autograd
import TestSupport
import Testing

@testable import NN

@Suite struct OutputHooksTests {
  @Test func outputsAreSeenInOrder() {
    let model = Sequential(
      LazyConv2d(2, kernelSize: 3), Sigmoid(), AvgPool2d(kernelSize: 2, stride: 2), Flatten(),
      Sequential(LazyLinear(3)))
    let x = inputs([2, 1, 6, 6])
    let expected = model(x)
    var seen: [String] = []
    var last: [Float] = []
    let y = model.observingOutputs { path, layer, y in
      seen.append("\(path) \(layer.name) \(y.shape)")
      last = y.floats
    } during: {
      model(x)
    }
    #expect(
      seen == [
        "0 Conv2d [2, 2, 4, 4]", "1 Sigmoid [2, 2, 4, 4]", "2 AvgPool2d [2, 2, 2, 2]",
        "3 Flatten [2, 8]", "4.0 Linear [2, 3]", "4 Sequential [2, 3]", " Sequential [2, 3]",
      ])
    #expect(last == y.floats && relativeError(y, expected) < 1e-6)
    _ = model(x)
    #expect(seen.count == 7, "it ends with the closure")
  }

  @Test func nestedObserversSeeTheirOwnModules() {
    let (a, b) = (Linear(2, 2), Linear(2, 2))
    var seen: [String] = []
    a.observingOutputs { _, _, _ in
      seen.append("a")
    } during: {
      Sequential(a, b).observingOutputs { path, _, _ in
        seen.append(path)
      } during: {
        _ = b(a(.ones([1, 2])))
      }
    }
    #expect(seen == ["a", "0", "1"])
  }

  @Test func aParametersGradientGoesThroughItsHook() {
    let layer = Linear(1, 1)
    var seen: [Float] = []
    layer.weight.gradientHook = {
      seen += $0.floats
      return $0 * 2
    }
    let (_, gradients) = layer.valueAndGradients { (layer(Tensor([[3]])) * 5).sum() }
    #expect(seen == [15] && gradients[layer.weight]?.item() == 30)
    #expect(layer.bias.flatMap { gradients[$0] }?.item() == 5)
    layer.weight.gradientHook = nil
    _ = layer.valueAndGradients { layer(Tensor([[3]])).sum() }
    #expect(seen.count == 1)
  }

  /// The anomaly's message names the module, forward and backward.
  final class Root: Layer {
    func forward(_ x: consuming Tensor) -> Tensor { x.sqrt() }
  }

  static let mistakes = [
    Mistake("Sequential.1 (Root)", "sqrt()", "NaN", "float32 [1]", "index 0") {
      let model = Sequential(Tanh(), Root())
      detectAnomalies { _ = model(Tensor([-1])) }
    },
    Mistake("Sequential.1 (Root)", "gradient", "sqrt()", "infinity", "float32 [1]") {
      let model = Sequential(Tanh(), Root())
      detectAnomalies { _ = gradient(at: Tensor([0])) { model($0).sum() } }
    },
  ]

  @Test(arguments: mistakes.indices) func anomaliesNameTheModule(index: Int) async {
    let result = await #expect(
      processExitsWith: .failure, observing: [\.standardErrorContent]
    ) { [index] in
      OutputHooksTests.mistakes[index].body()
    }
    expect(result, names: Self.mistakes[index].names)
  }
}
