import Testing

@testable import Plots

@Suite struct InkTests {
  /// Relative luminance as the Web Content Accessibility Guidelines 2.2 define it.
  private func luminance(_ color: String) throws -> Double {
    let value = try #require(Int(color.dropFirst(), radix: 16))
    let weights = [0.2126, 0.7152, 0.0722]
    return zip([16, 8, 0], weights).reduce(0) { sum, part in
      let channel = Double(value >> part.0 & 255) / 255
      var linear = (channel + 0.055) / 1.055
      // A power of 2.4 without a mathematics library: x^2 * x^0.4, the latter by Newton's method on
      // y^5 = x^2.
      var root = 1.0
      for _ in 0..<60 {
        root -=
          (root * root * root * root * root - linear * linear) / (5 * root * root * root * root)
      }
      linear = channel <= 0.04045 ? channel / 12.92 : linear * linear * root
      return sum + part.1 * linear
    }
  }

  private func contrast(_ first: String, _ second: String) throws -> Double {
    let (a, b) = (try luminance(first), try luminance(second))
    return (max(a, b) + 0.05) / (min(a, b) + 0.05)
  }

  @Test func contrastIsMeasuredRightly() throws {
    #expect(abs(try contrast("#000000", "#ffffff") - 21) < 1e-6)
    #expect(abs(try contrast("#777777", "#ffffff") - 4.478) < 1e-3)
  }

  @Test(arguments: [Ink.text, .muted, .blue, .orange, .green])
  func textAndCurvesHaveContrastInBothSchemes(_ ink: Ink) throws {
    #expect(try contrast(ink.light, Ink.background.light) >= 4.5)
    #expect(try contrast(ink.dark, Ink.background.dark) >= 4.5)
  }

  @Test func styleSheetDefinesEveryColorTwice() {
    for ink in Ink.allCases {
      #expect(Ink.styleSheet.contains("--nn-\(ink.rawValue):\(ink.light)"))
      #expect(Ink.styleSheet.contains("--nn-\(ink.rawValue):\(ink.dark)"))
    }
    #expect(Ink.styleSheet.contains("@media (prefers-color-scheme: dark){.nn-figure{"))
  }
}
