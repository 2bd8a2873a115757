import Autograd
import NN

/// A linear scale with round ticks.
struct Axis {
  /// The distance of neighboring ticks: 1, 2 or 5 times a power of ten.
  let step: Double
  /// The value at the axis' beginning.
  let lower: Double
  /// The value at the axis' end.
  let upper: Double
  /// The round values marked on the axis, ascending.
  let ticks: [Double]

  /// An axis that begins and ends at ticks and holds all values.
  ///
  /// It begins at zero if no value is negative, because losses and accuracies mean something by
  /// their distance to zero.
  init(holding values: [Double]) {
    var low = min(0, values.min() ?? 0)
    var high = max(0, values.max() ?? 1)
    if high - low < 1e-100 { high = 1 }
    let step = Self.roundStep(for: high - low, tickCount: 5)
    low = (low / step).rounded(.down)
    high = (high / step - 1e-9).rounded(.up)
    self.step = step
    lower = low * step
    upper = high * step
    ticks = stride(from: low, through: high, by: 1).map { $0 * step }
  }

  /// An axis from one whole number to another, with whole ticks; a single number lies in its
  /// middle.
  init(from first: Int, through last: Int) {
    let (first, last) = (Double(first), Double(last))
    let step = max(1, last - first <= 12 ? 1 : Self.roundStep(for: last - first, tickCount: 10))
    self.step = step
    lower = first == last ? first - 1 : first
    upper = first == last ? first + 1 : last
    ticks = stride(from: (first / step).rounded(.up), through: (last / step).rounded(.down), by: 1)
      .map { $0 * step }
  }

  /// Where a value lies on the axis, 0 at its beginning and 1 at its end.
  func position(of value: Double) -> Double { (value - lower) / (upper - lower) }

  /// A tick's label, with just the digits that tell neighbors apart.
  func label(for tick: Double) -> String {
    let largest = max(lower.magnitude, upper.magnitude)
    if step >= 1e-5, largest < 1e6 {
      var digits = 0
      var unit = 1.0
      while unit > step * 1.000_001 {
        unit /= 10
        digits += 1
      }
      return fixedDecimal(tick, fractionDigits: digits)
    }
    if tick == 0 { return "0" }
    var exponent = 0
    var mantissa = tick
    while mantissa.magnitude >= 9.999_999 {
      mantissa /= 10
      exponent += 1
    }
    while mantissa.magnitude < 0.999_999 {
      mantissa *= 10
      exponent -= 1
    }
    return SVG.number(mantissa) + "e\(exponent)"
  }

  private static func roundStep(for span: Double, tickCount: Int) -> Double {
    let smallest = span / Double(tickCount)
    var unit = 1.0
    while unit * 10 <= smallest { unit *= 10 }
    while unit > smallest { unit /= 10 }
    return [1, 2, 5, 10].map { $0 * unit }.first { $0 >= smallest * 0.999_999 } ?? 10 * unit
  }
}
