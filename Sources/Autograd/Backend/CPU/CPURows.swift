internal import CKernels

// Rows of a matrix picked by their numbers, and put together again.
extension CPU {
  /// The rows of dense `x`, of some bytes each, at places.
  static func pickRows(_ x: NDArray, _ places: [Int], byteCount: Int, into y: NDArray) {
    func move<Word>(_ type: Word.Type) {
      let (source, target) = (
        x.data.assumingMemoryBound(to: type), y.data.assumingMemoryBound(to: type)
      )
      places.withUnsafeBufferPointer { places in
        forEachRowPart(places.count, width: 1) { start, count in
          for row in start..<start + count { target[row] = source[places[row]] }
        }
      }
    }
    withExtendedLifetime((x, y)) {
      switch byteCount {
      case 4: move(UInt32.self)
      case 8: move(UInt64.self)
      default:
        forEachRowPart(places.count, width: byteCount / 4) { start, count in
          for row in start..<start + count {
            (y.data + row * byteCount)
              .copyMemory(from: x.data + places[row] * byteCount, byteCount: byteCount)
          }
        }
      }
    }
  }

  /// Adds the rows of dense `x` to the rows of dense `y` at places, except at one.
  static func addRows(_ x: NDArray, at places: [Int], skipping skipped: Int?, into y: NDArray) {
    let (type, size) = (x.dtype.kernelType, x.dtype.byteCount)
    let width = y.shape.dropFirst().reduce(1, *)
    if width == 0 { return }
    func add<Scalar: FloatingPoint>(_ type: Scalar.Type) {
      let (source, target) = (
        x.data.assumingMemoryBound(to: type), y.data.assumingMemoryBound(to: type)
      )
      for (row, place) in places.enumerated() where place != skipped {
        target[place] += source[row]
      }
    }
    withExtendedLifetime((x, y)) {
      if width == 1 && y.dtype == .float32 { return add(Float.self) }
      if width == 1 && y.dtype == .float64 { return add(Double.self) }
      for (row, place) in places.enumerated() where place != skipped {
        let target = y.data + place * width * size
        kernels.zip(
          .add, type, width, 1, CKSource(data: target, inner: 1, outer: 0),
          CKSource(data: x.data + row * width * size, inner: 1, outer: 0), target)
      }
    }
  }
}
