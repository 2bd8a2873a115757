import Testing

@testable import Autograd

@Suite struct GradientHookTests {
  @Test func theHookGetsTheWholeGradientOnce() {
    let calls = EventCounter()
    let x = Tensor([1, 2, 3])
    let dx = gradient(at: x) { x in
      let y = (x * 2).onGradient { dy in
        calls.increment()
        expectScalars(dy, [5, 7, 9])  // 3 + 2 y
        return dy * 10
      }
      return (y * 3).sum() + (y.square() * Tensor([0.5, 0.5, 0.5])).sum() + 0 * y.sum()
    }
    // y = 2 x; dy = 3 + y
    expectScalars(dx, [100, 140, 180])
    #expect(calls.count == 1)
  }

  @Test func withoutATapeItIsTheTensor() {
    let x = Tensor([1, 2])
    expectScalars(x.onGradient { _ in fail("called") }, [1, 2])
  }
}
