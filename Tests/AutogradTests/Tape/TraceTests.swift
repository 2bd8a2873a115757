import TestSupport
import Testing

@testable import Autograd

/// Nested and interleaved tapes.
@Suite struct TraceTests {
  @Test func oneToThreeDerivatives() {
    let x = Tensor([0.5, 2], dtype: .float64)
    let first = gradient(at: x) { ($0.exp() * $0).sum() }  // (x + 1) e^x
    let second = gradient(at: x) { x in gradient(at: x) { ($0.exp() * $0).sum() }.sum() }
    let third = gradient(at: x) { x in
      gradient(at: x) { x in gradient(at: x) { ($0.exp() * $0).sum() }.sum() }.sum()
    }
    for (order, result) in [first, second, third].enumerated() {
      let expected = x.exp() * (x + (order + 1))
      expect(result, equals: expected.scalars(as: Double.self), shape: [2], tolerance: 1e-14)
    }
  }

  /// d/dx (x * d/dy (x + y)) is 1: the inner derivative must not see the outer's variable.
  @Test func perturbationConfusion() {
    let x = Tensor(3)
    let result = gradient(at: x) { x in
      x * gradient(at: Tensor(5)) { y in x + y }
    }
    expect(result, equals: [1], shape: [])
    let nested = gradient(at: x) { x in x * gradient(at: x) { y in x * y } }  // x * x
    expect(nested, equals: [6], shape: [])
  }

  @Test func anInnerFunctionOfOuterVariablesOnly() {
    let result = gradient(at: Tensor(3)) { x in
      gradient(at: x) { _ in x * x } + x * x
    }
    expect(result, equals: [6], shape: [])
  }

  @Test func tapesWatchInAnotherOrderThanTheyWereCreated() {
    for swapsWatching in [false, true] {
      let (older, younger) = (Tape(), Tape())
      let start = Tensor([2], dtype: .float64)
      let (first, second) = swapsWatching ? (younger, older) : (older, younger)
      let one = first.watch(start)
      let both = second.watch(one)
      let y = both * both * both
      // In either order the younger tape is the inner one: its gradient is recorded on the older.
      let inner = swapsWatching ? one : both
      let outer = swapsWatching ? both : one
      let dx = younger.gradient(of: y, at: inner)
      expect(dx, equals: [12])
      #expect(dx.isTraced)
      expect(older.gradient(of: dx, at: outer), equals: [12])
    }
  }

  @Test func interleavedTapesOfDifferentVariables() {
    let (a, b) = (Tape(), Tape())
    let v = b.watch(Tensor([3]))
    let u = a.watch(Tensor([2]))
    let z = u * v * v
    expect(a.gradient(of: z, at: u, keepTape: true), equals: [9])
    let dv = b.gradient(of: z, at: v)
    expect(dv, equals: [12])
    expect(a.gradient(of: dv, at: u), equals: [6])  // d/du 2uv
  }

  @Test func theOlderTapeMayFinishFirst() {
    let (a, b) = (Tape(), Tape())
    let u = a.watch(Tensor([2]))
    let v = b.watch(u)
    let z = v * v
    expect(a.gradient(of: z, at: u), equals: [4])
    #expect(z.isTraced)
    expect(b.gradient(of: z, at: v), equals: [4])
    #expect(!z.isTraced)
  }

  @Test func threeTapesInEveryOrderOfWatching() {
    for order in [[0, 1, 2], [0, 2, 1], [1, 0, 2], [1, 2, 0], [2, 0, 1], [2, 1, 0]] {
      let tapes = [Tape(), Tape(), Tape()]
      var at = [Tensor?](repeating: nil, count: 3)
      var x = Tensor(2, dtype: .float64)
      for index in order {
        x = tapes[index].watch(x)
        at[index] = x
      }
      let y = x * x * x * x
      let d1 = tapes[2].gradient(of: y, at: at[2]!)
      let d2 = tapes[1].gradient(of: d1, at: at[1]!)
      let d3 = tapes[0].gradient(of: d2, at: at[0]!)
      expect(d1, equals: [32], shape: [])
      expect(d2, equals: [48], shape: [])
      expect(d3, equals: [48], shape: [])
      #expect(!d3.isTraced)
    }
  }

  @Test func watchingAnewStartsANewVariable() {
    let tape = Tape()
    let x = tape.watch(Tensor([2]))
    let again = tape.watch(x)
    let gradients = tape.gradient(of: again * again, at: [x, again])
    expect(gradients[0], equals: [0])
    expect(gradients[1], equals: [4])
  }

  @Test func withoutTapeTakesOneTapeOff() {
    let tapes = [Tape(), Tape(), Tape()]
    let x = tapes.reduce(Tensor([1])) { $1.watch($0) }
    for removed in tapes.indices {
      let rest = x.withoutTape(tapes[removed])
      for tape in tapes.indices {
        #expect((rest.trace.slot(on: tapes[tape]) == nil) == (tape == removed))
      }
    }
    #expect(!tapes.reduce(x) { $0.withoutTape($1) }.isTraced)
  }

  @Test func watchingDoesNotKeepFinishedTapes() {
    let outer = Tape()
    var x = outer.watch(Tensor([1]))
    weak var finished: Tape?
    for _ in 0..<3 {
      let inner = Tape()
      x = inner.watch(x)
      #expect(finished == nil)
      finished = inner
      inner.finish()
    }
    expect(outer.gradient(of: x * x, at: x), equals: [2])
  }
}
