import Autograd
import TestSupport
import Testing

@testable import NN

/// States that were changed elsewhere: each is refused, and nothing changes.
@Suite struct SavedStateTests {
  private static func parameters() -> [Parameter] {
    [Parameter(Tensor([1, 2, 3])), Parameter(Tensor(4))]
  }

  /// Objects two steps old, by name.
  private static func make(_ name: String) -> any SavedState {
    let parameters = parameters()
    func stepped(_ optimizer: any Optimizer) -> any Optimizer {
      for _ in 1...2 {
        optimizer.step(
          valueAndGradients(at: parameters) {
            parameters[0].value.square().sum() + parameters[1].value.exp()
          }.gradients)
      }
      return optimizer
    }
    switch name {
    case "Adam": return stepped(Adam(parameters))
    case "AdamW": return stepped(AdamW(parameters, amsgrad: true))
    case "NAdam": return stepped(NAdam(parameters))
    case "SGD": return stepped(SGD(parameters, momentum: 0.9))
    case "Nesterov": return stepped(SGD(parameters, momentum: 0.9, nesterov: true))
    case "RMSprop": return stepped(RMSprop(parameters, momentum: 0.9, centered: true))
    case "LBFGS": return stepped(LBFGS(parameters, historySize: 1))
    case "Scheduler":
      let scheduler = Scheduler(
        stepped(SGD(parameters, learningRate: 0.5)), .lambda { step in step < 9 ? 1 : 1e200 })
      scheduler.step()
      return scheduler
    case "Plateau":
      let plateau = Plateau(
        SGD(parameters), Plateau.Options { ($0.patience, $0.cooldown) = (3, 2) })
      for _ in 1...3 { plateau.step(1) }
      return plateau
    default:
      let average = WeightAverage(parameters)
      average.update()
      return average
    }
  }

  struct Change: Sendable, CustomTestStringConvertible {
    let owner, name: String
    /// Nil removes the tensor.
    let tensor: Tensor?
    let reason: String
    var testDescription: String { "\(owner) \(name) \(tensor?.summary ?? "removed"): \(reason)" }

    init(_ owner: String, _ name: String, _ tensor: Tensor?, _ reason: String) {
      (self.owner, self.name, self.tensor, self.reason) = (owner, name, tensor, reason)
    }

    init(_ owner: String, _ name: String, _ number: Double, _ reason: String) {
      self.init(owner, name, Tensor(number, dtype: .float64), reason)
    }
  }

