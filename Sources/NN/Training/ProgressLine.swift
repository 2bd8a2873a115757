import Autograd
internal import Platform

/// The text of a progress display: pure functions of figures and width, with nothing to do with a
/// terminal.
///
/// Only ASCII is used, so that a character is one column in every terminal and locale.
struct ProgressLine {
  var epoch: Int
  var epochCount: Int
  var batch: Int
  var batchCount: Int
  /// The mean loss over the epoch so far.
  var loss: Double
  var samplesPerSecond: Double
  /// What a sample is called, in the plural: `images`.
  var sampleName: String
  /// The time to the end of the whole run; nil while unknown.
  var secondsLeft: Double?

  private static let shortestBar = 8
  private static let longestBar = 42
  private static let gap = "  "

  /// The line for a terminal of that many columns: the most informative of several layouts that
  /// fits.
  ///
  /// The last column stays empty, because some terminals wrap as soon as it is written.
  func text(columns: Int) -> String {
    let width = max(0, columns - 1)
    let count = Self.counted(epoch, of: epochCount)
    let epochText = "epoch " + count
    let batchText = Self.counted(batch, of: batchCount)
    let lossText = "loss " + fixedDecimal(loss, fractionDigits: 3)
    let rateText =
      fixedDecimal(samplesPerSecond, fractionDigits: 0).padded(to: 5) + " \(sampleName)/s"
    let leftText = Self.duration(secondsLeft) + " left"
    let layouts: [(before: String, hasBar: Bool, after: [String])] = [
      (epochText, true, [batchText, lossText, rateText, leftText]),
      (epochText, true, [batchText, lossText, leftText]),
      (epochText, true, [lossText, leftText]),
      (count, true, [lossText, leftText]),
      (count, false, [lossText, leftText]),
      (count, false, [lossText]),
    ]
    for layout in layouts {
      let after = layout.after.map { Self.gap + $0 }.joined()
      let room = width - layout.before.count - after.count - Self.gap.count
      if !layout.hasBar, layout.before.count + after.count <= width { return layout.before + after }
      if layout.hasBar, room >= Self.shortestBar {
        return layout.before + Self.gap + bar(width: min(room, Self.longestBar)) + after
      }
    }
    return String(count.prefix(width))
  }

  /// A bar of `width` columns, its brackets included, filled by the fraction of the epoch's batches
  /// that is done.
  func bar(width: Int) -> String {
    let inside = max(0, width - 2)
    let share = batchCount > 0 ? min(1, max(0, Double(batch) / Double(batchCount))) : 0
    let filled = Int(share * Double(inside))
    let isTipped = filled > 0 && filled < inside
    let body = String(repeating: "=", count: isTipped ? filled - 1 : filled) + (isTipped ? ">" : "")
    return "[" + body + String(repeating: " ", count: inside - body.count) + "]"
  }

  /// The permanent line of a completed epoch, shortened to the terminal's columns where there is
  /// one.
  ///
  /// A narrow terminal loses whole figures at the end, never digits of one.
  static func summary(of metrics: EpochMetrics, epochCount: Int, columns: Int? = nil) -> String {
    let count =
      counted(metrics.epoch, of: epochCount) + (metrics.batch.map { ", batch \($0)" } ?? "")
    let seconds = [fixedDecimal(metrics.seconds, fractionDigits: 1) + " s"]
    func parts(_ names: [(name: String, text: String)]) -> [String] {
      names.compactMap { name, text in
        metrics[name].map { "\(text) \(shortDecimal($0))" }
      }
    }
    let main = ["train_loss", "val_loss", "val_acc"]
    let long = ["epoch " + count] + parts(main.map { ($0, $0) }) + seconds
    let all =
      long.dropLast() + parts(metrics.reported.keys.sorted().map { ($0, $0) }) + seconds
    var short = [count] + parts(Array(zip(main, ["train", "val", "acc"]))) + seconds
    guard let columns else { return all.joined(separator: gap) }
    let width = max(0, columns - 1)
    let layouts = [Array(all), long, long.dropLast(), short, short.dropLast()]
    if let line = layouts.lazy.map({ $0.joined(separator: gap) }).first(where: { $0.count <= width }
    ) {
      return line
    }
    while short.count > 1, short.joined(separator: " ").count > width { short.removeLast() }
    return String(short.joined(separator: " ").prefix(width))
  }

  /// A duration as minutes and seconds, `4:05`, from an hour on with hours, `1:04:05`; `-:--` where
  /// it is unknown.
  static func duration(_ seconds: Double?) -> String {
    guard let seconds, seconds.isFinite, seconds >= 0, seconds < 1e9 else { return "-:--" }
    let total = Int(seconds.rounded())
    let (hours, minutes, rest) = (
      total / 3600, total / 60 % 60, String(total % 60).padded(to: 2, with: "0")
    )
    return hours > 0
      ? "\(hours):\(String(minutes).padded(to: 2, with: "0")):\(rest)" : "\(minutes):\(rest)"
  }

  /// One of many, ` 3/10`, padded so that all numbers up to `total` are equally wide.
  private static func counted(_ number: Int, of total: Int) -> String {
    String(number).padded(to: String(total).count) + "/\(total)"
  }
}

/// A figure with three decimals, or with three digits and an exponent where that would show too few.
package func shortDecimal(_ value: Double) -> String {
  if value == 0 || !value.isFinite || value.magnitude >= 0.01 {
    return fixedDecimal(value, fractionDigits: 3)
  }
  // 0.00999999 is 1.00e-2.
  let exponent = Int(log10(value.magnitude * 1.000_5).rounded(.down))
  return fixedDecimal(value / pow(10, Double(exponent)), fractionDigits: 2) + "e\(exponent)"
}
