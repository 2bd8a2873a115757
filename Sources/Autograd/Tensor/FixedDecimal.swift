/// A number in positional notation with a fixed count of fraction digits, the same in every locale.
///
/// `String(format:)` would need all of Foundation for this. What positional notation cannot hold is
/// still readable by any parser of numbers: `nan`, `inf`, `-inf`, and the shortest scientific form
/// beyond fifteen digits.
package func fixedDecimal(_ value: Double, fractionDigits: Int) -> String {
  if value.isNaN { return "nan" }
  if value.isInfinite { return value < 0 ? "-inf" : "inf" }
  var scale = 1.0
  for _ in 0..<fractionDigits { scale *= 10 }
  let scaled = (value.magnitude * scale).rounded(.toNearestOrEven)
  guard scaled < 1e15 else { return "\(value)" }
  var digits = String(UInt64(scaled))
  if fractionDigits > 0 {
    digits = digits.padded(to: fractionDigits + 1, with: "0")
    digits.insert(".", at: digits.index(digits.endIndex, offsetBy: -fractionDigits))
  }
  return value < 0 && scaled > 0 ? "-" + digits : digits
}

extension String {
  /// The string with as many fillers before it as bring it to `width` characters.
  package func padded(to width: Int, with filler: Character = " ") -> String {
    String(repeating: filler, count: max(0, width - count)) + self
  }
}
