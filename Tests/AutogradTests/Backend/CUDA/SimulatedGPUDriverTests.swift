import GPUKernels
import TestSupport
import Testing

@testable import Autograd

/// The driver code: order, memory, errors, and that the simulation finds wrong kernels.
@Suite struct SimulatedGPUDriverTests {
  /// A step of a multilayer perceptron with stochastic gradient descent, three times.
  private func train(on device: Device) -> [Tensor] {
    var random = RandomStream(seed: 9)
    let images = random.normal([12, 30]).to(device)
    let labels = random.integers([12], in: 0..<5).to(device)
    var parameters = [[30, 20], [20], [20, 5], [5]].map { random.normal($0).to(device) * 0.3 }
    var losses: [Tensor] = []
    for _ in 0..<3 {
      let tape = Tape()
      let watched = parameters.map { tape.watch($0) }
      let hidden = (images.matmul(watched[0]) + watched[1]).relu()
      let loss = crossEntropy(hidden.matmul(watched[2]) + watched[3], labels)
      let gradients = tape.gradient(of: loss, at: watched)
      losses.append(loss.stoppingGradient())
      for index in parameters.indices {
        parameters[index] = parameters[index] - gradients[index] * 0.1
      }
    }
    return losses + parameters
  }

  @Test func aPerceptronTrainsWithoutFallback() {
    let simulated = SimulatedGPU()
    let found = train(on: simulated.device)
    #expect(simulated.gpu.fallback.counts.isEmpty, "\(simulated.gpu.fallback.counts)")
    #expect(simulated.launchCount > 60)
    for (found, expected) in zip(found, train(on: .cpu)) {
      #expect(found.device == simulated.device)
      expect(found, equals: Reference(expected), tolerance: 1e-6)
    }
    #expect(simulated.overrunCount == 0)
  }

  @Test func everyModeGivesTheSameBits() {
    let expected = train(on: SimulatedGPU().device).map(\.bits)
    for (isDeferred, isBackwards) in [(true, false), (false, true), (true, true)] {
      let simulated = SimulatedGPU(isDeferred: isDeferred, isBackwards: isBackwards)
      #expect(train(on: simulated.device).map(\.bits) == expected)
    }
  }

  @Test func everyKernelIsInTheModule() {
    let gpu = SimulatedGPU().gpu
    for name in ["mapFloat32", "zipUInt8", "copyBFloat16", "matmulFloat64", "checkIndices"] {
      _ = gpu.function(named: name)
    }
  }

  private func reversed(on simulated: SimulatedGPU) -> [Double] {
    let x = Tensor((0..<256).map(Double.init)).to(simulated.device)
    let y = x.zerosLike()
    simulated.gpu.launch(
      simulated.gpu.function(named: "testMissingBarrier"), blocks: 1, threads: 256,
      [x.array, y.array],
      GPUReduction(operation: 0, outer: 1, reduced: 256, inner: 1, parts: 1))
    return y.scalars(as: Double.self)
  }

  /// One order of the threads gives one half, the other order the other one.
  @Test func aMissingBarrierIsFound() {
    let forwards = reversed(on: SimulatedGPU())
    let backwards = reversed(on: SimulatedGPU(isBackwards: true))
    #expect(forwards != backwards)
    let expected = (0..<256).reversed().map(Double.init)
    #expect(forwards != expected || backwards != expected)
  }

  @Test func anOverrunIsFound() {
    let simulated = SimulatedGPU()
    for (count, overruns) in [(127, 0), (128, 1)] {
      do {
        let y = NDArray.uninitialized(dtype: .float32, shape: [count], on: simulated.device)
        simulated.gpu.launch(
          simulated.gpu.function(named: "testOverrun"), blocks: 1, threads: 32, [y],
          GPUReduction(operation: 0, outer: 1, reduced: UInt32(count), inner: 1, parts: 1))
      }
      #expect(simulated.overrunCount == overruns)
    }
  }

  @Test func aWrongIndexStopsAtTheNextWait() async {
    let result = await #expect(processExitsWith: .failure, observing: [\.standardErrorContent]) {
      let device = SimulatedGPU(isDeferred: true).device
      let loss = crossEntropy(
        Tensor.zeros([2, 3], device: device), Tensor(scalars: [1, 3], device: device))
      print(loss.item())
    }
    expect(result, names: "crossEntropy", "label 3", "3 classes")
  }

  @Test func aWrongLaunchNamesTheFunctionAndTheError() async {
    let result = await #expect(processExitsWith: .failure, observing: [\.standardErrorContent]) {
      let gpu = SimulatedGPU().gpu
      gpu.launch(gpu.function(named: "fillFloat32"), blocks: 1, threads: 2048, [], 0)
    }
    expect(result, names: "cuLaunchKernel", "CUDA_ERROR_INVALID_VALUE (1)")
    let missing = await #expect(processExitsWith: .failure, observing: [\.standardErrorContent]) {
      _ = SimulatedGPU().gpu.function(named: "nothing")
    }
    expect(missing, names: "kernel nothing", "CUDA_ERROR_NOT_FOUND (500)")
  }

  @Test func aDriverThatLacksAFunctionIsRefused() {
    #expect {
      _ = try CUDALibrary { _ in nil }
    } throws: {
      "\($0)" == "the NVIDIA driver has no function cuInit"
    }
  }

  @Test func machinesWithoutAGPUSayWhy() {
    #expect(Device.gpus.isEmpty == (Device.gpuProblem != nil))
  }
}
