/// A device other than the CPU: its memory, and the primitives that it has kernels for.
package protocol Accelerator: DeviceMemory {
  /// Whether primitives without a kernel may run on the CPU, and how often they did.
  var fallback: Fallback { get }

  /// Runs a primitive if the device has a kernel for it, its types and its sizes; otherwise it runs on the CPU (see
  /// `Fallback`).
  ///
  /// - Parameters:
  ///   - inputs: Arrays on this device, as `Primitive` lists them; optional ones are left out.
  ///   - outputs: Likewise; only those of `copy` may have gaps.
  /// - Returns: Whether it ran.
  func run(_ primitive: Primitive, _ inputs: [NDArray], into outputs: [NDArray]) -> Bool
}
