import Autograd

/// Sequences, images or volumes brought to a size or enlarged by a factor.
public final class Upsample: Layer {
  private enum Goal {
    case size(any SpatialSizes)
    case factor(Double)
  }

  private let goal: Goal
  /// How elements between elements are found.
  public let mode: InterpolationMode
  /// Whether the first and last elements stay in place, in linear mode.
  public let alignCorners: Bool

  /// - Parameters:
  ///   - size: The size after it: one number, or one for each axis.
  ///   - mode: How elements between elements are found.
  ///   - alignCorners: Whether the first and last elements stay in place, in linear mode.
  public init(
    size: any SpatialSizes, mode: InterpolationMode = .nearest, alignCorners: Bool = false
  ) {
    if let sizes = size as? [Int] ?? (size as? Int).map({ [$0] }) {
      require(sizes.allSatisfy { $0 >= 1 }, "Upsample: the size \(sizes) must be at least 1")
    }
    (goal, self.mode, self.alignCorners) = (.size(size), mode, alignCorners)
  }

  /// - Parameters:
  ///   - scaleFactor: By what sizes are multiplied.
  ///   - mode: How elements between elements are found.
  ///   - alignCorners: Whether the first and last elements stay in place, in linear mode.
  public init(
    scaleFactor: Double, mode: InterpolationMode = .nearest, alignCorners: Bool = false
  ) {
    require(
      scaleFactor > 0 && scaleFactor.isFinite,
      "Upsample: the scale factor must be above 0, got \(scaleFactor)")
    (goal, self.mode, self.alignCorners) = (.factor(scaleFactor), mode, alignCorners)
  }

  /// Nothing: it has no parameters.
  public var members: [Member] { [] }

  /// Size or factor, and mode.
  public var details: String {
    let change =
      switch goal {
      case .size(let size): "size \((size as? [Int]).map(joined) ?? "\(size)")"
      case .factor(let factor): "factor \(factor)"
      }
    return "\(change), \(mode)" + (alignCorners ? ", corners aligned" : "")
  }

  /// - Parameter x: [batch, channels, ...] with one, two or three more axes.
  /// - Returns: [batch, channels, ...]
  public func forward(_ x: consuming Tensor) -> Tensor {
    switch goal {
    case .size(let size): interpolate(x, size: size, mode: mode, alignCorners: alignCorners)
    case .factor(let factor):
      interpolate(x, scaleFactor: factor, mode: mode, alignCorners: alignCorners)
    }
  }
}

/// Channels spread out into the pixels of a larger image (Shi and others 2016).
public final class PixelShuffle: Layer {
  /// By what height and width grow.
  public let factor: Int

  /// - Parameter factor: By what height and width grow.
  public init(_ factor: Int) {
    require(factor >= 1, "PixelShuffle: the factor must be at least 1, got \(factor)")
    self.factor = factor
  }

  /// Nothing: it has no parameters.
  public var members: [Member] { [] }

  /// The factor.
  public var details: String { "\(factor)" }

  /// - Parameter x: [..., channels * factor * factor, height, width]
  /// - Returns: [..., channels, height * factor, width * factor]
  public func forward(_ x: consuming Tensor) -> Tensor { x.pixelShuffle(factor) }
}

/// The pixels of squares as channels of a smaller image: what `PixelShuffle` undoes.
public final class PixelUnshuffle: Layer {
  /// By what height and width shrink.
  public let factor: Int

  /// - Parameter factor: By what height and width shrink.
  public init(_ factor: Int) {
    require(factor >= 1, "PixelUnshuffle: the factor must be at least 1, got \(factor)")
    self.factor = factor
  }

  /// Nothing: it has no parameters.
  public var members: [Member] { [] }

  /// The factor.
  public var details: String { "\(factor)" }

  /// - Parameter x: [..., channels, height * factor, width * factor]
  /// - Returns: [..., channels * factor * factor, height, width]
  public func forward(_ x: consuming Tensor) -> Tensor { x.pixelUnshuffle(factor) }
}
