/// The colors of pictures, each for a light and a dark background.
///
/// Elements carry the light color as an attribute, for renderers that know no style sheets, and
/// refer to a custom property, which the style sheet sets by the reader's color scheme. Curves and
/// marks have hues that color-blind readers can tell apart (Okabe and Ito, 2008, "Color Universal
/// Design"), darkened or lightened for contrast.
enum Ink: String, CaseIterable {
  case background
  case text
  case muted
  case axis
  case grid
  case blue
  case orange
  case green

  private var colors: (light: String, dark: String) {
    switch self {
    case .background: ("#ffffff", "#0d1117")
    case .text: ("#1f2328", "#e6edf3")
    case .muted: ("#59636e", "#9198a1")
    case .axis: ("#8c959f", "#6e7681")
    case .grid: ("#e4e8ec", "#252b33")
    case .blue: ("#0069aa", "#58b4f0")
    case .orange: ("#c44f00", "#f29a4a")
    case .green: ("#008060", "#45d1a0")
    }
  }

  /// The color on a light background.
  var light: String { colors.light }

  /// The color on a dark background.
  var dark: String { colors.dark }

  /// The custom property's value, for use in a `style` attribute.
  var reference: String { "var(--nn-\(rawValue),\(light))" }

  /// The rules that define the custom properties for both color schemes.
  static var styleSheet: String {
    func properties(_ color: (Ink) -> String) -> String {
      allCases.map { "--nn-\($0.rawValue):\(color($0))" }.joined(separator: ";")
    }
    let light = ".nn-figure{\(properties(\.light))}"
    let dark = "@media (prefers-color-scheme: dark){.nn-figure{\(properties(\.dark))}}"
    return light + "\n" + dark
  }
}
