import Autograd
import TestSupport
import Testing

@testable import NN

/// Training steps by the GPU kernels: none falls back, and the parameters are the CPU's up to rounding.
@Suite struct SimulatedGPUStepTests {
  private static let optimizers: [@Sendable ([Parameter]) -> any Optimizer] = [
    { SGD($0, learningRate: 0.1) },
    { SGD($0, learningRate: 0.1, momentum: 0.9, weightDecay: 0.01) },
    { Adam($0, learningRate: 0.01) },
  ]

  @Test(arguments: optimizers.indices)
  func aPerceptronNeverFallsBack(_ optimizer: Int) {
    let simulated = SimulatedGPU(isDeferred: true)
    let images = inputs([16, 1, 12, 12])
    let labels = Tensor(scalars: (0..<16).map { $0 % 10 })
    var results: [[Tensor]] = []
    for device in [Device.cpu, simulated.device] {
      let model = Sequential(Flatten(), LazyLinear(32), ReLU(), LazyLinear(10))
      model.initialize(seed: 3)
      model.materialize(for: images)
      model.to(device)
      let optimizer = Self.optimizers[optimizer](model.parameters)
      let (x, labels) = (images.to(device), labels.to(device))
      var losses: [Tensor] = []
      for _ in 0..<5 {
        let (loss, gradients) = model.valueAndGradients { crossEntropy(model(x), labels) }
        optimizer.step(gradients.clipped(norm: 0.5))
        losses.append(loss)
      }
      results.append(losses + model.parameters.map(\.value))
    }
    #expect(simulated.gpu.fallback.counts.isEmpty, "\(simulated.gpu.fallback.counts)")
    for (found, expected) in zip(results[1], results[0]) {
      #expect(found.device == simulated.device)
      for (found, expected) in zip(found.doubles, expected.doubles) {
        #expect((found - expected).magnitude <= 1e-5 * max(1, expected.magnitude))
      }
    }
  }

  /// LeNet with ReLU, at a rate at which the loss halves.
  private func leNetSteps(_ device: Device, _ steps: Int) -> [Tensor] {
    let model = Sequential(
      LazyConv2d(6, kernelSize: 5, padding: 2), ReLU(), AvgPool2d(kernelSize: 2),
      LazyConv2d(16, kernelSize: 5), ReLU(), AvgPool2d(kernelSize: 2), Flatten(), LazyLinear(120),
      ReLU(), LazyLinear(84), ReLU(), LazyLinear(10))
    let images = inputs([16, 1, 28, 28])
    model.initialize(seed: 5)
    model.materialize(for: images)
    model.to(device)
    let optimizer = SGD(model.parameters, learningRate: 0.1)
    let x = images.to(device)
    let labels = Tensor(scalars: (0..<16).map { $0 * 7 % 10 }, device: device)
    let losses = (0..<steps).map { _ in
      optimizer.step { model.valueAndGradients { crossEntropy(model(x), labels) } }
    }
    return losses + model.parameters.map(\.value)
  }

  @Test func leNetNeverFallsBack() {
    let simulated = SimulatedGPU(isDeferred: true, isBackwards: true)
    let (found, expected) = (leNetSteps(simulated.device, 20), leNetSteps(.cpu, 20))
    #expect(simulated.device.fallbacks.isEmpty, "\(simulated.device.fallbacks)")
    #expect(simulated.overrunCount == 0)
    for (index, (found, expected)) in zip(found, expected).enumerated() {
      let scale = expected.doubles.reduce(0) { max($0, $1.magnitude) }
      let error = zip(found.doubles, expected.doubles).reduce(0) {
        max($0, ($1.0 - $1.1).magnitude)
      }
      #expect(error <= (index < 20 ? 1e-5 : 1e-4) * scale, "\(index): \(error / scale)")
    }
    #expect(expected[19].item() < expected[0].item())
  }
}
