// The order of elements. They are compared by unsigned keys that ascend as the elements do: NaN is largest, both zeros
// are equal, and all bits are inverted for a descending order. Equal keys keep their order.
private protocol Orderable {
  associatedtype Key: FixedWidthInteger & UnsignedInteger
  /// Ascends as the elements do.
  var orderKey: Key { get }
}

// Adding 0 makes 0 of -0.
extension Float: Orderable {
  fileprivate var orderKey: UInt32 {
    let bits = Int32(bitPattern: (self + 0).bitPattern)
    return self != self ? .max : UInt32(bitPattern: bits ^ (bits >> 31 | .min))
  }
}
extension Double: Orderable {
  fileprivate var orderKey: UInt64 {
    let bits = Int64(bitPattern: (self + 0).bitPattern)
    return self != self ? .max : UInt64(bitPattern: bits ^ (bits >> 63 | .min))
  }
}
extension Int32: Orderable {
  fileprivate var orderKey: UInt32 { UInt32(bitPattern: self ^ .min) }
}
extension Int64: Orderable {
  fileprivate var orderKey: UInt64 { UInt64(bitPattern: self ^ .min) }
}
extension UInt8: Orderable {
  fileprivate var orderKey: UInt32 { UInt32(self) }
}

extension CPU {
  static func argsort(
    _ x: NDArray, columns: Int, isDescending: Bool, into y: NDArray, columns count: Int
  ) {
    if columns == 0 || count == 0 { return }
    require(columns <= UInt32.max, "sort: \(columns) elements along an axis are too many")
    func run<Scalar: Orderable>(_ type: Scalar.Type) {
      let source = x.data.assumingMemoryBound(to: Scalar.self)
      let target = y.data.assumingMemoryBound(to: Int64.self)
      let mask: Scalar.Key = isDescending ? .max : 0
      ThreadPool.forEachPart(of: x.count / columns, width: columns * 4) { start, rows in
        withSortingMemory(columns) {
          (keys: UnsafeMutablePointer<Scalar.Key>, entries, spare, counts) in
          for row in start..<start + rows {
            let elements = source + row * columns
            for index in 0..<columns { keys[index] = elements[index].orderKey ^ mask }
            var sorted = entries
            if count <= Tuning.fewEntries {
              pickFirst(count, of: keys, columns, into: entries)
            } else {
              sorted = sortByDigits(keys, columns, entries, spare, counts)
            }
            for column in 0..<count { target[row * count + column] = Int64(sorted[column].index) }
          }
        }
      }
    }
    withExtendedLifetime((x, y)) {
      switch x.dtype {
      case .float32: run(Float.self)
      case .float64: run(Double.self)
      case .int32: run(Int32.self)
      case .int64: run(Int64.self)
      default: run(UInt8.self)
      }
    }
  }

  /// An element's key and its index in the row.
  private struct Entry<Key> {
    var key: Key
    var index: UInt32
  }

  private typealias Entries<Key> = UnsafeMutablePointer<Entry<Key>>

  /// Room for the keys of a row, for its entries, twice, and for counts of all digits.
  private static func withSortingMemory<Key: FixedWidthInteger>(
    _ columns: Int,
    _ body: (
      _ keys: UnsafeMutablePointer<Key>, _ entries: Entries<Key>, _ spare: Entries<Key>,
      _ counts: UnsafeMutablePointer<Int>
    ) -> Void
  ) {
    withUnsafeTemporaryAllocation(of: Key.self, capacity: columns) { keys in
      withUnsafeTemporaryAllocation(of: Entry<Key>.self, capacity: 2 * columns) { entries in
        withUnsafeTemporaryAllocation(of: Int.self, capacity: 256 * Key.bitWidth / 8) { counts in
          let start = entries.baseAddress!
          body(keys.baseAddress!, start, start + columns, counts.baseAddress!)
        }
      }
    }
  }

  /// The first `count` entries of a row in order, by insertion; count > 0.
  private static func pickFirst<Key: FixedWidthInteger>(
    _ count: Int, of keys: UnsafePointer<Key>, _ columns: Int, into entries: Entries<Key>
  ) {
    var filled = 0
    var last = keys[0]
    for index in 0..<columns {
      let key = keys[index]
      if filled < count { filled += 1 } else if key >= last { continue }
      var hole = filled - 1
      while hole > 0 && entries[hole - 1].key > key {
        entries[hole] = entries[hole - 1]
        hole -= 1
      }
      entries[hole] = Entry(key: key, index: UInt32(truncatingIfNeeded: index))
      last = entries[filled - 1].key
    }
  }

  /// The entries of a row sorted by the bytes of their keys, the lowest first, each time without changing
  /// the order of equal ones; the result is in one of the two memories.
  private static func sortByDigits<Key: FixedWidthInteger & UnsignedInteger>(
    _ keys: UnsafePointer<Key>, _ count: Int, _ entries: Entries<Key>, _ spare: Entries<Key>,
    _ counts: UnsafeMutablePointer<Int>
  ) -> Entries<Key> {
    let digits = Key.bitWidth / 8
    counts.update(repeating: 0, count: 256 * digits)
    for index in 0..<count {
      entries[index] = Entry(key: keys[index], index: UInt32(truncatingIfNeeded: index))
      var key = keys[index]
      for digit in 0..<digits {
        counts[256 * digit + Int(truncatingIfNeeded: key & 255)] += 1
        key &>>= 8
      }
    }
    var (from, to) = (entries, spare)
    for digit in 0..<digits {
      let offsets = counts + 256 * digit
      let shift = Key(truncatingIfNeeded: 8 * digit)
      // All in one: nothing moves.
      if offsets[Int(truncatingIfNeeded: from[0].key &>> shift & 255)] == count { continue }
      var next = 0
      for value in 0..<256 { (offsets[value], next) = (next, next + offsets[value]) }
      for index in 0..<count {
        let entry = from[index]
        let value = Int(truncatingIfNeeded: entry.key &>> shift & 255)
        to[offsets[value]] = entry
        offsets[value] += 1
      }
      swap(&from, &to)
    }
    return from
  }
}
