import TestCases
import TestSupport
import Testing

@testable import Autograd

struct MatMulTests {
  /// Left, right and result shapes.
  static let shapes: [[[Int]]] = [
    [[3, 4], [4, 5], [3, 5]], [[1, 1], [1, 1], [1, 1]], [[4], [4], []], [[4], [4, 3], [3]],
    [[3, 4], [4], [3]], [[2, 3, 4], [4, 5], [2, 3, 5]], [[3, 4], [2, 4, 5], [2, 3, 5]],
    [[2, 1, 3, 4], [5, 4, 2], [2, 5, 3, 2]], [[4], [3, 4, 2], [3, 2]], [[3, 2, 4], [4], [3, 2]],
    [[0, 4], [4, 3], [0, 3]], [[3, 0], [0, 2], [3, 2]], [[3, 4], [4, 0], [3, 0]],
    [[0, 2, 3], [3, 2], [0, 2, 2]], [[1, 3, 4], [0, 4, 2], [0, 3, 2]], [[0], [0], []],
    [[13, 7], [7, 33], [13, 33]], [[65, 330], [330, 17], [65, 17]],
    [[100, 3], [3, 300], [100, 300]],
    [[3, 17, 31], [3, 31, 15], [3, 17, 15]], [[1, 700], [700, 1], [1, 1]],
  ]

  private func product(_ a: Tensor, _ b: Tensor, _ shape: [Int]) -> Reference {
    let (x, y) = (Reference(a), Reference(b))
    let depth = a.size(-1)
    return Reference(shape: shape) { place in
      var batch = place
      let column = b.rank > 1 ? batch.removeLast() : nil
      let row = a.rank > 1 ? batch.removeLast() : nil
      return (0..<depth).reduce(0) { sum, k in
        let left = row.map { batch + [$0, k] } ?? [k]
        let right = column.map { batch + [k, $0] } ?? [k]
        return sum + x[left] * y[right]
      }
    }
  }

  @Test(arguments: shapes, Layout.allCases)
  func values(_ shapes: [[Int]], _ layout: Layout) {
    let a = layout.make(shapes[0]) { Reference.random($0, seed: 1) }
    let b = layout.make(shapes[1]) { Reference.random($0, seed: 2) }
    let expected = product(a, b, shapes[2])
    expect(a.matmul(b), equals: expected, tolerance: 1e-12)
    let (narrowA, narrowB) = (a.asType(.float32), b.asType(.float32))
    expect(
      narrowA.matmul(narrowB), equals: product(narrowA, narrowB, shapes[2]), tolerance: 2e-5)
  }

  /// Large enough for several chunks that pack their own panels; for tiles whose left operand is packed once; for one tile
  /// of columns, where it is not, in one group of blocks of depth and in three.
  @Test(
    arguments: [[211, 341, 307], [400, 341, 307], [500, 341, 201], [30, 4_600, 250]],
    Layout.allCases)
  func large(_ sizes: [Int], _ layout: Layout) {
    let (rows, depth, columns) = (sizes[0], sizes[1], sizes[2])
    let a = layout.make([rows, depth]) { Reference.random($0, seed: 1) }
    let b = layout.make([depth, columns]) { Reference.random($0, seed: 2) }
    let y = a.matmul(b)
    let (x, z, found) = (Reference(a).values, Reference(b).values, y.scalars(as: Double.self))
    for row in stride(from: 0, to: rows, by: 7) {
      for column in 0..<columns {
        var sum = 0.0
        for k in 0..<depth { sum += x[row * depth + k] * z[k * columns + column] }
        #expect(abs(sum - found[row * columns + column]) < 1e-11)
      }
    }
  }

  /// PyTorch 2.13.
  @Test func broadcastBatches() {
    let a = Tensor((0..<6).map(Double.init), shape: [1, 2, 3])
    let b = Tensor((0..<12).map(Double.init), shape: [2, 1, 3, 2])
    expect(a.matmul(b), equals: [10, 13, 28, 40, 28, 31, 100, 112], shape: [2, 1, 2, 2])
    expect(Tensor([0, 1, 2]).matmul(b), equals: [10, 13, 28, 31], shape: [2, 1, 2])
  }

  @Test func mixedTypes() {
    let y = Tensor([[1, 2]]).matmul(Tensor([[0.1], [1]], dtype: .float64))
    #expect(y.dtype == .float64)
    expect(y, equals: [2.1], shape: [1, 1], tolerance: 1e-15)
  }

  @Test func notANumberSpreads() {
    let y = Tensor([[.nan, 1], [0, 1]]).matmul(Tensor([[0, 1], [.infinity, 1]]))
    expect(y, equals: [.nan, .nan, .infinity, 1], shape: [2, 2])
  }

  @Test func innerSizesThatDiffer() async {
    let result = await #expect(processExitsWith: .failure, observing: [\.standardErrorContent]) {
      _ = Tensor.zeros([2, 3]).matmul(Tensor.zeros([4, 2]))
    }
    expect(result, names: "matmul", "float32 [2, 3]", "float32 [4, 2]")
  }

  @Test func batchesThatDoNotBroadcast() async {
    let result = await #expect(processExitsWith: .failure, observing: [\.standardErrorContent]) {
      _ = Tensor.zeros([2, 2, 3]).matmul(Tensor.zeros([3, 3, 2]))
    }
    expect(result, names: "matmul", "float32 [2, 2, 3]", "float32 [3, 3, 2]")
  }

  @Test func scalarOperand() async {
    let result = await #expect(processExitsWith: .failure, observing: [\.standardErrorContent]) {
      _ = Tensor(1).matmul(Tensor.zeros([3]))
    }
    expect(result, names: "matmul", "axis", "float32 []", "float32 [3]")
  }

  @Test func integerOperand() async {
    let result = await #expect(processExitsWith: .failure, observing: [\.standardErrorContent]) {
      _ = Tensor(scalars: [1, 2]).matmul(Tensor([1, 2]))
    }
    expect(result, names: "matmul", "int64", "float32")
  }

  /// The one operation gives what the product and the sum give, values and gradients.
  @Test(arguments: [[5], [3, 5], [2, 3, 5], [0, 5], [2, 1, 3, 5]], [true, false])
  func linearIsProductAndSum(_ shape: [Int], _ hasBias: Bool) {
    var stream = RandomStream(seed: 3, path: "linear")
    let draw = { (shape: [Int]) in stream.uniform(shape, low: -1, high: 1, dtype: .float64) }
    let (x, weight, bias) = (draw(shape), draw([4, 5]), draw([4]))
    func results(_ f: (Tensor, Tensor, Tensor) -> Tensor) -> [Tensor] {
      var y = x
      let gradients = gradients(at: [x, weight, bias]) {
        y = f($0[0], $0[1], $0[2])
        return (y * y).sum()
      }
      return [y] + gradients
    }
    let one = results { linear($0, $1, bias: hasBias ? $2 : nil) }
    let several = results { hasBias ? $0.matmul($1.transpose()) + $2 : $0.matmul($1.transpose()) }
    for (a, b) in zip(one, several) {
      #expect(a.shape == b.shape)
      #expect(
        zip(a.scalars(as: Double.self), b.scalars(as: Double.self))
          .allSatisfy { abs($0 - $1) < 1e-12 })
    }
  }
}
