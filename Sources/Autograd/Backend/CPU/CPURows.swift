internal import CKernels
import Synchronization

// Rows picked by index, added and replaced, and checks of indices.
extension CPU {
  static func gatherRows(_ x: NDArray, _ indices: NDArray, into y: NDArray) {
    let rowBytes = x.count / max(1, x.size(0)) * x.dtype.byteCount
    let count = indices.count
    func move<Word>(_ type: Word.Type, _ indices: UnsafeMutableBufferPointer<Int>) {
      let (source, target) = (
        x.data.assumingMemoryBound(to: type), y.data.assumingMemoryBound(to: type)
      )
      ThreadPool.forEachPart(of: count, width: 1) { start, count in
        for row in start..<start + count { target[row] = source[indices[row]] }
      }
    }
    indices.withElements(as: Int.self) { indices in
      switch rowBytes {
      case 4: move(UInt32.self, indices)
      case 8: move(UInt64.self, indices)
      default:
        ThreadPool.forEachPart(of: count, width: rowBytes / 4) { start, count in
          for row in start..<start + count {
            (y.data + row * rowBytes)
              .copyMemory(from: x.data + indices[row] * rowBytes, byteCount: rowBytes)
          }
        }
      }
    }
    keepAlive(x, y)
  }

  static func scatterRows(_ x: NDArray, at indices: NDArray, into y: NDArray) {
    let rowBytes = y.count / max(1, y.size(0)) * y.dtype.byteCount
    if rowBytes == 0 { return }
    indices.withElements(as: Int.self) { indices in
      for (row, index) in indices.enumerated() {
        (y.data + index * rowBytes)
          .copyMemory(from: x.data + row * rowBytes, byteCount: rowBytes)
      }
    }
    keepAlive(x, y)
  }

  static func scatterAddRows(
    _ x: NDArray, at indices: NDArray, skipping skipped: Int?, into y: NDArray
  ) {
    let (type, size) = (x.dtype.kernelType, x.dtype.byteCount)
    let width = y.shape.dropFirst().reduce(1, *)
    if width == 0 { return }
    func add<Scalar: FloatingPoint>(
      _ type: Scalar.Type, _ indices: UnsafeMutableBufferPointer<Int>
    ) {
      let (source, target) = (
        x.data.assumingMemoryBound(to: type), y.data.assumingMemoryBound(to: type)
      )
      for (row, index) in indices.enumerated() where index != skipped {
        target[index] += source[row]
      }
    }
    indices.withElements(as: Int.self) { indices in
      if width == 1 && y.dtype == .float32 { return add(Float.self, indices) }
      if width == 1 && y.dtype == .float64 { return add(Double.self, indices) }
      for (row, index) in indices.enumerated() where index != skipped {
        let target = y.data + index * width * size
        kernels.zip(
          .add, type, width, 1, CKSource(data: target, inner: 1, outer: 0),
          CKSource(data: x.data + row * width * size, inner: 1, outer: 0), target)
      }
    }
    keepAlive(x, y)
  }

  static func checkIndices(
    _ x: NDArray, in range: IndexRange, into y: NDArray
  ) -> IndexCheck {
    let (bound, ignored) = (range.bound, range.ignored)
    return x.withElements(as: Int64.self) { source in
      let found = Atomic<UInt8>(0)
      ThreadPool.forEachPart(of: x.count) { start, count in
        let part = kernels.checkIndices(
          count, source.baseAddress! + start, Int64(bound), ignored != nil, Int64(ignored ?? 0),
          y.dtype == .int32, y.data + start * y.dtype.byteCount)
        found.bitwiseOr(part, ordering: .relaxed)
      }
      keepAlive(x, y)
      let all = found.load(ordering: .relaxed)
      var check = IndexCheck(wrong: nil, hasIgnored: all & 2 != 0)
      if all & 1 != 0 {
        check.wrong = source.first { $0 != ignored.map(Int64.init) && !(0..<Int64(bound) ~= $0) }
          .map { Int($0) }
      }
      return check
    }
  }

  static func lastWriters(
    _ indices: NDArray, outer: Int, length: Int, inner: Int, size: Int, into y: NDArray
  ) {
    y.withElements(as: Int32.self) { winners in
      winners.update(repeating: -1)
      indices.withElements(as: Int32.self) { indices in
        var next = 0
        for image in 0..<outer {
          for row in 0..<length {
            for column in 0..<inner {
              winners[(image * size + Int(indices[next])) * inner + column] = Int32(row)
              next += 1
            }
          }
        }
      }
    }
  }
}
