import Autograd
import Foundation
import TestSupport
import Testing

@testable import NN

/// What Docs/Threads.md promises; `Tests/Threads` does the same under the thread sanitizer.
@Suite struct ThreadsTests {
  /// Runs a closure in another thread and waits for it.
  private static func elsewhere(_ body: @escaping () -> Void) {
    let ended = DispatchSemaphore(value: 0)
    nonisolated(unsafe) let body = body
    let thread = Thread {
      body()
      ended.signal()
    }
    thread.stackSize = 1 << 21
    thread.start()
    ended.wait()
  }

  /// Runs a closure in several threads at once.
  private static func everywhere(_ count: Int, _ body: @escaping (Int) -> Void) {
    nonisolated(unsafe) let body = body
    let ended = DispatchGroup()
    for number in 0..<count {
      ended.enter()
      let thread = Thread {
        body(number)
        ended.leave()
      }
      thread.start()
    }
    ended.wait()
  }

  /// A user's module with a mode of its own.
  private final class Doubling: Layer, ModeDependent, Parameterless {
    var isTraining = true
    func forward(_ x: Tensor) -> Tensor { isTraining ? x * 2 : x }
  }

  private static func net() -> Sequential {
    let net = Sequential(
      LazyLinear(8), LazyBatchNorm1d(), Dropout(), Doubling(), Checkpoint(LazyLinear(3)))
    net.initialize(seed: 1)
    return net
  }

  @Test func severalThreadsEvaluateAModelInTrainingMode() {
    for _ in 0..<20 {
      let net = Self.net()
      let x = inputs([4, 6])
      let expected = net.evaluating { net(x) }.floats
      let lazy = Self.net()
      Self.everywhere(4) { _ in
        for _ in 0..<10 {
          #expect(net.evaluating { net(x) }.floats == expected)
          #expect(lazy.evaluating { lazy(x) }.floats == expected, "lazy")
        }
      }
      let modes = net.namedModules.compactMap { ($0.module as? any ModeDependent)?.isTraining }
      #expect(modes == [true, true, true])
    }
  }

  @Test func anotherThreadsModeStays() {
    let net = Sequential(Dropout())
    let x = Tensor.ones([1000])
    net.evaluating {
      Self.elsewhere { #expect(net(x).floats.contains(0)) }
      #expect(!net(x).floats.contains(0))
    }
  }

  /// `train` and `evaluate` in the closure hold after it.
  @Test func modesThatAreSetMeanwhile() {
    let dropout = Dropout()
    dropout.evaluating {
      dropout.evaluate()
      #expect(!dropout.isTraining)
    }
    #expect(!dropout.isTraining)
    dropout.evaluating {
      dropout.train()
      #expect(!dropout.isTraining)
    }
    #expect(dropout.isTraining)
  }

  /// What was recorded in training mode is computed again in it, wherever the backward pass runs.
  @Test func checkpointsKeepTheirMode() {
    let x = Tensor.ones([200])
    let dropout = Dropout()
    let tape = Tape()
    let watched = tape.watch(x)
    let y = checkpoint(dropout, watched)
    let dx = dropout.evaluating { tape.gradient(of: y.sum(), at: watched) }
    #expect(dx.floats == y.floats)
    #expect(dropout.isTraining)
  }

  static let mistakes = [
    // Training in one thread, use in another.
    Mistake("parameter", "shape [2, 3]", "another one trains it", "frozen(for:)") {
      let layer = Linear(3, 2)
      _ = layer.valueAndGradients {
        elsewhere { _ = layer(.zeros([1, 3])) }
        return layer(.zeros([1, 3])).sum()
      }
    },
    Mistake("parameter", "shape [2, ?]", "another one trains it") {
      let layer = LazyLinear(2)
      _ = layer.valueAndGradients {
        elsewhere { _ = layer(.zeros([1, 3])) }
        return layer(.zeros([1, 3])).sum()
      }
    },
    // Training in two threads.
    Mistake("parameter", "shape [2, 3]", "another one trains it", "valueAndGradients") {
      let layer = Linear(3, 2)
      _ = layer.valueAndGradients {
        elsewhere { _ = layer.valueAndGradients { layer(.zeros([1, 3])).sum() } }
        return layer(.zeros([1, 3])).sum()
      }
    },
    Mistake("parameter", "shape [2, 3]", "another one trains it", "optimizer") {
      let layer = Linear(3, 2)
      layer.materialize(for: .zeros([1, 3]))
      layer.weight.update { _ in elsewhere { _ = layer(.zeros([1, 3])) } }
    },
    Mistake("parameter", "shape [2, 3]", "another one trains it") {
      let layer = Linear(3, 2)
      _ = layer.valueAndGradients {
        elsewhere { layer.weight.value = .zeros([2, 3]) }
        return layer(.zeros([1, 3])).sum()
      }
    },
    // A traced tensor that another thread uses while its tape is replayed.
    Mistake("Tape", "another one replays", "stoppingGradient()", "frozen(for:)") {
      let tape = Tape()
      let x = tape.watch(Tensor([1, 2]))
      let y = differentiable(x) {
        $0 * 2
      } pullback: { _, _ in
        { dy in
          elsewhere { _ = x * 3 }
          return dy * 2
        }
      }
      _ = tape.gradient(of: y.sum(), at: x)
    },
    // A mode that is one for all threads.
    Mistake("Doubling", "training mode", "another thread evaluates it", "frozen(for:)") {
      let layer = Doubling()
      layer.evaluating { elsewhere { _ = layer(.zeros([1])) } }
    },
    // Threads that disagree about a lazy size.
    Mistake("Linear", "expected a last axis of 3", "[1, 4]") {
      let layer = LazyLinear(2)
      elsewhere { _ = layer(.zeros([1, 3])) }
      _ = layer(.zeros([1, 4]))
    },
  ]

  @Test(arguments: mistakes.indices) func mistakesStop(index: Int) async {
    let result = await #expect(
      processExitsWith: .failure, observing: [\.standardErrorContent]
    ) { [index] in
      ThreadsTests.mistakes[index].body()
    }
    expect(result, names: Self.mistakes[index].names)
  }
}
