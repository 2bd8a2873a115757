// The vocabulary in which operations speak to a device. `Backend/CPU` maps it to C.

/// An element-wise function of one array.
///
/// Integers support negate, abs, sign, relu and square; the others are
/// floating-point only.
package enum UnaryOp: String, Sendable, CaseIterable {
  case negate, abs, sign, relu, square, reciprocal, sqrt, exp, log, tanh, sigmoid, erf, gelu, silu,
    hardswish
  case sin, cos, log1p, expm1
  /// To the nearest integer, ties to even.
  case round
  case floor, ceil, trunc
}

/// An element-wise function of two arrays, or of an array and a number.
///
/// Integers support add, subtract,
/// multiply, maximum, minimum and the remainders; the others are floating-point only.
package enum BinaryOp: String, Sendable, CaseIterable {
  case add = "+"
  case subtract = "-"
  case multiply = "*"
  case divide = "/"
  case power = "pow"
  /// NaN in either operand gives NaN, as for `minimum`.
  case maximum
  case minimum
  /// a where b > 0, else 0; a NaN in b gives a, as in PyTorch.
  case reluGradient = "relu gradient"
  /// a * b * (1 - b).
  case sigmoidGradient = "sigmoid gradient"
  /// a * (1 - b * b).
  case tanhGradient = "tanh gradient"
  /// a times the derivative of gelu at b.
  case geluGradient = "gelu gradient"
  /// a times the derivative of silu at b.
  case siluGradient = "silu gradient"
  /// a times the derivative of hardswish at b: 0 at -3 and 1 at 3.
  case hardswishGradient = "hardswish gradient"
  /// a where a > 0, else a * b.
  case leakyRelu
  /// 1 where a > 0, else b.
  case leakyReluSlope = "leakyRelu gradient"
  case atan2
  /// The remainder of the division rounded down, with b's sign; 0 for integers where b is 0.
  case remainder
  /// The remainder of the division rounded toward zero, with a's sign; 0 for integers where b is 0.
  case fmod
}

/// An element-wise comparison; those with NaN are false, except `notEqual`.
package enum CompareOp: String, Sendable, CaseIterable {
  case equal = ".=="
  case notEqual = ".!="
  case less = ".<"
  case lessOrEqual = ".<="
  case greater = ".>"
  case greaterOrEqual = ".>="
}

/// A reduction; NaN wins in `maximum` and `minimum`.
package enum ReduceOp: String, Sendable, CaseIterable {
  case sum
  case maximum = "max"
  case minimum = "min"
}

/// A cumulative reduction along an axis.
package enum ScanOp: String, Sendable, CaseIterable {
  case sum = "cumsum"
  case product = "cumprod"
}

/// A function of each row of a matrix.
package enum RowOp: String, Sendable, CaseIterable {
  case softmax
  /// Softmax, but zeros for a row of -infinity alone: one in which a mask hides everything.
  case maskedSoftmax = "softmax under a mask"
  case logSoftmax
  case logSumExp
}

/// y = keep * y + scale * f(u, v), in place: the steps of optimizers and running averages.
package enum UpdateOp: String, Sendable, CaseIterable {
  /// u
  case add = "update"
  /// u * v
  case addProduct = "update by a product"
  /// u / (root * sqrt(v) + epsilon)
  case addQuotient = "update by a quotient"
}

/// The coefficients of an update; they are rounded to the element type first.
package struct UpdateFactors: Sendable {
  package var keep: Double
  package var scale: Double
  package var root = 0.0
  package var epsilon = 0.0
}

/// A position in a stream of random 32-bit words: word `first` of a seed's stream, see `RandomStream`.
package struct RandomWords: Sendable {
  package var seed: UInt64
  package var stream: UInt64
  package var first: UInt64
}

/// A point between two elements of an axis, for linear interpolation.
package struct InterpolationPoint: Sendable {
  package let before: Int
  package let after: Int
  /// The weight of `after`; that of `before` is 1 minus it.
  package let weight: Double
}

/// What the indices of an operation may be.
package struct IndexRange: Sendable {
  package let operation: StaticString
  /// Whether they are labels of classes.
  package var areLabels = false
  /// They are 0 ..< bound.
  package let bound: Int
  /// Another one, which counts as 0.
  package var ignored: Int? = nil

  /// The message about a wrong one.
  package func message(_ index: Int) -> String {
    let (noun, whole) = areLabels ? ("label", "\(bound) classes") : ("index", "size \(bound)")
    return "\(operation): \(noun) \(index) is out of range for \(whole)"
  }
}

/// What a check of indices found.
package struct IndexCheck: Sendable {
  /// The first index that is out of range, nil if there is none or if the device tells later.
  package var wrong: Int?
  /// Whether an index is the one to ignore; true where the host cannot know.
  package var hasIgnored: Bool
}
