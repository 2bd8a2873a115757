import Autograd
internal import Platform

// Initializers with a structure, and the gains of activation functions, after `torch.nn.init`.

/// A function that follows a layer, for `calculateGain` and Kaiming initializers.
public enum Nonlinearity: Sendable, Equatable {
  /// Nothing, or a layer without activation function.
  case linear
  /// The logistic function.
  case sigmoid
  /// The hyperbolic tangent.
  case tanh
  /// max(x, 0).
  case relu
  /// x above 0, `slope * x` below.
  case leakyReLU(slope: Double = 0.01)
  /// The self-normalizing exponential unit.
  case selu

  /// The factor that keeps the variance through the function, as PyTorch's `calculate_gain`.
  public var gain: Double {
    switch self {
    case .linear, .sigmoid: 1
    case .tanh: 5.0 / 3
    case .relu: 2.0.squareRoot()
    case .leakyReLU(let slope): (2 / (1 + slope * slope)).squareRoot()
    case .selu: 0.75
    }
  }
}

/// The factor by which weights before a function are scaled, as PyTorch's `calculate_gain`.
public func calculateGain(_ nonlinearity: Nonlinearity) -> Double { nonlinearity.gain }

extension Initializer {
  /// Normal under the condition that the value lies between low and high, by the inverse of the
  /// distribution.
  ///
  /// The bounds are values, not multiples of the deviation, as in PyTorch.
  public static func truncatedNormal(
    mean: Double = 0, standardDeviation: Double = 1, low: Double = -2, high: Double = 2
  ) -> Initializer {
    require(
      standardDeviation > 0 && standardDeviation.isFinite && mean.isFinite && low < high,
      """
      truncatedNormal: needs a finite mean, a standard deviation above 0 and low below high, got \(mean), \
      \(standardDeviation), \(low) and \(high)
      """)
    return Initializer("truncatedNormal(\(mean), \(standardDeviation), \(low), \(high))") {
      shape, _, random in
      let scale = standardDeviation * 2.0.squareRoot()
      let (from, to) = (erf((low - mean) / scale), erf((high - mean) / scale))
      let (first, last) = ((low - mean) / standardDeviation, (high - mean) / standardDeviation)
      let unit = random.uniform(shape, dtype: .float64).scalars(as: Double.self)
      let values = unit.map { unit in
        let value =
          if first > farTail {
            mean + standardDeviation * normalQuantile(from: first, to: last, unit)
          } else if last < -farTail {
            mean - standardDeviation * normalQuantile(from: -last, to: -first, unit)
          } else {
            mean + scale * inverseErf(from + (to - from) * unit)
          }
        return min(max(value, low), high)
      }
      return Tensor(values, shape: shape)
    }
  }

  /// Rows or columns of length `gain` that are orthogonal to each other, whichever are fewer (Saxe and
  /// others 2014); axes after the first count as one.
  ///
  /// As in PyTorch, a gain below 0 negates them; bounds and deviations, as those of
  /// `xavierUniform`, cannot be below 0.
  public static func orthogonal(gain: Double = 1) -> Initializer {
    checkFinite(gain, "orthogonal", "the gain")
    return Initializer("orthogonal(\(gain))") { shape, _, random in
      require(shape.count >= 2, "orthogonal: needs at least two axes, got \(shape)")
      let (rows, columns) = (shape[0], shape[1...].reduce(1, *))
      let (count, length) = (min(rows, columns), max(rows, columns))
      var vectors = random.normal([count, length], dtype: .float64).scalars(as: Double.self)
      orthonormalize(&vectors, count: count, length: length)
      let matrix = Tensor(vectors, shape: [count, length], dtype: .float64) * gain
      return (rows <= columns ? matrix : matrix.transpose()).reshape(shape).asType(.float32)
    }
  }

  /// Normal with a standard deviation, but a fraction of each column, chosen at random, is 0 (Martens
  /// 2010); matrices only.
  public static func sparse(sparsity: Double, standardDeviation: Double = 0.01) -> Initializer {
    checkShare(sparsity, "sparse", "the sparsity")
    checkNotNegative(standardDeviation, "sparse", "the standard deviation")
    return Initializer("sparse(\(sparsity), \(standardDeviation))") { shape, _, random in
      require(shape.count == 2, "sparse: needs two axes, got \(shape)")
      var values = random.normal(shape, standardDeviation: standardDeviation)
        .scalars(as: Double.self)
      let zeroCount = Int((sparsity * Double(shape[0])).rounded(.up))
      for column in 0..<shape[1] {
        for row in random.permutation(shape[0]).prefix(zeroCount) {
          values[row * shape[1] + column] = 0
        }
      }
      return Tensor(values, shape: shape)
    }
  }

