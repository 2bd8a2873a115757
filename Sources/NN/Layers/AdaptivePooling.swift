import Autograd

/// The mean over windows whose number is given; `AdaptiveAvgPool2d(1)` averages each channel.
public final class AdaptiveAvgPool2d: Layer {
  /// The number of windows along height and width.
  public let outputSize: [Int]

  /// - Parameter outputSize: The number of windows: one number, or [height, width].
  public init(_ outputSize: any SpatialSizes) {
    self.outputSize = outputSize.sizes(2, "outputSize")
    require(
      self.outputSize.allSatisfy { $0 >= 1 },
      "AdaptiveAvgPool2d: the output size \(self.outputSize) must be at least 1")
  }

  /// Nothing: a pool has no parameters.
  public var members: [Member] { [] }

  /// The output size.
  public var details: String { joined(outputSize) }

  /// - Parameter x: [..., height, width]
  /// - Returns: [..., outputHeight, outputWidth]
  public func forward(_ x: consuming Tensor) -> Tensor {
    adaptiveAvgPool2d(x, outputSize: outputSize)
  }
}
