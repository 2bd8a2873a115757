import Autograd
import NN
import Plots

/// What several models came to on the same data.
struct Comparison {
  /// A model that was trained to its last epoch.
  struct Entry {
    let model: ImageModel
    let parameterCount: Int
    /// The accuracy on the validation images after the last epoch, 0 to 1.
    let accuracy: Double
    /// The time of all epochs in seconds, without validation.
    let seconds: Double

    init(
      _ model: ImageModel, parameterCount: Int, _ epochs: some BidirectionalCollection<EpochMetrics>
    ) {
      self.model = model
      self.parameterCount = parameterCount
      accuracy = epochs.last?.validationAccuracy ?? .nan
      seconds = epochs.reduce(0) { $0 + $1.seconds }
    }
  }

  let dataName: String
  let epochCount: Int
  var entries: [Entry] = []

  /// A table in Markdown.
  var table: String {
    let rows =
      [["model", "parameters", "val_acc", "in the book", "seconds"]]
      + entries.map { entry in
        [
          entry.model.name, Self.grouped(entry.parameterCount), decimal(entry.accuracy, 3),
          entry.model.published.map {
            "\(decimal($0.lowerBound, 3)) to \(decimal($0.upperBound, 3))"
          } ?? "", decimal(entry.seconds, 1),
        ]
      }
    let widths = rows[0].indices.map { column in rows.map { $0[column].count }.max()! }
    func line(_ cells: [String]) -> String {
      let padded = zip(cells, widths).enumerated().map { index, cell in
        let gap = String(repeating: " ", count: cell.1 - cell.0.count)
        return index == 0 ? cell.0 + gap : gap + cell.0
      }
      return "| " + padded.joined(separator: " | ") + " |"
    }
    let rule =
      "|"
      + widths.enumerated().map { index, width in
        (index == 0 ? ":" : "-") + String(repeating: "-", count: width) + (index == 0 ? "-" : ":")
      }.joined(separator: "|") + "|"
    return ([line(rows[0]), rule] + rows.dropFirst().map(line)).joined(separator: "\n") + "\n"
  }

  /// The same as comma-separated values, with all digits; empty where the book shows nothing.
  var csv: String {
    let lines = entries.map { entry in
      let published = entry.model.published
      return [
        "\"\(entry.model.name)\"", String(entry.parameterCount), decimal(entry.accuracy, 6),
        published.map { decimal($0.lowerBound, 3) } ?? "",
        published.map { decimal($0.upperBound, 3) } ?? "", decimal(entry.seconds, 3),
      ].joined(separator: ",")
    }
    let header = "model,parameters,val_acc,book_lowest,book_highest,seconds"
    return ([header] + lines).joined(separator: "\n") + "\n"
  }

  /// Errors beside parameters and seconds.
  var plot: ComparisonPlot {
    ComparisonPlot(
      entries.map {
        ComparisonPlot.Item(
          name: $0.model.name, parameterCount: $0.parameterCount, seconds: $0.seconds,
          error: 1 - $0.accuracy)
      }, title: "\(dataName), \(epochCount) epoch\(epochCount == 1 ? "" : "s")")
  }

  private func decimal(_ value: Double, _ digits: Int) -> String {
    fixedDecimal(value, fractionDigits: digits)
  }

  /// As in `61,706`.
  static func grouped(_ count: Int) -> String {
    var (text, rest) = ("", String(count)[...])
    while rest.count > 3 {
      text = "," + rest.suffix(3) + text
      rest = rest.dropLast(3)
    }
    return rest + text
  }
}
