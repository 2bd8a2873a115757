import TestCases
import TestSupport
import Testing

@testable import Autograd

/// Users' own operations, in every form that `differentiable` has.
@Suite struct DifferentiableTests {
  private let x = Tensor([0.5, 2], dtype: .float64)

  private static func cubeByResult(_ x: Tensor) -> Tensor {
    // y = e^x needs only the result.
    differentiable(x, { $0.exp() }, pullback: { y in { dy in dy * y } })
  }

  private static func cube(_ x: Tensor) -> Tensor {
    differentiable(x, { $0 * $0 * $0 }, pullback: { x, _ in { dy in dy * x * x * 3 } })
  }

  private static func product(_ a: Tensor, _ b: Tensor) -> Tensor {
    differentiable(
      a, b, { $0 * $1 }, first: { _, b, _ in { dy in dy * b } },
      second: { a, _, _ in { dy in dy * a } })
  }

  /// Sum and product in one.
  private static func both(_ a: Tensor, _ b: Tensor) -> [Tensor] {
    let value = { (xs: [Tensor]) in [xs[0] + xs[1], xs[0] * xs[1]] }
    return differentiable([a, b], value) { inputs, _ in
      { cotangents, wanted in
        var gradients: [Tensor?] = [nil, nil]
        for index in 0..<2 where wanted[index] {
          var gradient = Tensor.zeros(inputs[index].shape, dtype: inputs[index].dtype)
          if let sum = cotangents[0] { gradient = gradient + sum }
          if let product = cotangents[1] { gradient = gradient + product * inputs[1 - index] }
          gradients[index] = gradient
        }
        return gradients
      }
    }
  }

  /// Counts pullbacks that get what was saved.
  private static func softplus(_ x: Tensor, _ hadSaved: EventCounter? = nil) -> Tensor {
    GradientTable.softplus(x) { hadSaved?.increment() }
  }

  @Test func differentiableWithSavedValues() throws {
    let hadSaved = EventCounter()
    expect(
      gradient(at: x) { Self.softplus($0, hadSaved).sum() }, equals: Reference(x.sigmoid()),
      tolerance: 1e-6)
    #expect(hadSaved.count == 1)
    try checkGradients(of: { Self.softplus($0) }, at: x, order: 2)
    let s = x.sigmoid()
    expect(
      hessian(at: x) { Self.softplus($0).sum() }, equals: Reference((s * (1 - s)).diag()),
      tolerance: 1e-6)
  }

  /// A pullback that is differentiated does not get what was saved, which would count as a constant.
  @Test func savedValuesAreMissingWhereAPullbackIsDifferentiated() {
    let hadSaved = EventCounter()
    // By the input: the outer tape records it.
    _ = gradient(at: x) { x in gradient(at: x) { Self.softplus($0, hadSaved).sum() }.sum() }
    // The outer tape's own pass over the same entry may use it.
    let whole = hadSaved.count
    // By the cotangent alone: the input is a constant of the outer tape.
    let (outer, inner) = (Tape(), Tape())
    let watched = inner.watch(x)
    let y = Self.softplus(watched, hadSaved)
    let dy = outer.watch(y.onesLike().stoppingGradient())
    let dx = inner.pullback(of: y, cotangent: dy, at: [watched])[0]
    #expect(hadSaved.count == whole)
    expect(outer.gradient(of: dx.sum(), at: dy), equals: Reference(x.sigmoid()), tolerance: 1e-6)
    #expect(whole <= 1)
  }

  @Test func differentiableByItsResult() {
    let e = Reference(x.exp())
    expect(gradient(at: x) { Self.cubeByResult($0).sum() }, equals: e, tolerance: 1e-6)
    expect(
      gradient(at: x) { x in gradient(at: x) { Self.cubeByResult($0).sum() }.sum() }, equals: e,
      tolerance: 1e-6)
  }

  @Test func differentiableOfOneInput() {
    expect(gradient(at: x) { Self.cube($0).sum() }, equals: [0.75, 12])
    expect(gradient(at: x) { x in gradient(at: x) { Self.cube($0).sum() }.sum() }, equals: [3, 12])
    expect(hessian(at: x) { Self.cube($0).sum() }, equals: [3, 0, 0, 12], shape: [2, 2])
  }