  static let changes: [Change] = [
    Change(
      "Adam", "groups.0.learningRate", .nan, "groups.0.learningRate must be one number, got nan"),
    Change("Adam", "groups.0.learningRate", -1, "groups.0: the learning rate must be a finite"),
    Change(
      "Adam", "groups.0.learningRate", .infinity, "groups.0: the learning rate must be a finite"),
    Change("Adam", "groups.0.learningRate", Tensor([1, 2]), "must be one number, got float32 [2]"),
    Change("Adam", "groups.0.beta1", 7, "groups.0: beta1 must be at least 0 and below 1, got 7.0"),
    Change(
      "Adam", "groups.0.epsilon", -1e-8, "groups.0: epsilon must be a finite number of at least 0"),
    Change("Adam", "groups.1.beta1", 0.5, "unexpected: groups.1.beta1"),
    Change(
      "Adam", "state.0.step", 1e300, "state.0.step must be a whole number of at least 0, got 1e+300"
    ),
    Change("Adam", "state.0.step", 1.5, "state.0.step must be a whole number"),
    Change("Adam", "state.0.step", -1, "state.0.step must be a whole number"),
    Change("Adam", "state.0.step", .nan, "state.0.step must be one number, got nan"),
    Change("Adam", "state.0.step", nil as Tensor?, "state.0.step is missing"),
    Change("Adam", "state.0.exp_avg", nil as Tensor?, "state.0.exp_avg is missing"),
    Change("Adam", "state.0.exp_avg_sq", nil as Tensor?, "state.0.exp_avg_sq is missing"),
    Change("Adam", "state.0.exp_avg", Tensor(1), "state.0.exp_avg is float32 [], expected [3]"),
    Change("Adam", "state.1.exp_avg", Tensor([1]), "state.1.exp_avg is float32 [1], expected []"),
    Change("Adam", "state.0.exp_avg", Tensor(scalars: [1, 2, 3]), "is int64 [3], expected [3]"),
    Change("Adam", "state.0.exp_avg", Tensor([1, .nan, 1]), "state.0.exp_avg has NaN"),
    Change("Adam", "state.0.exp_avg_sq", Tensor([1, -1, 1]), "outside of 0.0...inf"),
    Change("Adam", "state.0.velocity", Tensor([1, 1, 1]), "unexpected: state.0.velocity"),
    Change("Adam", "state.0.\u{1b}[2J", Tensor([1, 1, 1]), "unexpected: state.0.\\u{1b}[2J"),
    Change("Adam", "state.2.exp_avg", Tensor([1]), "unexpected: state.2.exp_avg"),
    Change("Adam", "other", Tensor([1]), "unexpected: other"),
    Change("AdamW", "state.0.max_exp_avg_sq", nil as Tensor?, "state.0.max_exp_avg_sq is missing"),
    Change("NAdam", "state.0.mu_product", nil as Tensor?, "state.0.mu_product is missing"),
    Change("NAdam", "state.0.mu_product", Tensor([1, 1, 1]), "expected one number"),
    Change("NAdam", "state.0.mu_product", 1, "state.0.mu_product has NaN or an element outside"),
    Change("SGD", "state.0.momentum_buffer", nil as Tensor?, "state.0.momentum_buffer is missing"),
    Change(
      "Nesterov", "groups.0.dampening", 0.5, "groups.0: Nesterov's form needs momentum above 0"),
    Change("RMSprop", "state.1.grad_avg", nil as Tensor?, "state.1.grad_avg is missing"),
    Change("LBFGS", "iterations", .nan, "iterations must be one number, got nan"),
    Change("LBFGS", "iterations", 1e300, "iterations must be a whole number"),
    Change("LBFGS", "iterations", -1, "iterations must be a whole number"),
    Change("LBFGS", "iterations", 0, "direction is float32 [4], expected []"),
    Change("LBFGS", "learningRate", -1, "the learning rate must be a finite number"),
    Change("LBFGS", "length", .infinity, "length must be a finite number"),
    Change("LBFGS", "scale", -1, "scale must be a finite number"),
    Change("LBFGS", "direction", Tensor(1), "direction is float32 [], expected [4]"),
    Change("LBFGS", "gradient", Tensor([Double.nan, 1, 1, 1]), "gradient has NaN"),
    Change("LBFGS", "pairs.0.dx", nil as Tensor?, "pairs.0.dx is missing"),
    Change("LBFGS", "pairs.0.dy", nil as Tensor?, "unexpected: pairs.0.dx"),
    Change("LBFGS", "pairs.0.dx", Tensor.zeros([4]), "pairs.0.dy times dx is 0.0, expected more"),
    Change("Scheduler", "stepCount", .nan, "stepCount must be one number, got nan"),
    Change("Scheduler", "stepCount", 0x1p63, "stepCount must be a whole number"),
    Change("Scheduler", "bases", Tensor([-1]), "a rate in bases must be a finite number"),
    Change("Scheduler", "bases", Tensor([Double.nan]), "bases has NaN"),
    Change("Scheduler", "bases", Tensor(0.5), "bases is float32 [], expected [1]"),
    Change("Scheduler", "stepCount", nil as Tensor?, "stepCount is missing"),
    Change("Plateau", "best", .nan, "best must be one number, got nan"),
    Change(
      "Plateau", "counts", Tensor([Double.nan, 1e30]),
      "counts is float32 [2], expected integers [2]"),
    Change("Plateau", "counts", Tensor(scalars: [Int.max, 0]), "expected 0 to 3 and 0 to 2"),
    Change("Plateau", "counts", Tensor(scalars: [0, -1]), "expected 0 to 3 and 0 to 2"),
    Change("Plateau", "counts", Tensor(scalars: [0]), "counts is int64 [1], expected integers [2]"),
    Change("WeightAverage", "average.0", Tensor([1, .nan, 2]), "average.0 has NaN"),
    Change("WeightAverage", "average.0", Tensor(1), "average.0 is float32 [], expected [3]"),
    Change("WeightAverage", "average.7", Tensor(1), "unexpected: average.7"),
  ]

