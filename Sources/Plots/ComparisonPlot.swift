import Autograd
import NN
internal import Platform

/// The validation errors of several models as a picture: beside their parameters, and beside the time that training took.
///
/// Both horizontal scales are logarithmic. The SVG adapts to the reader's light or dark color scheme. A model whose error is
/// not finite is left out.
public struct ComparisonPlot: Sendable {
  /// A model.
  public struct Item: Sendable {
    /// What it is called.
    public var name: String
    /// The number of its parameters, at least 1.
    public var parameterCount: Int
    /// The time that training took in seconds, above 0.
    public var seconds: Double
    /// The fraction of validation examples that are classified wrongly, 0 to 1.
    public var error: Double

    /// Creates a model's figures.
    public init(name: String, parameterCount: Int, seconds: Double, error: Double) {
      self.name = name
      self.parameterCount = parameterCount
      self.seconds = seconds
      self.error = error
    }
  }

  /// The models that are shown.
  public var items: [Item]
  /// The heading above the plot; none if nil.
  public var title: String?

  /// Creates a plot of models.
  public init(_ items: [Item], title: String? = nil) {
    self.items = items
    self.title = title
  }

  /// The picture as a complete SVG document, 860 by 400 pixels (with more than six models higher) and scalable.
  public var svg: String {
    let items = self.items.filter(\.error.isFinite)
    let vertical = Axis(holding: items.map(\.error))
    var content: [String] = []
    if let title { content.append(SVG.text(title, x: 64, y: 32, size: 16, weight: 600)) }
    let panels = [
      (left: 64.0, label: "parameters", values: items.map { Double($0.parameterCount) }),
      (left: 472.0, label: "seconds of training", values: items.map(\.seconds)),
    ]
    for panel in panels {
      let horizontal = LogarithmicAxis(holding: panel.values)
      content += frame(panel.left, horizontal, vertical, label: panel.label)
      content += points(
        zip(items, panel.values).map { item, value in
          (panel.left + horizontal.position(of: value) * width, y(item.error, vertical))
        })
    }
    content += legend(items, from: 56)
    content.append(
      SVG.element(
        "g", ["transform": "rotate(-90 20 \(SVG.number((top + bottom) / 2)))"],
        SVG.text("validation error", x: 20, y: (top + bottom) / 2, anchor: "middle")))
    let figures = items.map {
      "\($0.name): error \(fixedDecimal($0.error, fractionDigits: 3)), \($0.parameterCount) parameters, "
        + "\(fixedDecimal($0.seconds, fractionDigits: 1)) s"
    }
    return SVG.document(
      width: 860, height: bottom + 52, title: title ?? "Comparison",
      description: items.isEmpty ? "A plot without models." : figures.joined(separator: "; ") + ".",
      content: content)
  }

  private let width = 340.0
  /// Below the legend's rows.
  private var top: Double {
    64 + 18 * Double(max(2, (items.count(where: \.error.isFinite) + 2) / 3))
  }
  private var bottom: Double { top + 248 }

  private func frame(
    _ left: Double, _ horizontal: LogarithmicAxis, _ vertical: Axis, label: String
  ) -> [String] {
    var content: [String] = []
    for tick in vertical.ticks {
      let y = self.y(tick, vertical)
      content.append(
        SVG.element(
          "path", ["d": "M\(SVG.number(left)) \(SVG.number(y))h\(SVG.number(width))"],
          stroke: tick == vertical.lower ? .axis : .grid))
      content.append(
        SVG.text(vertical.label(for: tick), x: left - 8, y: y + 4, ink: .muted, anchor: "end"))
    }
    for tick in horizontal.ticks {
      let x = left + horizontal.position(of: tick) * width
      content.append(
        SVG.element("path", ["d": "M\(SVG.number(x)) \(SVG.number(bottom))v4"], stroke: .axis))
      content.append(
        SVG.text(
          LogarithmicAxis.label(for: tick), x: x, y: bottom + 19, ink: .muted, anchor: "middle"))
    }
    content.append(SVG.text(label, x: left + width / 2, y: bottom + 40, anchor: "middle"))
    return content
  }

  /// Dots with their numbers, which stay apart from each other and from the dots.
  private func points(
    _ centers: [(x: Double, y: Double)]
  ) -> [String] {
    var labels: [(x: Double, y: Double)] = []
    return centers.enumerated().flatMap { index, center in
      let sides = [(13.0, 0.0), (-13.0, 0.0), (0.0, -13.0), (0.0, 13.0), (13.0, -13.0)]
        .map { (x: center.x + $0.0, y: center.y + $0.1) }
      let others = centers[..<index] + centers[(index + 1)...]
      let label =
        sides.first { side in
          (others + labels).allSatisfy { abs($0.x - side.x) > 11 || abs($0.y - side.y) > 12 }
        } ?? sides[0]
      labels.append(label)
      return [
        SVG.element("circle", ["cx": center.x, "cy": center.y, "r": 4.0], fill: .blue),
        SVG.text("\(index + 1)", x: label.x, y: label.y + 4, anchor: "middle"),
      ]
    }
  }

  /// Numbers and names, in rows of three.
  private func legend(_ items: [Item], from y: Double) -> [String] {
    items.enumerated().map { index, item in
      let row = Double(index / 3)
      let x = 64 + Double(index % 3) * 256
      return SVG.text("\(index + 1)", aside: item.name, x: x, y: y + 18 * row, weight: 600)
    }
  }

  private func y(_ value: Double, _ axis: Axis) -> Double {
    bottom - axis.position(of: value) * (bottom - top)
  }
}

/// A logarithmic scale over whole decades.
struct LogarithmicAxis {
  /// The decimal logarithms of the axis' beginning and end.
  let lower: Double
  let upper: Double
  /// The values marked on the axis, ascending.
  let ticks: [Double]

  /// An axis that holds all values above 0; others lie at its beginning.
  init(holding values: [Double]) {
    let exponents = values.filter { $0 > 0 && $0 < .infinity }.map { log10($0) }
    lower = (exponents.min() ?? 0).rounded(.down)
    upper = max(lower + 1, (exponents.max() ?? 1).rounded(.up))
    let lower = lower
    ticks = (0...Int(upper - lower)).map { pow(10, lower + Double($0)) }
  }

  /// Where a value lies on the axis, 0 at its beginning and 1 at its end.
  func position(of value: Double) -> Double {
    value > 0 ? min(1, max(0, (log10(value) - lower) / (upper - lower))) : 0
  }

  /// A power of ten in words, as in `10k`.
  static func label(for tick: Double) -> String {
    for (size, unit) in [(1e9, "G"), (1e6, "M"), (1e3, "k")] where tick >= size * 0.999 {
      return fixedDecimal(tick / size, fractionDigits: 0) + unit
    }
    let digits = max(0, -Int(log10(tick).rounded()))
    return fixedDecimal(tick, fractionDigits: digits)
  }
}
