import Autograd
import Testing

@testable import NN

@Suite struct ReshapingTests {
  @Test func identity() {
    let x = inputs([2, 3])
    #expect(Identity()(x).floats == x.floats)
    #expect(Identity().description == "Identity")
  }

  @Test func flatten() {
    let x = inputs([2, 3, 4, 5])
    #expect(Flatten()(x).shape == [2, 60])
    #expect(Flatten(from: 2)(x).shape == [2, 3, 20])
    #expect(Flatten(from: 1, through: 2)(x).shape == [2, 12, 5])
    #expect(Flatten(from: 0, through: -2)(x).shape == [24, 5])
    #expect(Flatten().details == "" && Flatten(from: 2).details == "from axis 2")
    #expect(Flatten(from: 1, through: 2).details == "from axis 1 through 2")
  }

  @Test func unflatten() {
    let x = inputs([2, 12, 3])
    #expect(Unflatten(1, into: [3, 4])(x).shape == [2, 3, 4, 3])
    #expect(Unflatten(-2, into: [-1, 6])(x).shape == [2, 2, 6, 3])
    #expect(Unflatten(2, into: [3, 1, 1])(x).shape == [2, 12, 3, 1, 1])
    #expect(Unflatten(0, into: [2])(x).floats == x.floats)
    #expect(Unflatten(0, into: [0, 5])(inputs([0, 2])).shape == [0, 5, 2])
    #expect(Flatten()(Unflatten(1, into: [3, 4])(x)).floats == Flatten()(x).floats)
    #expect(Unflatten(1, into: [3, -1]).description == "Unflatten axis 1 into [3, -1]")
  }

  @Test func gradients() throws {
    let x = inputs([2, 6], dtype: .float64)
    for layer in [Identity(), Unflatten(1, into: [2, 3]), Flatten(from: 0)] as [any Layer] {
      try checkGradients(of: { layer($0) }, at: x, order: 2)
    }
  }
}
