import TestSupport
import Testing

@testable import Autograd

@Suite struct TapeTests {
  @Test func recordsIfAndOnlyIfAnOperandIsWatched() {
    let tape = Tape()
    let constant = Tensor([1, 2])
    let x = tape.watch(Tensor([3, 4]))
    #expect(!constant.isTraced && x.isTraced)
    #expect(!(constant * constant).isTraced)
    #expect((constant * x).isTraced && (x * constant).isTraced && (x * 2).isTraced)
    #expect(!x.stoppingGradient().isTraced)
    #expect(!(x .> 0).isTraced)
  }

  @Test func gradientOfASumOfSquares() {
    let tape = Tape()
    let x = tape.watch(Tensor([1, 2, 3]))
    expect(tape.gradient(of: (x * x).sum(), at: x), equals: [2, 4, 6])
  }

  @Test func gradientAtAnIntermediateResult() {
    let tape = Tape()
    let x = tape.watch(Tensor([1, 2]))
    let middle = x * 3
    let y = (middle * middle).sum()
    let gradients = tape.gradient(of: y, at: [middle, x, y])
    expect(gradients[0], equals: [6, 12])
    expect(gradients[1], equals: [18, 36])
    expect(gradients[2], equals: [1], shape: [])
  }

  @Test func gradientAtOnlyAnIntermediateResult() {
    let tape = Tape()
    let calls = EventCounter()
    let x = tape.watch(Tensor([1, 2]))
    let middle = differentiable(
      x, { $0 * 3 },
      pullback: { _, _ in
        { dy in
          calls.increment()
          return dy * 3
        }
      })
    expect(tape.gradient(of: (middle * middle).sum(), at: middle), equals: [6, 12])
    #expect(calls.count == 0)
  }

  @Test func zerosForATensorThatYDoesNotDependOn() {
    let tape = Tape()
    let x = tape.watch(Tensor([1, 2, 3]))
    let other = tape.watch(Tensor([[1, 2]], dtype: .float64))
    let gradients = tape.gradient(of: (x * 2).sum(), at: [other, x])
    expect(gradients[0], equals: [0, 0], shape: [1, 2])
    #expect(gradients[0].dtype == .float64)
    expect(gradients[1], equals: [2, 2, 2])
  }

  @Test func zerosForAConstantY() {
    let tape = Tape()
    let x = tape.watch(Tensor([1, 2]))
    expect(tape.gradient(of: Tensor(5), at: x), equals: [0, 0])
  }

  @Test func gradientsAtATensorListedTwice() {
    let tape = Tape()
    let x = tape.watch(Tensor([3]))
    let unused = tape.watch(Tensor([3]))
    let gradients = tape.gradient(of: (x * x).sum(), at: [x, unused, x])
    expect(gradients[0], equals: [6])
    expect(gradients[1], equals: [0])
    expect(gradients[2], equals: [6])
  }

  @Test func keptTapeCanBeReplayedAgain() {
    let tape = Tape()
    let x = tape.watch(Tensor([2]))
    let y = x * x * x
    expect(tape.gradient(of: y, at: x, keepTape: true), equals: [12])
    expect(tape.gradient(of: y, at: x, keepTape: true), equals: [12])
    let z = y * 2  // a kept tape records on
    expect(tape.gradient(of: z, at: [x, y])[0], equals: [24])
    #expect(!z.isTraced)
  }

  @Test func aFinishedTapeWatchesNothing() {
    let tape = Tape()
    let x = tape.watch(Tensor([2]))
    let y = x * x
    _ = tape.gradient(of: y, at: x)
    #expect(!x.isTraced && !y.isTraced && !(x * y).isTraced)
    let next = Tape()
    let again = next.watch(y)
    expect(next.gradient(of: again * x, at: again), equals: [2])
  }

