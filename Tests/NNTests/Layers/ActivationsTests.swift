import Autograd
import Foundation
import Testing

@testable import NN

@Suite struct ActivationsTests {
  private static let x = [-100.0, -2, -0.5, 0, 0.5, 2, 100]

  private static func expectValues(
    _ layer: some Layer, _ expected: (Double) -> Double,
    sourceLocation: SourceLocation = #_sourceLocation
  ) {
    let y = layer(Tensor(x, dtype: .float64)).doubles
    for (found, x) in zip(y, x) {
      #expect(abs(found - expected(x)) < 1e-14, sourceLocation: sourceLocation)
    }
  }

  @Test func values() {
    Self.expectValues(Sigmoid()) { 1 / (1 + exp(-$0)) }
    Self.expectValues(ReLU()) { max($0, 0) }
    Self.expectValues(Tanh()) { tanh($0) }
  }

  @Test func softmaxAlongItsAxis() {
    let x = Tensor([[0, 1000], [0, 1000]])
    #expect(Softmax()(x).floats == [0, 1, 0, 1])
    #expect(Softmax(axis: 0)(x).floats == [0.5, 0.5, 0.5, 0.5])
    #expect(Softmax(axis: 1).details == "axis 1" && Softmax().details == "axis -1")
  }

  @Test func details() {
    #expect(LeakyReLU(negativeSlope: 0.2).description == "LeakyReLU slope 0.2")
    #expect(GELU().description == "GELU")
    #expect(GELU(approximate: .tanh).description == "GELU approximate tanh")
    #expect(Hardtanh().description == "Hardtanh -1.0 to 1.0")
    #expect(
      PReLU(3).description == "PReLU 3" && PReLU(3).weight.value.floats == [0.25, 0.25, 0.25])
  }

  @Test func shapesStay() {
    for layer in [Sigmoid(), ReLU(), Tanh(), Softmax()] as [any Layer] {
      #expect(layer(inputs([2, 3])).shape == [2, 3])
      #expect(layer(inputs([0, 3])).shape == [0, 3])
      #expect(layer(inputs([])).shape == [])
    }
  }

  @Test func theInputIsNotChanged() {
    let x = Tensor([-1, 2])
    for layer in [Sigmoid(), ReLU(), Tanh(), Softmax()] as [any Layer] {
      _ = layer(x)
      #expect(x.floats == [-1, 2])
    }
  }

  @Test func gradients() throws {
    let x = inputs([3, 4], dtype: .float64)
    for layer in [Sigmoid(), ReLU(), Tanh(), Softmax(axis: 0)] as [any Layer] {
      try checkGradients(of: { layer($0) }, at: x, order: 2)
    }
  }
}
