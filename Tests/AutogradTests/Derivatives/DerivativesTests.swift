import TestSupport
import Testing

@testable import Autograd

@Suite struct DerivativesTests {
  private let x = Tensor([0.5, -1, 2], dtype: .float64)

  @Test func valueAndGradientOfOneTensor() {
    let (value, dx) = valueAndGradient(at: x) { ($0 * $0).sum() }
    expect(value, equals: [5.25], shape: [])
    expect(dx, equals: [1, -2, 4])
    #expect(!value.isTraced && !dx.isTraced)
  }

  @Test func gradientsAtSeveralTensorsOneOfThemUnused() {
    let w = Tensor([2], dtype: .float64)
    let results = gradients(at: [x, Tensor([7, 7]), w]) { ($0[0] * $0[2]).sum() }
    expect(results[0], equals: [2, 2, 2])
    expect(results[1], equals: [0, 0])
    expect(results[2], equals: [1.5])
  }

  @Test func aFunctionThatReturnsItsArgumentOrAConstant() {
    let one = Tensor([[4]])
    expect(gradient(at: one) { $0 }, equals: [1], shape: [1, 1])
    expect(gradient(at: one) { _ in Tensor(3) }, equals: [0], shape: [1, 1])
    expect(jvp(at: x, along: x) { $0 }.tangent, equals: [0.5, -1, 2])
    expect(jvp(at: x, along: x) { _ in Tensor([1, 2]) }.tangent, equals: [0, 0])
    expect(jacobian(at: one) { $0 }, equals: [1], shape: [1, 1, 1, 1])
    expect(jacobian(at: x) { _ in Tensor([1]) }, equals: [0, 0, 0], shape: [1, 3])
  }

  @Test func oneTensorTwice() {
    let results = gradients(at: [x, x]) { ($0[0] * $0[1] * $0[0]).sum() }
    expect(results[0], equals: [0.5, 2, 8])
    expect(results[1], equals: [0.25, 1, 4])
    expect(gradient(at: x) { ($0 + $0).sum() }, equals: [2, 2, 2])
    expect(gradient(at: x) { ($0 - $0).sum() }, equals: [0, 0, 0])
  }

  @Test func theValueIsStrippedOfItsTape() {
    var total = Tensor(0)
    for _ in 0..<3 {
      let (loss, _) = valueAndGradients(at: [x]) { $0[0].sum() }
      total += loss
      #expect(!total.isTraced)
    }
    expect(total, equals: [4.5], shape: [])
    // An outer tape still sees it.
    let dx = gradient(at: x) { x in
      let (value, slope) = valueAndGradient(at: x) { ($0 * $0 * $0).sum() }
      #expect(value.isTraced && slope.isTraced)
      return value + slope.sum()
    }
    expect(dx, equals: [0.75 + 3, 3 - 6, 12 + 12])
  }

  @Test func pullbackCalledSeveralTimes() {
    let (value, pull) = pullback(at: x) { $0 * $0 }
    expect(value, equals: [0.25, 1, 4])
    expect(pull(Tensor([1, 0, 0])), equals: [1, 0, 0])
    expect(pull(Tensor([0, 1, 1])), equals: [0, -2, 4])
    expect(pull(Tensor([1, 0, 0])), equals: [1, 0, 0])
    #expect(!value.isTraced)
  }

  /// A pullback is linear in its cotangent, and this can be differentiated, also by a younger tape.
  @Test func aPullbackIsDifferentiable() {
    let (_, pull) = pullback(at: x) { $0 * $0 }
    expect(gradient(at: Tensor([1, 1, 1])) { pull($0).sum() }, equals: [1, -2, 4])
    let second = gradient(at: x) { x in
      let (_, pull) = pullback(at: x) { $0 * $0 * $0 }
      return pull(Tensor([1, 1, 1])).sum()
    }
    expect(second, equals: [3, -6, 12])
  }

  @Test func jvpAgainstClosedForms() {
    let direction = Tensor([1, 10, -1], dtype: .float64)
    let (value, tangent) = jvp(at: x, along: direction) { $0 * $0 }
    expect(value, equals: [0.25, 1, 4])
    expect(tangent, equals: [1, -20, -4])
    #expect(!value.isTraced && !tangent.isTraced)
    let matrix = Tensor([[1, 2], [3, 4], [5, 6]], dtype: .float64)
    let product = jvp(at: x, along: direction) { $0.unsqueeze(0).matmul(matrix) }
    expect(product.tangent, equals: [26, 36], shape: [1, 2])
  }

  @Test func jvpOfAGradientIsAHessianVectorProduct() {
    let direction = Tensor([1, 2, 3], dtype: .float64)
    let product = jvp(at: x, along: direction) { x in
      gradient(at: x) { ($0 * $0 * $0).sum() }
    }
    expect(product.tangent, equals: [3, -12, 36])  // 6 x v
    // And the gradient of a jvp.
    let mixed = gradient(at: x) { x in
      jvp(at: x, along: direction) { $0 * $0 * $0 }.tangent.sum()
    }
    expect(mixed, equals: [3, -12, 36])
  }

  @Test func jacobianAgainstClosedForms() {
    let matrix = Tensor([[1, 2, 3], [4, 5, 6]], dtype: .float64)
    expect(
      jacobian(at: x) { matrix.matmul($0.unsqueeze(1)).squeeze() }, equals: [1, 2, 3, 4, 5, 6],
      shape: [2, 3])
    // d (x_i x_j) / d x_k
    let outer = jacobian(at: Tensor([2, 3], dtype: .float64)) { $0.unsqueeze(1) * $0 }
    expect(outer, equals: [4, 0, 3, 2, 3, 2, 0, 6], shape: [2, 2, 2])
    expect(jacobian(at: x) { $0.sum() }, equals: [1, 1, 1])
    #expect(jacobian(at: x) { $0.slice(axis: 0, to: 0) }.shape == [0, 3])
    #expect(jacobian(at: Tensor([Double]())) { $0.sum() + Tensor([1, 2]) }.shape == [2, 0])
  }

  @Test func hessianAgainstClosedForms() {
    let q = Tensor([[2, 1, 0], [1, 3, -1], [0, -1, 4]], dtype: .float64)
    let quadratic = hessian(at: x) { ($0.unsqueeze(0).matmul(q) * $0).sum() }
    expect(quadratic, equals: [4, 2, 0, 2, 6, -2, 0, -2, 8], shape: [3, 3])
    let exponential = hessian(at: x) { ($0 * 2).exp().sum() }
    let e = (x * 2).exp().scalars(as: Double.self).map { 4 * $0 }
    expect(
      exponential, equals: [e[0], 0, 0, 0, e[1], 0, 0, 0, e[2]], shape: [3, 3], tolerance: 1e-12)
    expect(hessian(at: x) { $0.sum() }, equals: [Double](repeating: 0, count: 9), shape: [3, 3])
    expect(hessian(at: Tensor(3)) { $0 * $0 * $0 }, equals: [18], shape: [])
  }

  @Test func aHessianCanBeDifferentiated() {
    let third = gradient(at: Tensor([2, 5], dtype: .float64)) { x in
      hessian(at: x) { ($0 * $0 * $0).sum() }.sum()
    }
    expect(third, equals: [6, 6])
  }

  @Test func errorsPassThrough() {
    struct Refused: Error {}
    #expect(throws: Refused.self) {
      try gradient(at: x) { _ in throw Refused() }
    }
  }
}
