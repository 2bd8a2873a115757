internal import Platform
import Synchronization

/// Runs primitives that a device has no kernel for on the CPU, with copies there and back, and counts them.
package final class Fallback: Sendable {
  package typealias Count = Device.FallbackCount

  private struct State {
    var counts: [String: Count] = [:]
    var policy: Device.FallbackPolicy
  }
  private let state: Mutex<State>

  /// - Parameter policy: By default what the environment variable AUTOGRAD_FALLBACK says, else a warning.
  package init(policy: Device.FallbackPolicy? = nil) {
    state = Mutex(State(policy: policy ?? .fromEnvironment))
  }

  /// Counts by primitive, function and element type, as in `map exp float32`.
  package var counts: [String: Count] { state.withLock(\.counts) }

  package var policy: Device.FallbackPolicy {
    get { state.withLock(\.policy) }
    set { state.withLock { $0.policy = newValue } }
  }

  /// - Parameters:
  ///   - inputs: What it reads.
  ///   - outputs: What it writes; may be among the inputs.
  func run(
    _ primitive: Primitive, _ inputs: [NDArray], _ outputs: [NDArray]
  ) -> IndexCheck? {
    let name = "\(primitive.name) \((inputs.first ?? outputs[0]).dtype)"
    let policy = policy
    let problem = "\(outputs[0].device) has no kernel for \(name)"
    if policy == .error { fail("\(problem), and fallbacks to the CPU are errors") }
    var copies: [ObjectIdentifier: NDArray] = [:]
    var bytes = 0
    func copy(_ array: NDArray, hasContents: Bool) -> NDArray {
      if let known = copies[ObjectIdentifier(array)] { return known }
      bytes += hasContents ? array.count * array.dtype.byteCount : 0
      let made =
        hasContents ? array.copied(to: .cpu) : NDArray.uninitialized(like: array, on: .cpu)
      copies[ObjectIdentifier(array)] = made
      return made
    }
    let sources = inputs.map { copy($0, hasContents: true) }
    // Between the elements of a view are others, which must stay.
    let targets = outputs.map { copy($0, hasContents: primitive.keepsContents || !$0.isDense) }
    let check = CPU.run(primitive, sources, into: targets)
    for (output, target) in zip(outputs, targets) {
      output.copyMemory(of: target)
      bytes += output.count * output.dtype.byteCount
    }
    let calls = state.withLock { state in
      state.counts[name, default: Count()].calls += 1
      state.counts[name, default: Count()].bytes += bytes
      return state.counts[name]?.calls
    }
    if policy == .warn && calls == 1 {
      let line = "Autograd: \(problem): it runs on the CPU, and copies \(bytes) bytes\n"
      _ = write(STDERR_FILENO, line, line.utf8.count)
    }
    return check
  }
}

extension Device {
  /// How often a primitive ran on the CPU because a device has no kernel for it.
  public struct FallbackCount: Sendable, Equatable {
    /// The number of times.
    public var calls = 0
    /// Bytes copied from the device and back to it.
    public var bytes = 0
  }

  /// What happens when a device has no kernel for a primitive.
  public enum FallbackPolicy: String, CaseIterable, Sendable {
    /// It runs on the CPU, and one line on standard error says so for each primitive, function and element type.
    case warn
    /// It runs on the CPU.
    case silent
    /// The program stops.
    case error

    /// What AUTOGRAD_FALLBACK names, a warning if it is empty or missing.
    fileprivate static var fromEnvironment: FallbackPolicy {
      let value = getenv("AUTOGRAD_FALLBACK").map { String(cString: $0) } ?? ""
      guard let policy = value.isEmpty ? .warn : FallbackPolicy(rawValue: value) else {
        let names = allCases.map(\.rawValue).joined(separator: ", ")
        fail("AUTOGRAD_FALLBACK is \"\(value)\"; expected one of \(names)")
      }
      return policy
    }
  }

  /// What happens when this device has no kernel for a primitive: at first what the environment variable
  /// AUTOGRAD_FALLBACK says (`warn`, `silent` or `error`), else a warning.
  ///
  /// The CPU has all kernels: there it is `silent`, and setting it does nothing.
  public var fallbackPolicy: FallbackPolicy {
    get { self == .cpu ? .silent : accelerator.fallback.policy }
    nonmutating set { if self != .cpu { accelerator.fallback.policy = newValue } }
  }

  /// What ran on the CPU because this device has no kernel for it, by primitive, function and element type, as in
  /// `cumsum float32`; empty for the CPU.
  public var fallbacks: [String: FallbackCount] {
    self == .cpu ? [:] : accelerator.fallback.counts
  }

  private static let accelerators = Mutex<[UInt8: any Accelerator]>([:])

  /// Adds a device, which lives as long as the process.
  package init(_ accelerator: any Accelerator) {
    self.init(registering: accelerator)
    Device.accelerators.withLock { [index] in $0[index] = accelerator }
  }

  fileprivate var accelerator: any Accelerator {
    guard let found = Device.accelerators.withLock({ [index] in $0[index] }) else {
      fail("\(self) has memory, but computes nothing")
    }
    return found
  }
}

extension Backend {
  /// Runs a primitive some of whose arrays are not on the CPU: on their device if that has a kernel.
  ///
  /// - Parameters:
  ///   - inputs: What it reads; single elements on the CPU are copied to the device.
  ///   - outputs: What it writes.
  /// - Returns: What a check of indices found on the CPU.
  @inline(never)
  @discardableResult
  static func offCPU(
    _ primitive: Primitive, _ inputs: [NDArray], into outputs: [NDArray]
  ) -> IndexCheck? {
    let device = NDArray.commonDevice(of: outputs + inputs, primitive.name)
    let inputs = inputs.map { $0.device == device ? $0 : $0.copied(to: device) }
    let accelerator = device.accelerator
    if accelerator.run(primitive, inputs, into: outputs) { return nil }
    return accelerator.fallback.run(primitive, inputs, outputs)
  }
}
