import Testing

@testable import Autograd

@Suite struct PiecewiseActivationsTests {
  private static let x = Tensor([-.infinity, -4, -3, -1, 0, 1, 3, 6, .infinity, .nan] as [Double])

  private static func expect(
    _ y: Tensor, _ expected: [Float], sourceLocation: SourceLocation = #_sourceLocation
  ) {
    for (a, b) in zip(y.scalars(), expected) {
      #expect(a == b || a.isNaN && b.isNaN || abs(a - b) < 1e-6, sourceLocation: sourceLocation)
    }
  }

  @Test func values() {
    Self.expect(Self.x.hardtanh(), [-1, -1, -1, -1, 0, 1, 1, 1, 1, .nan])
    Self.expect(Self.x.hardtanh(min: -3.5, max: 2), [-3.5, -3.5, -3, -1, 0, 1, 2, 2, 2, .nan])
    Self.expect(Self.x.relu6(), [0, 0, 0, 0, 0, 1, 3, 6, 6, .nan])
    Self.expect(Self.x.hardsigmoid(), [0, 0, 0, 1.0 / 3, 0.5, 2.0 / 3, 1, 1, 1, .nan])
    Self.expect(
      Self.x.celu(alpha: 2),
      [-2, -1.7293295, -1.5537397, -0.7869387, 0, 1, 3, 6, .infinity, .nan])
    Self.expect(
      Self.x.selu(),
      [
        -1.7580993, -1.7258986, -1.6705687, -1.1113307, 0, 1.050701, 3.152103, 6.304206, .infinity,
        .nan,
      ])
  }

  @Test func noGradientAtTheEnds() {
    let x = Tensor([-2, -1, 0, 1, 2])
    #expect(gradient(at: x) { $0.hardtanh().sum() }.scalars() == [0, 0, 1, 0, 0])
    #expect(gradient(at: Tensor([0, 3, 6])) { $0.relu6().sum() }.scalars() == [0, 1, 0])
    #expect(gradient(at: Tensor([-3, 3])) { $0.hardsigmoid().sum() }.scalars() == [0, 0])
  }

  @Test(arguments: [true, false]) func constantsThatMakeNoSense(isTanh: Bool) async {
    let result = await #expect(
      processExitsWith: .failure, observing: [\.standardErrorContent]
    ) { [isTanh] in
      _ = isTanh ? Tensor(1).hardtanh(min: 2, max: 2) : Tensor(1).celu(alpha: 0)
    }
    let output = String(decoding: result?.standardErrorContent ?? [], as: UTF8.self)
    #expect(
      output.contains(
        isTanh
          ? "hardtanh: min 2.0 must be below max 2.0" : "celu: alpha must be above 0, got 0.0"))
  }
}