  @Test func differentiableOfTwoInputs() {
    let row = Tensor([3, 4], dtype: .float64)
    let column = Tensor([[1], [2]], dtype: .float64)
    let results = gradients(at: [row, column]) { (Self.product($0[0], $0[1]) * row).sum() }
    expect(results[0], equals: [9, 12])
    expect(results[1], equals: [25, 25], shape: [2, 1])
    // The mixed second derivative of a b at (a, b).
    let mixed = gradient(at: row) { a in
      gradient(at: row) { b in Self.product(a, b).sum() }.sum()
    }
    expect(mixed, equals: [1, 1])
    // One operand on the inner tape, the other on the outer one.
    let crossed = gradient(at: x) { a in
      (a * gradient(at: x) { b in Self.product(b, a * a).sum() }).sum()
    }
    expect(crossed, equals: [0.75, 12])
  }

  @Test func differentiableOfLists() {
    let other = Tensor([3, 4], dtype: .float64)
    let results = gradients(at: [x, other]) { xs in
      let parts = Self.both(xs[0], xs[1])
      return (parts[0] * 10 + parts[1]).sum()
    }
    expect(results[0], equals: [13, 14])
    expect(results[1], equals: [10.5, 12])
    let second = gradient(at: x) { a in
      gradient(at: other) { b in (Self.both(a, b)[1] * b).sum() }.sum()
    }
    expect(second, equals: [6, 8])
  }

  @Test func unusedResultsSendNil() {
    for used in 0..<2 {
      let counts = [EventCounter(), EventCounter()]
      let dx = gradient(at: x) { x in
        differentiable([x], { [$0[0] * 2, $0[0] * 3] }) { _, _ in
          { cotangents, wanted in
            for (index, cotangent) in cotangents.enumerated() where cotangent != nil {
              counts[index].increment()
            }
            #expect(wanted == [true])
            return [cotangents[used]! * (used + 2)]
          }
        }[used].sum()
      }
      expect(dx, equals: used == 0 ? [2, 2] : [3, 3])
      #expect(counts[used].count == 1 && counts[1 - used].count == 0)
    }
  }

  @Test func listsOfNoResultsAndIntegerResults() {
    let indices = Tensor(scalars: [1, 0])
    let dx = gradient(at: x) { x in
      let none = differentiable([x], { _ in [] }, pullbacks: { _, _ in { _, _ in [nil] } })
      #expect(none.isEmpty)
      let results = differentiable([indices, x], { [$0[0], $0[1] * 2, $0[1] * 3] }) { _, _ in
        { cotangents, wanted in
          #expect(wanted == [false, true])
          #expect(cotangents[0] == nil)
          return [nil, cotangents[1]! * 2 + cotangents[2]! * 3]
        }
      }
      #expect(!results[0].isTraced && results[0].dtype == .int64)
      return (results[1] + results[2]).sum()
    }
    expect(dx, equals: [5, 5])
  }

  @Test func aLaterResultCanBeAVariable() {
    let tape = Tape()
    let x = tape.watch(x)
    let parts = Self.both(x, x * x)
    let y = (parts[0] + parts[1] * parts[1]).sum()
    let gradients = tape.gradient(of: y, at: [parts[1], parts[0], x])
    expect(gradients[0], equals: [0.25, 16])
    expect(gradients[1], equals: [1, 1])
    expect(gradients[2], equals: [1 + 1 + 0.1875, 1 + 4 + 192])
  }

  @Test func aLaterResultAloneCanBeAVariable() {
    let tape = Tape()
    let parts = Self.both(tape.watch(x), tape.watch(x))
    expect(tape.gradient(of: (parts[1] * 3).sum(), at: parts[1]), equals: [3, 3])
  }

