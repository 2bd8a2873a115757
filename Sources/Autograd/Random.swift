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

  /// The number of elements of a tensor that is to be drawn.
  private func count(_ shape: [Int], _ operation: StaticString) -> Int {
    Tensor.check(shape, operation)
    guard let count = Tensor.elementCount(shape), count < 1 << 56 else {
      fail("\(operation): a tensor of shape \(shape) is too large")
    }
    return count
  }

  private mutating func words(_ count: Int) -> [UInt32] {
    let first = position
    position += UInt64(count)
    return Array(unsafeUninitializedCapacity: count) { buffer, initialized in
      if let start = buffer.baseAddress { CKPhilox(seed, stream, first, count, start) }
      initialized = count
    }
  }

  /// The next 64 random bits.
  public mutating func next() -> UInt64 {
    let pair = words(2)
    return UInt64(pair[0]) | UInt64(pair[1]) << 32
  }

  /// Independent numbers, uniform in low ..< high.
  public mutating func uniform(
    _ shape: [Int], low: Double = 0, high: Double = 1, dtype: DType = .float32
  ) -> Tensor {
    require(dtype.isFloatingPoint, "uniform: needs a floating-point type, got \(dtype)")
    require(low <= high, "uniform: low must not be above high, got \(low) and \(high)")
    let unit = words(count(shape, "uniform")).map { (Double($0) + 0.5) * 0x1p-32 }
    // Rounding must not reach the open end.
    let largest =
      switch dtype {
      case .float32: Double(Float(high).nextDown)
      case .float16: high - high.magnitude * 0x1p-11
      case .bfloat16: high - high.magnitude * 0x1p-8
      default: high.nextDown
      }
    let values = unit.map { max(low, min(low + (high - low) * $0, largest)) }
    return Tensor(values, shape: shape, dtype: dtype)
  }

  /// Independent numbers, normal with a mean and a standard deviation (Box and Muller 1958).
  public mutating func normal(
    _ shape: [Int], mean: Double = 0, standardDeviation: Double = 1, dtype: DType = .float32
  ) -> Tensor {
    require(dtype.isFloatingPoint, "normal: needs a floating-point type, got \(dtype)")
    require(
      standardDeviation >= 0,
      "normal: the standard deviation must be at least 0, got \(standardDeviation)")
    let count = count(shape, "normal")
    let unit = words((count + 1) / 2 * 2).map { (Double($0) + 0.5) * 0x1p-32 }
    let values = (0..<count).map { index -> Double in
      let radius = sqrt(-2 * log(unit[index & ~1]))
      let angle = 2 * Double.pi * unit[index | 1]
      return mean + standardDeviation * radius * (index & 1 == 0 ? cos(angle) : sin(angle))
    }
    return Tensor(values, shape: shape, dtype: dtype)
  }

  /// Independent truth values that hold with a probability; bool.
  public mutating func bernoulli(_ shape: [Int], probability: Double) -> Tensor {
    require(
      probability >= 0 && probability <= 1,
      "bernoulli: the probability must be between 0 and 1, got \(probability)")
    let limit = UInt64(probability * 0x1p32)
    return Tensor(
      scalars: words(count(shape, "bernoulli")).map { UInt64($0) < limit }, shape: shape)
  }

  /// Independent truth values, each with the probability at its place; bool.
  ///
  /// - Parameter probabilities: From 0 to 1, any shape.
  public mutating func bernoulli(_ probabilities: Tensor) -> Tensor {
    let limits = probabilities.scalars(as: Double.self)
    let odd = limits.first { !($0 >= 0 && $0 <= 1) }
    require(odd == nil, "bernoulli: probabilities must be between 0 and 1, got \(odd ?? 0)")
    let drawn = zip(words(limits.count), limits).map { Double($0) < $1 * 0x1p32 }
    return Tensor(scalars: drawn, shape: probabilities.shape)
  }

  /// Independent integers, uniform in a range; int64 unless stated.
  public mutating func integers(
    _ shape: [Int], in range: Range<Int>, dtype: DType = .int64
  ) -> Tensor {
    require(!range.isEmpty, "integers: the range \(range) is empty")
    let bounds = Tensor(scalars: [range.lowerBound, range.upperBound - 1])
    require(
      bounds.asType(dtype).asType(.int64).scalars(as: Int.self) == bounds.scalars(as: Int.self),
      "integers: \(dtype) does not hold the range \(range)")
    // The high half of a product with 64 random bits is uniform up to 2^-64 of the range's length.
    let length = UInt64(bitPattern: Int64(range.upperBound &- range.lowerBound))
    let values = (0..<count(shape, "integers")).map { _ in
      range.lowerBound &+ Int(bitPattern: UInt(next().multipliedFullWidth(by: length).high))
    }
    return Tensor(scalars: values, shape: shape).asType(dtype)
  }

  /// The numbers 0 ..< count in random order (Fisher and Yates).
  public mutating func permutation(_ count: Int) -> [Int] {
    require(count >= 0, "permutation: the count must not be negative, got \(count)")
    var order = Array(0..<count)
    guard count > 1 else { return order }
    let random = words(count * 2)
    for last in stride(from: count - 1, to: 0, by: -1) {
      let bits = UInt64(random[2 * last]) | UInt64(random[2 * last + 1]) << 32
      order.swapAt(last, Int(bits.multipliedFullWidth(by: UInt64(last + 1)).high))
    }
    return order
  }
}
