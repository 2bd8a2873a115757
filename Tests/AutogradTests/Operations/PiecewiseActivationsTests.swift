import TestSupport
import Testing

@testable import Autograd

@Suite struct PiecewiseActivationsTests {
  /// The expected numbers have eight digits, which is what float32 holds.
  private static let tolerance = 1.5e-7
  private static let x = Tensor([-.infinity, -4, -3, -1, 0, 1, 3, 6, .infinity, .nan] as [Double])

  @Test func values() {
    expect(Self.x.hardtanh(), equals: [-1, -1, -1, -1, 0, 1, 1, 1, 1, .nan])
    expect(Self.x.hardtanh(min: -3.5, max: 2), equals: [-3.5, -3.5, -3, -1, 0, 1, 2, 2, 2, .nan])
    expect(Self.x.relu6(), equals: [0, 0, 0, 0, 0, 1, 3, 6, 6, .nan])
    expect(
      Self.x.hardsigmoid(), equals: [0, 0, 0, 1.0 / 3, 0.5, 2.0 / 3, 1, 1, 1, .nan],
      tolerance: Self.tolerance)
    expect(
      Self.x.celu(alpha: 2),
      equals: [-2, -1.7293295, -1.5537397, -0.7869387, 0, 1, 3, 6, .infinity, .nan],
      tolerance: Self.tolerance)
    expect(
      Self.x.selu(),
      equals: [
        -1.7580993, -1.7258986, -1.6705687, -1.1113307, 0, 1.050701, 3.152103, 6.304206, .infinity,
        .nan,
      ], tolerance: Self.tolerance)
  }

  @Test func noGradientAtTheEnds() {
    let x = Tensor([-2, -1, 0, 1, 2])
    #expect(gradient(at: x) { $0.hardtanh().sum() }.scalars() == [0, 0, 1, 0, 0])
    #expect(gradient(at: Tensor([0, 3, 6])) { $0.relu6().sum() }.scalars() == [0, 1, 0])
    #expect(gradient(at: Tensor(Double.nan)) { $0.relu6().sum() }.item() == 1)
    #expect(gradient(at: Tensor([-3, 3, .nan])) { $0.hardsigmoid().sum() }.scalars() == [0, 0, 0])
  }

  @Test(arguments: [true, false]) func constantsThatMakeNoSense(isTanh: Bool) async {
    let result = await #expect(
      processExitsWith: .failure, observing: [\.standardErrorContent]
    ) { [isTanh] in
      _ = isTanh ? Tensor(1).hardtanh(min: 2, max: 2) : Tensor(1).celu(alpha: 0)
    }
    expect(
      result, names: isTanh ? ["hardtanh", "min 2.0", "max 2.0"] : ["celu", "alpha", "0", "0.0"])
  }
}
