import Foundation
import TestCases
import TestSupport
import Testing

@testable import Autograd

struct SoftmaxTests {
  static let inf = Double.infinity

  @Test(arguments: [[1], [7], [3, 5], [2, 3, 4], [0, 3], [3, 67], [67, 3]], Layout.allCases)
  func againstPlainLoops(_ shape: [Int], _ layout: Layout) {
    let x = layout.make(shape) { Reference.random($0, low: -30, high: 30) }
    let plain = Reference(x)
    for axis in shape.indices {
      func sum(_ place: [Int]) -> Double {
        (0..<shape[axis]).reduce(0) { sum, position in
          var other = place
          other[axis] = position
          return sum + exp(plain[other])
        }
      }
      let softmax = Reference(shape: shape) { exp(plain[$0]) / sum($0) }
      expect(x.softmax(axis: axis), equals: softmax, tolerance: 1e-14)
      expect(x.softmax(axis: axis - shape.count), equals: softmax, tolerance: 1e-14)
      expect(
        x.logSoftmax(axis: axis), equals: Reference(shape: shape) { plain[$0] - log(sum($0)) },
        tolerance: 1e-13)
      var kept = shape
      kept[axis] = 1
      let logSumExp = Reference(shape: kept) { log(sum($0)) }
      expect(x.logSumExp(axis: axis, keepDims: true), equals: logSumExp, tolerance: 1e-13)
      kept.remove(at: axis)
      expect(
        x.logSumExp(axis: axis), equals: Reference(logSumExp.values, shape: kept), tolerance: 1e-13)
      let narrow = x.asType(.float32)
      expect(narrow.softmax(axis: axis), equals: softmax, tolerance: 1e-5)
    }
  }

  /// PyTorch 2.13.
  @Test(arguments: [DType.float32, .float64])
  func extremeValues(_ dtype: DType) {
    let inf = Self.inf
    let x = Tensor([[1e4, 0, -1e4], [-inf, 0, 1], [88, 89, 90]], dtype: dtype)
    expect(
      x.softmax(axis: 1),
      equals: [
        1, 0, 0, 0, 0.26894142136999516, 0.7310585786300049, 0.09003057317038045,
        0.2447284710547976, 0.6652409557748218,
      ], shape: [3, 3], tolerance: 1e-6)
    expect(
      x.logSoftmax(axis: 1),
      equals: [
        0, -1e4, -2e4, -inf, -1.3132616875182228, -0.31326168751822286, -2.4076059644443806,
        -1.4076059644443804, -0.4076059644443804,
      ], shape: [3, 3], tolerance: 1e-5)
    expect(
      x.logSumExp(axis: 1), equals: [1e4, 1.3132616875182228, 90.40760596444439], tolerance: 1e-6)
    let nan = Double.nan
    let nothing = Tensor([-inf, -inf], dtype: dtype)
    expect(nothing.softmax(), equals: [nan, nan])
    expect(nothing.logSoftmax(), equals: [nan, nan])
    expect(nothing.logSumExp(), equals: [-inf], shape: [])
    let everything = Tensor([inf, 0], dtype: dtype)
    expect(everything.logSumExp(), equals: [inf], shape: [])
    expect(everything.softmax(), equals: [nan, nan])
    expect(Tensor([nan, 0], dtype: dtype).softmax(), equals: [nan, nan])
    expect(Tensor([nan, 0], dtype: dtype).logSumExp(), equals: [nan], shape: [])
  }

  @Test func aRowOfMinusInfinityHasNoGradient() {
    let x = Tensor([[-Double.infinity, -.infinity], [0, -.infinity]])
    #expect(x.logSumExp(axis: 1).scalars() == [-.infinity, 0])
    #expect(gradient(at: x) { $0.logSumExp(axis: 1).sum() }.scalars() == [0, 0, 1, 0])
  }

  @Test func scalarsAndEmptyAxes() {
    expect(Tensor(3).softmax(), equals: [1], shape: [])
    expect(Tensor(3).logSoftmax(), equals: [0], shape: [])
    expect(Tensor(3).logSumExp(), equals: [3], shape: [])
    expect(Tensor.zeros([2, 0]).softmax(), equals: [], shape: [2, 0])
    expect(Tensor.zeros([2, 0]).logSumExp(), equals: [-Self.inf, -Self.inf])
    expect(Tensor.zeros([0, 2]).logSumExp(), equals: [], shape: [0])
  }

