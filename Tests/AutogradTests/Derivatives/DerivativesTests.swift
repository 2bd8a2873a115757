import Testing

@testable import Autograd

@Suite struct DerivativesTests {
  private let x = Tensor([0.5, -1, 2], dtype: .float64)

  @Test func valueAndGradientOfOneTensor() {
    let (value, dx) = valueAndGradient(at: x) { ($0 * $0).sum() }
    expectScalars(value, [5.25], shape: [])
    expectScalars(dx, [1, -2, 4])
    #expect(!value.isTraced && !dx.isTraced)
  }

  @Test func gradientsAtSeveralTensorsOneOfThemUnused() {
    let w = Tensor([2], dtype: .float64)
    let results = gradients(at: [x, Tensor([7, 7]), w]) { ($0[0] * $0[2]).sum() }
    expectScalars(results[0], [2, 2, 2])
    expectScalars(results[1], [0, 0], shape: [2])
    expectScalars(results[2], [1.5], shape: [1])
  }

  @Test func aFunctionThatReturnsItsArgumentOrAConstant() {
    let one = Tensor([[4]])
    expectScalars(gradient(at: one) { $0 }, [1], shape: [1, 1])
    expectScalars(gradient(at: one) { _ in Tensor(3) }, [0], shape: [1, 1])
    expectScalars(jvp(at: x, along: x) { $0 }.tangent, [0.5, -1, 2])
    expectScalars(jvp(at: x, along: x) { _ in Tensor([1, 2]) }.tangent, [0, 0], shape: [2])
    expectScalars(jacobian(at: one) { $0 }, [1], shape: [1, 1, 1, 1])
    expectScalars(jacobian(at: x) { _ in Tensor([1]) }, [0, 0, 0], shape: [1, 3])
  }

  @Test func oneTensorTwice() {
    let results = gradients(at: [x, x]) { ($0[0] * $0[1] * $0[0]).sum() }
    expectScalars(results[0], [0.5, 2, 8])
    expectScalars(results[1], [0.25, 1, 4])
    expectScalars(gradient(at: x) { ($0 + $0).sum() }, [2, 2, 2])
    expectScalars(gradient(at: x) { ($0 - $0).sum() }, [0, 0, 0])
  }

  @Test func theValueIsStrippedOfItsTape() {
    var total = Tensor(0)
    for _ in 0..<3 {
      let (loss, _) = valueAndGradients(at: [x]) { $0[0].sum() }
      total += loss
      #expect(!total.isTraced)
    }
    expectScalars(total, [4.5])
    // An outer tape still sees it.
    let dx = gradient(at: x) { x in
      let (value, slope) = valueAndGradient(at: x) { ($0 * $0 * $0).sum() }
      #expect(value.isTraced && slope.isTraced)
      return value + slope.sum()
    }
    expectScalars(dx, [0.75 + 3, 3 - 6, 12 + 12])
  }

  @Test func pullbackCalledSeveralTimes() {
    let (value, pull) = pullback(at: x) { $0 * $0 }
    expectScalars(value, [0.25, 1, 4])
    expectScalars(pull(Tensor([1, 0, 0])), [1, 0, 0])
    expectScalars(pull(Tensor([0, 1, 1])), [0, -2, 4])
    expectScalars(pull(Tensor([1, 0, 0])), [1, 0, 0])
    #expect(!value.isTraced)
  }

  /// A pullback is linear in its cotangent, and this can be differentiated, also by a younger tape.
  @Test func aPullbackIsDifferentiable() {
    let (_, pull) = pullback(at: x) { $0 * $0 }
    expectScalars(gradient(at: Tensor([1, 1, 1])) { pull($0).sum() }, [1, -2, 4])
    let second = gradient(at: x) { x in
      let (_, pull) = pullback(at: x) { $0 * $0 * $0 }
      return pull(Tensor([1, 1, 1])).sum()
    }
    expectScalars(second, [3, -6, 12])
  }

  @Test func jvpAgainstClosedForms() {
    let direction = Tensor([1, 10, -1], dtype: .float64)
    let (value, tangent) = jvp(at: x, along: direction) { $0 * $0 }
    expectScalars(value, [0.25, 1, 4])
    expectScalars(tangent, [1, -20, -4])
    #expect(!value.isTraced && !tangent.isTraced)
    let matrix = Tensor([[1, 2], [3, 4], [5, 6]], dtype: .float64)
    let product = jvp(at: x, along: direction) { $0.unsqueeze(0).matmul(matrix) }
    expectScalars(product.tangent, [26, 36], shape: [1, 2])
  }

  @Test func jvpOfAGradientIsAHessianVectorProduct() {
    let direction = Tensor([1, 2, 3], dtype: .float64)
    let product = jvp(at: x, along: direction) { x in
      gradient(at: x) { ($0 * $0 * $0).sum() }
    }
    expectScalars(product.tangent, [3, -12, 36])  // 6 x v
    // And the gradient of a jvp.
    let mixed = gradient(at: x) { x in
      jvp(at: x, along: direction) { $0 * $0 * $0 }.tangent.sum()
    }
    expectScalars(mixed, [3, -12, 36])
  }

  @Test func jacobianAgainstClosedForms() {
    let matrix = Tensor([[1, 2, 3], [4, 5, 6]], dtype: .float64)
    expectScalars(
      jacobian(at: x) { matrix.matmul($0.unsqueeze(1)).squeeze() }, [1, 2, 3, 4, 5, 6],
      shape: [2, 3])
    // d (x_i x_j) / d x_k
    let outer = jacobian(at: Tensor([2, 3], dtype: .float64)) { $0.unsqueeze(1) * $0 }
    expectScalars(outer, [4, 0, 3, 2, 3, 2, 0, 6], shape: [2, 2, 2])
    expectScalars(jacobian(at: x) { $0.sum() }, [1, 1, 1], shape: [3])
    #expect(jacobian(at: x) { $0.slice(axis: 0, to: 0) }.shape == [0, 3])
    #expect(jacobian(at: Tensor([Double]())) { $0.sum() + Tensor([1, 2]) }.shape == [2, 0])
  }

  @Test func hessianAgainstClosedForms() {
    let q = Tensor([[2, 1, 0], [1, 3, -1], [0, -1, 4]], dtype: .float64)
    let quadratic = hessian(at: x) { ($0.unsqueeze(0).matmul(q) * $0).sum() }
    expectScalars(quadratic, [4, 2, 0, 2, 6, -2, 0, -2, 8], shape: [3, 3])
    let exponential = hessian(at: x) { ($0 * 2).exp().sum() }
    let e = (x * 2).exp().scalars(as: Double.self).map { 4 * $0 }
    expectScalars(exponential, [e[0], 0, 0, 0, e[1], 0, 0, 0, e[2]], tolerance: 1e-12)
    expectScalars(hessian(at: x) { $0.sum() }, [Double](repeating: 0, count: 9), shape: [3, 3])
    expectScalars(hessian(at: Tensor(3)) { $0 * $0 * $0 }, [18], shape: [])
  }

  @Test func aHessianCanBeDifferentiated() {
    let third = gradient(at: Tensor([2, 5], dtype: .float64)) { x in
      hessian(at: x) { ($0 * $0 * $0).sum() }.sum()
    }
    expectScalars(third, [6, 6])
  }

  @Test func errorsPassThrough() {
    struct Refused: Error {}
    #expect(throws: Refused.self) {
      try gradient(at: x) { _ in throw Refused() }
    }
  }
}
