internal import CKernels

#if canImport(Glibc)
  import Glibc
#elseif canImport(Musl)
  import Musl
#else
  import Darwin
#endif

/// A stream of random numbers that is a pure function of a seed, a stream number and a position.
///
/// Counter-based (Philox-4x32-10, Salmon et al. 2011): different streams of one seed are
/// independent, so parameters, data order and dropout do not disturb each other, and nothing
/// depends on the order in which streams are used.
public struct RandomStream: RandomNumberGenerator, Sendable {
  /// The seed that all streams of a run share.
  public let seed: UInt64
  /// The number of this stream.
  public let stream: UInt64
  /// The next 32-bit word.
  private var position: UInt64 = 0

  /// The stream with a number, at its start.
  public init(seed: UInt64, stream: UInt64 = 0) {
    self.seed = seed
    self.stream = stream
  }

  /// The stream that a path of names selects, so that it does not depend on the order of creation.
  public init(seed: UInt64, path: String) {
    // FNV-1a, then a finaliser that spreads its bits.
    var hash: UInt64 = 0xcbf2_9ce4_8422_2325
    for byte in path.utf8 { hash = (hash ^ UInt64(byte)) &* 0x100_0000_01b3 }
    hash = (hash ^ (hash >> 33)) &* 0xff51_afd7_ed55_8ccd
    self.init(seed: seed, stream: hash ^ (hash >> 33))
  }

  /// A stream of its own for somebody else, which depends on this one's position and moves it on.
  ///
  /// ```swift
  /// var random = RandomStream(seed: 0)
  /// var (noise, order) = (random.split(), random.split())
  /// ```
  public mutating func split() -> RandomStream { RandomStream(seed: next(), stream: next()) }

  /// Calls `body` with parts of the next `count` words, on any thread: where a part starts, which is an
  /// even place, and its words.
  private mutating func draw(
    _ count: Int, _ body: (_ start: Int, _ words: UnsafeBufferPointer<UInt32>) -> Void
  ) {
    let (first, seed, stream) = (position, seed, stream)
    position += UInt64(count)
    let size = 4096
    CPU.forEachRowPart((count + size - 1) / size, width: size) { part, parts in
      withUnsafeTemporaryAllocation(of: UInt32.self, capacity: min(size, count)) { words in
        let end = min((part + parts) * size, count)
        for start in stride(from: part * size, to: end, by: size) {
          let length = min(size, end - start)
          CPU.kernels.randomWords(
            seed, stream, first + UInt64(start), length, words.baseAddress!)
          body(start, UnsafeBufferPointer(rebasing: words[..<length]))
        }
      }
    }
  }

  /// The next 64 random bits.
  public mutating func next() -> UInt64 {
    var words: (UInt32, UInt32) = (0, 0)
    withUnsafeMutableBytes(of: &words) {
      CKPhilox(seed, stream, position, 2, $0.assumingMemoryBound(to: UInt32.self).baseAddress!)
    }
    position += 2
    return RandomStream.bits(words.0, words.1)
  }

  private static func bits(_ low: UInt32, _ high: UInt32) -> UInt64 {
    UInt64(low) | UInt64(high) << 32
  }

  /// Independent numbers, uniform in low ..< high; all low where both are equal.
  public mutating func uniform(
    _ shape: [Int], low: Double = 0, high: Double = 1, dtype: DType = .float32
  ) -> Tensor {
    require(dtype.isFloatingPoint, "uniform: needs a floating-point type, got \(dtype)")
    require(
      low <= high && (high - low).isFinite,
      "uniform: low must not be above high, both finite, got \(low) and \(high)")
    Tensor.check(shape, "uniform")
    // Rounding must not reach the open end.
    let largest =
      switch dtype {
      case .float32: Double(Float(high).nextDown)
      case .float16: high - high.magnitude * 0x1p-11
      case .bfloat16: high - high.magnitude * 0x1p-8
      default: high.nextDown
      }
    let y = NDArray.uninitialized(dtype: dtype.isHalf ? .float32 : dtype, shape: shape)
    func fill<Scalar>(_ rounded: (Double) -> Scalar) {
      let target = y.data.assumingMemoryBound(to: Scalar.self)
      draw(y.count) { start, words in
        for place in words.indices {
          let number = low + (high - low) * unit(words[place])
          target[start + place] = rounded(max(low, min(number, largest)))
        }
      }
    }
    if dtype == .float64 { fill { $0 } } else { fill { Float($0) } }
    return Tensor(y).asType(dtype)
  }

