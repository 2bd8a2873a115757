import Synchronization

/// Where a tensor's elements are stored and which hardware computes with them.
///
/// An operation runs on the device of its operands, and its result stays there. Operands on different
/// devices stop the program with a message that names both, except single elements on the CPU, which are
/// copied. `Tensor.to(_:)` moves a tensor.
public struct Device: Hashable, Sendable {
  /// 0 is the CPU; further devices are numbered in the order of registration.
  let index: UInt8

  /// The processor, and the memory of the host.
  public static let cpu = Device(index: 0)

  /// Bytes of a device's memory that tensors use, or that wait to be reused.
  public struct MemoryUsage: Sendable, Equatable {
    /// Bytes in use by tensors too large to be stored inline (above 256 bytes on the CPU).
    public let used: Int
    /// The largest number of bytes in use at any one time.
    public let peak: Int
    /// Bytes of freed blocks that are kept for later tensors.
    public let cached: Int
  }

  /// The memory in use and in the cache at this moment.
  public var memoryUsage: MemoryUsage { pool.usage }

  /// The most bytes of freed blocks to keep for later tensors.
  ///
  /// Unless set 1 GiB, on the CPU at most an eighth of the memory that the process may use: the machine's, or what its
  /// control groups allow.
  public var memoryCacheLimit: Int {
    get { pool.cacheLimit }
    nonmutating set { pool.cacheLimit = newValue }
  }

  /// Returns all cached blocks to the system.
  public func emptyMemoryCache() { pool.empty() }
}

extension Device: CustomStringConvertible {
  /// `cpu`, or the name of another device.
  public var description: String { self == .cpu ? "cpu" : memory.name }
}

/// The memory of a device other than the CPU, and copies to and from it.
package protocol DeviceMemory: AnyObject, Sendable {
  /// The device's name in messages, as in `gpu 0 (NVIDIA H100)`.
  var name: String { get }

  /// An address that only the device can read, nil if the memory is exhausted.
  func allocate(byteCount: Int) -> UnsafeMutableRawPointer?

  /// Frees an address that `allocate` returned.
  func free(_ address: UnsafeMutableRawPointer)

  /// Copies bytes from the host to the device, in order with what the device was given before.
  func upload(_ source: UnsafeRawPointer, byteCount: Int, to target: UnsafeMutableRawPointer)

  /// Copies bytes from the device to the host, after waiting for everything the device was given before.
  func download(_ source: UnsafeRawPointer, byteCount: Int, to target: UnsafeMutableRawPointer)

  /// Called when the program reads a tensor's elements, which waits for the device.
  func willReadOnHost()
}

extension Device {
  private struct Entry: Sendable {
    let memory: any DeviceMemory
    let pool: MemoryPool
  }

  private static let entries = Mutex<[Entry]>([])

  /// Adds a device, which lives as long as the process; at most 255.
  package init(registering memory: any DeviceMemory) {
    let count = Device.entries.withLock { entries in
      entries.append(
        Entry(
          memory: memory,
          pool: MemoryPool(allocate: memory.allocate, free: memory.free, smallestBlock: 512)))
      return entries.count
    }
    require(count <= UInt8.max, "Device: \(count) devices are too many")
    index = UInt8(count)
  }

  /// The memory of a device other than the CPU.
  package var memory: any DeviceMemory {
    Device.entries.withLock { [index] in $0[Int(index) - 1].memory }
  }

  /// Where blocks of this device's memory come from.
  var pool: MemoryPool {
    self == .cpu ? .host : Device.entries.withLock { [index] in $0[Int(index) - 1].pool }
  }
}

extension NDArray {
  /// The device on which an operation combines arrays: the one that they are all on; single elements on the
  /// CPU are copied to it.
  @inline(__always)
  static func commonDevice(
    of a: NDArray, _ b: NDArray, _ operation: @autoclosure () -> String
  ) -> Device {
    a.device == b.device ? a.device : commonDevice(of: [a, b], operation())
  }

  static func commonDevice(
    of arrays: [NDArray], _ operation: @autoclosure () -> String
  ) -> Device {
    guard let device = arrays.first(where: { $0.device != .cpu })?.device else { return .cpu }
    for array in arrays where array.device != device {
      if array.device == .cpu && array.count == 1 { continue }
      let other = arrays.first { $0.device == device }
      fail(
        """
        \(operation()): operands on \(array.device) \(array.shape) and \(device) \(other?.shape ?? []); \
        move one with to(_:)
        """)
    }
    return device
  }
}
