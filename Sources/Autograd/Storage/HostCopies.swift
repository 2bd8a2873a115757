// Copies of arrays between devices. A copy keeps its original's strides where these do not reach over much
// more memory than the elements need, because the order in which some kernels add depends on the layout.
extension NDArray {
  /// The array itself if it is on the CPU, else a copy there, which waits for the device.
  var onHost: NDArray {
    if device == .cpu { return self }
    device.memory.willReadOnHost()
    return copied(to: .cpu)
  }

  /// A copy on another device.
  func copied(to device: Device) -> NDArray {
    let y = NDArray.uninitialized(like: self, on: device)
    y.copyMemory(of: self)
    return y
  }

  /// Copies the memory of another array, which has the same strides: between the host and a device, or
  /// between two devices by way of the host.
  func copyMemory(of other: NDArray) {
    if count == 0 { return }
    let (first, elements) = span
    let byteCount = elements * dtype.byteCount
    let source = other.data + first * dtype.byteCount
    let target = data + first * dtype.byteCount
    withExtendedLifetime((self, other)) {
      switch (other.device, device) {
      case (.cpu, .cpu): target.copyMemory(from: source, byteCount: byteCount)
      case (.cpu, _): device.memory.upload(source, byteCount: byteCount, to: target)
      case (_, .cpu): other.device.memory.download(source, byteCount: byteCount, to: target)
      default: copyMemory(of: other.copied(to: .cpu))
      }
    }
  }

  /// An array with another one's shape, strides and type; its elements are not initialized.
  static func uninitialized(like x: NDArray, on device: Device) -> NDArray {
    if x.isDense { return uninitialized(dtype: x.dtype, shape: x.shape, on: device) }
    let (first, elements) = x.span
    return uninitialized(dtype: x.dtype, shape: [elements], on: device)
      .view(shape: x.shape, strides: x.strides, offset: -first)
  }

  /// The memory that the elements reach over: where it starts, in elements from the first one (negative
  /// with negative strides), and its length in elements.
  var span: (first: Int, count: Int) {
    if count == 0 { return (0, 0) }
    var (first, last) = (0, 0)
    for axis in 0..<rank {
      let reach = (size(axis) - 1) * stride(axis)
      if reach < 0 { first += reach } else { last += reach }
    }
    return (first, last - first + 1)
  }

  /// Whether a copy that keeps the strides would move at most four times the elements.
  var isCompact: Bool { span.count <= 4 * count }
}
