import Synchronization
import Testing

@testable import Autograd

@Suite struct StridedLoopTests {
  /// The offsets that a nest of plain loops visits, in order.
  private func odometer(_ shape: [Int], _ operands: [[Int]]) -> [[Int]] {
    var visited: [[Int]] = []
    for flat in 0..<shape.reduce(1, *) {
      var (rest, offsets) = (flat, [Int](repeating: 0, count: operands.count))
      for axis in shape.indices.reversed() {
        for operand in operands.indices {
          offsets[operand] += rest % shape[axis] * operands[operand][axis]
        }
        rest /= shape[axis]
      }
      visited.append(offsets)
    }
    return visited
  }

  /// What the loop visits, ordered by the last operand, which is dense.
  private func visited(_ shape: [Int], _ operands: [[Int]]) -> [[Int]] {
    let loop = StridedLoop(shape: shape, operands: operands)
    let strides = operands.indices.map { loop.innermost($0) }
    let all = Mutex<[[Int]]>([])
    loop.forEachPart { inner, outer, offsets in
      var part: [[Int]] = []
      for o in 0..<outer {
        for i in 0..<inner {
          part.append(
            zip(offsets, strides).map { $0 + o * $1.outer + i * $1.inner })
        }
      }
      all.withLock { $0 += part }
    }
    return all.withLock { $0 }.sorted { $0.last! < $1.last! }
  }

  @Test func randomShapesAndStrides() {
    var random = RandomStream(seed: 21)
    for _ in 0..<2_000 {
      let rank = Int.random(in: 0...5, using: &random)
      let shape = (0..<rank).map { _ in Int.random(in: 0...4, using: &random) }
      var operands = (0..<Int.random(in: 0...2, using: &random)).map { _ in
        switch Int.random(in: 0...2, using: &random) {
        case 0: denseStrides(shape)
        case 1: denseStrides(shape).map { Bool.random(using: &random) ? 0 : -$0 }
        default: shape.map { _ in Int.random(in: -7...7, using: &random) }
        }
      }
      operands.append(denseStrides(shape))
      #expect(visited(shape, operands) == odometer(shape, operands), "\(shape) \(operands)")
    }
  }

  @Test(arguments: [
    [200_000], [3, 70_000], [70_000, 3], [50, 40, 100], [2, 1, 90_000], [1, 300, 1, 301],
  ])
  func largeLoopsAreSplit(_ shape: [Int]) {
    for order in [shape, Array(shape.reversed())] {
      let dense = denseStrides(order)
      let turned = Array(denseStrides(order.reversed()).reversed())
      #expect(visited(order, [turned, dense]) == odometer(order, [turned, dense]))
    }
  }

  @Test func neighboringAxesBecomeOne() {
    let dense = [60, 20, 5, 1]
    let loop = StridedLoop(shape: [2, 3, 4, 5], operands: [dense, [0, 0, 0, 0]])
    let parts = Mutex<[[Int]]>([])
    loop.forEachPart { inner, outer, _ in parts.withLock { $0.append([inner, outer]) } }
    #expect(parts.withLock { $0 } == [[120, 1]])
    #expect(loop.innermost(0) == (1, 0) && loop.innermost(1) == (0, 0))
  }

  @Test func broadcastShapes() {
    #expect(broadcastShape([2, 3], [3]) == [2, 3])
    #expect(broadcastShape([2, 1], [1, 5]) == [2, 5])
    #expect(broadcastShape([], [4]) == [4] && broadcastShape([], []) == [])
    #expect(broadcastShape([0, 1], [1, 5]) == [0, 5] && broadcastShape([1], [0]) == [0])
    #expect(broadcastShape([2], [3]) == nil && broadcastShape([0], [2]) == nil)
  }

  @Test func broadcastStrides() {
    let array = NDArray.uninitialized(dtype: .float32, shape: [3, 1, 4], on: .cpu)
    #expect(array.strides(broadcastTo: [2, 3, 5, 4]) == [0, 4, 0, 1])
    #expect(array.strides(broadcastTo: [3, 1, 4]) == [4, 4, 1])
    let scalar = NDArray.uninitialized(dtype: .float32, shape: [], on: .cpu)
    #expect(scalar.strides(broadcastTo: [2, 2]) == [0, 0])
  }
}
