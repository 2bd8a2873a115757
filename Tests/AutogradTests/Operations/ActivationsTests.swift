import TestSupport
import Testing

@testable import Autograd

/// Edges; ordinary values and gradients are PyTorch's, in ReferenceTests.
struct ActivationsTests {
  private func values(_ f: (Tensor) -> Tensor, _ xs: [Double]) -> [Double] {
    f(Tensor(xs, dtype: .float64)).scalars(as: Double.self)
  }

  private func slopes(_ f: (Tensor) -> Tensor, _ xs: [Double]) -> [Double] {
    gradient(at: Tensor(xs, dtype: .float64)) { f($0).sum() }.scalars(as: Double.self)
  }

  static let all: [@Sendable (Tensor) -> Tensor] = [
    { $0.softplus() }, { $0.silu() }, { $0.mish() }, { $0.gelu() },
    { $0.gelu(approximate: .tanh) }, { $0.logSigmoid() }, { $0.hardswish() }, { $0.softsign() },
    { $0.leakyRelu() }, { $0.elu() },
  ]

  @Test(arguments: all.indices)
  func nothingOverflowsFarFromZero(_ index: Int) {
    let f = Self.all[index]
    for far in [1e30, -1e30, 800, -800] as [Double] {
      for dtype in [DType.float32, .float64] {
        let (value, slope) = valueAndGradient(at: Tensor([far], dtype: dtype)) { f($0).sum() }
        // Softplus and its like are x or 0 there, softsign is 1.
        #expect(value.item().isFinite, "\(far)")
        #expect(
          [0, 1, -1, -0.01, 0.01].contains { abs($0 - slope.item()) < 1e-4 }, "\(far) \(slope)")
      }
    }
  }

  @Test(arguments: all.indices)
  func shapesStayAndNaNPasses(_ index: Int) {
    let f = Self.all[index]
    for shape in [[], [0, 3], [2, 1]] { #expect(f(Tensor.zeros(shape)).shape == shape) }
    #expect(f(Tensor([Double.nan])).item().isNaN)
    let x = Tensor([[1, 2, 3], [4, 5, 6]])
    #expect(f(x.transpose()).scalars() == f(x).transpose().scalars())
  }

  @Test func kinksAreAsInPyTorch() {
    #expect(slopes({ $0.leakyRelu(negativeSlope: 0.25) }, [0, -0.0, 1]) == [0.25, 0.25, 1])
    #expect(slopes({ $0.elu(alpha: 0.5) }, [0, 1]) == [0.5, 1])
    #expect(slopes({ $0.hardswish() }, [-3, 3, -4, 4, 0]) == [0, 1, 0, 1, 0.5])
    #expect(slopes({ $0.softsign() }, [0]) == [1])
  }

  @Test func softplusIsStraightAboveItsThreshold() {
    #expect(values({ $0.softplus(beta: 2, threshold: 3) }, [1.6]) == [1.6])
    #expect(values({ $0.softplus(beta: 2, threshold: 3) }, [1.5])[0] > 1.5)
    #expect(slopes({ $0.softplus(beta: 2, threshold: 3) }, [1.6]) == [1])
    #expect(values({ $0.softplus() }, [-800]) == [0])
  }

  /// The closed form with the error function of the C library, as far as gelu is not tiny.
  @Test func geluKeepsItsDigitsBelowZero() {
    let exact = [-1: -0.15865525393145707, -2: -0.045500263896358417, -4: -0.00012668496733247938]
    for (x, expected) in exact {
      let y = Tensor([Double(x)]).gelu().item()
      #expect(abs(y - expected) < abs(expected) * 1e-5)
    }
    #expect(Tensor([-100]).gelu().item() == 0 && Tensor([100]).gelu().item() == 100)
  }

  @Test func mistakesAreNamed() async {
    let result = await #expect(processExitsWith: .failure, observing: [\.standardErrorContent]) {
      _ = Tensor(scalars: [1, 2]).gelu()
    }
    expect(result, names: "gelu", "int64 [2]")
    await #expect(processExitsWith: .failure) { _ = Tensor([1]).softplus(beta: 0) }
  }
}