  /// Independent numbers, normal with a mean and a standard deviation (Box and Muller 1958).
  public mutating func normal(
    _ shape: [Int], mean: Double = 0, standardDeviation: Double = 1, dtype: DType = .float32
  ) -> Tensor {
    require(dtype.isFloatingPoint, "normal: needs a floating-point type, got \(dtype)")
    require(
      standardDeviation >= 0,
      "normal: the standard deviation must be at least 0, got \(standardDeviation)")
    Tensor.check(shape, "normal")
    let y = NDArray.uninitialized(dtype: dtype.isHalf ? .float32 : dtype, shape: shape)
    /// Fills pairs; of the last one the second number may be too many.
    func fill<Scalar>(
      _ pairs: (Int, UnsafePointer<UInt32>, UnsafeMutablePointer<Scalar>) -> Void
    ) {
      let (target, count) = (y.data.assumingMemoryBound(to: Scalar.self), y.count)
      draw((count + 1) / 2 * 2) { start, words in
        let (whole, source) = (min(words.count, count - start) / 2, words.baseAddress!)
        pairs(whole, source, target + start)
        if 2 * whole < words.count {
          withUnsafeTemporaryAllocation(of: Scalar.self, capacity: 2) { pair in
            pairs(1, source + 2 * whole, pair.baseAddress!)
            target[start + 2 * whole] = pair[0]
          }
        }
      }
    }
    if dtype == .float64 {
      fill { count, words, pairs in
        for pair in 0..<count {
          let radius = standardDeviation * sqrt(-2 * log(unit(words[2 * pair])))
          let angle = 2 * Double.pi * unit(words[2 * pair + 1])
          pairs[2 * pair] = mean + radius * cos(angle)
          pairs[2 * pair + 1] = mean + radius * sin(angle)
        }
      }
    } else {
      fill { CPU.kernels.normalPairs($0, $1, mean, standardDeviation, $2) }
    }
    return Tensor(y).asType(dtype)
  }

  /// Independent truth values that hold with a probability from 0 to 1; bool.
  public mutating func bernoulli(_ shape: [Int], probability: Double) -> Tensor {
    require(
      probability >= 0 && probability <= 1,
      "bernoulli: the probability must be between 0 and 1, got \(probability)")
    Tensor.check(shape, "bernoulli")
    let limit = UInt64(probability * 0x1p32)
    return Tensor(shape: shape, of: Bool.self) { elements in
      draw(elements.count) { start, words in
        for place in words.indices { elements[start + place] = UInt64(words[place]) < limit }
      }
    }
  }

  /// Independent truth values, each with the probability at its place; bool.
  ///
  /// - Parameter probabilities: From 0 to 1, any shape.
  public mutating func bernoulli(_ probabilities: Tensor) -> Tensor {
    probabilities.withScalars(as: Double.self) { limits in
      let outside = limits.first { !($0 >= 0 && $0 <= 1) }
      require(
        outside == nil, "bernoulli: probabilities must be between 0 and 1, got \(outside ?? 0)")
      return Tensor(shape: probabilities.shape, of: Bool.self) { elements in
        draw(elements.count) { start, words in
          for place in words.indices {
            elements[start + place] = Double(words[place]) < limits[start + place] * 0x1p32
          }
        }
      }
    }
  }

  /// Independent integers, uniform in a range; int64 unless stated.
  public mutating func integers(
    _ shape: [Int], in range: Range<Int>, dtype: DType = .int64
  ) -> Tensor {
    require(!range.isEmpty, "integers: the range \(range) is empty")
    require(dtype.holds(range), "integers: \(dtype) cannot hold all of \(range)")
    Tensor.check(shape, "integers")
    // The high half of a product with 64 random bits is uniform up to 2^-64 of the range's length.
    let length = UInt64(bitPattern: Int64(range.upperBound &- range.lowerBound))
    return Tensor(shape: shape, of: Int.self) { elements in
      draw(2 * elements.count) { start, words in
        for place in 0..<words.count / 2 {
          let bits = RandomStream.bits(words[2 * place], words[2 * place + 1])
          elements[start / 2 + place] =
            range.lowerBound &+ Int(bitPattern: UInt(bits.multipliedFullWidth(by: length).high))
        }
      }
    }.asType(dtype)
  }

  /// The numbers 0 ..< count in random order (Fisher and Yates).
  public mutating func permutation(_ count: Int) -> [Int] {
    require(count >= 0, "permutation: the count must not be negative, got \(count)")
    var order = Array(0..<count)
    if count < 2 { return order }
    let (first, size) = (position, 2048)
    position += UInt64(2 * count)
    order.withUnsafeMutableBufferPointer { order in
      withUnsafeTemporaryAllocation(of: UInt32.self, capacity: 2 * min(size, count)) { words in
        for start in stride(from: (count - 1) / size * size, through: 0, by: -size) {
          let end = min(start + size, count)
          CPU.kernels.randomWords(
            seed, stream, first + UInt64(2 * start), 2 * (end - start), words.baseAddress!)
          for last in (max(start, 1)..<end).reversed() {
            let place = 2 * (last - start)
            let bits = RandomStream.bits(words[place], words[place + 1])
            order.swapAt(last, Int(bits.multipliedFullWidth(by: UInt64(last + 1)).high))
          }
        }
      }
    }
    return order
  }
}

extension DType {
  /// Whether elements can be any integer of a range; those that are no integers take what is nearest.
  fileprivate func holds(_ range: Range<Int>) -> Bool {
    func fits<T: FixedWidthInteger>(_: T.Type) -> Bool {
      T(exactly: range.lowerBound) != nil && T(exactly: range.upperBound - 1) != nil
    }
    return switch self {
    case .bool: range.lowerBound >= 0 && range.upperBound <= 2
    case .uint8: fits(UInt8.self)
    case .int32: fits(Int32.self)
    default: true
    }
  }
}

/// The number between 0 and 1 that a random word stands for.
private func unit(_ word: UInt32) -> Double { (Double(word) + 0.5) * 0x1p-32 }
