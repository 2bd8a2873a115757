import Autograd
import Foundation
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
    let simulated = SimulatedGPU(isDeferred: true, fallbackPolicy: .error)
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
    for (found, expected) in zip(results[1], results[0]) {
      #expect(found.device == simulated.device)
      for (found, expected) in zip(found.doubles, expected.doubles) {
        #expect((found - expected).magnitude <= 1e-5 * max(1, expected.magnitude))
      }
    }
  }

  /// LeNet-5 with another activation and an input of [1, 28, 28].
  private func leNet(_ activation: @autoclosure () -> any Layer) -> Sequential {
    Sequential(
      LazyConv2d(6, kernelSize: 5, padding: 2), activation(), AvgPool2d(kernelSize: 2),
      LazyConv2d(16, kernelSize: 5), activation(), AvgPool2d(kernelSize: 2), Flatten(),
      LazyLinear(120), activation(), LazyLinear(84), activation(), LazyLinear(10))
  }

  /// The losses of steps, and the parameters after them: ReLU, at a rate at which the loss halves in 200 steps.
  ///
  /// The images are waves whose directions tell the classes: noise would be learned in jumps, which enlarge
  /// rounding errors a thousand times.
  private func leNetSteps(_ device: Device, _ steps: Int) -> [Tensor] {
    let labels = (0..<16).map { $0 * 7 % 10 }
    let pixels = labels.enumerated().flatMap { index, label in
      (0..<28 * 28).map { pixel in
        let (row, column) = (pixel / 28 * (label % 4), pixel % 28 * (label / 4))
        return 0.5 + 0.5 * sin(0.15 * Float(row + column) + 0.1 * Float(index))
      }
    }
    let images = Tensor(pixels, shape: [16, 1, 28, 28])
    let model = leNet(ReLU())
    model.initialize(seed: 5)
    model.materialize(for: images)
    model.apply(initCNN)
    model.to(device)
    let optimizer = SGD(model.parameters, learningRate: 0.003)
    let (x, classes) = (images.to(device), Tensor(scalars: labels, device: device))
    let losses = (0..<steps).map { _ in
      optimizer.step { model.valueAndGradients { crossEntropy(model(x), classes) } }
    }
    return losses + model.parameters.map(\.value)
  }

  @Test(arguments: [(200, false, false), (20, true, false), (20, false, true)])
  func leNetNeverFallsBack(_ steps: Int, isDeferred: Bool, isBackwards: Bool) {
    let simulated = SimulatedGPU(
      isDeferred: isDeferred, isBackwards: isBackwards, fallbackPolicy: .error)
    let (found, expected) = (leNetSteps(simulated.device, steps), leNetSteps(.cpu, steps))
    #expect(simulated.overrunCount == 0)
    #expect(simulated.launchCount > 50 * steps)
    let errors = zip(found, expected).map(relativeError)
    #expect((errors.prefix(steps).max() ?? 1) <= 1e-5)
    #expect((errors.dropFirst(steps).max() ?? 1) <= 1e-4)
    #expect(expected[steps - 1].item() < expected[0].item() * (steps == 200 ? 0.5 : 1))
  }

  @Test func everyGradientOfLeNetIsTheCPUs() {
    let simulated = SimulatedGPU(fallbackPolicy: .error)
    let gradients = [Device.cpu, simulated.device].map { device in
      let model = leNet(Sigmoid())
      let images = inputs([128, 1, 28, 28])
      model.initialize(seed: 5)
      model.materialize(for: images)
      model.to(device)
      let labels = Tensor(scalars: (0..<128).map { $0 * 7 % 10 }, device: device)
      return model.valueAndGradients { crossEntropy(model(images.to(device)), labels) }.gradients
        .map(\.gradient)
    }
    #expect(gradients[0].count == 10)
    #expect(gradients[1].allSatisfy { $0.device == simulated.device })
    for (index, (found, expected)) in zip(gradients[1], gradients[0]).enumerated() {
      let error = relativeError(found, expected)
      #expect(error <= 1e-5, "\(index): \(error)")
    }
  }

  /// The largest error, relative to the largest element.
  private func relativeError(_ found: Tensor, _ expected: Tensor) -> Double {
    let scale = expected.doubles.reduce(0) { max($0, $1.magnitude) }
    return zip(found.doubles, expected.doubles).reduce(0) {
      max($0, ($1.0 - $1.1).magnitude / scale)
    }
  }

  @Test func aWrongIndexNamesItsModule() async {
    let result = await #expect(processExitsWith: .failure, observing: [\.standardErrorContent]) {
      let device = SimulatedGPU(isDeferred: true).device
      let model = Sequential(Embedding(5, 2), Flatten(), LazyLinear(3))
      model.materialize(for: Tensor(scalars: [0, 1], shape: [1, 2]))
      model.to(device)
      let y = model(Tensor(scalars: [4, 7], shape: [1, 2], device: device))
      print(y.sum().item())
    }
    expect(result, names: "Sequential.0 (Embedding", "embedding", "index 7", "size 5")
  }
}
