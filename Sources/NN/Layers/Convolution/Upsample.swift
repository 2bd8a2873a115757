import Autograd

/// Sequences, images or volumes brought to a size or enlarged by a factor.
public final class Upsample: Layer, Parameterless {
  private enum Goal {
    case size(Sizes)
    case factor(Double)
    case factors([Double])
  }

  private let goal: Goal
  /// How elements between elements are found.
  public let mode: InterpolationMode
  /// Whether the first and last elements stay in place, in linear mode.
  public let alignsCorners: Bool

  /// - Parameters:
  ///   - size: The size after it: one number, or one for each axis.
  ///   - mode: How elements between elements are found.
  ///   - alignCorners: Whether the first and last elements stay in place, in linear mode.
  public convenience init(
    size: Sizes, mode: InterpolationMode = .nearest, alignCorners: Bool = false
  ) {
    let sizes = size.stated
    require(
      (1...3).contains(sizes.count) && sizes.allSatisfy { $0 >= 1 },
      "Upsample: needs one to three sizes of at least 1, got \(sizes)")
    self.init(.size(size), mode, alignCorners)
  }

  /// - Parameters:
  ///   - scaleFactor: By what sizes are multiplied.
  ///   - mode: How elements between elements are found.
  ///   - alignCorners: Whether the first and last elements stay in place, in linear mode.
  public convenience init(
    scaleFactor: Double, mode: InterpolationMode = .nearest, alignCorners: Bool = false
  ) {
    require(
      scaleFactor > 0 && scaleFactor.isFinite,
      "Upsample: the scale factor must be finite and above 0, got \(scaleFactor)")
    self.init(.factor(scaleFactor), mode, alignCorners)
  }

  /// - Parameters:
  ///   - scaleFactor: By what sizes are multiplied, a factor for each axis.
  ///   - mode: How elements between elements are found.
  ///   - alignCorners: Whether the first and last elements stay in place, in linear mode.
  public convenience init(
    scaleFactor: [Double], mode: InterpolationMode = .nearest, alignCorners: Bool = false
  ) {
    require(
      (1...3).contains(scaleFactor.count) && scaleFactor.allSatisfy { $0 > 0 && $0.isFinite },
      "Upsample: needs one to three finite scale factors above 0, got \(scaleFactor)")
    self.init(.factors(scaleFactor), mode, alignCorners)
  }

  private init(_ goal: Goal, _ mode: InterpolationMode, _ alignCorners: Bool) {
    require(
      mode == .linear || !alignCorners, "Upsample: alignCorners needs the linear mode, got \(mode)")
    self.goal = goal
    self.mode = mode
    alignsCorners = alignCorners
  }

  /// Size or factor, and mode.
  public var details: String {
    let change =
      switch goal {
      case .size(let size): "size \(joined(size.stated))"
      case .factor(let factor): "factor \(factor)"
      case .factors(let factors): "factors " + factors.map { "\($0)" }.joined(separator: "x")
      }
    return "\(change), \(mode)" + (alignsCorners ? ", corners aligned" : "")
  }

  /// - Parameter x: [batch, channels, ...] with one, two or three more axes.
  /// - Returns: [batch, channels, ...]
  public func forward(_ x: consuming Tensor) -> Tensor {
    switch goal {
    case .size(let size): interpolate(x, size: size, mode: mode, alignCorners: alignsCorners)
    case .factor(let factor):
      interpolate(x, scaleFactor: factor, mode: mode, alignCorners: alignsCorners)
    case .factors(let factors):
      interpolate(x, scaleFactor: factors, mode: mode, alignCorners: alignsCorners)
    }
  }
}

/// Channels spread out into the pixels of a larger image (Shi and others 2016).
public final class PixelShuffle: Layer, Parameterless {
  /// By what height and width grow.
  public let factor: Int

  /// - Parameter factor: By what height and width grow.
  public init(_ factor: Int) {
    checkAtLeastOne(factor, "PixelShuffle", "the factor")
    self.factor = factor
  }

  /// The factor.
  public var details: String { "\(factor)" }

  /// - Parameter x: [..., channels * factor * factor, height, width]
  /// - Returns: [..., channels, height * factor, width * factor]
  public func forward(_ x: consuming Tensor) -> Tensor { x.pixelShuffle(factor) }
}

/// The pixels of squares as channels of a smaller image: what `PixelShuffle` undoes.
public final class PixelUnshuffle: Layer, Parameterless {
  /// By what height and width shrink.
  public let factor: Int

  /// - Parameter factor: By what height and width shrink.
  public init(_ factor: Int) {
    checkAtLeastOne(factor, "PixelUnshuffle", "the factor")
    self.factor = factor
  }

  /// The factor.
  public var details: String { "\(factor)" }

  /// - Parameter x: [..., channels, height * factor, width * factor]
  /// - Returns: [..., channels * factor * factor, height, width]
  public func forward(_ x: consuming Tensor) -> Tensor { x.pixelUnshuffle(factor) }
}
