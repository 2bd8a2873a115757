import Testing

@testable import Plots

@Suite struct AxisTests {
  @Test(arguments: [
    ([2.31, 0.1, 0.8], ["0.0", "0.5", "1.0", "1.5", "2.0", "2.5"]),
    ([0.0, 1.0], ["0.0", "0.2", "0.4", "0.6", "0.8", "1.0"]),
    ([0.3], ["0.0", "0.1", "0.2", "0.3"]),
    ([12.0, 3], ["0", "5", "10", "15"]),
    ([-1.5, 2], ["-2", "-1", "0", "1", "2"]),
    ([0.0042], ["0.000", "0.001", "0.002", "0.003", "0.004", "0.005"]),
    ([3.2e20], ["0", "1e20", "2e20", "3e20", "4e20"]),
    ([4.0e-9], ["0", "1e-9", "2e-9", "3e-9", "4e-9"]),
    ([], ["0.0", "0.2", "0.4", "0.6", "0.8", "1.0"]),
    ([0.0], ["0.0", "0.2", "0.4", "0.6", "0.8", "1.0"]),
  ])
  func ticksAreRound(_ values: [Double], _ labels: [String]) {
    let axis = Axis(holding: values)
    #expect(axis.ticks.map(axis.label) == labels)
    #expect(axis.ticks.first == axis.lower && axis.ticks.last == axis.upper)
  }

  @Test(arguments: [1e-100, 3e-17, 1e-5, 0.7, 1, 99.99, 1e6, 1e100, -1e100, .leastNonzeroMagnitude])
  func everyValueLiesOnTheAxis(_ value: Double) {
    let axis = Axis(holding: [value])
    #expect((-1e-9...1 + 1e-9).contains(axis.position(of: value)))
    #expect((2...12).contains(axis.ticks.count))
  }

  @Test(arguments: [
    (1, 10, ["1", "2", "3", "4", "5", "6", "7", "8", "9", "10"]), (1, 1, ["1"]),
    (11, 13, ["11", "12", "13"]),
    (1, 100, ["10", "20", "30", "40", "50", "60", "70", "80", "90", "100"]),
    (1, 37, ["5", "10", "15", "20", "25", "30", "35"]),
  ])
  func epochsHaveWholeTicks(_ first: Int, _ last: Int, _ labels: [String]) {
    let axis = Axis(from: first, through: last)
    #expect(axis.ticks.map(axis.label) == labels)
    #expect(axis.ticks.allSatisfy { (0...1).contains(axis.position(of: $0)) })
  }

  @Test func positionsAreLinear() {
    let axis = Axis(from: 1, through: 5)
    #expect(axis.position(of: 1) == 0 && axis.position(of: 2) == 0.25 && axis.position(of: 5) == 1)
    #expect(Axis(from: 7, through: 7).position(of: 7) == 0.5)
  }
}