  @Test func gradientsThatNobodyNeedsAreNotComputed() {
    let (first, second) = (EventCounter(), EventCounter())
    let counted = { (a: Tensor, b: Tensor) in
      differentiable(
        a, b, { $0 * $1 },
        first: { _, b, _ in
          { dy in
            first.increment()
            return dy * b
          }
        },
        second: { a, _, _ in
          { dy in
            second.increment()
            return dy * a
          }
        })
    }
    // A constant operand has no pullback.
    _ = gradient(at: x) { counted($0, Tensor([1, 2])).sum() }
    #expect(first.count == 1 && second.count == 0)
    // A watched one that was not asked for is left out too,
    let tape = Tape()
    let (a, b) = (tape.watch(x), tape.watch(x))
    let y = (counted(a, b) + counted(b * 2, b)).sum()
    _ = tape.gradient(of: y, at: a, keepTape: true)
    #expect(first.count == 2 && second.count == 0)
    // and so is what y does not depend on.
    _ = counted(a, a)
    _ = tape.gradient(of: y, at: b)
    #expect(first.count == 3 && second.count == 2)
  }

  @Test func unwantedInputsOfLists() {
    let tape = Tape()
    let (a, b) = (tape.watch(x), tape.watch(x))
    let pullbacks: Pullbacks = { cotangents, wanted in
      #expect(wanted == [false, false, true])
      return [cotangents[0], cotangents[0], cotangents[0]! * 5]  // more than wanted is ignored
    }
    let y = differentiable(
      [a, Tensor([1, 2]), b], { [$0[0] + $0[2]] }, pullbacks: { _, _ in pullbacks })[0]
    expect(tape.gradient(of: y.sum(), at: b), equals: [5, 5])
  }

  @Test func anIntegerResultIsNotRecorded() {
    let tape = Tape()
    let x = tape.watch(x)
    let y = differentiable(x, { $0.asType(.int64) }, pullback: { _, _ in { $0 } })
    let z = differentiable(
      x, x, { a, _ in a.asType(.int64) }, first: { _, _, _ in { $0 } },
      second: { _, _, _ in { $0 } })
    #expect(!y.isTraced && !z.isTraced)
  }

  @Test func valuesSeeConstants() {
    _ = gradient(at: x) { x in
      gradient(at: x) { x in
        _ = differentiable(
          [x],
          {
            #expect(!$0[0].isTraced)
            return $0
          }, pullbacks: { inputs, results in { dy, _ in dy } })
        return differentiable(
          x,
          {
            #expect(!$0.isTraced)
            return $0 * 2
          }, pullback: { x, y in { dy in dy * 2 } }
        ).sum()
      }.sum()
    }
  }

  @Test func memoryIsReusedWhileRecording() {
    let tape = Tape()
    let x = tape.watch(Tensor([Double](repeating: 1, count: 100)))
    let start = x * 2
    func chain(_ x: consuming Tensor) -> Tensor {
      ((x * 2 + 1).tanh()).relu()
    }
    let y = chain(start * 1)
    let e = (y.stoppingGradient().scalars(as: Double.self)[0])
    #expect(abs(e - 0.999_909_2) < 1e-6)
    let slope = (1 - e * e) * 4
    expect(
      tape.gradient(of: y.sum(), at: x), equals: [Double](repeating: slope, count: 100),
      tolerance: 1e-5)
    expect(start, equals: [Double](repeating: 2, count: 100))
  }

  /// A pullback may return a gradient that still has to be summed over axes, whatever the rank.
  @Test(arguments: [[2], [1, 2], [2, 1, 1, 2], [1, 2, 1, 1, 2], [2, 1, 1, 1, 1, 1]])
  func gradientsAreSummedToTheInputsShape(_ shape: [Int]) {
    let x = Tensor.ones(shape)
    let repeated = Tensor.ones(shape.map { $0 == 1 ? 3 : $0 })
    let count = shape.reduce(1) { $1 == 1 ? $0 * 3 : $0 }
    let one = gradient(at: x) { x in
      differentiable(x, { $0 * 2 }, pullback: { _, _ in { _ in repeated } }).sum()
    }
    let ofList = gradient(at: x) { x in
      differentiable([x], { [$0[0] * 2] }, pullbacks: { _, _ in { _, _ in [repeated] } })[0].sum()
    }
    for gradient in [one, ofList] {
      #expect(gradient.shape == shape)
      #expect(gradient.scalars(as: Float.self).allSatisfy { $0 == Float(count) })
    }
  }
}
