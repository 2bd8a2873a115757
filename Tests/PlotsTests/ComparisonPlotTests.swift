import Testing

@testable import Plots

@Suite struct ComparisonPlotTests {
  private let items = [
    ComparisonPlot.Item(name: "small & old", parameterCount: 1000, seconds: 1, error: 0.2),
    ComparisonPlot.Item(name: "large", parameterCount: 100_000, seconds: 100, error: 0.1),
    ComparisonPlot.Item(name: "broken", parameterCount: 10, seconds: 1, error: .nan),
  ]

  @Test func dotsLieAtTheirFigures() throws {
    let elements = try parsedXML(ComparisonPlot(items, title: "Two models").svg)
    let dots = elements.filter { $0.name == "circle" }.map(\.attributes)
    // Each panel is 340 wide and holds two decades; the error axis goes from 0 at 348 to 0.2 at 100.
    #expect(dots.map { $0["cx"] } == ["64", "404", "472", "812"])
    #expect(dots.map { $0["cy"] } == ["100", "224", "100", "224"])
    for text in [
      "Two models", "parameters", "seconds of training", "validation error", "1small & old",
      "2large",
    ] {
      #expect(elements.texts.contains(text), "\(text) in \(elements.texts)")
    }
    #expect(!elements.texts.contains { $0.contains("broken") })
    for tick in ["1k", "10k", "100k", "1", "10", "100", "0.20"] {
      #expect(elements.texts.contains(tick), "\(tick)")
    }
  }

  @Test func numbersStayApart() throws {
    let same = (0..<4).map {
      ComparisonPlot.Item(name: "\($0)", parameterCount: 5000, seconds: 3, error: 0.1)
    }
    let elements = try parsedXML(ComparisonPlot(same).svg)
    let numbers = elements.filter { $0.name == "text" && $0.attributes["font-weight"] == "400" }
      .filter { $0.attributes["text-anchor"] == "middle" }
      .compactMap { element in
        element.attributes["x"].flatMap { x in element.attributes["y"].map { x + " " + $0 } }
      }
    #expect(Set(numbers).count == numbers.count)
  }

  @Test func nothingToCompare() throws {
    let svg = ComparisonPlot([]).svg
    #expect(try parsedXML(svg).allSatisfy { $0.name != "circle" })
    #expect(svg.contains("<desc>A plot without models.</desc>"))
  }

  @Test func logarithmicAxes() {
    let axis = LogarithmicAxis(holding: [0.05, 30, 0, .infinity])
    #expect(axis.lower == -2 && axis.upper == 2 && axis.ticks.count == 5)
    #expect(abs(axis.position(of: 1) - 0.5) < 1e-12)
    #expect(axis.position(of: 0) == 0 && axis.position(of: 1e9) == 1)
    #expect(axis.ticks.map(LogarithmicAxis.label) == ["0.01", "0.1", "1", "10", "100"])
    #expect([1e3, 1e4, 1e6, 1e10].map(LogarithmicAxis.label) == ["1k", "10k", "1M", "10G"])
    #expect(LogarithmicAxis(holding: []).upper == 1 && LogarithmicAxis(holding: [10]).lower == 1)
  }
}
