import Autograd
import NN

/// The course of a training run as a picture: losses and accuracy over epochs.
///
/// By default it is the figure of Dive into Deep Learning, chapter 7.6: train_loss solid, val_loss dashed,
/// val_acc dash-dotted. The SVG adapts to the reader's light or dark color scheme. Values that are
/// not finite, or beyond 1e100 in magnitude, leave a gap.
public struct TrainingPlot: Sendable {
  /// The run that is shown.
  public var history: History
  /// The heading above the plot; none if nil.
  public var title: String?
  /// The names of the figures that are shown; those without a value are left out.
  ///
  /// They are `train_loss`, `val_loss`, `val_acc`, `learning_rate`, or that of one that was reported, as `val_mae`.
  public var figures: [String]

  /// Creates a plot of a run.
  public init(
    _ history: History, title: String? = nil,
    figures: [String] = ["train_loss", "val_loss", "val_acc"]
  ) {
    self.history = history
    self.title = title
    self.figures = figures
  }

  /// The picture as a complete SVG document, 640 by 400 pixels and scalable.
  public var svg: String {
    let series = self.series
    let numbers = history.epochs.map(\.epoch)
    let horizontal = Axis(from: numbers.min() ?? 1, through: numbers.max() ?? 1)
    let vertical = Axis(holding: series.flatMap(\.drawableValues))
    var content: [String] = []
    if let title { content.append(SVG.text(title, x: frame.left, y: 32, size: 16, weight: 600)) }
    if history.wasInterrupted {
      content.append(
        SVG.text(
          interruption, x: frame.right, y: title == nil ? 24 : 32, ink: .muted, anchor: "end"))
    }
    content += legend(of: series)
    content += axes(horizontal, vertical, label: label(of: series))
    content += series.map { curve($0, horizontal, vertical) }
    if series.allSatisfy(\.drawableValues.isEmpty) {
      let notice = history.epochs.isEmpty ? "no completed epoch" : "no finite value"
      content.append(
        SVG.text(
          notice, x: (frame.left + frame.right) / 2, y: (frame.top + frame.bottom) / 2, ink: .muted,
          anchor: "middle"))
    }
    return SVG.document(
      width: 640, height: 400, title: title ?? "Training", description: description(of: series),
      content: content)
  }

  /// Its top is below the legend's rows.
  private var frame: (left: Double, right: Double, top: Double, bottom: Double) {
    (64, 616, 84 + 16 * Double(max(0, figures.count - 1) / legendColumns), 348)
  }

  /// Names that are longer than the usual ones take more room.
  private var legendColumns: Int { figures.allSatisfy { $0.count <= 12 } ? 3 : 2 }

  /// The kinds of figures, as in `loss, accuracy`.
  private func label(of series: [Series]) -> String {
    var kinds: [String] = []
    for name in series.map(\.name) {
      let kind = ["train_", "val_"].first { name.hasPrefix($0) }.map { name.dropFirst($0.count) }
      let word = kind == "acc" ? "accuracy" : kind.map(String.init) ?? "learning rate"
      if !kinds.contains(word) { kinds.append(word) }
    }
    return kinds.joined(separator: ", ")
  }

  private var interruption: String {
    "interrupted after \(history.epochs.count) epoch" + (history.epochs.count == 1 ? "" : "s")
  }

  private struct Series {
    var name: String
    var ink: Ink
    var dashes: String?
    /// A sign around a point, for a value without neighbors; such signs stay apart where values
    /// coincide.
    var mark: String
    /// Epoch and value; nil where the epoch has none.
    var points: [(epoch: Int, value: Double?)]

    var drawableValues: [Double] { points.compactMap(\.value).filter(Self.isDrawable) }
    static func isDrawable(_ value: Double) -> Bool { value.magnitude <= 1e100 }
  }

  /// The curves that have values, in the order of their names; colors and dashes go around.
  private var series: [Series] {
    let inks = [Ink.blue, .orange, .green]
    let dashes = [nil, "7 4", "10 4 2 4"]
    let marks = [Self.plus, Self.ring, Self.diamond]
    return figures.enumerated().map { index, name in
      Series(
        name: name, ink: inks[index % 3], dashes: dashes[(index + index / 3) % 3],
        mark: marks[(index + index / 3) % 3], points: history.epochs.map { ($0.epoch, $0[name]) })
    }.filter { history.epochs.isEmpty || $0.points.contains { $0.value != nil } }
  }