  @Test func activationsDieWhileTheTapeIsReplayed() {
    final class Saved: Sendable {}
    let tape = Tape()
    let x = tape.watch(Tensor([2]))
    let aliveBefore = EventCounter()
    weak var saved: Saved?
    func second(_ x: Tensor) -> Tensor {
      let own = Saved()
      saved = own
      return differentiable(
        x, { $0 * 1 }, pullback: { _, _ in { dy in withExtendedLifetime(own) { dy } } })
    }
    // The first entry is replayed last; by then what the second one saved is gone.
    nonisolated(unsafe) let isAlive = { saved != nil }
    let first = differentiable(
      x, { $0 * 1 },
      pullback: { _, _ in
        { dy in
          if isAlive() { aliveBefore.increment() }
          return dy
        }
      })
    let y = second(first)
    #expect(saved != nil)
    _ = tape.gradient(of: y, at: x)
    #expect(saved == nil && aliveBefore.count == 0)
  }

  @Test func integersAreCaptured() {
    let tape = Tape()
    let x = tape.watch(Tensor([1, 2, 3]))
    let labels = Tensor(scalars: [2, 1, 0])
    let y = x * labels
    #expect(y.dtype == .float32)
    expect(tape.gradient(of: y.sum(), at: x), equals: [2, 1, 0])
  }

  @Test func mixedPrecisionGradientsKeepTheirInputsType() {
    let tape = Tape()
    let x = tape.watch(Tensor([1, 2], dtype: .float32))
    let w = tape.watch(Tensor([[3], [4]], dtype: .float64))
    let y = x * w
    #expect(y.dtype == .float64 && y.shape == [2, 2])
    let gradients = tape.gradient(of: y.asType(.float32).sum(), at: [x, w])
    #expect(gradients.map(\.dtype) == [.float32, .float64])
    expect(gradients[0], equals: [7, 7])
    expect(gradients[1], equals: [3, 3], shape: [2, 1])
  }

  @Test func pullbackTakesACotangentOfYsShape() {
    let tape = Tape()
    let x = tape.watch(Tensor([1, 2, 3]))
    let cotangent = Tensor([1, 10, 100], dtype: .float64)
    let dx = tape.pullback(of: x * x, cotangent: cotangent, at: [x])[0]
    expect(dx, equals: [2, 40, 600])
    #expect(dx.dtype == .float32)
  }

  @Test func gradientsIfAnyTellsIndependenceFromZero() {
    let tape = Tape()
    let x = tape.watch(Tensor([1, 2]))
    let unused = tape.watch(Tensor([1]))
    let y = (x * 0).sum()
    let gradients = tape.gradientsIfAny(of: [(y, Tensor(1)), (y, Tensor(2))], at: [unused, x])
    #expect(gradients[0] == nil)
    expect(gradients[1]!, equals: [0, 0])
  }

  @Test func severalSeedsAddUp() {
    let tape = Tape()
    let x = tape.watch(Tensor([1, 2]))
    let (y, z) = (x * 2, x * x)
    let seeds = [(y, Tensor([1, 1])), (z, Tensor([1, 1])), (y, Tensor([10, 10]))]
    expect(tape.gradientsIfAny(of: seeds, at: [x])[0]!, equals: [24, 26])
  }

  @Test func finishEndsTheRecording() {
    let tape = Tape()
    let x = tape.watch(Tensor([1]))
    tape.finish()
    #expect(!x.isTraced)
  }

  @Test func tapesMayBeUsedFromSeveralThreads() async {
    let tape = Tape()
    let x = tape.watch(Tensor([1, 2, 3]))
    let parts = await withTaskGroup(of: Tensor.self) { group in
      for _ in 0..<8 {
        group.addTask {
          var y = x
          for _ in 0..<100 { y = y * 1 + x }
          return y.sum()
        }
      }
      return await group.reduce(into: []) { $0.append($1) }
    }
    let total = parts.reduce(Tensor(0)) { $0 + $1 }
    expect(tape.gradient(of: total, at: x), equals: [808, 808, 808])
  }

  @Test func independentTapesRunOnSeveralThreads() async {
    let results = await withTaskGroup(of: [Double].self) { group in
      for factor in 0..<16 {
        group.addTask {
          var sum = [0.0]
          for _ in 0..<50 {
            let dx = gradient(at: Tensor([1, 2])) { ($0 * $0 * factor).sum() }
            sum = dx.scalars(as: Double.self).map { $0 - Double(2 * factor) }
          }
          return [sum[0], sum[1] - Double(2 * factor)]
        }
      }
      return await group.reduce(into: []) { $0 += $1 }
    }
    #expect(results.allSatisfy { $0 == 0 })
  }
}