  /// PyTorch 2.13.
  @Test(arguments: [DType.uint8, .int32, .int64])
  func crossEntropyReductions(_ type: DType) {
    let logits = Tensor([[1, 2, 3], [0.5, -1, 2], [4, 4, -4]], dtype: .float64)
    let labels = Tensor([2, 0, 1], dtype: type)
    expect(crossEntropy(logits, labels), equals: [0.9474107196367033], shape: [], tolerance: 1e-15)
    expect(
      crossEntropy(logits, labels, reduction: .sum), equals: [2.84223215891011], shape: [],
      tolerance: 1e-14)
    expect(
      crossEntropy(logits, labels, reduction: .none),
      equals: [0.4076059644443804, 1.7413112966571571, 0.6933148978085725], tolerance: 1e-14)
    expect(
      gradient(at: logits) { crossEntropy($0, labels) },
      equals: [
        0.030010191056793478, 0.08157615701826587, -0.1115863480750594, -0.27490320261998774,
        0.013037524423562482, 0.26186567819642526, 0.16663871613585404, -0.16669461719747927,
        5.590106162523426e-05,
      ], shape: [3, 3], tolerance: 1e-15)
  }

  /// PyTorch 2.13.
  @Test func crossEntropyOfSeveralLabels() {
    let logits = Tensor((0..<12).map { Double($0) / 5 }, shape: [2, 3, 2], dtype: .float64)
    let labels = Tensor(scalars: [0, 2, 1, 1], shape: [2, 2])
    let losses = [1.551250513728494, 0.751250513728494, 1.151250513728494, 1.151250513728494]
    expect(
      crossEntropy(logits, labels, reduction: .none), equals: losses, shape: [2, 2],
      tolerance: 1e-14)
    expect(
      crossEntropy(logits, labels), equals: [losses.reduce(0, +) / 4], shape: [], tolerance: 1e-14)
  }

  @Test func crossEntropyOfExtremeLogits() {
    let logits = Tensor([[1e4, 0, -Self.inf], [-1e4, 1e4, 0]])
    let labels = Tensor(scalars: [1, 1])
    expect(crossEntropy(logits, labels, reduction: .none), equals: [1e4, 0])
    expect(
      gradient(at: logits) { crossEntropy($0, labels, reduction: .sum) },
      equals: [1, -1, 0, 0, 0, 0], shape: [2, 3])
    expect(
      crossEntropy(Tensor.zeros([0, 3]), Tensor.zeros([0], dtype: .int64)), equals: [.nan],
      shape: [])
    expect(
      crossEntropy(Tensor.zeros([0, 3]), Tensor.zeros([0], dtype: .int64), reduction: .sum),
      equals: [0], shape: [])
  }

  @Test func labelOutOfRange() async {
    let result = await #expect(processExitsWith: .failure, observing: [\.standardErrorContent]) {
      _ = crossEntropy(Tensor.zeros([2, 3]), Tensor(scalars: [0, 3]))
    }
    expect(result, names: "crossEntropy", "label 3", "3 classes")
  }

  @Test func negativeLabel() async {
    let result = await #expect(processExitsWith: .failure, observing: [\.standardErrorContent]) {
      _ = crossEntropy(Tensor.zeros([2, 3]), Tensor(scalars: [-1, 2]))
    }
    expect(result, names: "crossEntropy", "label -1", "3 classes")
  }

  @Test func labelsThatDoNotFit() async {
    let result = await #expect(processExitsWith: .failure, observing: [\.standardErrorContent]) {
      _ = crossEntropy(Tensor.zeros([2, 3]), Tensor(scalars: [0, 1, 2]))
    }
    expect(
      result, names: "crossEntropy", "labels", "float32 [2, 3]", "integers [2]", "int64 [3]")
  }

  @Test func axisOutOfRange() async {
    let result = await #expect(processExitsWith: .failure, observing: [\.standardErrorContent]) {
      _ = Tensor.zeros([2, 3]).softmax(axis: -3)
    }
    expect(result, names: "softmax", "axis -3", "float32 [2, 3]")
  }

  @Test func integers() async {
    let result = await #expect(processExitsWith: .failure, observing: [\.standardErrorContent]) {
      _ = Tensor(scalars: [1, 2]).logSoftmax()
    }
    expect(result, names: "logSoftmax", "int64 [2]")
  }
}
