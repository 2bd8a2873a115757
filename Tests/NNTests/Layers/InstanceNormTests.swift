import Autograd
import Testing

@testable import NN

/// What the figures of PyTorch do not say.
@Suite struct InstanceNormTests {
  @Test func namesAndDetails() {
    let tracked = LazyInstanceNorm2d(affine: true, trackRunningStatistics: true)
    #expect(
      tracked.members.map(\.name) == [
        "weight", "bias", "running_mean", "running_var", "num_batches_tracked",
      ])
    #expect("\(tracked)" == "InstanceNorm2d ?, scale and shift, running statistics")
    _ = tracked(inputs([2, 3, 4, 4]))
    #expect("\(tracked)" == "InstanceNorm2d 3, scale and shift, running statistics")
    #expect(InstanceNorm2d(2).members.isEmpty && "\(InstanceNorm2d(2))" == "InstanceNorm2d 2")
    #expect(
      "\(InstanceNorm2d(2, epsilon: 0.1, momentum: 0.5, affine: true, bias: false))"
        == "InstanceNorm2d 2, epsilon 0.1, momentum 0.5, scale")
  }

  @Test func withoutTrackingEvaluationIsTraining() {
    let (layer, x) = (InstanceNorm2d(3, affine: true), inputs([2, 3, 4, 5]))
    #expect(layer.evaluating { layer(x) }.floats == layer(x).floats)
  }

  @Test func runningStatisticsAreNotRecorded() throws {
    let layer = InstanceNorm2d(1, trackRunningStatistics: true)
    _ = gradient(at: inputs([1, 1, 2, 2])) { layer($0).square().sum() }
    #expect(try #require(layer.runningMean).value.isTraced == false)
    #expect(try #require(layer.runningVariance).value.item() != 1)
  }
}
