import Autograd
import TestSupport
import Testing

@testable import NN

@Suite struct SchedulerTests {
  static let plateaus: [(name: String, options: Plateau.Options)] = [
    ("plateau", Plateau.Options()),
    (
      "plateau2",
      Plateau.Options {
        ($0.isMaximized, $0.factor, $0.patience) = (true, 0.5, 3)
        ($0.threshold, $0.isThresholdRelative) = (0.01, false)
        ($0.cooldown, $0.minimum) = (4, 0.001)
      }
    ),
    (
      "plateau3",
      Plateau.Options {
        ($0.factor, $0.patience, $0.threshold, $0.cooldown) = (0.7, 0, 0.02, 1)
      }
    ),
    (
      "plateau4",
      Plateau.Options {
        ($0.isMaximized, $0.factor, $0.patience) = (true, 0.5, 2)
        ($0.threshold, $0.minimumDelta) = (0.03, 0.03)
      }
    ),
    (
      "plateau5",
      Plateau.Options {
        ($0.factor, $0.patience, $0.minimum) = (0.4, 5, 0.004)
        ($0.threshold, $0.isThresholdRelative) = (0.01, false)
      }
    ),
  ]

  /// Unlike PyTorch's, whose limit for -10 is -9.999: there -9.9995 counts as better.
  @Test func plateausOfNegativeMetrics() {
    for isMaximized in [false, true] {
      let plateau = Plateau(
        SGD([Parameter(Tensor([0]))], learningRate: 1),
        .init { $0.isMaximized = isMaximized })
      plateau.step(-10)
      plateau.step(isMaximized ? -10.0005 : -9.9995)
      #expect(plateau.best == -10)
      plateau.step(isMaximized ? -9.9995 : -10.0005)
      #expect(plateau.best == -10)
      let better = isMaximized ? -9.99 : -10.01
      plateau.step(better)
      #expect(plateau.best == better)
    }
  }

  /// In the middle another plateau goes on from a file.
  @Test(arguments: plateaus.indices) func plateausAgreeWithPyTorch(_ index: Int) throws {
    let fixture = try ScheduleFixture.read()
    let folder = try TemporaryFolder()
    let (name, options) = Self.plateaus[index]
    let expected = try #require(fixture.rates[name])
    let optimizer = fixture.optimizer()
    var plateau = Plateau(optimizer, options)
    for step in 0..<100 {
      for (found, wanted) in zip(optimizer.learningRates, expected[step]) {
        #expect(abs(found - wanted) <= 1e-15 * wanted, "\(step)")
      }
      plateau.step(fixture.figures[step])
      if step == 57 {
        try plateau.save(to: folder("plateau"))
        plateau = Plateau(optimizer, options)
        try plateau.load(from: folder("plateau"))
      }
    }
    #expect(Set(expected.map { $0[0] }).count > 1)
  }

  static let cycles: [(name: String, schedule: Schedule)] = [
    ("oneCycle", .oneCycle(maximum: 0.3, steps: 100, momentum: 0.85...0.95)),
    (
      "oneCycle2",
      .oneCycle(
        maximum: 0.3, steps: 100, risingFraction: 0.4, annealing: .linear, initialDivisor: 10,
        finalDivisor: 100, threePhase: true, momentum: 0.6...0.9)
    ),
  ]

  /// Also inside of other schedules, and from a saved state on.
  @Test(arguments: cycles.indices) func momentaAgreeWithPyTorch(_ index: Int) throws {
    let (name, cycle) = Self.cycles[index]
    let fixture = try ScheduleFixture.read()
    let (rates, momenta) = try (
      #require(fixture.rates[name]), #require(fixture.momenta[name])
    )
    #expect(fixture.momenta.count == Self.cycles.count)
    let (sgd, adam) = (
      SGD([Parameter(Tensor([0]))], learningRate: 1, momentum: 0.5),
      Adam([Parameter(Tensor([0]))])
    )
    adam.addGroup([Parameter(Tensor([0]))])
    let folder = try TemporaryFolder()
    let first = Scheduler(sgd, cycle)
    var second = Scheduler(adam, .sequence([.product([.unchanging, cycle])], switchingAt: []))
    for step in 0..<100 {
      let found =
        [sgd.groups[0].options.momentum] + adam.groups.map(\.options.beta1)
      #expect(found.allSatisfy { abs($0 - momenta[step]) < 1e-14 }, "\(step)")
      #expect(abs(sgd.learningRate - rates[step][0]) < 1e-14)
      #expect(adam.groups[1].options.beta2 == 0.999)
      first.step()
      second.step()
      if step == 40 {
        try second.save(to: folder("scheduler"))
        second = Scheduler(adam, second.schedule)
        try second.load(from: folder("scheduler"))
      }
    }
    #expect(Schedule.cosine(steps: 5).momentum(after: 3) == nil)
  }

  @Test func momentumOfWhatHasNone() async {
    let result = await #expect(
      processExitsWith: .failure, observing: [\.standardErrorContent]
    ) {
      let optimizer = Adagrad([Parameter(Tensor([0]))])
      _ = Scheduler(optimizer, .oneCycle(maximum: 1, steps: 5, momentum: 0.8...0.9))
    }
    expect(result, names: "Scheduler", "Adagrad", "momentum")
  }

  @Test func aSavedSchedulerGoesOn() throws {
    let folder = try TemporaryFolder()
    func optimizer() -> SGD { SGD([Parameter(Tensor([0]))], learningRate: 0.5) }
    let scheduler = Scheduler(optimizer(), .exponential(gamma: 0.9))
    for _ in 1...7 { scheduler.step() }
    try scheduler.save(to: folder("scheduler"))
    let (second, other) = (optimizer(), optimizer())
    other.learningRate = 3
    let resumed = Scheduler(other, .exponential(gamma: 0.9))
    try resumed.load(from: folder("scheduler"))
    #expect(resumed.stepCount == 7)
    #expect(other.learningRate == scheduler.optimizer.learningRate)
    resumed.step()
    scheduler.step()
    #expect(other.learningRate == scheduler.optimizer.learningRate)
    #expect(throws: FileError.self) {
      second.addGroup([Parameter(Tensor([0]))])
      try Scheduler(second, .unchanging).load(from: folder("scheduler"))
    }
  }
}
