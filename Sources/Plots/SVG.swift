import Autograd
import NN

/// Building blocks of SVG pictures: elements as strings, with everything escaped.
enum SVG {
  /// One element on one line; its content is SVG already and is not escaped.
  ///
  /// Numbers are written with at most two decimals, which is a hundredth of a pixel. What has a
  /// stroke is not filled.
  static func element(
    _ name: String, _ attributes: KeyValuePairs<String, any CustomStringConvertible>,
    fill: Ink? = nil, stroke: Ink? = nil, _ content: String? = nil
  ) -> String {
    var all = Array(attributes)
    if let fill { all += [("fill", fill.light), ("style", "fill:\(fill.reference)")] }
    if let stroke {
      all += [("fill", "none"), ("stroke", stroke.light), ("style", "stroke:\(stroke.reference)")]
    }
    var tag = "<" + name
    for (key, value) in all {
      let text = (value as? Double).map(number) ?? value.description
      tag += " \(key)=\"\(escaped(text))\""
    }
    return content.map { "\(tag)>\($0)</\(name)>" } ?? tag + "/>"
  }

  /// A line of text in a color; `anchor` says which part of it lies at x: start, middle or end.
  ///
  /// An aside follows the text, at a distance and in a muted color, however wide the text turns
  /// out.
  static func text(
    _ string: String, aside: String? = nil, x: Double, y: Double, size: Double = 12,
    ink: Ink = .text, anchor: String = "start", weight: Int = 400
  ) -> String {
    let rest = aside.map { element("tspan", ["dx": 8], fill: .muted, escaped($0)) }
    return element(
      "text", ["x": x, "y": y, "font-size": size, "font-weight": weight, "text-anchor": anchor],
      fill: ink, escaped(string) + (rest ?? ""))
  }

  /// A whole picture with its background, a title and a description for those who cannot see it.
  static func document(
    width: Double, height: Double, title: String, description: String, content: [String]
  ) -> String {
    let (w, h) = (number(width), number(height))
    let font = "system-ui,-apple-system,'Segoe UI',Roboto,Helvetica,Arial,sans-serif"
    let lines =
      [
        """
        <svg xmlns="http://www.w3.org/2000/svg" class="nn-figure" width="\(w)" height="\(h)" \
        viewBox="0 0 \(w) \(h)" role="img" font-family="\(font)">
        """,
        element("title", [:], escaped(title)),
        element("desc", [:], escaped(description)),
        element("style", [:], Ink.styleSheet),
        element("rect", ["width": width, "height": height, "rx": 8.0], fill: .background),
      ] + content + ["</svg>"]
    return lines.joined(separator: "\n") + "\n"
  }

  /// The text with XML's five special characters escaped and the characters that XML forbids
  /// replaced.
  static func escaped(_ text: String) -> String {
    var result = ""
    for scalar in text.unicodeScalars {
      switch scalar {
      case "&": result += "&amp;"
      case "<": result += "&lt;"
      case ">": result += "&gt;"
      case "\"": result += "&quot;"
      case "'": result += "&apos;"
      case "\t", "\n", "\r": result.unicodeScalars.append(scalar)
      case "\u{0}"..."\u{1F}", "\u{FFFE}", "\u{FFFF}": result += "\u{FFFD}"
      default: result.unicodeScalars.append(scalar)
      }
    }
    return result
  }

  /// A coordinate with at most two decimals and no trailing zeros.
  static func number(_ value: Double) -> String {
    var text = fixedDecimal(value, fractionDigits: 2)
    while text.hasSuffix("0") { text.removeLast() }
    if text.hasSuffix(".") { text.removeLast() }
    return text
  }
}
