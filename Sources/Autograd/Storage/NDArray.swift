import Synchronization

/// Counts the arrays that got memory of their own; tests use it to see that buffers are reused.
package let allocationCount = Atomic<Int>(0)

/// The copy-on-write storage of a tensor: element type, shape, strides and memory in one object.
///
/// Shape and strides are stored in the object's tail, followed by small payloads of the CPU; larger
/// payloads come from the device's memory pool; a view keeps the array whose memory it shows alive. Nothing
/// changes after an array was filled, except through an operation that holds the only reference to it (see
/// `Tensor.canReuse`): that is why tensors may be shared between threads.
package final class NDArray: ManagedBuffer<NDArray.Header, Int> {
  package struct Header {
    /// The address of the first element (index 0 along every axis); only the device can read it.
    var data: UnsafeMutableRawPointer
    /// The array whose memory this one shows; nil if the memory is its own.
    var owner: NDArray?
    /// The number of elements.
    var count: Int
    var rank: Int16
    /// The class of the pooled block, or -1 when the payload is in the tail or elsewhere.
    var sizeClass: Int16
    var device: Device
    var dtype: DType
    /// Whether elements lie without gaps in row-major order.
    var isDense: Bool
  }

  /// Payloads on the CPU up to this size are stored in the object itself.
  private static let inlineByteCount = 256

  deinit {
    if sizeClass >= 0 { device.pool.release(data, sizeClass: sizeClass) }
  }

  // MARK: Creating

  /// A dense array with uninitialized elements; `shape` yields `rank` sizes.
  static func uninitialized(
    dtype: DType, rank: Int, shape: UnsafePointer<Int>, on device: Device
  ) -> NDArray {
    var (count, isTooLarge) = (1, false)
    for axis in 0..<rank {
      let (product, overflows) = count.multipliedReportingOverflow(by: shape[axis])
      count = product
      isTooLarge = isTooLarge || overflows
    }
    require(
      !isTooLarge && count < 1 << 56,
      "a tensor of shape \(Array(UnsafeBufferPointer(start: shape, count: rank))) is too large")
    let byteCount = count * dtype.byteCount
    let isInline = device == .cpu && byteCount <= inlineByteCount
    let words = 2 * rank + (isInline ? (byteCount + 7) / 8 : 0)
    let buffer = NDArray.create(minimumCapacity: words) { buffer in
      var data = UnsafeMutableRawPointer(
        buffer.withUnsafeMutablePointerToElements { $0 + 2 * rank })
      var sizeClass: Int16 = -1
      if !isInline {
        let pool = device.pool
        let pooled = pool.sizeClass(for: byteCount)
        data = pool.allocate(sizeClass: pooled)
        sizeClass = Int16(pooled)
      }
      return Header(
        data: data, owner: nil, count: count, rank: Int16(rank), sizeClass: sizeClass,
        device: device, dtype: dtype, isDense: true)
    }
    let array = unsafeDowncast(buffer, to: NDArray.self)
    array.withUnsafeMutablePointerToElements { tail in
      var stride = 1
      for axis in (0..<rank).reversed() {
        tail[axis] = shape[axis]
        tail[rank + axis] = stride
        stride *= shape[axis]
      }
    }
    allocationCount.wrappingAdd(1, ordering: .relaxed)
    return array
  }

  package static func uninitialized(dtype: DType, shape: [Int], on device: Device) -> NDArray {
    shape.withUnsafeBufferPointer { sizes in
      if let base = sizes.baseAddress {
        return uninitialized(dtype: dtype, rank: sizes.count, shape: base, on: device)
      }
      return withUnsafePointer(to: 0) {
        uninitialized(dtype: dtype, rank: 0, shape: $0, on: device)
      }
    }
  }

  /// A dense array with uninitialized elements on this one's device and in its shape.
  func uninitializedLike(dtype: DType) -> NDArray {
    withUnsafeMutablePointerToElements {
      NDArray.uninitialized(dtype: dtype, rank: rank, shape: UnsafePointer($0), on: device)
    }
  }

  /// A dense matrix with uninitialized elements.
  static func uninitialized(
    dtype: DType, rows: Int, columns: Int, on device: Device
  ) -> NDArray {
    withUnsafeTemporaryAllocation(of: Int.self, capacity: 2) { shape in
      shape[0] = rows
      shape[1] = columns
      return uninitialized(
        dtype: dtype, rank: 2, shape: UnsafePointer(shape.baseAddress!), on: device)
    }
  }

  /// Another look at this array's memory; `offset` in elements from the first one.
  func view(shape: [Int], strides: [Int], offset: Int = 0) -> NDArray {
    let rank = shape.count
    return view(rank: rank, offset: offset) { sizes, newStrides in
      for axis in 0..<rank {
        sizes[axis] = shape[axis]
        newStrides[axis] = strides[axis]
      }
    }
  }

  /// A view with two axes exchanged.
  func transposed(_ a: Int, _ b: Int) -> NDArray {
    let rank = rank
    return view(rank: rank) { sizes, strides in
      for axis in 0..<rank {
        let from = axis == a ? b : axis == b ? a : axis
        sizes[axis] = size(from)
        strides[axis] = stride(from)
      }
    }
  }

  @inline(__always)
  private func view(
    rank: Int, offset: Int = 0,
    _ fill: (_ sizes: UnsafeMutablePointer<Int>, _ strides: UnsafeMutablePointer<Int>) -> Void
  ) -> NDArray {
    let owner = withUnsafeMutablePointerToHeader { $0.pointee.owner } ?? self
    let buffer = NDArray.create(minimumCapacity: 2 * rank) { _ in
      Header(
        data: data + offset * dtype.byteCount, owner: owner, count: 1, rank: Int16(rank),
        sizeClass: -1, device: device, dtype: dtype, isDense: false)
    }
    let array = unsafeDowncast(buffer, to: NDArray.self)
    array.withUnsafeMutablePointers { header, tail in
      fill(tail, tail + rank)
      for axis in 0..<rank { header.pointee.count *= tail[axis] }
      header.pointee.isDense = array.lacksGaps()
    }
    return array
  }

  private func lacksGaps() -> Bool {
    if count == 0 { return true }
    var expected = 1
    for axis in (0..<rank).reversed() {
      let size = size(axis)
      if size != 1 && stride(axis) != expected { return false }
      expected *= size
    }
    return true
  }

  // MARK: Reading

  // Through the header's address, because `header` itself is checked for exclusive access at run time,
  // which takes a third of a small operation.
  package var dtype: DType { withUnsafeMutablePointerToHeader { $0.pointee.dtype } }
  package var device: Device { withUnsafeMutablePointerToHeader { $0.pointee.device } }
  package var rank: Int { withUnsafeMutablePointerToHeader { Int($0.pointee.rank) } }
  package var count: Int { withUnsafeMutablePointerToHeader { $0.pointee.count } }
  package var isDense: Bool { withUnsafeMutablePointerToHeader { $0.pointee.isDense } }
  /// The address of the first element, which only the device can read; see `onHost`.
  ///
  /// The array must be kept alive while the pointer is used.
  package var data: UnsafeMutableRawPointer { withUnsafeMutablePointerToHeader { $0.pointee.data } }
  /// Whether this array shows another one's memory.
  func isView(of array: NDArray) -> Bool {
    withUnsafeMutablePointerToHeader { $0.pointee.owner === array }
  }
  private var isView: Bool { withUnsafeMutablePointerToHeader { $0.pointee.owner != nil } }
  private var sizeClass: Int { withUnsafeMutablePointerToHeader { Int($0.pointee.sizeClass) } }

  func size(_ axis: Int) -> Int { withUnsafeMutablePointerToElements { $0[axis] } }
  func stride(_ axis: Int) -> Int { withUnsafeMutablePointerToElements { $0[rank + axis] } }

  package var shape: [Int] {
    withUnsafeMutablePointerToElements { Array(UnsafeBufferPointer(start: $0, count: rank)) }
  }

  package var strides: [Int] {
    withUnsafeMutablePointerToElements { Array(UnsafeBufferPointer(start: $0 + rank, count: rank)) }
  }

  func hasShape(of other: NDArray) -> Bool {
    if self === other { return true }
    guard rank == other.rank, count == other.count else { return false }
    return withUnsafeMutablePointerToElements { mine in
      other.withUnsafeMutablePointerToElements { theirs in
        for axis in 0..<rank where mine[axis] != theirs[axis] { return false }
        return true
      }
    }
  }

  /// Whether the sizes are those of another array's last axes; further axes in front have size 1.
  func hasLastAxes(of other: NDArray) -> Bool {
    let (rank, otherRank) = (rank, other.rank)
    var isMatching = true
    for axis in 1...max(rank, 1) where axis <= rank {
      let size = size(rank - axis)
      if isMatching && axis <= otherRank && size == other.size(otherRank - axis) { continue }
      isMatching = false
      if size != 1 { return false }
    }
    return true
  }

  /// Whether all indices refer to one element in memory.
  var repeatsOneElement: Bool {
    withUnsafeMutablePointerToElements { tail in
      for axis in 0..<rank where tail[axis] != 1 && tail[rank + axis] != 0 { return false }
      return count > 0
    }
  }

  func hasShape(_ shape: [Int]) -> Bool {
    guard rank == shape.count else { return false }
    return withUnsafeMutablePointerToElements { mine in
      for axis in 0..<rank where mine[axis] != shape[axis] { return false }
      return true
    }
  }

  /// Whether the caller's variable is the only reference to this array's memory.
  static func isUnique(_ array: inout NDArray) -> Bool {
    guard isKnownUniquelyReferenced(&array) else { return false }
    if !array.isView { return true }
    return array.withUnsafeMutablePointerToHeader { isKnownUniquelyReferenced(&$0.pointee.owner) }
  }

  /// Runs `body` with the bytes of the elements, which must be dense and on the CPU.
  func withBytes<Result>(
    _ body: (UnsafeMutableRawBufferPointer) throws -> Result
  ) rethrows -> Result {
    require(device == .cpu, "the elements of an array on \(device) cannot be read by the CPU")
    return try withExtendedLifetime(self) {
      try body(UnsafeMutableRawBufferPointer(start: data, count: count * dtype.byteCount))
    }
  }

  /// The elements at some distances from the first one, of an array of the given type on the CPU.
  func elements<Scalar>(at offsets: [Int]) -> [Scalar] {
    withExtendedLifetime(self) {
      let start = data.assumingMemoryBound(to: Scalar.self)
      return offsets.map { start[$0] }
    }
  }

  /// Runs `body` with the elements, which must be dense, of the given type and on the CPU.
  package func withElements<Scalar, Result>(
    as type: Scalar.Type, _ body: (UnsafeMutableBufferPointer<Scalar>) throws -> Result
  ) rethrows -> Result {
    require(device == .cpu, "the elements of an array on \(device) cannot be read by the CPU")
    return try withExtendedLifetime(self) {
      let start = data.assumingMemoryBound(to: Scalar.self)
      return try body(UnsafeMutableBufferPointer(start: start, count: count))
    }
  }
}
