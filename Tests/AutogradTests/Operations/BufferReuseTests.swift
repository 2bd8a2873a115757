import TestCases
import TestSupport
import Testing

@testable import Autograd

/// The number of arrays that got memory of their own while a closure ran.
///
/// Only meaningful in a process that runs nothing else.
private func allocations(_ body: () -> Void) -> Int {
  let before = allocationCount.load(ordering: .relaxed)
  body()
  return allocationCount.load(ordering: .relaxed) - before
}

// Counts are taken in exit tests: processes of their own, which no parallel test disturbs.
struct BufferReuseTests {
  @Test func mapsOfTemporaries() async {
    await #expect(processExitsWith: .success) {
      let functions: [(consuming Tensor) -> Tensor] = [
        { $0.sigmoid() }, { $0.tanh() }, { $0.exp() }, { $0.relu() }, { $0.sqrt() },
        { $0.reciprocal() }, { -$0 }, { $0 + 1 }, { $0 - 1 }, { 1 - $0 }, { $0 * 2 }, { 2 * $0 },
        { $0 / 2 },
      ]
      for (index, function) in functions.enumerated() {
        var x = Tensor.ones([100])
        let count = allocations { x = function(consume x) }
        #expect(count == 0, "function \(index)")
        #expect(x.count == 100)
      }
    }
  }

  @Test func chainsOfTemporaries() async {
    await #expect(processExitsWith: .success) {
      let x = Tensor.ones([100])
      var y = x
      #expect(allocations { y = ((x * 2).sigmoid() + 1).tanh().exp() } == 1)
      #expect(allocations { y = (x + x) - x } == 1)
      #expect(allocations { y = x - (x + 1) } == 1)
      #expect(allocations { y = (x + 1) + (x + 2) } == 2)
      #expect(y.count == 100 && x.item(at: 0) == 1)
    }
  }

  @Test func broadcastOperandsOfTheResultsShape() async {
    await #expect(processExitsWith: .success) {
      let (row, x) = (Tensor.ones([10]), Tensor.ones([10, 10]))
      var y = x
      #expect(allocations { y = (x * 2) + row } == 1)
      #expect(allocations { y = row - (x * 2) } == 1)
      #expect(allocations { y = (row * 2) + x } == 2)
      #expect(y.count == 100)
    }
  }

  @Test func inPlaceOperators() async {
    await #expect(processExitsWith: .success) {
      var x = Tensor.ones([100])
      let step = Tensor.ones([100])
      #expect(allocations { x += step } == 0)
      #expect(allocations { x -= step } == 0)
      #expect(allocations { x *= 2 } == 0)
      let copy = x
      #expect(allocations { x += step } == 1)
      #expect(allocations { x += step } == 0)
      #expect(copy.item(at: 0) == 2 && x.item(at: 0) == 4)
    }
  }

  @Test func whileRecording() async {
    await #expect(processExitsWith: .success) {
      let tape = Tape()
      let x = tape.watch(Tensor.ones([100]))
      var y = x
      #expect(allocations { y = (x + 1).sigmoid() } == 1)
      #expect(allocations { y = ((x - 1) + 2).relu() } == 1)
      #expect(allocations { y = -(x + x) } == 1)
      // The pullback keeps the result, so nothing after it may overwrite it.
      #expect(allocations { y = (x + 1).tanh() + 1 } == 2)
      #expect(y.count == 100 && x.item(at: 0) == 1)
    }
  }

  @Test func viewsOfTemporaries() async {
    await #expect(processExitsWith: .success) {
      let x = Tensor.ones([10, 10])
      var y = x
      #expect(allocations { y = (x + 1).reshape([100]).exp() } == 1)
      #expect(allocations { y = x.reshape([100]) } == 0)
      #expect(allocations { y = x.transpose() } == 0)
      #expect(allocations { y = x.reshape([100]).exp() } == 1)
      #expect(y.count == 100 && x.item(at: 0) == 1)
    }
  }

  // MARK: Value semantics

  /// Element-wise functions that may reuse memory.
  static let functions: [@Sendable (Tensor) -> Tensor] = [
    { $0.sigmoid() }, { $0.tanh() }, { $0.exp() }, { $0.relu() }, { $0.sqrt() }, { $0.abs() },
    { $0.reciprocal() }, { $0.square() }, { $0.log() }, { $0.sign() }, { -$0 }, { $0 + 1 },
    { 1 - $0 }, { $0 * 3 }, { $0 / 3 }, { 3 / $0 }, { $0.pow(3) }, { $0 + $0 }, { $0 * $0 },
    { $0 - $0.transpose() }, { $0 + $0.select(axis: 0, at: 0) }, { $0.select(axis: 1, at: 0) - $0 },
    { maximum($0, 1) }, { $0.softmax() }, { $0.reshape([9]).exp().reshape([3, 3]) },
    { $0.transpose().exp() }, { $0.slice(axis: 0, to: 2).exp() }, { $0.expand([2, 3, 3]).exp() },
    { $0.asType(.float64).exp() }, { $0.contiguous().exp() }, { $0.stoppingGradient().exp() },
    { $0.squeeze().tanh() }, { $0.flatten(from: 1).tanh() }, { $0.permute([0, 1]).tanh() },
    { $0.sum(axes: []).tanh() }, { $0.max(axes: []).tanh() }, { $0.pow(1).tanh() },
    { $0.slice(axis: 0).tanh() }, { $0.asType(.float32).tanh() },
    {
      var sum = $0
      sum += $0
      sum -= Tensor.ones([3])
      sum *= 2
      return sum
    },
  ]

  @Test(arguments: functions.indices)
  func sharedTensorsNeverChange(_ index: Int) {
    let function = Self.functions[index]
    for layout in Layout.allCases {
      let x = layout.make([3, 3]) { Reference.random($0, low: 0.5, high: 2, dtype: .float32) }
      let before = x.scalars()
      let (copy, view, part) = (x, x.transpose(), x.slice(axis: 0, from: 1))
      let expected = function(Tensor(before, shape: [3, 3])).scalars()
      #expect(function(x).scalars() == expected)
      #expect(function(copy).scalars() == expected)
      #expect(x.scalars() == before && copy.scalars() == before)
      #expect(view.transpose().scalars() == before)
      #expect(part.scalars() == Array(before[3...]))
      var moved = x
      moved = function(consume moved)
      #expect(moved.scalars() == expected && x.scalars() == before)
    }
  }

  @Test(arguments: functions.indices)
  func recordedValuesNeverChange(_ index: Int) {
    let function = Self.functions[index]
    let start = Reference.random([3, 3], low: 0.5, high: 2, dtype: .float32)
    let before = start.scalars()
    let tape = Tape()
    let x = tape.watch(start)
    let middle = x * 2
    let kept = middle.scalars()
    let y = function(middle)
    let values = y.scalars()
    _ = y + 1
    _ = (-y).exp()
    #expect(middle.scalars() == kept && y.scalars() == values)
    let first = tape.gradient(of: y.sum(), at: x, keepTape: true)
    let slope = first.scalars()
    let second = tape.gradient(of: y.sum(), at: x, keepTape: true)
    #expect(second.scalars() == slope && first.scalars() == slope)
    #expect(start.scalars() == before && y.scalars() == values && middle.scalars() == kept)
  }

  @Test func aGradientUsedTwiceIsNotOverwritten() {
    let x = Tensor([1, 2, 3])
    let found = gradients(at: [x, x]) { inputs in
      let sum = inputs[0] + inputs[1]
      return (sum + sum + inputs[0] * 3 + inputs[1]).sum()
    }
    expect(found[0], equals: [5, 5, 5])
    expect(found[1], equals: [3, 3, 3])
  }

  @Test func viewsOfAResultKeepIt() {
    var x = Tensor([1, 2, 3, 4]) + 0
    let half = x.slice(axis: 0, to: 2)
    x += Tensor.ones([4])
    x *= 2
    expect(half, equals: [1, 2])
    expect(x, equals: [4, 6, 8, 10])
    var tail = x.slice(axis: 0, from: 2)
    tail += Tensor.ones([2])
    expect(tail, equals: [9, 11])
    expect(x, equals: [4, 6, 8, 10])
  }
}

extension Tensor {
  fileprivate func item(at index: Int) -> Double {
    scalars(as: Double.self)[index]
  }
}
