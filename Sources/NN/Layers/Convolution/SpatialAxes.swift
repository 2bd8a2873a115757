/// How many spatial axes, after batch and channels, the inputs of a layer have.
///
/// What a family of layers for sequences, images and volumes is generic over: `Conv2d` is
/// `Convolution<Axes2>`.
public protocol SpatialAxes {
  /// How many there are.
  static var count: Int { get }
  /// The inputs' kind and shape, as in `images [batch, channels, height, width]`.
  static var inputs: String { get }
}

/// The axes along which convolutions can be transposed: those of sequences and images.
public protocol TransposableAxes: SpatialAxes {}

/// The axis of sequences.
public enum Axes1: TransposableAxes {
  /// 1.
  public static var count: Int { 1 }
  /// [batch, channels, length].
  public static var inputs: String { "sequences [batch, channels, length]" }
}

/// The axes of images.
public enum Axes2: TransposableAxes {
  /// 2.
  public static var count: Int { 2 }
  /// [batch, channels, height, width].
  public static var inputs: String { "images [batch, channels, height, width]" }
}

/// The axes of volumes.
public enum Axes3: SpatialAxes {
  /// 3.
  public static var count: Int { 3 }
  /// [batch, channels, depth, height, width].
  public static var inputs: String { "volumes [batch, channels, depth, height, width]" }
}

extension SpatialAxes {
  /// PyTorch's name of a kind of layer, as in `Conv2d`.
  static func named(_ kind: String) -> String { "\(kind)\(count)d" }
}

/// Sizes along the spatial axes, as in `5x5`.
func joined(_ sizes: [Int]) -> String { sizes.map(String.init).joined(separator: "x") }
