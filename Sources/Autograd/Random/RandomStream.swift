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
  /// The number of the next 32-bit word, from 0.
  public private(set) var position: UInt64

  /// The stream with a number, at its start or at the position that another one had.
  ///
  /// ```swift
  /// let resumed = RandomStream(seed: random.seed, stream: random.stream, position: random.position)
  /// ```
  public init(seed: UInt64, stream: UInt64 = 0, position: UInt64 = 0) {
    self.seed = seed
    self.stream = stream
    self.position = position
  }

  /// The stream that a path of names selects, so that it does not depend on the order of creation.
  public init(seed: UInt64, path: String) {
    // FNV-1a, then a finalizer that spreads its bits.
    var hash: UInt64 = 0xcbf2_9ce4_8422_2325
    for byte in path.utf8 { hash = (hash ^ UInt64(byte)) &* 0x100_0000_01b3 }
    hash = (hash ^ (hash >> 33)) &* 0xff51_afd7_ed55_8ccd
    self.init(seed: seed, stream: hash ^ (hash >> 33))
  }

  /// A new independent stream, derived from this one's position; advances this stream.
  ///
  /// ```swift
  /// var random = RandomStream(seed: 0)
  /// var (noise, order) = (random.split(), random.split())
  /// ```
  public mutating func split() -> RandomStream { RandomStream(seed: next(), stream: next()) }

  /// The position of the next `count` words, which it moves on by.
  private mutating func take(_ count: Int) -> RandomWords {
    defer { position &+= UInt64(count) }
    return RandomWords(seed: seed, stream: stream, first: position)
  }

  /// The next 64 random bits.
  public mutating func next() -> UInt64 {
    let words = take(2)
    return withUnsafeTemporaryAllocation(of: UInt32.self, capacity: 2) { pair in
      Backend.randomWords(words, into: pair)
      return RandomStream.bits(pair[0], pair[1])
    }
  }

  static func bits(_ low: UInt32, _ high: UInt32) -> UInt64 {
    UInt64(low) | UInt64(high) << 32
  }

  /// Independent numbers, uniform in low ..< high; all low where both are equal.
  public mutating func uniform(
    _ shape: [Int], low: Double = 0, high: Double = 1, dtype: DType = .float32,
    device: Device = .cpu
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
    let y = NDArray.uninitialized(
      dtype: dtype.isHalf ? .float32 : dtype, shape: shape, on: device)
    Backend.run(.uniform(take(y.count), low: low, high: high, largest: largest), [], into: [y])
    return Tensor(y).asType(dtype)
  }

  /// Independent numbers, normal with a mean and a standard deviation (Box and Muller 1958).
  public mutating func normal(
    _ shape: [Int], mean: Double = 0, standardDeviation: Double = 1, dtype: DType = .float32,
    device: Device = .cpu
  ) -> Tensor {
    require(dtype.isFloatingPoint, "normal: needs a floating-point type, got \(dtype)")
    require(
      standardDeviation >= 0,
      "normal: the standard deviation must be at least 0, got \(standardDeviation)")
    Tensor.check(shape, "normal")
    let y = NDArray.uninitialized(
      dtype: dtype.isHalf ? .float32 : dtype, shape: shape, on: device)
    let words = take((y.count + 1) / 2 * 2)
    Backend.run(
      .normal(words, mean: mean, standardDeviation: standardDeviation), [], into: [y])
    return Tensor(y).asType(dtype)
  }

  /// Independent Boolean values that are true with a probability from 0 to 1; bool.
  public mutating func bernoulli(
    _ shape: [Int], probability: Double, device: Device = .cpu
  ) -> Tensor {
    require(
      probability >= 0 && probability <= 1,
      "bernoulli: the probability must be between 0 and 1, got \(probability)")
    Tensor.check(shape, "bernoulli")
    let y = NDArray.uninitialized(dtype: .bool, shape: shape, on: device)
    Backend.run(.bernoulli(take(y.count), probability: probability), [], into: [y])
    return Tensor(y)
  }

  /// Independent Boolean values, each with its own probability; bool.
  ///
  /// - Parameter probabilities: From 0 to 1, any shape; checked where they are on the CPU.
  public mutating func bernoulli(_ probabilities: Tensor) -> Tensor {
    let limits = probabilities.array.contiguous(as: .float64)
    if limits.device == .cpu {
      let outside = limits.withElements(as: Double.self) { $0.first { !($0 >= 0 && $0 <= 1) } }
      require(
        outside == nil, "bernoulli: probabilities must be between 0 and 1, got \(outside ?? 0)")
    }
    return .result(of: .bernoulliEach(take(limits.count)), [Tensor(limits)], dtype: .bool)
  }

  /// Independent integers, uniform in a range; int64 unless stated.
  public mutating func integers(
    _ shape: [Int], in range: Range<Int>, dtype: DType = .int64, device: Device = .cpu
  ) -> Tensor {
    require(!range.isEmpty, "integers: the range \(range) is empty")
    require(dtype.holds(range), "integers: \(dtype) cannot hold all of \(range)")
    Tensor.check(shape, "integers")
    let y = NDArray.uninitialized(dtype: .int64, shape: shape, on: device)
    let count = UInt64(bitPattern: Int64(range.upperBound &- range.lowerBound))
    Backend.run(
      .integers(take(2 * y.count), from: range.lowerBound, count: count), [], into: [y])
    return Tensor(y).asType(dtype)
  }

  /// The numbers 0 ..< count in random order (Fisher and Yates).
  public mutating func permutation(_ count: Int) -> [Int] {
    require(count >= 0, "permutation: the count must not be negative, got \(count)")
    var order = Array(0..<count)
    if count < 2 { return order }
    let (first, size) = (take(2 * count), 2048)
    order.withUnsafeMutableBufferPointer { order in
      withUnsafeTemporaryAllocation(of: UInt32.self, capacity: 2 * min(size, count)) { words in
        for start in stride(from: (count - 1) / size * size, through: 0, by: -size) {
          let end = min(start + size, count)
          var next = first
          next.first += UInt64(2 * start)
          Backend.randomWords(
            next, into: UnsafeMutableBufferPointer(rebasing: words[..<(2 * (end - start))]))
          for last in (max(start, 1)..<end).reversed() {
            let index = 2 * (last - start)
            let bits = RandomStream.bits(words[index], words[index + 1])
            order.swapAt(last, Int(bits.multipliedFullWidth(by: UInt64(last + 1)).high))
          }
        }
      }
    }
    return order
  }
}

extension DType {
  /// Whether elements can be any integer of a range; floating-point types round to the nearest.
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
