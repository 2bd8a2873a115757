import Testing

@testable import Autograd

@Suite struct AnomaliesTests {
  @Test func whatIsFinitePasses() {
    let (value, slope) = detectAnomalies {
      valueAndGradient(at: Tensor([1, 2])) { $0.log().sum() }
    }
    expectScalars(value, [0.6931472])
    expectScalars(slope, [1, 0.5])
    #expect(!Anomalies.areWanted || Anomalies.mode == .none)
  }

  @Test func infinitiesMayBeLeftOut() {
    let y = detectAnomalies(infinities: false) { Tensor([0]).log() }
    #expect(y.item() == -.infinity)
    #expect(Tensor([-1]).log().item().isNaN, "outside nobody looks")
  }

  struct Case: Sendable {
    let message: String
    let body: @Sendable () -> Void
  }

  static let cases = [
    Case(message: "log() gave NaN: float32 [3], first at index 1") {
      detectAnomalies { _ = Tensor([1, -1, -2]).log().exp() }
    },
    Case(message: "exp() gave an infinity: float64 [], first at index 0") {
      detectAnomalies { _ = Tensor(1000, dtype: .float64).exp() }
    },
    Case(message: "/(_:_:) gave an infinity: float32 [2], first at index 0") {
      detectAnomalies { _ = gradient(at: Tensor([0, 1])) { (1 / $0).sum() } }
    },
    Case(message: "the gradient of sqrt() gave an infinity: float32 [2], first at index 1") {
      detectAnomalies { _ = gradient(at: Tensor([4, 0])) { x in x.sqrt().sum() } }
    },
    Case(message: "the gradient of *(_:_:) gave NaN: float32 [1], first at index 0") {
      let tape = Tape()
      let x = tape.watch(Tensor([2]))
      let y = detectAnomalies { x * Tensor([0]) }
      _ = tape.pullback(of: y, cotangent: Tensor([Float.infinity]), at: [x])
    },
    Case(message: "the gradient of square(of:) gave NaN: float32 [1], first at index 0") {
      /// An operation of a user's own.
      func square(of x: Tensor) -> Tensor {
        differentiable([x]) {
          [$0[0] * $0[0]]
        } pullbacks: { inputs, _ in
          { cotangents, _ in [cotangents[0].map { $0 / 0 * 0 }] }
        }[0]
      }
      detectAnomalies { _ = gradient(at: Tensor([2])) { square(of: $0).sum() } }
    },
  ]

  @Test(arguments: cases.indices) func anomaliesStop(index: Int) async {
    let result = await #expect(
      processExitsWith: .failure, observing: [\.standardErrorContent]
    ) { [index] in
      AnomaliesTests.cases[index].body()
    }
    expectMessage(result, Self.cases[index].message)
  }
}