  /// The identity matrix, with zeros beside or below it if it is not square.
  public static let eye = Initializer("eye") { shape, _, _ in
    require(shape.count == 2, "eye: needs two axes, got \(shape)")
    return ones(at: (0..<min(shape[0], shape[1])).map { [$0, $0] }, shape)
  }

  /// A convolution's weight [outputs, inputs, kernel...] that passes its input on, as many channels as
  /// there are.
  ///
  /// - Parameter groups: The groups of the outputs, each of which passes on the first inputs.
  public static func dirac(groups: Int = 1) -> Initializer {
    require(groups >= 1, "dirac: needs at least one group, got \(groups)")
    return Initializer("dirac(groups: \(groups))") { shape, _, _ in
      require(
        (3...5).contains(shape.count) && shape[0] % groups == 0,
        "dirac: needs 3 to 5 axes and outputs that \(groups) groups divide, got \(shape)")
      let outputs = shape[0] / groups
      let center = shape[2...].map { $0 / 2 }
      let ones = (0..<groups).flatMap { group in
        (0..<min(outputs, shape[1])).map { [group * outputs + $0, $0] + center }
      }
      return Self.ones(at: ones, shape)
    }
  }

  /// Zeros with ones at some indices.
  private static func ones(at indices: [[Int]], _ shape: [Int]) -> Tensor {
    var values = [Float](repeating: 0, count: shape.reduce(1, *))
    for index in indices {
      values[zip(shape, index).reduce(0) { $0 * $1.0 + $1.1 }] = 1
    }
    return Tensor(values, shape: shape)
  }

  /// Makes vectors, which lie in a row, orthogonal to all before them and of length 1 (Gram and
  /// Schmidt, twice for full precision): the Q of a QR decomposition whose R has a positive diagonal.
  private static func orthonormalize(_ vectors: inout [Double], count: Int, length: Int) {
    vectors.withUnsafeMutableBufferPointer { vectors in
      for index in 0..<count {
        let own = UnsafeMutableBufferPointer(
          rebasing: vectors[index * length..<(index + 1) * length])
        for _ in 1...2 {
          for other in 0..<index {
            let earlier = vectors[other * length..<(other + 1) * length]
            let projection = zip(own, earlier).reduce(0) { $0 + $1.0 * $1.1 }
            for (element, value) in earlier.enumerated() { own[element] -= projection * value }
          }
        }
        let size = own.reduce(0) { $0 + $1 * $1 }.squareRoot()
        for element in own.indices { own[element] /= size }
      }
    }
  }

  /// The inverse of erf: Winitzki's approximation, then Newton's steps.
  static func inverseErf(_ y: Double) -> Double {
    if abs(y) >= 1 { return y == 1 ? .infinity : y == -1 ? -.infinity : .nan }
    let logarithm = log1p(-y * y)
    let half = 2 / (.pi * 0.147) + logarithm / 2
    var x = ((half * half - logarithm / 0.147).squareRoot() - half).squareRoot()
    if y < 0 { x = -x }
    for _ in 1...3 { x -= (erf(x) - y) * exp(x * x) * Double.pi.squareRoot() / 2 }
    return x
  }
}

/// Deviations from which the error function is too close to 1 to be inverted.
private let farTail = 5.0

/// The number between two of `farTail` at least at which the standard normal distribution, cut off there, has reached a
/// share: by Newton's method on the logarithm of what lies above.
private func normalQuantile(from low: Double, to high: Double, _ share: Double) -> Double {
  guard (low * low).isFinite else { return low }
  /// The logarithm of what lies above a number.
  func logAbove(_ x: Double) -> Double {
    if x < 35 { return log(erfc(x / 2.0.squareRoot()) / 2) }
    return -x * x / 2 - log(x) - halfLogOfTwoPi + log1p((3 / (x * x) - 1) / (x * x))
  }
  let first = logAbove(low)
  let target = first + log1p(-share * (1 - exp(logAbove(high) - first)))
  var x = (low * low - 2 * (target - first)).squareRoot()
  for _ in 0..<4 {
    let above = logAbove(x)
    x += (above - target) / exp(-x * x / 2 - halfLogOfTwoPi - above)
  }
  return x
}

private let halfLogOfTwoPi = log(2 * Double.pi) / 2