  /// Names and last values above the frame, where no curve can be.
  private func legend(of series: [Series]) -> [String] {
    let (top, columns) = (title == nil ? 44.0 : 60.0, legendColumns)
    return series.enumerated().flatMap { index, series in
      let x = frame.left + Double(index % columns) * (columns == 3 ? 176 : 264)
      let y = top + 16 * Double(index / columns)
      let sample = path("M\(SVG.number(x)) \(SVG.number(y - 4))h32", series)
      let last = series.points.last?.value.map(shortDecimal)
      return [sample, SVG.text(series.name, aside: last, x: x + 40, y: y)]
    }
  }

  private func axes(_ horizontal: Axis, _ vertical: Axis, label: String) -> [String] {
    var content: [String] = []
    for tick in vertical.ticks {
      let y = self.y(tick, vertical)
      let ink: Ink = tick == vertical.lower ? .axis : .grid
      content.append(
        line("M\(SVG.number(frame.left)) \(SVG.number(y))H\(SVG.number(frame.right))", ink))
      content.append(
        SVG.text(vertical.label(for: tick), x: frame.left - 8, y: y + 4, ink: .muted, anchor: "end")
      )
    }
    for tick in horizontal.ticks {
      let x = self.x(tick, horizontal)
      content.append(line("M\(SVG.number(x)) \(SVG.number(frame.bottom))v4", .axis))
      content.append(
        SVG.text(
          horizontal.label(for: tick), x: x, y: frame.bottom + 19, ink: .muted, anchor: "middle"))
    }
    let middle = (frame.top + frame.bottom) / 2
    content.append(
      SVG.text("epoch", x: (frame.left + frame.right) / 2, y: frame.bottom + 40, anchor: "middle"))
    content.append(
      SVG.element(
        "g", ["transform": "rotate(-90 20 \(SVG.number(middle)))"],
        SVG.text(label, x: 20, y: middle, anchor: "middle")))
    return content
  }

  /// A curve: a line through neighboring values, broken where one is missing, and a mark for a
  /// value without neighbors.
  private func curve(_ series: Series, _ horizontal: Axis, _ vertical: Axis) -> String {
    var lines = ""
    var marks = ""
    for run in series.points.split(whereSeparator: { !($0.value.map(Series.isDrawable) ?? false) })
    {
      let points = run.map { epoch, value in
        SVG.number(x(Double(epoch), horizontal)) + " " + SVG.number(y(value ?? 0, vertical))
      }
      if points.count > 1 {
        lines += "M" + points.joined(separator: "L")
      } else {
        marks += "M" + points[0] + series.mark
      }
    }
    let drawing =
      (lines.isEmpty ? "" : path(lines, series))
      + (marks.isEmpty ? "" : path(marks, series, isDashed: false))
    return SVG.element("g", ["id": series.name], drawing)
  }

  private static let plus = "m-4 0h8m-4-4v8"
  private static let ring = "m-6 0a6 6 0 1 0 12 0a6 6 0 1 0-12 0z"
  private static let diamond = "m0-5l5 5l-5 5l-5-5z"

  private func path(_ data: String, _ series: Series, isDashed: Bool = true) -> String {
    SVG.element(
      "path",
      [
        "d": data, "stroke-width": 2.0, "stroke-linejoin": "round",
        "stroke-dasharray": isDashed ? series.dashes ?? "none" : "none",
      ], stroke: series.ink)
  }

  private func line(_ data: String, _ ink: Ink) -> String {
    SVG.element("path", ["d": data], stroke: ink)
  }

  private func x(_ value: Double, _ axis: Axis) -> Double {
    frame.left + axis.position(of: value) * (frame.right - frame.left)
  }

  private func y(_ value: Double, _ axis: Axis) -> Double {
    frame.bottom - axis.position(of: value) * (frame.bottom - frame.top)
  }

  /// The picture in words.
  private func description(of series: [Series]) -> String {
    let figures = series.compactMap { series in
      (series.points.last?.value).map { "\(series.name) \(shortDecimal($0))" }
    }
    guard let last = history.epochs.last?.epoch else { return "A plot without a completed epoch." }
    return "Curves over epochs; after epoch \(last): \(figures.joined(separator: ", "))."
  }
}
