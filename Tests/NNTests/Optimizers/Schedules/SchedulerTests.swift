import Autograd
import Testing

@testable import NN

@Suite struct SchedulerTests {
  static let plateaus: [(name: String, options: Plateau.Options)] = [
    ("plateau", Plateau.Options()),
    (
      "plateau2",
      Plateau.Options {
        ($0.isGrowing, $0.factor, $0.patience) = (true, 0.5, 3)
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
        ($0.isGrowing, $0.factor, $0.patience) = (true, 0.5, 2)
        ($0.threshold, $0.smallestChange) = (0.03, 0.03)
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
