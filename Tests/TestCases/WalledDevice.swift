import Autograd
import Platform
import Synchronization

/// A device without kernels whose memory the processor cannot read: every primitive falls back to the CPU and
/// is counted, a host read of an address ends the program, and reads through `onHost` are counted.
package final class WalledDevice: Accelerator {
  /// Set in every address: no processor in use has such addresses.
  private static let wall: UInt = 1 << 62

  package let name: String
  package let fallback = Fallback(policy: .silent)
  private let reads = Atomic<Int>(0)

  /// How often the program has read tensors' elements.
  package var hostReadCount: Int { reads.load(ordering: .relaxed) }

  package init(_ name: String) { self.name = name }

  /// A new device.
  package static func make(_ name: String = "walled") -> (device: Device, walled: WalledDevice) {
    let walled = WalledDevice(name)
    return (Device(walled), walled)
  }

  package func allocate(byteCount: Int) -> UnsafeMutableRawPointer? {
    guard let block = malloc(byteCount) else { return nil }
    // All ones are NaN: what is read before it is written shows.
    memset(block, 0xFF, byteCount)
    return WalledDevice.crossing(block)
  }

  package func free(_ address: UnsafeMutableRawPointer) { release(WalledDevice.crossing(address)) }

  package func upload(
    _ source: UnsafeRawPointer, byteCount: Int, to target: UnsafeMutableRawPointer
  ) {
    WalledDevice.crossing(target).copyMemory(from: source, byteCount: byteCount)
  }

  package func download(
    _ source: UnsafeRawPointer, byteCount: Int, to target: UnsafeMutableRawPointer
  ) {
    target.copyMemory(
      from: WalledDevice.crossing(UnsafeMutableRawPointer(mutating: source)), byteCount: byteCount)
  }

  package func run(_ primitive: Primitive, _ inputs: [NDArray], into outputs: [NDArray]) -> Bool {
    false
  }

  package func willReadOnHost() { reads.wrappingAdd(1, ordering: .relaxed) }

  /// The address on the other side of the wall.
  private static func crossing(_ address: UnsafeMutableRawPointer) -> UnsafeMutableRawPointer {
    UnsafeMutableRawPointer(bitPattern: UInt(bitPattern: address) ^ wall)!
  }
}

private func release(_ block: UnsafeMutableRawPointer) { free(block) }
