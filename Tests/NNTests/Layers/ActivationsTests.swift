import Autograd
import Foundation
import TestSupport
import Testing

@testable import NN

@Suite struct ActivationsTests {
  @Test func values() {
    let values = [-100.0, -2, -0.5, 0, 0.5, 2, 100]
    let x = Tensor(values, dtype: .float64)
    expect(Sigmoid()(x), equals: values.map { 1 / (1 + exp(-$0)) }, tolerance: 0.9e-14)
    expect(ReLU()(x), equals: values.map { max($0, 0) })
    expect(Tanh()(x), equals: values.map { tanh($0) }, tolerance: 0.9e-14)
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
