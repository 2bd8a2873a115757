import TestSupport
import Testing

@testable import Autograd

struct ShapeTests {
  private let x = Tensor((0..<24).map(Double.init), shape: [2, 3, 4])

  @Test func reshape() {
    let values = (0..<24).map(Double.init)
    expect(x.reshape([4, 6]), equals: values, shape: [4, 6])
    expect(x.reshape([-1]), equals: values)
    expect(x.reshape([3, -1, 2]), equals: values, shape: [3, 4, 2])
    expect(Tensor(7).reshape([1, -1]), equals: [7], shape: [1, 1])
    expect(Tensor.zeros([0, 3]).reshape([3, 0, 2]), equals: [], shape: [3, 0, 2])
    expect(Tensor.zeros([0]).reshape([2, -1]), equals: [], shape: [2, 0])
    expect(
      x.transpose(0, 2).reshape([2, 12]), equals: x.transpose(0, 2).scalars().map(Double.init),
      shape: [2, 12])
    expect(x.flatten(), equals: values)
    expect(x.flatten(from: 1), equals: values, shape: [2, 12])
    expect(x.flatten(from: -2), equals: values, shape: [2, 12])
    expect(Tensor(7).flatten(), equals: [7])
    expect(Tensor.zeros([2, 0]).flatten(from: 1), equals: [], shape: [2, 0])
  }

  @Test(arguments: [
    [0, 1, 2], [0, 2, 1], [1, 0, 2], [1, 2, 0], [2, 0, 1], [2, 1, 0], [-1, 0, -2],
  ])
  func permute(_ order: [Int]) {
    let plain = Reference(x)
    let axes = order.map { $0 < 0 ? $0 + 3 : $0 }
    let expected = Reference(shape: axes.map { x.shape[$0] }) { place in
      var source = [0, 0, 0]
      for (position, axis) in zip(place, axes) { source[axis] = position }
      return plain[source]
    }
    expect(x.permute(order), equals: expected)
    expect(x.permute(order).contiguous(), equals: expected)
    #expect(x.permute(order).contiguous().isContiguous)
    expect(x.permute(order) + 0, equals: expected)
  }

  @Test func transpose() {
    expect(
      Tensor([[1, 2, 3], [4, 5, 6]]).transpose(), equals: [1, 4, 2, 5, 3, 6], shape: [3, 2])
    expect(x.transpose(0, -1).transpose(-1, 0), equals: Reference(x))
    #expect(x.transpose(0, 1).shape == [3, 2, 4])
    #expect(x.transpose().strides == [12, 1, 4])
  }

  @Test func expand() {
    let row = Tensor([1, 2])
    expect(row.expand([3, 2]), equals: [1, 2, 1, 2, 1, 2], shape: [3, 2])
    expect(row.unsqueeze(1).expand([-1, 2]), equals: [1, 1, 2, 2], shape: [2, 2])
    expect(Tensor(5).expand([2, 2]), equals: [5, 5, 5, 5], shape: [2, 2])
    expect(Tensor([5]).expand([0]), equals: [], shape: [0])
    #expect(row.expand([3, 2]).strides == [0, 1] && !row.expand([3, 2]).isContiguous)
    expect(row.expand([3, 2]).transpose().sum(axis: 0), equals: [3, 3, 3])
  }

  @Test func squeezeAndUnsqueeze() {
    let y = Tensor([1, 2, 3], dtype: .float32).reshape([1, 3, 1])
    #expect(y.squeeze().shape == [3])
    #expect(y.squeeze(0).shape == [3, 1])
    #expect(y.squeeze(-1).shape == [1, 3])
    #expect(y.unsqueeze(-1).shape == [1, 3, 1, 1])
    #expect(y.unsqueeze(0).shape == [1, 1, 3, 1])
    #expect(Tensor(1).unsqueeze(0).shape == [1])
    #expect(Tensor([1]).squeeze().shape == [])
  }

  @Test func viewsShareMemory() {
    let before = x
    for view in [
      x.reshape([24]), x.permute([2, 1, 0]), x.expand([5, 2, 3, 4]), x.unsqueeze(0),
      x.slice(axis: 1, from: 1),
    ] {
      #expect(view.array.header.owner === before.array)
    }
  }

  @Test func reshapeToAnotherCount() async {
    let result = await #expect(processExitsWith: .failure, observing: [\.standardErrorContent]) {
      _ = Tensor.zeros([2, 3]).reshape([4, 2])
    }
    expect(result, names: "reshape", "float32 [2, 3]", "6 elements", "shape [4, 2]")
  }

  @Test func reshapeWithAnOpenSizeThatDoesNotFit() async {
    let result = await #expect(processExitsWith: .failure, observing: [\.standardErrorContent]) {
      _ = Tensor.zeros([2, 3]).reshape([4, -1])
    }
    expect(result, names: "reshape", "float32 [2, 3]", "shape [4, -1]")
  }

  @Test func permuteByNoOrder() async {
    let result = await #expect(processExitsWith: .failure, observing: [\.standardErrorContent]) {
      _ = Tensor.zeros([2, 3]).permute([0, 0])
    }
    expect(result, names: "permute", "[0, 0]", "float32 [2, 3]")
  }

  @Test func expandOfALongAxis() async {
    let result = await #expect(processExitsWith: .failure, observing: [\.standardErrorContent]) {
      _ = Tensor.zeros([2, 3]).expand([2, 6])
    }
    expect(result, names: "expand", "float32 [2, 3]", "[2, 6]")
  }

  @Test func squeezeOfALongAxis() async {
    let result = await #expect(processExitsWith: .failure, observing: [\.standardErrorContent]) {
      _ = Tensor.zeros([2, 3]).squeeze(1)
    }
    expect(result, names: "squeeze", "axis 1", "float32 [2, 3]", "size 1")
  }

  @Test func axisOutOfRange() async {
    let result = await #expect(processExitsWith: .failure, observing: [\.standardErrorContent]) {
      _ = Tensor.zeros([2, 3]).transpose(0, 2)
    }
    expect(result, names: "transpose", "axis 2", "float32 [2, 3]")
  }

  @Test func shapesTooLargeToCount() async {
    let reshaped = await #expect(processExitsWith: .failure, observing: [\.standardErrorContent]) {
      _ = Tensor([1, 2]).reshape([1 << 62, 4, -1])
    }
    expect(reshaped, names: "reshape", "float32 [2]", "shape [4611686018427387904, 4, -1]")
    let expanded = await #expect(processExitsWith: .failure, observing: [\.standardErrorContent]) {
      _ = Tensor([1]).expand([1 << 40, 1 << 40])
    }
    expect(expanded, names: "expand", "shape [1099511627776, 1099511627776]")
  }
}