  private static func content(_ object: any SavedState) -> [[UInt8]] {
    object.state.map { Array($0.name.utf8) + $0.tensor.withBytes { Array($0) } }
  }

  @Test(arguments: changes) func changedStatesAreRefusedAndChangeNothing(_ change: Change) {
    var state = Dictionary(uniqueKeysWithValues: Self.make(change.owner).state.map { ($0, $1) })
    #expect(change.tensor != nil || state[change.name] != nil)
    state[change.name] = change.tensor
    let object = Self.make(change.owner)
    (object as? any Optimizer)?.learningRate = 0.25
    let before = Self.content(object)
    let error = #expect(throws: FileError.self) { try object.restore(state, from: "f") }
    #expect(error?.reason.contains(change.reason) == true, "\(error?.reason ?? "")")
    #expect(Self.content(object) == before)
  }

  /// A rate that the schedule makes of a base must be one that an optimizer takes.
  @Test func aScheduleOfABaseThatOverflowsIsRefused() {
    let object = Self.make("Scheduler")
    let state = ["stepCount": Tensor(9), "bases": Tensor([1e300], dtype: .float64)]
    let error = #expect(throws: FileError.self) { try object.restore(state, from: "f") }
    #expect(error?.reason.contains("the rate after 9 steps from 1e+300") == true)
  }

  @Test func theLargestBaseStaysFinite() {
    let base = Double.greatestFiniteMagnitude
    for schedule in [Schedule.cosine(steps: 3), .cosineWithRestarts(steps: 3)] {
      #expect(schedule.rate(after: 0, base: base) == base)
    }
  }

  @Test func moreStepsThanALengthCanCount() throws {
    let optimizer = SGD(Self.parameters(), learningRate: 1)
    let scheduler = Scheduler(optimizer, .cosineWithRestarts(steps: 1, factor: 3))
    let state = ["stepCount": Tensor(0x1.fp62, dtype: .float64), "bases": Tensor([1])]
    try scheduler.restore(state, from: "f")
    #expect(0...1 ~= optimizer.learningRate && scheduler.stepCount == 0x1f << 58)
  }

  /// An option that a state does not hold yet what it needs for.
  @Test func aMomentumThatWasSetAfterTheLastStepIsRestored() throws {
    let parameters = Self.parameters()
    let gradients = Gradients([(parameters[0], Tensor([1, 1, 1]))])
    for optimizer in [SGD(parameters), RMSprop(parameters)] as [any Optimizer] {
      optimizer.step(gradients)
      (optimizer as? SGD)?.groups[0].options.momentum = 0.9
      (optimizer as? RMSprop)?.groups[0].options.momentum = 0.9
      let state = Dictionary(uniqueKeysWithValues: optimizer.state.map { ($0, $1) })
      let values = { parameters.map(\.value) }
      let before = values()
      optimizer.step(gradients)
      let after = values()
      for (parameter, value) in zip(parameters, before) { parameter.value = value }
      try optimizer.restore(state, from: "f")
      optimizer.step(gradients)
      #expect(values().map(\.floats) == after.map(\.floats))
    }
  }

  /// Names are compared byte by byte in files, as Swift strings in a dictionary.
  @Test func namesThatAreEqualAsStringsAreRefused() throws {
    let folder = try TemporaryFolder()
    let average = Self.make("WeightAverage")
    try Safetensors.write(
      average.state + [("\u{e9}", Tensor(1)), ("e\u{301}", Tensor(2))], to: folder("f"))
    let error = #expect(throws: FileError.self) { try average.load(from: folder("f")) }
    #expect(error?.reason.contains("differ only in how their characters are composed") == true)
  }

  /// Hours where each parameter looks through all names.
  @Test(.timeLimit(.minutes(1))) func manyParametersTakeLinearTime() throws {
    let parameters = (0..<100_000).map { _ in Parameter(Tensor(1)) }
    let optimizer = SGD(parameters, momentum: 0.5)
    optimizer.step(Gradients(parameters.map { ($0, Tensor(2)) }))
    let state = Dictionary(uniqueKeysWithValues: optimizer.state.map { ($0, $1) })
    try SGD(parameters, momentum: 0.5).restore(state, from: "f")
    #expect(state.count == 200_004)
  }
}
