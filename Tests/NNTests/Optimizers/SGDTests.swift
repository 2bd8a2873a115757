import Autograd
import TestSupport
import Testing

@testable import NN

@Suite struct SGDTests {
  @Test func stepsByHand() {
    let (a, b) = (Parameter(Tensor([1, 2])), Parameter(Tensor([[4]])))
    let optimizer = SGD([a, b], learningRate: 0.5)
    optimizer.step(Gradients([(a, Tensor([1, -2])), (b, Tensor([[8]]))]))
    #expect(a.value.floats == [0.5, 3] && b.value.floats == [0])
    optimizer.learningRate = 2
    optimizer.step(Gradients([(a, Tensor([0.25, 1]))]))
    #expect(a.value.floats == [0, 1] && b.value.floats == [0])
    optimizer.learningRate = 0
    optimizer.step(Gradients([(a, Tensor([1, 1]))]))
    #expect(a.value.floats == [0, 1])
  }

  @Test func linearRegressionByHand() {
    // y = w x + b, loss (y - t)^2; w = 1, b = 0, x = 2, t = 5.
    let layer = Linear(1, 1)
    layer.weight.value = Tensor([[1]])
    layer.bias?.value = Tensor([0])
    let optimizer = SGD(layer.parameters, learningRate: 0.125)
    func step() -> Double {
      let (loss, gradients) = layer.valueAndGradients {
        (layer(Tensor([[2]])) - 5).square().sum()
      }
      optimizer.step(gradients)
      return loss.item()
    }
    #expect(step() == 9)  // dw = 2 * -3 * 2 = -12, db = -6
    #expect(layer.values == [[2.5], [0.75]])
    #expect(step() == 0.5625)  // 5.75 - 5 = 0.75
    #expect(layer.values == [[2.125], [0.5625]])
  }

  @Test func stepLeavesCopiesOfTheValueAlone() {
    let parameter = Parameter(Tensor([1]))
    let before = parameter.value
    SGD([parameter], learningRate: 1).step(Gradients([(parameter, Tensor([1]))]))
    #expect(before.floats == [1] && parameter.value.floats == [0])
  }

  @Test func stepLeavesOtherParametersAlone() {
    let (own, other) = (Parameter(Tensor([1])), Parameter(Tensor([1])))
    let gradients = Gradients([(own, Tensor([1])), (other, Tensor([1]))])
    SGD([own], learningRate: 1).step(gradients)
    #expect(own.value.floats == [0] && other.value.floats == [1])
  }

  static let mistakes = [
    Mistake("SGD", "no parameters") { _ = SGD([], learningRate: 1) },
    Mistake("SGD", "learning rate", "0", "-1.0") {
      _ = SGD(Linear(1, 1).parameters, learningRate: -1)
    },
    Mistake("SGD", "learning rate", "0", "nan") {
      _ = SGD(Linear(1, 1).parameters, learningRate: Double.nan)
    },
  ]

  @Test(arguments: mistakes.indices) func mistakesStop(index: Int) async {
    let result = await #expect(
      processExitsWith: .failure, observing: [\.standardErrorContent]
    ) { [index] in
      SGDTests.mistakes[index].body()
    }
    expect(result, names: Self.mistakes[index].names)
  }
}
