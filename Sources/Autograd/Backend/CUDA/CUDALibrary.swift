internal import GPUKernels
internal import Platform

/// NVIDIA's driver, whose functions are found by name: neither building nor running needs a toolkit.
// Unchecked only in name: Swift does not know that C's functions may be called by any thread.
package struct CUDALibrary: @unchecked Sendable {
  let functions: CUDADriver

  /// Why there is no GPU to use.
  package struct Problem: Error, CustomStringConvertible {
    package let description: String
  }

  /// Finds all functions.
  ///
  /// - Parameter symbol: The address of the function of a name.
  package init(symbol: (String) -> UnsafeMutableRawPointer?) throws(Problem) {
    var addresses: [UnsafeMutableRawPointer] = []
    var next = CUDADriverNames()
    while let name = next.pointee.map({ String(cString: $0) }) {
      guard let address = symbol(name) else {
        throw Problem(description: "the NVIDIA driver has no function \(name)")
      }
      addresses.append(address)
      next += 1
    }
    functions = addresses.withUnsafeBytes { $0.load(as: CUDADriver.self) }
    try check(functions.cuInit(0), "cuInit")
  }

  /// The library of the system's driver.
  static func system() throws(Problem) -> CUDALibrary {
    #if os(Linux)
      guard let library = dlopen("libcuda.so.1", RTLD_NOW) else {
        throw Problem(description: "libcuda.so.1 was not found")
      }
      let found = try CUDALibrary { dlsym(library, $0) }
      var version: Int32 = 0
      try found.check(found.functions.cuDriverGetVersion(&version), "cuDriverGetVersion")
      // The first driver that reads PTX 7.0, in which the kernels are written.
      if version < 11_000 {
        let name = "\(version / 1000).\(version % 1000 / 10)"
        throw Problem(description: "the NVIDIA driver is for CUDA \(name), 11.0 or later is needed")
      }
      return found
    #else
      throw Problem(description: "GPUs are supported on Linux only")
    #endif
  }

  func check(_ status: Int32, _ function: StaticString) throws(Problem) {
    if status != 0 { throw Problem(description: "\(function) failed: \(errorName(status))") }
  }

  /// The name and number of an error, as in `CUDA_ERROR_OUT_OF_MEMORY (2)`.
  func errorName(_ status: Int32) -> String {
    var name: UnsafePointer<CChar>?
    _ = functions.cuGetErrorName(status, &name)
    return name.map { "\(String(cString: $0)) (\(status))" } ?? "error \(status)"
  }

  /// The devices that can run the kernels, and how many cannot.
  func ordinals() throws(Problem) -> (usable: [Int], others: Int) {
    var (count, result): (Int32, [Int]) = (0, [])
    try check(functions.cuDeviceGetCount(&count), "cuDeviceGetCount")
    for ordinal in 0..<count {
      var device: Int32 = 0
      var capability: [Int32] = [0, 0]
      try check(functions.cuDeviceGet(&device, ordinal), "cuDeviceGet")
      for index in 0..<2 {
        // CU_DEVICE_ATTRIBUTE_COMPUTE_CAPABILITY_MAJOR and _MINOR
        try check(
          functions.cuDeviceGetAttribute(&capability[index], Int32(75 + index), device),
          "cuDeviceGetAttribute")
      }
      if capability[0] * 10 + capability[1] >= 75 { result.append(Int(ordinal)) }
    }
    return (result, Int(count) - result.count)
  }
}

// MARK: The GPUs of this machine

extension Device {
  private static let found: (devices: [Device], problem: String?) = {
    do throws(CUDALibrary.Problem) {
      let library = try CUDALibrary.system()
      let (ordinals, others) = try library.ordinals()
      if ordinals.isEmpty {
        return (
          [], others > 0 ? "no GPU has compute capability 7.5 or later" : "the driver has no GPU"
        )
      }
      var devices: [Device] = []
      for ordinal in ordinals { devices.append(Device(try CUDADevice(library, ordinal: ordinal))) }
      return (devices, nil)
    } catch {
      return ([], error.description)
    }
  }()

  /// The NVIDIA GPUs of this machine with compute capability 7.5 or later, empty if none can be used.
  ///
  /// The driver is loaded when they are asked for first. What they have no kernels for runs on the CPU.
  public static var gpus: [Device] { found.devices }

  /// The first GPU; stops the program with the reason if there is none.
  public static var gpu: Device {
    guard let first = gpus.first else { fail("Device.gpu: \(gpuProblem ?? "there is none")") }
    return first
  }

  /// Why there is no GPU to use, as in `libcuda.so.1 was not found`; nil if there is one.
  public static var gpuProblem: String? { found.problem }
}
