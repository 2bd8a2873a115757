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

  @Test func flatten() {
    #expect(Flatten()(inputs([2, 3, 4, 5])).shape == [2, 60])
    #expect(Flatten()(inputs([2, 3])).shape == [2, 3])
    #expect(Flatten()(inputs([0, 3, 4])).shape == [0, 12])
    #expect(Flatten(from: 2)(inputs([2, 3, 4, 5])).shape == [2, 3, 20])
    let x = inputs([2, 3, 4])
    #expect(Flatten()(x.transpose()).floats == x.transpose().contiguous().floats)
    #expect(Flatten().details == "" && Flatten(from: 2).details == "from axis 2")
    #expect(Flatten().description == "Flatten")
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
    for layer in [Sigmoid(), ReLU(), Tanh(), Softmax(axis: 0), Flatten()] as [any Layer] {
      try checkGradients(of: { layer($0) }, at: x, order: 2)
    }
  }
}
