import Autograd

// The rows of the operations of the folder `Operations/Arithmetic`, an array for each file.
extension GradientTable {
  // MARK: Arithmetic.swift

  static let arithmeticRows: [GradientRow] = [
    GradientRow("+(Tensor, Tensor)") { binary { $0 + $1 } },
    GradientRow("+(Tensor, Number)") { unary { $0 + 1.5 } },
    GradientRow("+(Number, Tensor)") { unary { 2 + $0 } },
    GradientRow("-(Tensor, Tensor)") { binary { $0 - $1 } },
    GradientRow("-(Tensor, Number)") { unary { $0 - 1.5 } },
    GradientRow("-(Number, Tensor)") { unary { 2 - $0 } },
    GradientRow("*(Tensor, Tensor)") {
      binary { $0 * $1 }
      at([3]) { $0[0] * $0[0] }
    },
    GradientRow("*(Tensor, Number)") { unary { $0 * -1.5 } },
    GradientRow("*(Number, Tensor)") { unary { 3 * $0 } },
    GradientRow("/(Tensor, Tensor)", .awayFromZero) { binary { $0 / $1 } },
    GradientRow("/(Tensor, Number)") { unary { $0 / 4 } },
    GradientRow("/(Number, Tensor)", .awayFromZero) { unary { 2 / $0 } },
    GradientRow("pow(Tensor)", .positive) { binary { $0.pow($1) } },
    GradientRow("atan2(Tensor)", .awayFromZero) { binary { $0.atan2($1) } },
    GradientRow("+=(Tensor, Tensor)") { assigning { $0 += $1 } },
    GradientRow("-=(Tensor, Tensor)") { assigning { $0 -= $1 } },
    GradientRow("*=(Tensor, Tensor)") { assigning { $0 *= $1 } },
    GradientRow("/=(Tensor, Tensor)", .awayFromZero) { assigning { $0 /= $1 } },
    GradientRow("+=(Tensor, Number)") { changing { $0 += 0.5 } },
    GradientRow("-=(Tensor, Number)") { changing { $0 -= 0.5 } },
    GradientRow("*=(Tensor, Number)") { changing { $0 *= -1.5 } },
    GradientRow("/=(Tensor, Number)") { changing { $0 /= 4 } },
  ]

  // MARK: Elementwise.swift

  static let elementwiseRows: [GradientRow] = [
    GradientRow("-(Tensor)") { unary { -$0 } },
    GradientRow("exp()") {
      unary { $0.exp() }
      unary { softplus($0) }  // a custom operation that saves exp(x)
    },
    GradientRow("log()", .positive) { unary { $0.log() } },
    GradientRow("sqrt()", .positive) { unary { $0.sqrt() } },
    GradientRow("rsqrt()", .positive) { unary { $0.rsqrt() } },
    GradientRow("sin()") { unary { $0.sin() } },
    GradientRow("cos()") { unary { $0.cos() } },
    GradientRow("log1p()", .positive) { unary { ($0 - 1).log1p() } },
    GradientRow("expm1()") { unary { $0.expm1() } },
    GradientRow("erf()") { unary { $0.erf() } },
    GradientRow("abs()", .awayFromZero) {
      unary { $0.abs() }
      unary { ($0 * $0 * $0).abs() }
    },
    GradientRow("square()") { unary { $0.square() } },
    GradientRow("reciprocal()", .awayFromZero) { unary { $0.reciprocal() } },
    GradientRow("clamp(min:, max:)", .awayFromZero) {
      unary { ($0 * $0).clamp(min: 0.2, max: 0.2) * $0 }
      unary { $0.clamp(min: 0).square() }
      unary { $0.clamp(max: 0.01).square() }
    },
    GradientRow("pow(Number)", .positive) {
      unary { $0.pow(0) }
      unary { $0.pow(1) * 2 }
      unary { $0.pow(2) }
      unary { $0.pow(3) }
      unary { $0.pow(-1) }
      unary { $0.pow(0.5) }
      unary { $0.pow(-2.5) }
    },
  ]

  // MARK: Rounding.swift

  static let roundingRows: [GradientRow] = [
    GradientRow("remainder(Tensor)", .distinct) { binary { ($0 * 3 + 0.01).remainder($1 + 5.02) } },
    GradientRow("remainder(Number)", .distinct) { unary { $0.square().remainder(0.77) } },
    GradientRow("fmod(Tensor)", .distinct) { binary { ($0 * 3 + 0.01).fmod($1 - 5.02) } },
    GradientRow("fmod(Number)", .distinct) { unary { $0.square().fmod(-0.77) } },
  ]

  // MARK: Selection.swift

  static let selectionRows: [GradientRow] = [
    GradientRow("where(Tensor, Tensor, Tensor)") {
      binary { Tensor.where(mask($0), $0 * $0, $1) }
      at([3], [2, 1]) { Tensor.where(mask(.zeros([2, 1, 1], device: $0[0].device)), $0[0], $0[1]) }
    },
    GradientRow("where(Tensor, Tensor, Number)") { unary { Tensor.where(mask($0), $0 * $0, 2) } },
    GradientRow("where(Tensor, Number, Tensor)") { unary { Tensor.where(mask($0), 2, $0 * $0) } },
    GradientRow("maximum(Tensor, Tensor)", .distinct) { binary { maximum($0, $1).square() } },
    GradientRow("maximum(Tensor, Number)", .awayFromZero) { unary { maximum($0, 0.1).square() } },
    GradientRow("minimum(Tensor, Tensor)", .distinct) { binary { minimum($0, $1).square() } },
    GradientRow("minimum(Tensor, Number)", .awayFromZero) { unary { minimum($0, 0).square() } },
  ]

  // MARK: What rows share

  /// log(1 + e^x), which saves e^x.
  ///
  /// - Parameter onSaved: Called by a pullback that gets what was saved.
  package static func softplus(
    _ x: Tensor, onSaved: (@Sendable () -> Void)? = nil
  ) -> Tensor {
    differentiable(
      x,
      saving: { x in
        let e = x.exp()
        return ((e + 1).log(), saved: e)
      },
      pullback: { x, _ in
        { dy, saved in
          if saved != nil { onSaved?() }
          let e = saved ?? x.exp()
          return dy * e / (e + 1)
        }
      })
  }
}
