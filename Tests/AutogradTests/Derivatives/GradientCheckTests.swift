import Testing

@testable import Autograd

/// The tester tested: what `checkGradients` must refuse.
struct GradientCheckTests {
  private let x = Tensor([0.7, -1.2, 0.4, 1.1, -0.3, 0.9], shape: [2, 3], dtype: .float64)
  private let w = Tensor([1.5, 0.5, -0.8], dtype: .float64)

  private func mismatch(
    order: Int = 1, tolerance: Double = 1e-6, _ function: ([Tensor]) -> Tensor
  ) -> GradientMismatch? {
    do throws(GradientMismatch) {
      try checkGradients(of: function, at: [x, w], order: order, tolerance: tolerance)
      return nil
    } catch {
      return error
    }
  }

  /// x * w with factors on the gradients.
  private func product(
    _ x: Tensor, _ w: Tensor, xFactor: Tensor = Tensor(1, dtype: .float64),
    wFactor: Tensor = Tensor(1, dtype: .float64)
  ) -> Tensor {
    differentiable(
      x, w, { $0 * $1 }, first: { _, w, _ in { dy in dy * w * xFactor } },
      second: { x, _, _ in { dy in dy * x * wFactor } })
  }

  @Test func rightGradientsPass() {
    #expect(mismatch(order: 2) { product($0[0], $0[1]) } == nil)
  }

  @Test func wrongByHalfAPermille() throws {
    let found = try #require(
      mismatch { product($0[0], $0[1], wFactor: Tensor(1.0005, dtype: .float64)) })
    #expect(found.input == 1 && found.element == [0] && found.order == 1)
    #expect(found.relativeError > 4e-4 && found.relativeError < 6e-4)
    #expect(found.description.contains("gradient of input 1 at [0]"))
    #expect(found.description.contains("\(found.gradient)"))
    #expect(found.description.contains("\(found.expected)"))
  }

  @Test func wrongInOneElement() throws {
    let factor = Tensor([1, 1, 1, 1, 1.0005, 1], shape: [2, 3], dtype: .float64)
    let found = try #require(mismatch { product($0[0], $0[1], xFactor: factor) })
    #expect(found.input == 0 && found.element == [1, 1])
  }

  @Test func wrongInOneElementThatIsSmall() throws {
    let scale = Tensor([1, 1, 1, 1, 1, 1e-3], shape: [2, 3], dtype: .float64)
    let factor = Tensor([1, 1, 1, 1, 1, 1.0005], shape: [2, 3], dtype: .float64)
    let found = try #require(mismatch { product($0[0] * scale, $0[1], xFactor: factor) })
    #expect(found.input == 0 && found.element == [1, 2])
  }

  @Test func missingGradient() throws {
    let found = try #require(mismatch { product($0[0], $0[1].stoppingGradient()) })
    #expect(found.input == 1 && found.gradient == 0 && found.expected != 0)
  }

  @Test func wrongOnlyInSecondOrder() throws {
    func square(_ x: Tensor) -> Tensor {
      differentiable(
        x, { $0 * $0 }, pullback: { x, _ in { dy in dy * x.stoppingGradient() * 2 } })
    }
    #expect(mismatch { square($0[0]) * $0[1] } == nil)
    let found = try #require(mismatch(order: 2) { square($0[0]) * $0[1] })
    #expect(found.input == 0 && found.order == 2)
    #expect(found.description.contains("second-order gradient of input 0"))
  }

  @Test func wrongByHalfAPermilleInSecondOrder() throws {
    func slope(_ x: Tensor) -> Tensor {
      differentiable(x, { $0 * 2 }, pullback: { _, _ in { dy in dy * 2 } })
    }
    func cube(_ x: Tensor) -> Tensor {
      differentiable(
        x, { $0 * $0 * $0 },
        pullback: { x, _ in
          { dy in
            let right = x * x * 3
            return dy * (right + (x - x.stoppingGradient()) * x.stoppingGradient() * 3e-3)
          }
        })
    }
    #expect(mismatch(order: 2) { slope($0[0]) + $0[1] } == nil)
    #expect(mismatch { cube($0[0]) + $0[1] } == nil)
    #expect(mismatch(order: 2) { cube($0[0]) + $0[1] }?.order == 2)
  }

  @Test func nan() throws {
    let inGradient = try #require(
      mismatch { product($0[0], $0[1], xFactor: Tensor(Double.nan, dtype: .float64)) })
    #expect(inGradient.gradient.isNaN && !inGradient.expected.isNaN)
    let everywhere = try #require(mismatch { ($0[0] + $0[1]) * Double.nan })
    #expect(everywhere.expected.isNaN)
    let one = Tensor([1, 1, 1, 1, .nan, 1], shape: [2, 3], dtype: .float64)
    #expect(try #require(mismatch { product($0[0], $0[1], xFactor: one) }).element == [1, 1])
  }

  @Test func infinity() {
    let factor = Tensor(Double.infinity, dtype: .float64)
    #expect(mismatch { product($0[0], $0[1], xFactor: factor) } != nil)
  }

  @Test func float32WithAToleranceOfItsOwn() throws {
    let (x, w) = (x.asType(.float32), w.asType(.float32))
    let right: ([Tensor]) -> Tensor = { ($0[0] * $0[1]).tanh() }
    #expect(throws: Never.self) { try checkGradients(of: right, at: [x, w], tolerance: 1e-2) }
    let wrong: ([Tensor]) -> Tensor = {
      self.product($0[0], $0[1], wFactor: Tensor(1.05))
    }
    #expect(throws: GradientMismatch.self) {
      try checkGradients(of: wrong, at: [x, w], tolerance: 1e-2)
    }
  }

  @Test func theLargestErrorIsReturned() throws {
    let factor = Tensor(1.0005, dtype: .float64)
    let error = try checkGradients(
      of: { product($0[0], $0[1], xFactor: factor) }, at: [x, w], tolerance: 1e-3)
    #expect(error > 4e-4 && error < 6e-4)
  }
}
