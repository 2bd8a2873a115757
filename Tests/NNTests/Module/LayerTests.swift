import Autograd
import TestSupport
import Testing

@testable import NN

/// A model of one's own that is not a layer.
private final class Pair: Module {
  let left = Linear(2, 3)
  let right = Sequential(Linear(2, 4))

  func callAsFunction(_ a: Tensor, _ b: Tensor) -> Tensor {
    running { concatenate([left(a), right(b)], axis: -1) }
  }
}

@Suite struct LayerTests {
  @Test func callingALayerIsItsForward() {
    let (layer, x) = (Linear(3, 2), inputs([4, 3]))
    #expect(layer(x).floats == layer.forward(x).floats)
    let pair = Pair()
    #expect(pair(inputs([1, 2]), inputs([1, 2])).shape == [1, 7])
  }

  @Test func printing() {
    #expect(Linear(2, 3).description == "Linear 2 -> 3")
    #expect(ReLU().description == "ReLU")
    let model = Sequential(LazyLinear(3), Sequential(ReLU(), LazyConv2d(4, kernelSize: 1)))
    #expect(
      model.description == """
        Sequential(
          0: Linear ? -> 3
          1: Sequential(
            0: ReLU
            1: Conv2d ? -> 4, kernel 1x1
          )
        )
        """)
    #expect("\(Sequential())" == "Sequential")
  }

  @Test func failureNamesThePathOfTheLayer() async {
    let result = await #expect(
      processExitsWith: .failure, observing: [\.standardErrorContent]
    ) {
      _ = Sequential(ReLU(), Sequential(Linear(2, 2)))(Tensor.zeros([1, 3]))
    }
    expect(result, names: "Sequential.1.0 (Linear 2 -> 2)", "axis of 2", "[1, 3]")
  }

  @Test func failureInAModuleThatIsNoLayerNamesThePath() async {
    let result = await #expect(
      processExitsWith: .failure, observing: [\.standardErrorContent]
    ) {
      _ = Pair()(Tensor.zeros([1, 2]), Tensor.zeros([1, 5]))
    }
    expect(result, names: "Pair.right.0 (Linear 2 -> 4)", "axis of 2", "[1, 5]")
  }

  @Test func failureAfterACallDoesNotNameTheLayer() async {
    let result = await #expect(
      processExitsWith: .failure, observing: [\.standardErrorContent]
    ) {
      let y = Linear(2, 2)(Tensor.zeros([1, 2]))
      _ = y.matmul(Tensor.zeros([3, 1]))
    }
    expect(result, names: "matmul", "float32 [1, 2]", "float32 [3, 1]")
    #expect(result?.errorText.contains("Linear") == false)
  }
}
