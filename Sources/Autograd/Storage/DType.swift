/// The type of a tensor's elements.
///
/// Floating-point tensors are differentiable. The others hold labels, indices, bytes and masks.
public enum DType: UInt8, Sendable, CaseIterable {
  /// IEEE single precision, the default.
  case float32
  /// IEEE double precision.
  case float64
  /// 32-bit signed integers.
  case int32
  /// 64-bit signed integers, the type of labels and indices.
  case int64
  /// Bytes, as images are stored.
  case uint8
  /// Truth values, one byte each, as comparisons return them.
  case bool
  /// IEEE half precision, for storage: computed in float32, and rounded.
  case float16
  /// The upper half of a float32, for storage: computed in float32, and rounded.
  case bfloat16

  /// The size of one element in bytes.
  public var byteCount: Int {
    switch self {
    case .float32, .int32: 4
    case .float64, .int64: 8
    case .uint8, .bool: 1
    case .float16, .bfloat16: 2
    }
  }

  /// Whether elements are floating-point numbers; only such tensors have gradients.
  public var isFloatingPoint: Bool { self == .float32 || self == .float64 || isHalf }

  /// Whether elements are stored in 16 bits and computed in float32.
  @inline(__always)
  package var isHalf: Bool { rawValue >= DType.float16.rawValue }

  /// The type in which operands of two types are combined, as in PyTorch: floating point wins over
  /// integers, then the wider type; the two of 16 bits give float32.
  static func promoted(_ a: DType, _ b: DType) -> DType {
    if a == b { return a }
    if a.isHalf && b.isHalf { return .float32 }
    return a.rank > b.rank ? a : b
  }

  private var rank: Int {
    switch self {
    case .bool: 0
    case .uint8: 1
    case .int32: 2
    case .int64: 3
    case .float16, .bfloat16: 4
    case .float32: 5
    case .float64: 6
    }
  }
}

extension DType: CustomStringConvertible {
  /// The name, as in `float32`.
  public var description: String {
    switch self {
    case .float32: "float32"
    case .float64: "float64"
    case .int32: "int32"
    case .int64: "int64"
    case .uint8: "uint8"
    case .bool: "bool"
    case .float16: "float16"
    case .bfloat16: "bfloat16"
    }
  }
}

/// A Swift type that is the element of a tensor: Float, Double, Int32, Int64, Int, UInt8, Bool or,
/// where Swift has it, Float16.
public protocol TensorScalar: Sendable {
  /// The tensor type of elements that are stored exactly like this Swift type.
  static var dtype: DType { get }
}

extension Float: TensorScalar {
  /// The type `float32`.
  public static var dtype: DType { .float32 }
}
#if !(os(macOS) && arch(x86_64))
  extension Float16: TensorScalar {
    /// The type `float16`.
    public static var dtype: DType { .float16 }
  }
#endif
extension Double: TensorScalar {
  /// The type `float64`.
  public static var dtype: DType { .float64 }
}
extension Int32: TensorScalar {
  /// The type `int32`.
  public static var dtype: DType { .int32 }
}
extension Int64: TensorScalar {
  /// The type `int64`.
  public static var dtype: DType { .int64 }
}
extension Int: TensorScalar {
  /// The type `int64`.
  public static var dtype: DType { .int64 }
}
extension UInt8: TensorScalar {
  /// The type `uint8`.
  public static var dtype: DType { .uint8 }
}
extension Bool: TensorScalar {
  /// The type `bool`.
  public static var dtype: DType { .bool }
}

/// A number that can stand beside a tensor in an expression, as in `x * 2` or `1 - y`.
public protocol Number: Sendable {
  /// The value in double precision.
  var doubleValue: Double { get }
}

extension Number {
  /// The integer that double precision does not hold: some of those beyond 2^53.
  var inexactInteger: Int? {
    guard let integer = self as? Int, Int(exactly: doubleValue) != integer else { return nil }
    return integer
  }
}

extension Float: Number {
  /// The value in double precision.
  public var doubleValue: Double { Double(self) }
}
extension Double: Number {
  /// The value itself.
  public var doubleValue: Double { self }
}
extension Int: Number {
  /// The value in double precision; exact up to 2^53.
  public var doubleValue: Double { Double(self) }
}
