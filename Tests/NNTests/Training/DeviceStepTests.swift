import Autograd
import TestCases
import TestSupport
import Testing

@testable import LeNetExample
@testable import NN

/// Training steps on a device whose memory the CPU cannot read: nothing but the loss is read by the host, and
/// the parameters have the CPU's bits.
@Suite struct DeviceStepTests {
  /// Runs three steps with clipping on both devices.
  private func check<Model: Layer>(
    _ make: () -> Model, _ optimizer: ([Parameter]) -> any Optimizer, _ x: Tensor, _ labels: Tensor,
    sourceLocation: SourceLocation = #_sourceLocation
  ) {
    let (device, walled) = WalledDevice.make()
    var results: [[Tensor]] = []
    for place in [Device.cpu, device] {
      let model = make()
      model.initialize(seed: 3)
      model.materialize(for: x)
      model.to(place)
      let optimizer = optimizer(model.parameters)
      let (x, labels) = (x.to(place), labels.to(place))
      let before = walled.hostReadCount
      var losses: [Tensor] = []
      for _ in 0..<3 {
        let (loss, gradients) = model.valueAndGradients { crossEntropy(model(x), labels) }
        optimizer.step(gradients.clipped(norm: 0.5))
        losses.append(loss)
      }
      #expect(walled.hostReadCount == before, sourceLocation: sourceLocation)
      #expect(losses.allSatisfy { $0.device == place })
      let values = model.parameters.map(\.value) + model.namedBuffers.map(\.buffer.value)
      results.append(losses + values)
    }
    for (index, (found, expected)) in zip(results[1], results[0]).enumerated() {
      #expect(found.doubles == expected.doubles, "\(index)", sourceLocation: sourceLocation)
    }
    #expect(walled.hostReadCount > 0)
  }

  private let images = inputs([10, 1, 28, 28])
  private let labels = Tensor(scalars: [3, 1, 4, 1, 5, 9, 2, 6, 5, 3])

  @Test func leNet() {
    check({ LeNet() }, { SGD($0, learningRate: 0.5) }, images, labels)
  }

  @Test func batchNormAndDropout() {
    check(
      {
        Sequential(
          LazyConv2d(4, kernelSize: 3, stride: 2), LazyBatchNorm2d(), ReLU(),
          MaxPool2d(kernelSize: 2), Dropout(0.3), Flatten(), LazyLinear(8), LazyBatchNorm1d(),
          GELU(), LazyLinear(10))
      }, { Adam($0, learningRate: 0.01) }, images, labels)
  }

  @Test func transformerLayer() {
    check(
      {
        Sequential(
          Embedding(20, 8),
          TransformerEncoderLayer(8, heads: 2, feedForward: 16),
          Lambda { $0.mean(axis: 1) }, LazyLinear(10))
      }, { AdamW($0, learningRate: 0.01) },
      RandomIntegers.tokens([10, 5], below: 20), labels)
  }
}

private enum RandomIntegers {
  static func tokens(_ shape: [Int], below limit: Int) -> Tensor {
    var random = RandomStream(seed: 2)
    return random.integers(shape, in: 0..<limit)
  }
}
