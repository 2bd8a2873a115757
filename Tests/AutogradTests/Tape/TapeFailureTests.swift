import TestSupport
import Testing

@testable import Autograd

/// Misuse stops the program with a message.
@Suite struct TapeFailureTests {
  @Test func yMustHaveOneElement() async {
    let result = await #expect(
      processExitsWith: .failure, observing: [\.standardErrorContent]
    ) {
      let tape = Tape()
      let x = tape.watch(Tensor([1, 2]))
      _ = tape.gradient(of: x * 2, at: x)
    }
    expect(result, names: "gradient", "y", "float32 [2]")
  }

  @Test func xMustBeWatched() async {
    let result = await #expect(
      processExitsWith: .failure, observing: [\.standardErrorContent]
    ) {
      let tape = Tape()
      let x = Tensor([1, 2])
      _ = tape.gradient(of: tape.watch(x).sum(), at: x)
    }
    expect(result, names: "gradient", "x (float32 [2])")
  }

  @Test func onlyFloatsAreWatched() async {
    let result = await #expect(
      processExitsWith: .failure, observing: [\.standardErrorContent]
    ) { _ = Tape().watch(Tensor(scalars: [1, 2])) }
    expect(result, names: "watch", "int64 [2]")
  }

  @Test func aTapeIsReplayedOnce() async {
    let result = await #expect(
      processExitsWith: .failure, observing: [\.standardErrorContent]
    ) {
      let tape = Tape()
      let x = tape.watch(Tensor([1]))
      let y = x * x
      _ = tape.gradient(of: y, at: x)
      _ = tape.gradient(of: y, at: x)
    }
    expect(result, names: "gradient", "tape is finished", "keepTape: true")
  }

  @Test func aFinishedTapeCannotWatch() async {
    let result = await #expect(
      processExitsWith: .failure, observing: [\.standardErrorContent]
    ) {
      let tape = Tape()
      let x = tape.watch(Tensor([1]))
      _ = tape.gradient(of: x, at: x)
      _ = tape.watch(Tensor([2]))
    }
    expect(result, names: "watch", "tape is finished")
  }

  @Test func aPullbackMustNotUseTracedValues() async {
    let result = await #expect(
      processExitsWith: .failure, observing: [\.standardErrorContent]
    ) {
      _ = gradient(at: Tensor([2])) { x in
        differentiable(x, { $0 * $0 }, pullback: { _, _ in { dy in dy * x * 2 } })
      }
    }
    expect(result, names: "Tape", "operation was recorded")
  }

  @Test func aPullbackOfListsMustNotUseTracedValues() async {
    let result = await #expect(
      processExitsWith: .failure, observing: [\.standardErrorContent]
    ) {
      _ = gradient(at: Tensor([2])) { x in
        differentiable(x, { $0 * $0 }) { _, _ in
          { dy in differentiable([x], { $0 }, pullbacks: { _, _ in { dy, _ in dy } })[0] * dy }
        }
      }
    }
    expect(result, names: "Tape", "operation was recorded")
  }

  @Test func theCotangentMustHaveYsShape() async {
    let result = await #expect(
      processExitsWith: .failure, observing: [\.standardErrorContent]
    ) {
      let tape = Tape()
      let x = tape.watch(Tensor([1, 2]))
      _ = tape.pullback(of: x * 2, cotangent: Tensor([1]), at: [x])
    }
    expect(result, names: "gradient", "cotangent", "shape [2]", "float32 [1]")
  }

  @Test func gradientsMustFitTheirInputs() async {
    let result = await #expect(
      processExitsWith: .failure, observing: [\.standardErrorContent]
    ) {
      _ = gradient(at: Tensor([1, 2])) { x in
        differentiable(x, { $0.sum() }, pullback: { _, _ in { _ in Tensor([1, 2, 3]) } })
      }
    }
    expect(result, names: "pullback", "gradient float32 [3]", "shape [2]")
  }

  @Test func gradientsMustNotHaveTooFewAxes() async {
    let result = await #expect(
      processExitsWith: .failure, observing: [\.standardErrorContent]
    ) {
      _ = gradient(at: Tensor([1, 2])) { x in
        differentiable(x, { $0 * 1 }, pullback: { _, _ in { _ in Tensor(1) } }).sum()
      }
    }
    expect(result, names: "pullback", "gradient float32 []", "shape [2]")
  }

  @Test func thereIsOneGradientPerInput() async {
    let result = await #expect(
      processExitsWith: .failure, observing: [\.standardErrorContent]
    ) {
      _ = gradient(at: Tensor([1, 2])) { x in
        differentiable([x, x], { [$0[0] + $0[1]] }, pullbacks: { _, _ in { dy, _ in [dy[0]] } })[0]
          .sum()
      }
    }
    expect(result, names: "pullbacks", "1 gradients", "2 inputs")
  }

  @Test func theElementwiseFormKeepsTheShape() async {
    let result = await #expect(
      processExitsWith: .failure, observing: [\.standardErrorContent]
    ) {
      _ = gradient(at: Tensor([1, 2])) { x in
        differentiable(x, { $0.sum() }, pullback: { _ in { dy in dy } })
      }
    }
    expect(result, names: "differentiable", "element-wise", "float32 []")
  }

  @Test func theDirectionMustHaveXsShape() async {
    let result = await #expect(
      processExitsWith: .failure, observing: [\.standardErrorContent]
    ) { _ = jvp(at: Tensor([1, 2]), along: Tensor([1])) { $0 * 2 } }
    expect(result, names: "jvp", "direction", "shape [2]", "float32 [1]")
  }

  @Test func aResultOfIntegersHasNoGradient() async {
    let result = await #expect(processExitsWith: .failure, observing: [\.standardErrorContent]) {
      _ = gradient(at: Tensor([1, 2])) { $0.argmax() }
    }
    expect(result, names: "gradient", "y", "int64 []")
  }
}
