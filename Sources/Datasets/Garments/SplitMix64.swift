/// A small random number generator (Steele, Lea and Flood, 2014), for drawings that must be alike
/// everywhere.
///
/// It works on integers alone, so no platform's rounding and no standard library's choice of
/// algorithm shows.
package struct SplitMix64 {
  private var state: UInt64

  package init(seed: UInt64) { state = seed }

  package mutating func next() -> UInt64 {
    state &+= 0x9e37_79b9_7f4a_7c15
    var mixed = state
    mixed = (mixed ^ (mixed >> 30)) &* 0xbf58_476d_1ce4_e5b9
    mixed = (mixed ^ (mixed >> 27)) &* 0x94d0_49bb_1331_11eb
    return mixed ^ (mixed >> 31)
  }

  /// A number from a range, both ends included.
  package mutating func next(_ range: ClosedRange<Int>) -> Int {
    let width = UInt64(range.upperBound - range.lowerBound + 1)
    return range.lowerBound + Int(next().multipliedFullWidth(by: width).high)
  }

  /// True in so many of a hundred cases.
  mutating func chance(_ percent: Int) -> Bool { next(1...100) <= percent }

  /// A number near zero, at most `spread` away, the sum of two uniform ones.
  mutating func around(_ spread: Int) -> Int {
    (next(-spread...spread) + next(-spread...spread)) / 2
  }
}
