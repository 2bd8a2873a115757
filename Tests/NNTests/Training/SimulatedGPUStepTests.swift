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
      for parameter in model.parameters { parameter.value = parameter.value.to(device) }
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
}
