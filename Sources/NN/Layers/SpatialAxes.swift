/// How many spatial axes a layer has: those of sequences, images or volumes.
public protocol SpatialAxes: Sendable {
  /// 1, 2 or 3.
  static var count: Int { get }
}

/// The axis of sequences, [batch, channels, length].
public enum OneAxis: SpatialAxes {
  /// One.
  public static let count = 1
}

/// The axes of images, [batch, channels, height, width].
public enum TwoAxes: SpatialAxes {
  /// Two.
  public static let count = 2
}

/// The axes of volumes, [batch, channels, depth, height, width].
public enum ThreeAxes: SpatialAxes {
  /// Three.
  public static let count = 3
}

extension SpatialAxes {
  /// PyTorch's name of a kind of layer, as in `Conv2d`.
  static func named(_ kind: String) -> String { "\(kind)\(count)d" }
}

/// Sizes along the spatial axes, as in `5x5`.
func joined(_ sizes: [Int]) -> String { sizes.map(String.init).joined(separator: "x") }
