import Autograd

/// How a parameter's first value is drawn.
///
/// Fans are counted as in PyTorch: of a weight [out, in, ...], the fan in is `in` times the product
/// of the rest, the fan out `out` times that product.
public struct Initializer: Sendable, CustomStringConvertible {
  /// A readable name with the parameters.
  public let description: String
  private let body: @Sendable (_ shape: [Int], _ fanIn: Int?, inout RandomStream) -> Tensor

  /// A custom initializer.
  ///
  /// - Parameters:
  ///   - description: A readable name.
  ///   - draw: Returns the value for a shape; it must depend on nothing but its arguments. The fan in is
  ///     given where the shape does not show it.
  public init(
    _ description: String,
    draw: @escaping @Sendable (_ shape: [Int], _ fanIn: Int?, inout RandomStream) -> Tensor
  ) {
    self.description = description
    body = draw
  }

  /// The value for a shape and a random stream.
  public func draw(_ shape: [Int], fanIn: Int? = nil, _ random: inout RandomStream) -> Tensor {
    let value = body(shape, fanIn, &random)
    require(
      value.shape == shape, "the initializer \(self) returned \(value.shape) for the shape \(shape)"
    )
    return value
  }

  // MARK: Plain

  /// One value everywhere.
  public static func constant(_ value: Double) -> Initializer {
    Initializer("constant(\(value))") { shape, _, _ in .full(shape, value) }
  }

  /// 0 everywhere.
  public static let zeros = constant(0)

  /// 1 everywhere.
  public static let ones = constant(1)

  /// Uniform in low ..< high.
  public static func uniform(low: Double = 0, high: Double = 1) -> Initializer {
    require(
      low <= high && (high - low).isFinite,
      "uniform: low must not be above high, both finite, got \(low) and \(high)")
    return Initializer("uniform(\(low), \(high))") { shape, _, random in
      random.uniform(shape, low: low, high: high)
    }
  }

  /// Normal with a mean and a standard deviation.
  public static func normal(mean: Double = 0, standardDeviation: Double = 1) -> Initializer {
    checkFinite(mean, "normal", "the mean")
    checkNotNegative(standardDeviation, "normal", "the standard deviation")
    return Initializer("normal(\(mean), \(standardDeviation))") { shape, _, random in
      random.normal(shape, mean: mean, standardDeviation: standardDeviation)
    }
  }

  // MARK: Scaled by fans

  /// Uniform in ±1/sqrt(fanIn): PyTorch's default for weights and biases of Linear and Conv2d.
  public static let standard = Initializer("standard") { shape, fanIn, random in
    let fanIn = fanIn ?? fans("standard", shape).in
    let bound = 1 / Double(max(1, fanIn)).squareRoot()
    return random.uniform(shape, low: -bound, high: bound)
  }

  /// Uniform in ±gain sqrt(6 / (fanIn + fanOut)) (Glorot and Bengio 2010).
  public static func xavierUniform(gain: Double = 1) -> Initializer {
    scaled("xavierUniform", gain, isUniform: true) {
      $0 * (2 / Double($1.in + $1.out)).squareRoot()
    }
  }

  /// Normal with the standard deviation gain sqrt(2 / (fanIn + fanOut)) (Glorot and Bengio 2010).
  public static func xavierNormal(gain: Double = 1) -> Initializer {
    scaled("xavierNormal", gain, isUniform: false) {
      $0 * (2 / Double($1.in + $1.out)).squareRoot()
    }
  }

  /// Uniform in ±gain sqrt(3 / fan) (He and others 2015); the gain is sqrt(2), that of ReLU,
  /// unless stated.
  public static func kaimingUniform(
    mode: FanMode = .fanIn, gain: Double = 2.0.squareRoot()
  ) -> Initializer {
    scaled("kaimingUniform", gain, isUniform: true) { $0 / Double(mode.fan($1)).squareRoot() }
  }

  /// Normal with the standard deviation gain / sqrt(fan) (He and others 2015); the gain is
  /// sqrt(2), that of ReLU, unless stated.
  public static func kaimingNormal(
    mode: FanMode = .fanIn, gain: Double = 2.0.squareRoot()
  ) -> Initializer {
    scaled("kaimingNormal", gain, isUniform: false) { $0 / Double(mode.fan($1)).squareRoot() }
  }

  /// As with a gain, which is that of the function that follows the layer.
  public static func kaimingUniform(
    mode: FanMode = .fanIn, nonlinearity: Nonlinearity
  ) -> Initializer {
    kaimingUniform(mode: mode, gain: nonlinearity.gain)
  }

  /// As with a gain, which is that of the function that follows the layer.
  public static func kaimingNormal(
    mode: FanMode = .fanIn, nonlinearity: Nonlinearity
  ) -> Initializer {
    kaimingNormal(mode: mode, gain: nonlinearity.gain)
  }

  /// Which fan a Kaiming initializer keeps the variance for.
  public enum FanMode: Sendable {
    /// The forward pass.
    case fanIn
    /// The backward pass.
    case fanOut

    fileprivate func fan(_ fans: (in: Int, out: Int)) -> Int {
      max(1, self == .fanIn ? fans.in : fans.out)
    }
  }

  /// Zero mean and a standard deviation that depends on a gain and the fans.
  private static func scaled(
    _ name: String, _ gain: Double, isUniform: Bool,
    deviation: @escaping @Sendable (_ gain: Double, _ fans: (in: Int, out: Int)) -> Double
  ) -> Initializer {
    checkNotNegative(gain, name, "the gain")
    return Initializer(name) { shape, _, random in
      let deviation = deviation(gain, fans(name, shape))
      if isUniform {
        let bound = 3.0.squareRoot() * deviation
        return random.uniform(shape, low: -bound, high: bound)
      }
      return random.normal(shape, standardDeviation: deviation)
    }
  }

  static func fans(_ name: String, _ shape: [Int]) -> (in: Int, out: Int) {
    require(
      shape.count >= 2, "\(name): needs a weight with at least two axes to count fans, got \(shape)"
    )
    let area = shape[2...].reduce(1, *)
    return (shape[1] * area, shape[0] * area)
  }
}

/// d2l's initialization of convolutional networks: Xavier-uniform weights for every Linear and
/// Conv2d.
///
/// To be passed to `apply` or `applyInit`. Biases keep their initializer.
public func initCNN(_ module: any Module) {
  switch module {
  case let linear as Linear: linear.weight.initialize(with: .xavierUniform())
  case let convolution as Conv2d: convolution.weight.initialize(with: .xavierUniform())
  default: break
  }
}
