import Autograd
import Testing

@testable import Autograd

@Suite struct FixedDecimalTests {
  @Test(arguments: [
    (0, 3, "0.000"), (-0.0, 2, "0.00"), (1, 0, "1"), (2.5, 0, "2"), (1234.5678, 2, "1234.57"),
    (-0.0456, 3, "-0.046"),
    (0.000_001, 6, "0.000001"), (-0.000_000_1, 6, "0.000000"), (0.999_999_6, 6, "1.000000"),
    (9.995, 1, "10.0"),
    (.nan, 3, "nan"), (.infinity, 3, "inf"), (-.infinity, 3, "-inf"), (3.2e20, 3, "3.2e+20"),
    (123_456_789.123_456, 6, "123456789.123456"),
  ])
  func formats(_ value: Double, _ digits: Int, _ text: String) {
    #expect(fixedDecimal(value, fractionDigits: digits) == text)
  }

  @Test func padsButNeverCuts() {
    #expect("7".padded(to: 3) == "  7")
    #expect("1234".padded(to: 3) == "1234")
  }
}
