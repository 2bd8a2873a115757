import TestSupport
import Testing

@testable import Autograd

/// What is written first, coming from Python; Tests/Consumer has what does not compile.
@Suite struct SpellingsTests {
  @Test func numbersAreAssigned() {
    var x = Tensor([[1, 2, 3], [4, 5, 6]])
    x[0, 1] = 5
    x[1] = -1.5
    expect(x, equals: [1, 5, 3, -1.5, -1.5, -1.5], shape: [2, 3])
    x[x .< 0] = 0
    x[..., 0] = 9
    x[1, ...] = 7
    expect(x, equals: [9, 5, 3, 7, 7, 7], shape: [2, 3])
    x[0, 2] += 0.5
    x[1] += 1
    expect(x, equals: [9, 5, 3.5, 8, 8, 8], shape: [2, 3])
    var ids = Tensor(scalars: [1, 2, 3])
    ids[1] = 7
    #expect(ids.dtype == .int64 && ids.scalars(as: Int.self) == [1, 7, 3])
  }

  @Test func gradientsStopWhereANumberIsWritten() {
    let dx = gradient(at: Tensor([1, 2, 3])) { x in
      var y = x * 2
      y[1] = 5
      return (y * y).sum()
    }
    expect(dx, equals: [8, 0, 24])
  }

  /// A part beside a number is a tensor, so that gradients reach it.
  @Test func partsBesideNumbersKeepGradients() {
    let dx = gradient(at: Tensor([[1, 2], [3, 4]])) { x in
      let y = x[0] * 2 + 1
      return (y + 2 * x[1, ...] - x[..., 0]).sum()
    }
    expect(dx, equals: [1, 2, 1, 2], shape: [2, 2])
  }

  @Test func ellipses() {
    let x = Tensor.arange(24).reshape([2, 3, 4])
    #expect(x[..., 0].scalars(as: Int.self) == x[.ellipsis, 0].scalars(as: Int.self))
    #expect(x[..., 0].shape == [2, 3] && x[..., 0, .newAxis].shape == [2, 3, 1])
    #expect(x[1, ..., 2].scalars(as: Int.self) == [14, 18, 22] && x[...].shape == [2, 3, 4])
    var y = x
    y[..., 0] = Tensor(scalars: [-1])
    y[0, ..., 1] = Tensor(scalars: [-2])
    #expect(y[0, 0].scalars(as: Int.self) == [-1, -2, 2, 3])
    #expect(y[1, 0].scalars(as: Int.self) == [-1, 13, 14, 15])
  }

  /// PyTorch's types: int64 beside an Int, float32 beside a Double.
  @Test func masksAreNumbersBesideNumbers() {
    let mask = Tensor(scalars: [true, false])
    for (y, values) in [
      (mask * 2, [2.0, 0]), (2 * mask, [2, 0]), (mask + 1, [2, 1]), (1 - mask, [0, 1]),
      (mask - 1, [0, -1]),
    ] {
      #expect(y.dtype == .int64)
      expect(y, equals: values)
    }
    #expect((mask * 0.5).dtype == .float32 && (1.0 - mask).dtype == .float32)
    expect(mask * 0.5, equals: [0.5, 0])
    expect(mask / 2, equals: [0.5, 0])
  }

  @Test func numbersInPlace() {
    var x = Tensor([1, 2])
    x += 1
    x -= 0.5
    x *= 4
    x /= 2
    expect(x, equals: [3, 5])
    x /= Tensor([3, 2])
    expect(x, equals: [1, 2.5])
    var ids = Tensor(scalars: [1, 2])
    ids += 9_007_199_254_740_993
    #expect(ids.scalars(as: Int.self)[0] == 9_007_199_254_740_994)
  }

  @Test func arraysOfIntegers() async {
    #expect(Tensor([1, 2, 3]).dtype == .float32 && Tensor([[1, 2], [3, 4]]).dtype == .float32)
    let rows = [[1, 2, 3], [4, 5, 6]]
    let x = Tensor(scalars: rows)
    #expect(x.shape == [2, 3] && x.dtype == .int64 && x.scalars(as: Int.self) == Array(1...6))
    #expect(Tensor(scalars: [rows, rows, rows]).shape == [3, 2, 3])
    #expect(Tensor(scalars: [[true, false]]).dtype == .bool)
    #expect(Tensor(scalars: [[Float(1)], [2]]).dtype == .float32)
    let result = await #expect(
      processExitsWith: .failure, observing: [\.standardErrorContent]
    ) { _ = Tensor(scalars: [[1, 2], [3]]) }
    expect(result, names: "Tensor", "row 0 has 2 values, row 1 has 1")
  }
}
