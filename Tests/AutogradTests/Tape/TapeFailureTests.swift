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
    expectMessage(result, "gradient: y must have one element, got float32 [2]; sum it")
  }

  @Test func xMustBeWatched() async {
    let result = await #expect(
      processExitsWith: .failure, observing: [\.standardErrorContent]
    ) {
      let tape = Tape()
      let x = Tensor([1, 2])
      _ = tape.gradient(of: tape.watch(x).sum(), at: x)
    }
    expectMessage(result, "gradient: x (float32 [2]) is not watched by this tape")
  }

  @Test func onlyFloatsAreWatched() async {
    let result = await #expect(
      processExitsWith: .failure, observing: [\.standardErrorContent]
    ) { _ = Tape().watch(Tensor(scalars: [1, 2])) }
    expectMessage(result, "watch: only floating-point tensors have gradients, got int64 [2]")
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
    expectMessage(result, "this tape is finished; pass keepTape: true")
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
    expectMessage(result, "watch: this tape is finished")
  }

  @Test func aPullbackMustNotUseTracedValues() async {
    let result = await #expect(
      processExitsWith: .failure, observing: [\.standardErrorContent]
    ) {
      _ = gradient(at: Tensor([2])) { x in
        differentiable(x, { $0 * $0 }, pullback: { _, _ in { dy in dy * x * 2 } })
      }
    }
    expectMessage(result, "an operation was recorded while the tape is replayed")
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
    expectMessage(result, "an operation was recorded while the tape is replayed")
  }

  @Test func theCotangentMustHaveYsShape() async {
    let result = await #expect(
      processExitsWith: .failure, observing: [\.standardErrorContent]
    ) {
      let tape = Tape()
      let x = tape.watch(Tensor([1, 2]))
      _ = tape.pullback(of: x * 2, cotangent: Tensor([1]), at: [x])
    }
    expectMessage(result, "the cotangent must have y's shape [2], got float32 [1]")
  }

  @Test func gradientsMustFitTheirInputs() async {
    let result = await #expect(
      processExitsWith: .failure, observing: [\.standardErrorContent]
    ) {
      _ = gradient(at: Tensor([1, 2])) { x in
        differentiable(x, { $0.sum() }, pullback: { _, _ in { _ in Tensor([1, 2, 3]) } })
      }
    }
    expectMessage(result, "a pullback returned a gradient float32 [3] for an input of shape [2]")
  }

  @Test func gradientsMustNotHaveTooFewAxes() async {
    let result = await #expect(
      processExitsWith: .failure, observing: [\.standardErrorContent]
    ) {
      _ = gradient(at: Tensor([1, 2])) { x in
        differentiable(x, { $0 * 1 }, pullback: { _, _ in { _ in Tensor(1) } }).sum()
      }
    }
    expectMessage(result, "a pullback returned a gradient float32 [] for an input of shape [2]")
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
    expectMessage(result, "pullbacks returned 1 gradients for 2 inputs")
  }

  @Test func theElementwiseFormKeepsTheShape() async {
    let result = await #expect(
      processExitsWith: .failure, observing: [\.standardErrorContent]
    ) {
      _ = gradient(at: Tensor([1, 2])) { x in
        differentiable(x, { $0.sum() }, pullback: { _ in { dy in dy } })
      }
    }
    expectMessage(result, "this form is for element-wise operations; the result is float32 []")
  }

  @Test func theDirectionMustHaveXsShape() async {
    let result = await #expect(
      processExitsWith: .failure, observing: [\.standardErrorContent]
    ) { _ = jvp(at: Tensor([1, 2]), along: Tensor([1])) { $0 * 2 } }
    expectMessage(result, "jvp: the direction must have x's shape [2], got float32 [1]")
  }

  @Test func aResultOfIntegersHasNoGradient() async {
    let result = await #expect(processExitsWith: .failure, observing: [\.standardErrorContent]) {
      _ = gradient(at: Tensor([1, 2])) { $0.argmax() }
    }
    expectMessage(
      result, "gradient: y must be floating point to have gradients, got int64 []")
  }
}
