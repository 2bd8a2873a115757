import Autograd
import NN
import Testing

@Suite struct ModuleGradientCheckTests {
  private func input(_ shape: [Int]) -> Tensor {
    var random = RandomStream(seed: 5)
    return random.normal(shape, dtype: .float64)
  }

  @Test func layersPass() throws {
    let net = Sequential(
      LazyConv2d(3, kernelSize: 3, padding: 1), Sigmoid(), AvgPool2d(kernelSize: 2), Flatten(),
      LazyLinear(4), Tanh(), Dropout(0.5))
    #expect(try checkGradients(of: net, at: input([2, 1, 4, 4]), order: 2) < 1e-6)
    #expect(net.parameters.allSatisfy { $0.value.dtype == .float32 })
  }

  /// A layer whose gradient by its scale is 0.05 % too large.
  private final class Wrong: Layer {
    let scale = Parameter(shape: [1], initializer: .ones)

    func forward(_ x: consuming Tensor) -> Tensor {
      differentiable(
        x, scale.value(shape: [1]), { $0 * $1 },
        first: { _, scale, _ in { dy in dy * scale } },
        second: { x, _, _ in { dy in dy * x * 1.0005 } })
    }
  }

  @Test func aWrongGradientByAParameterIsNamed() {
    let mismatch = #expect(throws: GradientMismatch.self) {
      try checkGradients(of: Wrong(), at: input([2, 3]))
    }
    #expect(mismatch?.input == 1 && mismatch?.element == [0])
  }
}
