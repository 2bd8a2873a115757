import Autograd

/// The mean over windows of sequences, images or volumes: `AvgPool1d`, `AvgPool2d`, `AvgPool3d`.
public final class AvgPool<Axes: SpatialAxes>: Layer, Parameterless {
  let window: SlidingWindow
  let countIncludesPadding: Bool
  let divisorOverride: Int?

  /// A pool; sizes are one number or one for each axis.
  ///
  /// - Parameters:
  ///   - kernelSize: The window's size.
  ///   - stride: The distance between windows; the kernel size unless stated.
  ///   - padding: Zeros added on either side, at most half the kernel.
  ///   - ceilMode: Whether a last window that only begins inside counts.
  ///   - countIncludesPadding: Whether the padding counts in the mean.
  ///   - divisorOverride: By what to divide sums, instead of the number of elements.
  public init(
    kernelSize: Sizes, stride: Sizes? = nil, padding: Sizes = 0, ceilMode: Bool = false,
    countIncludesPadding: Bool = true, divisorOverride: Int? = nil
  ) {
    window = SlidingWindow(
      pooling: Axes.named("AvgPool"), Axes.count, kernelSize, stride, padding, ceilMode: ceilMode)
    require(divisorOverride != 0, "\(Axes.named("AvgPool")): divisorOverride must not be 0")
    self.countIncludesPadding = countIncludesPadding
    self.divisorOverride = divisorOverride
  }

  /// `AvgPool2d` for images.
  public var name: String { Axes.named("AvgPool") }

  /// The window.
  public var details: String {
    window.described + (countIncludesPadding ? "" : ", padding not counted")
      + (divisorOverride.map { ", divisor \($0)" } ?? "")
  }

  /// - Parameter x: [batch, channels, ...]
  /// - Returns: [batch, channels, ...]
  public func forward(_ x: consuming Tensor) -> Tensor {
    averagePool(x, window, countIncludesPadding, divisor: divisorOverride)
  }
}

/// The mean over windows of sequences.
public typealias AvgPool1d = AvgPool<Axes1>
/// The mean over windows of images.
public typealias AvgPool2d = AvgPool<Axes2>
/// The mean over windows of volumes.
public typealias AvgPool3d = AvgPool<Axes3>

/// The largest element in windows of sequences, images or volumes: `MaxPool1d`, `MaxPool2d`,
/// `MaxPool3d`.
public final class MaxPool<Axes: SpatialAxes>: Layer, Parameterless {
  let window: SlidingWindow

  /// A pool; sizes are one number or one for each axis.
  ///
  /// - Parameters:
  ///   - kernelSize: The window's size.
  ///   - stride: The distance between windows; the kernel size unless stated.
  ///   - padding: Elements added on either side that never win, at most half the kernel.
  ///   - dilation: The distance between the elements of a window.
  ///   - ceilMode: Whether a last window that only begins inside counts.
  public init(
    kernelSize: Sizes, stride: Sizes? = nil,
    padding: Sizes = 0, dilation: Sizes = 1, ceilMode: Bool = false
  ) {
    window = SlidingWindow(
      pooling: Axes.named("MaxPool"), Axes.count, kernelSize, stride, padding, dilation,
      ceilMode: ceilMode)
  }

  /// `MaxPool2d` for images.
  public var name: String { Axes.named("MaxPool") }

  /// The window.
  public var details: String { window.described }

  /// - Parameter x: [batch, channels, ...]
  /// - Returns: [batch, channels, ...]
  public func forward(_ x: consuming Tensor) -> Tensor { maximumPool(x, window) }
}

/// The largest element in windows of sequences.
public typealias MaxPool1d = MaxPool<Axes1>
/// The largest element in windows of images.
public typealias MaxPool2d = MaxPool<Axes2>
/// The largest element in windows of volumes.
public typealias MaxPool3d = MaxPool<Axes3>

extension SlidingWindow {
  fileprivate var described: String {
    var parts = ["kernel \(joined(kernel))", "stride \(joined(stride))"]
    if padding.contains(where: { $0 != 0 }) { parts.append("padding \(joined(padding))") }
    if dilation.contains(where: { $0 != 1 }) { parts.append("dilation \(joined(dilation))") }
    if roundsUp { parts.append("rounded up") }
    return parts.joined(separator: ", ")
  }
}
