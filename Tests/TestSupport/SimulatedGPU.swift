import Autograd
import GPUSimulation
import Synchronization

/// A device of the simulated NVIDIA driver: the product's driver code and kernels, in the memory of the host.
package struct SimulatedGPU: Sendable {
  package let device: Device
  package let gpu: CUDADevice
  private let ordinal: Int

  /// How often a device has been made in each mode.
  private static let made = Mutex([Int](repeating: 0, count: 4))

  /// A new device.
  ///
  /// - Parameters:
  ///   - isDeferred: Whether kernels wait until the host needs a result.
  ///   - isBackwards: Whether threads and blocks run from the last one to the first.
  ///   - fallbackPolicy: What happens when there is no kernel.
  package init(
    isDeferred: Bool = false, isBackwards: Bool = false,
    fallbackPolicy: Device.FallbackPolicy = .silent
  ) {
    let mode = (isDeferred ? GPUSimulationDeferred : 0) + (isBackwards ? GPUSimulationBackwards : 0)
    let index = Self.made.withLock { made in
      made[mode] += 1
      return made[mode] - 1
    }
    ordinal = 4 * index + mode
    do {
      gpu = try CUDADevice(CUDALibrary { GPUSimulationFunction($0) }, ordinal: ordinal)
    } catch {
      fatalError("\(error)")
    }
    device = Device(gpu)
    device.fallbackPolicy = fallbackPolicy
  }

  /// How many kernels it was given.
  package var launchCount: Int { Int(GPUSimulationLaunches(Int32(ordinal))) }

  /// How many blocks of its memory had been written beyond their end when they were freed.
  package var overrunCount: Int {
    device.emptyMemoryCache()
    return Int(GPUSimulationOverruns(Int32(ordinal)))
  }
}
