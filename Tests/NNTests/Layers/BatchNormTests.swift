import Autograd
import Testing

@testable import NN

/// Against figures of PyTorch's `BatchNorm1d`, in float64.
@Suite struct BatchNormTests {
  private let x = Tensor([1, 2, 3, -4, 8, 5], shape: [3, 2])

  @Test func trainingTakesTheBatchAndEvaluationTheRunningStatistics() throws {
    let layer = LazyBatchNorm1d()
    layer.weight?.value = Tensor([2, -1])
    layer.bias?.value = Tensor([0.5, 1])
    let batch = Tensor(
      [
        -1.538097485635139, 0.7327388535379681, -0.17936582854504635, 2.33630573231016,
        3.2174633141801854, -0.06904458584812784,
      ], shape: [3, 2])
    #expect(relativeError(layer(x), batch) < 1e-6)
    _ = layer(x * 2)
    let (mean, variance) = try (
      #require(layer.runningMean?.value), #require(layer.runningVariance?.value)
    )
    #expect(relativeError(mean, Tensor([1.16, 0.29])) < 1e-6)
    #expect(relativeError(variance, Tensor([7.18, 11.1])) < 1e-6)
    #expect(layer.batchCount?.value.item() == 2)
    layer.evaluate()
    let running = Tensor(
      [
        0.38057714382558766, 0.4867435386610992, 1.8733628460057403, 2.2876434030081194,
        5.605327101456123, -0.4137063935124108,
      ], shape: [3, 2])
    #expect(relativeError(layer(x), running) < 1e-6)
    #expect(layer.batchCount?.value.item() == 2)
  }

  /// A file may hold any count; one more would overflow.
  @Test(arguments: [(Int.max, Int.max), (Int.max - 1, Int.max), (-7, 1), (0, 1)])
  func countsOfFilesAreFollowedByOnesThatFit(_ count: Int, _ next: Int) {
    let layer = BatchNorm1d(2, momentum: nil)
    layer.batchCount?.value = Tensor(scalars: [count], shape: [])
    _ = layer(x)
    #expect(layer.batchCount?.value.scalars(as: Int.self) == [next])
    #expect(layer.runningMean?.value.floats.allSatisfy(\.isFinite) == true)
  }

  @Test func withoutMomentumAllBatchesCountTheSame() throws {
    let layer = BatchNorm1d(2, momentum: nil)
    for scale in [1, 2, 3] { _ = layer(x * scale) }
    #expect(try relativeError(#require(layer.runningMean?.value), Tensor([8, 2])) < 1e-6)
    #expect(
      try relativeError(#require(layer.runningVariance?.value), Tensor([182.0 / 3, 98])) < 1e-6)
  }

  @Test func everyRankIsTheFunction() {
    let shapes = [[4, 3], [2, 3, 5], [2, 3, 5, 2], [2, 3, 5, 2, 3]]
    let layers: [any Layer] = [
      BatchNorm1d(3), LazyBatchNorm1d(), LazyBatchNorm2d(), BatchNorm3d(3),
    ]
    for (shape, layer) in zip(shapes, layers) {
      let x = inputs(shape)
      #expect(layer(x).floats == batchNorm(x, weight: .ones([3]), bias: .zeros([3])).floats)
    }
  }

  @Test func gradients() throws {
    let layer = BatchNorm2d(2)
    layer.useFloat64()
    let x = inputs([3, 2, 2, 2], dtype: .float64)
    try checkGradients(of: { layer($0).square() }, at: x)
    try checkParameterGradients(layer) { layer(x).tanh().sum() }
  }

  @Test func namesAndDetails() {
    #expect(
      BatchNorm3d(2).members.map(\.name) == [
        "weight", "bias", "running_mean", "running_var", "num_batches_tracked",
      ])
    #expect("\(LazyBatchNorm1d())" == "BatchNorm1d ?")
    #expect(
      "\(BatchNorm2d(3, epsilon: 0.1, momentum: nil))"
        == "BatchNorm2d 3, epsilon 0.1, momentum none")
    let plain = BatchNorm3d(2, affine: false, trackRunningStatistics: false)
    #expect("\(plain)" == "BatchNorm3d 2, no scale and shift, no running statistics")
    #expect("\(BatchNorm1d(2, bias: false))" == "BatchNorm1d 2, no bias")
    #expect(plain.members.isEmpty)
  }

  /// PyTorch's become NaN.
  @Test func anEmptyBatchMovesNoStatistics() {
    for (layer, shape) in [
      (BatchNorm2d(2) as any Layer, [0, 2, 3, 3]), (BatchNorm2d(2, momentum: nil), [4, 2, 0, 3]),
      (BatchNorm1d(2), [0, 2]), (InstanceNorm2d(2, trackRunningStatistics: true), [0, 2, 3, 3]),
    ] {
      let y = layer(Tensor.zeros(shape))
      #expect(y.shape == shape)
      #expect(layer.namedBuffers.map { $0.buffer.value.doubles } == [[0, 0], [1, 1], [0]])
    }
  }
}
