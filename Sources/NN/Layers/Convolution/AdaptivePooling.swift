import Autograd

/// The mean over windows whose number is given; `AdaptiveAvgPool2d(1)` averages each channel.
public final class AdaptiveAvgPool<Axes: SpatialAxes>: Layer, Parameterless {
  /// The number of windows along each axis, nil where the axis stays as it is.
  public let outputSize: [Int?]

  /// - Parameter outputSize: The number of windows: one number, or one for each axis.
  public convenience init(_ outputSize: Sizes) {
    self.init(outputSize.sizes(Axes.count, "outputSize"))
  }

  /// - Parameter outputSize: The number of windows along each axis, nil for one that stays as it is:
  ///   PyTorch's None.
  public init(_ outputSize: [Int?]) {
    self.outputSize = Axes.checkedWindows("AdaptiveAvgPool", outputSize)
  }

  /// `AdaptiveAvgPool2d` for images.
  public var name: String { Axes.named("AdaptiveAvgPool") }

  /// The output size.
  public var details: String { described(outputSize) }

  /// - Parameter x: [..., sizes]
  /// - Returns: [..., outputSize]
  public func forward(_ x: consuming Tensor) -> Tensor { adaptiveAveragePool(x, outputSize) }
}

/// The mean over windows of sequences whose number is given.
public typealias AdaptiveAvgPool1d = AdaptiveAvgPool<Axes1>
/// The mean over windows of images whose number is given.
public typealias AdaptiveAvgPool2d = AdaptiveAvgPool<Axes2>
/// The mean over windows of volumes whose number is given.
public typealias AdaptiveAvgPool3d = AdaptiveAvgPool<Axes3>

/// The largest element of windows whose number is given.
public final class AdaptiveMaxPool<Axes: SpatialAxes>: Layer, Parameterless {
  /// The number of windows along each axis, nil where the axis stays as it is.
  public let outputSize: [Int?]

  /// - Parameter outputSize: The number of windows: one number, or one for each axis.
  public convenience init(_ outputSize: Sizes) {
    self.init(outputSize.sizes(Axes.count, "outputSize"))
  }

  /// - Parameter outputSize: The number of windows along each axis, nil for one that stays as it is:
  ///   PyTorch's None.
  public init(_ outputSize: [Int?]) {
    self.outputSize = Axes.checkedWindows("AdaptiveMaxPool", outputSize)
  }

  /// `AdaptiveMaxPool2d` for images.
  public var name: String { Axes.named("AdaptiveMaxPool") }

  /// The output size.
  public var details: String { described(outputSize) }

  /// - Parameter x: [..., sizes]
  /// - Returns: [..., outputSize]
  public func forward(_ x: consuming Tensor) -> Tensor { adaptiveMaximumPool(x, outputSize) }
}

/// The largest element of windows of sequences whose number is given.
public typealias AdaptiveMaxPool1d = AdaptiveMaxPool<Axes1>
/// The largest element of windows of images whose number is given.
public typealias AdaptiveMaxPool2d = AdaptiveMaxPool<Axes2>
/// The largest element of windows of volumes whose number is given.
public typealias AdaptiveMaxPool3d = AdaptiveMaxPool<Axes3>

/// The mean of each channel, whatever its axes are; they stay with size 1.
public final class GlobalAvgPool: Layer, Parameterless {
  /// The mean of each channel.
  public init() {}

  /// - Parameter x: [batch, channels, ...]
  /// - Returns: [batch, channels, 1, ...]
  public func forward(_ x: consuming Tensor) -> Tensor {
    require(x.rank >= 3, "expected [batch, channels, ...], got \(x.shape)")
    return x.mean(axes: Array(2..<x.rank), keepDims: true)
  }
}

extension SpatialAxes {
  /// A number of windows for each axis.
  fileprivate static func checkedWindows(_ kind: String, _ outputSize: [Int?]) -> [Int?] {
    let sizes = outputSize.sizes(count, "outputSize")
    require(
      sizes.allSatisfy { $0 ?? 1 >= 0 },
      "\(named(kind)): the output size \(described(sizes)) must not be negative")
    return sizes
  }
}

/// Sizes as in `5x3`, with the word all for an axis that stays as it is.
private func described(_ sizes: [Int?]) -> String {
  sizes.map { $0.map(String.init) ?? "all" }.joined(separator: "x")
}
