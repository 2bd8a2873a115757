import TestSupport
import Testing

@testable import Autograd

@Suite struct AnomaliesTests {
  @Test func finiteResultsPass() {
    let (value, slope) = detectAnomalies {
      valueAndGradient(at: Tensor([1, 2])) { $0.log().sum() }
    }
    expect(value, equals: [0.6931472], shape: [], tolerance: 1e-6)
    expect(slope, equals: [1, 0.5])
    #expect(!Anomalies.areWanted || Anomalies.mode == .none)
  }

  @Test func infinitiesMayBeLeftOut() {
    let y = detectAnomalies(infinities: false) { Tensor([0]).log() }
    #expect(y.item() == -.infinity)
    #expect(Tensor([-1]).log().item().isNaN, "outside nobody looks")
  }

  static let mistakes = [
    Mistake("log()", "NaN", "float32 [3]", "index 1") {
      detectAnomalies { _ = Tensor([1, -1, -2]).log().exp() }
    },
    Mistake("exp()", "infinity", "float64 []", "index 0") {
      detectAnomalies { _ = Tensor(1000, dtype: .float64).exp() }
    },
    Mistake("/(_:_:)", "infinity", "float32 [2]", "index 0") {
      detectAnomalies { _ = gradient(at: Tensor([0, 1])) { (1 / $0).sum() } }
    },
    Mistake("gradient", "sqrt()", "infinity", "float32 [2]", "index 1") {
      detectAnomalies { _ = gradient(at: Tensor([4, 0])) { x in x.sqrt().sum() } }
    },
    Mistake("gradient", "*(_:_:)", "NaN", "float32 [1]", "index 0") {
      let tape = Tape()
      let x = tape.watch(Tensor([2]))
      let y = detectAnomalies { x * Tensor([0]) }
      _ = tape.pullback(of: y, cotangent: Tensor([Float.infinity]), at: [x])
    },
    Mistake("gradient", "square(of:)", "NaN", "float32 [1]", "index 0") {
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

  @Test(arguments: mistakes.indices) func anomaliesStop(index: Int) async {
    let result = await #expect(
      processExitsWith: .failure, observing: [\.standardErrorContent]
    ) { [index] in
      AnomaliesTests.mistakes[index].body()
    }
    expect(result, names: Self.mistakes[index].names)
  }
}
