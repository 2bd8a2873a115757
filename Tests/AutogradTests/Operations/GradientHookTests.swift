import TestSupport
import Testing

@testable import Autograd

@Suite struct GradientHookTests {
  @Test func theHookGetsTheWholeGradientOnce() {
    let calls = EventCounter()
    let x = Tensor([1, 2, 3])
    let dx = gradient(at: x) { x in
      let y = (x * 2).onGradient { dy in
        calls.increment()
        expect(dy, equals: [5, 7, 9])  // 3 + 2 y
        return dy * 10
      }
      return (y * 3).sum() + (y.square() * Tensor([0.5, 0.5, 0.5])).sum() + 0 * y.sum()
    }
    // y = 2 x; dy = 3 + y
    expect(dx, equals: [100, 140, 180])
    #expect(calls.count == 1)
  }

  @Test func hookWithoutATapeReturnsTheTensor() {
    let x = Tensor([1, 2])
    expect(x.onGradient { _ in fail("called") }, equals: [1, 2])
  }
}
