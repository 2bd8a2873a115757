import NN
import Testing

@testable import Plots

@Suite struct TrainingPlotTests {
  private func history(_ losses: [Double], validates: Bool = true, wasInterrupted: Bool = false)
    -> History
  {
    let epochs = losses.enumerated().map { index, loss in
      EpochMetrics(
        epoch: index + 1, trainLoss: loss, validationLoss: validates ? loss + 0.25 : nil,
        validationAccuracy: validates ? 0.5 : nil, seconds: 1)
    }
    return History(epochs: epochs, wasInterrupted: wasInterrupted)
  }

  /// The paths of the curve with this name.
  private func curve(_ name: String, in elements: [ParsedElement]) -> [[String: String]] {
    guard let start = elements.firstIndex(where: { $0.attributes["id"] == name }) else { return [] }
    return elements[(start + 1)...].prefix { $0.name == "path" }.map(\.attributes)
  }

  @Test func drawsAnyFigures() throws {
    var history = history([2, 1])
    history.epochs[0].reported = ["val_mae": 3, "train_f1": 0.5]
    history.epochs[1].reported = ["val_mae": 2, "train_f1": 1]
    let names = ["val_mae", "train_f1", "val_loss", "train_loss", "val_other"]
    let plot = TrainingPlot(history, title: "Figures", figures: names)
    let elements = try parsedXML(plot.svg)
    #expect(
      elements.texts.filter { $0.contains("_") && $0.count < 20 } == [
        "val_mae2.000", "train_f11.000", "val_loss1.250", "train_loss1.000",
      ])
    // Two rows of names: the frame begins at 100. The axis reaches to 3.
    #expect(curve("val_mae", in: elements)[0]["d"] == "M64 100L616 182.67")
    let looks = names.prefix(4).map { curve($0, in: elements)[0] }
      .map { $0["stroke"]! + $0["stroke-dasharray"]! }
    #expect(Set(looks).count == 4)
  }

  @Test func drawsD2LsFigure() throws {
    let elements = try parsedXML(TrainingPlot(history([2, 1, 0.5]), title: "A & B").svg)
    #expect(elements.texts.contains("A & B"))
    #expect(elements.texts.contains("epoch"))
    #expect(elements.texts.contains("loss, accuracy"))
    #expect(
      elements.texts.filter { $0.contains("_") } == [
        "train_loss0.500", "val_loss0.750", "val_acc0.500",
      ])
    let curves = ["train_loss", "val_loss", "val_acc"].map { curve($0, in: elements) }
    #expect(curves.map(\.count) == [1, 1, 1])
    #expect(curves.map { $0[0]["stroke-dasharray"] } == ["none", "7 4", "10 4 2 4"])
    #expect(Set(curves.map { $0[0]["stroke"] }).count == 3)
    // The axis reaches to 2.5; the frame is 264 high and ends at 348.
    #expect(curves[0][0]["d"] == "M64 136.8L340 242.4L616 295.2")
    #expect(curves[2][0]["d"] == "M64 295.2L340 295.2L616 295.2")
  }

  @Test func legendIsAboveEveryCurve() throws {
    for title in [nil, "title"] {
      let elements = try parsedXML(TrainingPlot(history([2, 1]), title: title).svg)
      let legend = elements.named("text").filter { $0.text.contains("_") }
      #expect(legend.count == 3)
      for entry in legend {
        let y = try #require(entry.attributes["y"].flatMap(Double.init))
        #expect(y < 84 - 12)
      }
    }
  }

  @Test func aSingleEpochIsAMarkNotALine() throws {
    let elements = try parsedXML(TrainingPlot(history([2])).svg)
    for name in ["train_loss", "val_loss", "val_acc"] {
      let paths = curve(name, in: elements)
      #expect(paths.count == 1)
      #expect(paths.first?["d"]?.hasPrefix("M340 ") == true)
      #expect(paths.first?["stroke-dasharray"] == "none")
    }
    #expect(elements.texts.contains("1"))
  }

  @Test(arguments: [Double.nan, .infinity, -.infinity, 1e300])
  func valuesThatCannotBeDrawnLeaveAGap(_ value: Double) throws {
    let svg = TrainingPlot(history([2, 1.5, value, 1, value, 0.75, 0.5])).svg
    let paths = curve("train_loss", in: try parsedXML(svg))
    #expect(paths.count == 2)
    #expect(paths.first?["d"]?.split(separator: "M").count == 2)
    #expect(paths.last?["d"]?.hasPrefix("M340 ") == true)
    for path in paths {
      #expect(!(path["d"] ?? "nan").contains { "naif+".contains($0) && $0 != "a" })
    }
  }

  @Test func nothingToDrawIsSaid() throws {
    #expect(try parsedXML(TrainingPlot(History()).svg).texts.contains("no completed epoch"))
    let elements = try parsedXML(TrainingPlot(history([.nan, .nan], validates: false)).svg)
    #expect(elements.texts.contains("no finite value"))
    #expect(elements.texts.contains("train_lossnan"))
    #expect(!(try parsedXML(TrainingPlot(history([1])).svg).texts.contains("no finite value")))
  }

  @Test func withoutValidationOnlyTheLoss() throws {
    let elements = try parsedXML(TrainingPlot(history([2, 1], validates: false)).svg)
    #expect(elements.texts.filter { $0.contains("_") } == ["train_loss1.000"])
    #expect(elements.texts.contains("loss"))
    #expect(curve("val_loss", in: elements).isEmpty)
  }

  @Test func interruptionIsSaid() throws {
    let interrupted = try parsedXML(TrainingPlot(history([2, 1], wasInterrupted: true)).svg)
    #expect(interrupted.texts.contains("interrupted after 2 epochs"))
    let one = try parsedXML(TrainingPlot(history([2], wasInterrupted: true)).svg)
    #expect(one.texts.contains("interrupted after 1 epoch"))
    #expect(
      !(try parsedXML(TrainingPlot(history([2, 1])).svg).texts.contains {
        $0.contains("interrupted")
      }))
  }

  @Test func markupInTheTitleIsText() throws {
    let elements = try parsedXML(TrainingPlot(history([1]), title: "</text><script>\u{8}").svg)
    #expect(elements.named("script").isEmpty)
    #expect(elements.texts.first == "</text><script>\u{FFFD}")
  }

  @Test func epochsNeedNotStartAtOne() throws {
    var history = history([2, 1, 0.5])
    for index in history.epochs.indices { history.epochs[index].epoch += 10 }
    let elements = try parsedXML(TrainingPlot(history).svg)
    #expect(
      elements.texts.contains("11") && elements.texts.contains("13")
        && !elements.texts.contains("1"))
    #expect(curve("train_loss", in: elements).first?["d"]?.hasPrefix("M64 ") == true)
  }
}
