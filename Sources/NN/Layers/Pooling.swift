import Autograd

/// The mean over windows of images.
public final class AvgPool2d: Layer {
  let window: SlidingWindow
  let countIncludesPadding: Bool

  /// A pool; sizes are one number or [height, width].
  ///
  /// - Parameters:
  ///   - kernelSize: The window's size.
  ///   - stride: The distance between windows; the kernel size unless stated.
  ///   - padding: Zeros added on either side, at most half the kernel.
  ///   - countIncludesPadding: Whether these zeros count in the mean.
  public init(
    kernelSize: any SpatialSizes, stride: (any SpatialSizes)? = nil,
    padding: any SpatialSizes = 0, countIncludesPadding: Bool = true
  ) {
    window = SlidingWindow(
      pooling: "AvgPool2d", kernelSize, stride: stride, padding: padding, dilation: 1)
    self.countIncludesPadding = countIncludesPadding
  }

  /// Nothing: a pool has no parameters.
  public var members: [Member] { [] }

  /// The window.
  public var details: String { window.described }

  /// - Parameter x: [batch, channels, height, width]
  /// - Returns: [batch, channels, outputHeight, outputWidth]
  public func forward(_ x: consuming Tensor) -> Tensor {
    avgPool2d(
      x, kernelSize: window.kernel, stride: window.stride, padding: window.padding,
      countIncludesPadding: countIncludesPadding)
  }
}

/// The largest element in windows of images.
public final class MaxPool2d: Layer {
  private let window: SlidingWindow

  /// A pool; sizes are one number or [height, width].
  ///
  /// - Parameters:
  ///   - kernelSize: The window's size.
  ///   - stride: The distance between windows; the kernel size unless stated.
  ///   - padding: Places added on either side that never win, at most half the kernel.
  ///   - dilation: The distance between the elements of a window.
  public init(
    kernelSize: any SpatialSizes, stride: (any SpatialSizes)? = nil,
    padding: any SpatialSizes = 0, dilation: any SpatialSizes = 1
  ) {
    window = SlidingWindow(
      pooling: "MaxPool2d", kernelSize, stride: stride, padding: padding, dilation: dilation)
  }

  /// Nothing: a pool has no parameters.
  public var members: [Member] { [] }

  /// The window.
  public var details: String { window.described }

  /// - Parameter x: [batch, channels, height, width]
  /// - Returns: [batch, channels, outputHeight, outputWidth]
  public func forward(_ x: consuming Tensor) -> Tensor {
    maxPool2d(
      x, kernelSize: window.kernel, stride: window.stride, padding: window.padding,
      dilation: window.dilation)
  }
}

extension SlidingWindow {
  fileprivate var described: String {
    var parts = ["kernel \(joined(kernel))", "stride \(joined(stride))"]
    if padding != [0, 0] { parts.append("padding \(joined(padding))") }
    if dilation != [1, 1] { parts.append("dilation \(joined(dilation))") }
    return parts.joined(separator: ", ")
  }
}
