import Autograd
import Foundation
import TestSupport
import Testing

@testable import NN

/// 100 rates of each schedule against PyTorch's: `Tests/Reference/schedules.py` wrote the fixture.
struct ScheduleFixture: Decodable {
  let bases: [Double]
  let figures: [Double]
  let rates: [String: [[Double]]]
  let momenta: [String: [Double]]

  static func read() throws -> ScheduleFixture {
    let folder = try #require(Bundle.module.resourcePath)
    return try JSONDecoder().decode(
      ScheduleFixture.self,
      from: Data(contentsOf: URL(filePath: folder + "/Fixtures/schedules.json"))
    )
  }

  /// An optimizer with a group for each base.
  func optimizer() -> SGD {
    let optimizer = SGD([Parameter(Tensor([0]))], learningRate: bases[0])
    for base in bases.dropFirst() {
      optimizer.addGroup([Parameter(Tensor([0]))]) { $0.learningRate = base }
    }
    return optimizer
  }
}

@Suite struct ScheduleTests {
  static let schedules: [(name: String, schedule: Schedule)] = [
    ("step", .step(size: 30)), ("step2", .step(size: 7, gamma: 0.8)),
    ("multiStep", .multiStep(at: [10, 11, 60], gamma: 0.3)),
    ("exponential", .exponential(gamma: 0.95)),
    ("polynomial", .polynomial(steps: 80, power: 2.5)), ("polynomial1", .polynomial(steps: 40)),
    ("cosine", .cosine(steps: 100)), ("cosine2", .cosine(steps: 30, minimum: 0.01)),
    ("restarts", .cosineWithRestarts(steps: 17)),
    ("restarts2", .cosineWithRestarts(steps: 10, factor: 2, minimum: 0.005)),
    ("linear", .linear()), ("linear2", .linear(from: 1, to: 0.1, steps: 60)),
    ("constant", .constant(factor: 0.2, steps: 12)),
    ("lambda", .lambda { 1 / (1 + 0.1 * Double($0)) }),
    ("oneCycle", .oneCycle(maximum: 0.3, steps: 100)),
    (
      "oneCycle2",
      .oneCycle(
        maximum: 0.3, steps: 100, risingFraction: 0.4, annealing: .linear, initialDivisor: 10,
        finalDivisor: 100, threePhase: true)
    ),
    ("oneCycle3", .oneCycle(maximum: 0.3, steps: 100, risingFraction: 0.2, threePhase: true)),
    (
      "sequence",
      .sequence(
        [.constant(factor: 0.1, steps: 10), .exponential(gamma: 0.9), .step(size: 5, gamma: 0.5)],
        switchingAt: [10, 40])
    ),
    ("warmedUp", Schedule.cosine(steps: 92).warmedUp(steps: 8, from: 0.1)),
    (
      "product",
      .product([
        .constant(factor: 0.1, steps: 20), .exponential(gamma: 0.97), .linear(from: 0.5, steps: 9),
      ])
    ),
  ]

  @Test(arguments: schedules.indices) func ratesAgreeWithPyTorch(_ index: Int) throws {
    let fixture = try ScheduleFixture.read()
    let (name, schedule) = Self.schedules[index]
    let expected = try #require(fixture.rates[name])
    let optimizer = fixture.optimizer()
    let scheduler = Scheduler(optimizer, schedule)
    for step in 0..<100 {
      for (found, wanted) in zip(optimizer.learningRates, expected[step]) {
        // PyTorch multiplies step by step, which rounds a hundred times.
        #expect(abs(found - wanted) <= 1e-13 * max(abs(wanted), 1e-3), "\(schedule) \(step)")
      }
      scheduler.step()
    }
  }

  @Test func everyScheduleOfTheFixtureIsTested() throws {
    let plateaus = SchedulerTests.plateaus.map(\.name)
    #expect(
      try ScheduleFixture.read().rates.keys.sorted()
        == (Self.schedules.map(\.name) + plateaus).sorted())
  }

  @Test func ratesAreAFunctionOfTheStep() {
    #expect(Schedule.unchanging.rate(after: 9, base: 0.3) == 0.3)
    #expect(Schedule.step(size: 2, gamma: 0.5).rate(after: 5, base: 8) == 2)
    #expect(Schedule.polynomial(steps: 4).rate(after: 9, base: 1) == 0)
    #expect(Schedule("own") { Double($0) + $1 }.rate(after: 3, base: 1) == 4)
    #expect("\(Schedule.step(size: 2, gamma: 0.5))" == "step(size: 2, gamma: 0.5)")
    #expect(
      "\(Schedule.cosine(steps: 9).warmedUp(steps: 2, from: 0.5))"
        == "sequence([linear(from: 0.5, to: 1.0, steps: 2), cosine(steps: 9, minimum: 0.0)], "
        + "switchingAt: [2])")
  }

  static let mistakes = [
    Mistake("step", "size", "1", "0") { _ = Schedule.step(size: 0) },
    Mistake("oneCycle", "2 steps", "1") { _ = Schedule.oneCycle(maximum: 1, steps: 1) },
    Mistake("linear", "factors", "0") { _ = Schedule.linear(from: 0) },
    Mistake("oneCycle", "momentum", "0", "1", "0.5...1.0") {
      _ = Schedule.oneCycle(maximum: 1, steps: 2, momentum: 0.5...1)
    },
    Mistake("sequence", "2 schedules", "1 milestones", "[]") {
      _ = Schedule.sequence([.unchanging, .unchanging], switchingAt: [])
    },
    Mistake("sequence", "milestones", "0", "[5, 5]") {
      _ = Schedule.sequence([.unchanging, .unchanging, .unchanging], switchingAt: [5, 5])
    },
    Mistake("Plateau", "factor", "0", "1", "1.0") { _ = Plateau.Options { $0.factor = 1 } },
  ]

  @Test(arguments: mistakes.indices) func mistakesStop(index: Int) async {
    let result = await #expect(
      processExitsWith: .failure, observing: [\.standardErrorContent]
    ) { [index] in
      ScheduleTests.mistakes[index].body()
    }
    expect(result, names: Self.mistakes[index].names)
  }
}
