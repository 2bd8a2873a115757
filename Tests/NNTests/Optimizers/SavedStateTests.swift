import Autograd
import TestSupport
import Testing

@testable import NN

/// States that were changed elsewhere: each is refused, and nothing changes.
@Suite struct SavedStateTests {
  /// What can be saved, with its parameters' names in it.
  private struct Saved {
    let object: AnyObject
    let state: () -> StateDictionary
    let restore: (StateDictionary) throws(FileError) -> Void

    init(_ object: some SavedState) {
      self.object = object
      state = { object.state }
      restore = { state throws(FileError) in try object.restore(state, from: "f") }
    }

    init(_ object: any NamedState, _ names: [(path: String, parameter: Parameter)]) {
      self.object = object
      state = { object.state(named: names) }
      restore = { state throws(FileError) in try object.restore(state, named: names, from: "f") }
    }
  }

  private static func parameters() -> [Parameter] {
    [Parameter(Tensor([1, 2, 3])), Parameter(Tensor(4))]
  }

  private static func names(
    _ parameters: [Parameter]
  ) -> [(path: String, parameter: Parameter)] {
    zip(["net.a", "net.b"], parameters).map { (path: $0, parameter: $1) }
  }

  /// Objects two steps old, by name.
  private static func make(_ name: String) -> Saved {
    let parameters = parameters()
    func stepped<Kind: Optimizer>(_ optimizer: Kind) -> Kind {
      for _ in 1...2 {
        optimizer.step(
          valueAndGradients(at: parameters) {
            parameters[0].value.square().sum() + parameters[1].value.exp()
          }.gradients)
      }
      return optimizer
    }
    func saved(_ optimizer: some Optimizer) -> Saved {
      Saved(stepped(optimizer), names(parameters))
    }
    switch name {
    case "Adam": return saved(Adam(parameters))
    case "AdamW": return saved(AdamW(parameters, amsgrad: true))
    case "NAdam": return saved(NAdam(parameters))
    case "SGD": return saved(SGD(parameters, momentum: 0.9))
    case "Groups":
      let optimizer = SGD([parameters[0]], momentum: 0.9)
      optimizer.addGroup([parameters[1]]) { $0.learningRate = 0.5 }
      return saved(optimizer)
    case "Nesterov": return saved(SGD(parameters, momentum: 0.9, nesterov: true))
    case "RMSprop": return saved(RMSprop(parameters, momentum: 0.9, centered: true))
    case "LBFGS": return saved(LBFGS(parameters, historySize: 1))
    case "Scheduler":
      let scheduler = Scheduler(
        stepped(SGD(parameters, learningRate: 0.5)), .lambda { step in step < 9 ? 1 : 1e200 })
      scheduler.step()
      return Saved(scheduler)
    case "Plateau":
      let plateau = Plateau(
        SGD(parameters), Plateau.Options { ($0.patience, $0.cooldown) = (3, 2) })
      for _ in 1...3 { plateau.step(1) }
      return Saved(plateau)
    default:
      let average = WeightAverage(parameters)
      average.update()
      return Saved(average, names(parameters))
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
      "Adam", "state.net.a.step", 1e300,
      "state.net.a.step must be a whole number of at least 0, got 1e+300"
    ),
    Change("Adam", "state.net.a.step", 1.5, "state.net.a.step must be a whole number"),
    Change("Adam", "state.net.a.step", -1, "state.net.a.step must be a whole number"),
    Change("Adam", "state.net.a.step", .nan, "state.net.a.step must be one number, got nan"),
    Change("Adam", "state.net.a.step", nil as Tensor?, "state.net.a.step is missing"),
    Change("Adam", "state.net.a.exp_avg", nil as Tensor?, "state.net.a.exp_avg is missing"),
    Change("Adam", "state.net.a.exp_avg_sq", nil as Tensor?, "state.net.a.exp_avg_sq is missing"),
    Change(
      "Adam", "state.net.a.exp_avg", Tensor(1), "state.net.a.exp_avg is float32 [], expected [3]"),
    Change(
      "Adam", "state.net.b.exp_avg", Tensor([1]), "state.net.b.exp_avg is float32 [1], expected []"),
    Change(
      "Adam", "state.net.a.exp_avg", Tensor(scalars: [1, 2, 3]), "is int64 [3], expected [3]"),
    Change("Adam", "state.net.a.exp_avg", Tensor([1, .nan, 1]), "state.net.a.exp_avg has NaN"),
    Change("Adam", "state.net.a.exp_avg_sq", Tensor([1, -1, 1]), "outside of 0.0...inf"),
    Change("Adam", "state.net.a.velocity", Tensor([1, 1, 1]), "unexpected: state.net.a.velocity"),
    Change(
      "Adam", "state.net.a.\u{1b}[2J", Tensor([1, 1, 1]), "unexpected: state.net.a.\\u{1b}[2J"),
    Change("Adam", "state.net.c.exp_avg", Tensor([1]), "unexpected: state.net.c.exp_avg"),
    Change("Adam", "other", Tensor([1]), "unexpected: other"),
    Change(
      "AdamW", "state.net.a.max_exp_avg_sq", nil as Tensor?, "state.net.a.max_exp_avg_sq is missing"
    ),
    Change("NAdam", "state.net.a.mu_product", nil as Tensor?, "state.net.a.mu_product is missing"),
    Change("NAdam", "state.net.a.mu_product", Tensor([1, 1, 1]), "expected one number"),
    Change(
      "NAdam", "state.net.a.mu_product", 1, "state.net.a.mu_product has NaN or an element outside"),
    Change(
      "SGD", "state.net.a.momentum_buffer", nil as Tensor?, "state.net.a.momentum_buffer is missing"
    ),
    Change(
      "Nesterov", "groups.0.dampening", 0.5, "groups.0: Nesterov's form needs momentum above 0"),
    Change("RMSprop", "state.net.b.grad_avg", nil as Tensor?, "state.net.b.grad_avg is missing"),
    Change("LBFGS", "iterations", .nan, "iterations must be one number, got nan"),
    Change("LBFGS", "iterations", 1e300, "iterations must be a whole number"),
    Change("LBFGS", "iterations", -1, "iterations must be a whole number"),
    Change("LBFGS", "iterations", 0, "unexpected: direction.net.a, direction.net.b, gradient"),
    Change("LBFGS", "learningRate", -1, "the learning rate must be a finite number"),
    Change("LBFGS", "length", .infinity, "length must be a finite number"),
    Change("LBFGS", "scale", -1, "scale must be a finite number"),
    Change("LBFGS", "direction.net.a", Tensor(1), "direction.net.a is float32 [], expected [3]"),
    Change("LBFGS", "gradient.net.a", Tensor([Double.nan, 1, 1]), "gradient.net.a has NaN"),
    Change("LBFGS", "pairs.0.dx.net.b", nil as Tensor?, "pairs.0.dx.net.b is missing"),
    Change("LBFGS", "pairs.0.dy.net.a", nil as Tensor?, "unexpected: pairs.0.dx.net.a"),
    Change(
      "LBFGS", "pairs.0.dx.net.a", Tensor([1e3, 1e3, 1e3]), "expected more than 1e-10"),
    Change("LBFGS", "direction", Tensor.zeros([4]), "direction is numbered by position"),
    Change("LBFGS", "pairs.0.dx", Tensor.zeros([4]), "pairs.0.dx is numbered by position"),
    Change(
      "Adam", "state.0.exp_avg", Tensor([1, 2, 3]), "state.0.exp_avg is numbered by position"),
    Change("Groups", "state.net.b.group", 0, "net.b is in group 1, and was in group 0"),
    Change("Groups", "state.net.b.group", nil as Tensor?, "state.net.b.group is missing"),
    Change("WeightAverage", "average.0", Tensor(1), "average.0 is numbered by position"),
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
    Change("WeightAverage", "average.net.a", Tensor([1, .nan, 2]), "average.net.a has NaN"),
    Change(
      "WeightAverage", "average.net.a", Tensor(1), "average.net.a is float32 [], expected [3]"),
    Change("WeightAverage", "average.net.c", Tensor(1), "unexpected: average.net.c"),
  ]

  private static func content(_ object: Saved) -> [[UInt8]] {
    object.state().map { Array($0.name.utf8) + $0.tensor.withBytes { Array($0) } }
  }

  @Test(arguments: changes) func changedStatesAreRefusedAndChangeNothing(_ change: Change) {
    var state = Self.make(change.owner).state()
    #expect(change.tensor != nil || state[change.name] != nil)
    state[change.name] = change.tensor
    let object = Self.make(change.owner)
    (object.object as? any Optimizer)?.learningRate = 0.25
    let before = Self.content(object)
    let error = #expect(throws: FileError.self) { try object.restore(state) }
    #expect(error?.reason.contains(change.reason) == true, "\(error?.reason ?? "")")
    #expect(Self.content(object) == before)
  }

  /// A rate that the schedule makes of a base must be one that an optimizer takes.
  @Test func aScheduleOfABaseThatOverflowsIsRefused() {
    let object = Self.make("Scheduler")
    let error = #expect(throws: FileError.self) {
      try object.restore(["stepCount": Tensor(9), "bases": Tensor([1e300], dtype: .float64)])
    }
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
    try scheduler.restore(["stepCount": Tensor(0x1.fp62, dtype: .float64), "bases": Tensor([1])])
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
      let state = optimizer.state(named: Self.names(parameters))
      let values = { parameters.map(\.value) }
      let before = values()
      optimizer.step(gradients)
      let after = values()
      for (parameter, value) in zip(parameters, before) { parameter.value = value }
      try optimizer.restore(state, named: Self.names(parameters))
      optimizer.step(gradients)
      #expect(values().map(\.floats) == after.map(\.floats))
    }
  }

  /// é in one scalar and as e with an accent: two names, as in files.
  @Test func namesThatAreEqualAsStringsAreTwo() throws {
    let parameters = Self.parameters()
    let names = zip(["\u{e9}", "e\u{301}"], parameters).map { (path: $0, parameter: $1) }
    let average = WeightAverage(parameters)
    average.update()
    let folder = try TemporaryFolder()
    try average.save(to: folder("f"), named: names)
    let other = WeightAverage(parameters)
    try other.load(from: folder("f"), named: names)
    #expect(other.averages.map { $0?.floats } == [[1, 2, 3], [4]])
  }

  /// Two layers of equal shape that change places: their moments go with them.
  @Test(arguments: ["Adam", "LBFGS", "WeightAverage"])
  func momentsFollowTheNamesNotThePositions(_ kind: String) throws {
    func make(_ parameters: [Parameter]) -> any NamedState {
      switch kind {
      case "Adam": Adam(parameters)
      case "LBFGS": LBFGS(parameters)
      default: WeightAverage(parameters)
      }
    }
    let (first, second) = (Parameter(Tensor([1, 2])), Parameter(Tensor([3, 4])))
    let names = [(path: "first", parameter: first), (path: "second", parameter: second)]
    func step(_ object: any NamedState) {
      (object as? WeightAverage)?.update()
      (object as? any Optimizer)?.step(
        valueAndGradients(at: [first, second]) {
          first.value.square().sum() + 3 * second.value.square().sum()
        }.gradients)
    }
    let object = make([first, second])
    for _ in 1...2 { step(object) }
    let state = object.state(named: names)
    let swapped = make([second, first])
    try swapped.restore(state, named: names)
    let found = swapped.state(named: names)
    #expect(Set(found.names) == Set(state.names))
    for (name, tensor) in state { #expect(found[name]?.doubles == tensor.doubles, "\(name)") }
    #expect(!state.contains { $0.tensor.count == 2 && $0.tensor.doubles[0] == 0 })
  }

  @Test func aParameterWithoutANameStops() async {
    let result = await #expect(processExitsWith: .failure, observing: [\.standardErrorContent]) {
      let (one, two) = (Linear(2, 3), Linear(3, 1))
      _ = SGD(one.parameters + two.parameters).state(named: one.namedParameters)
    }
    expect(result, names: "SGD: parameter 2 of shape [1, 3]", "not among the names given")
  }

  @Test func aNameOfTwoParametersStops() async {
    let result = await #expect(processExitsWith: .failure, observing: [\.standardErrorContent]) {
      let (one, two) = (Linear(2, 3), Linear(3, 1))
      _ = SGD(one.parameters + two.parameters).state(
        named: one.namedParameters + two.namedParameters)
    }
    expect(result, names: "SGD: weight names two parameters", "prefix")
  }

  /// Hours where each parameter looks through all names.
  @Test(.timeLimit(.minutes(1))) func manyParametersTakeLinearTime() throws {
    let parameters = (0..<100_000).map { _ in Parameter(Tensor(1)) }
    let optimizer = SGD(parameters, momentum: 0.5)
    optimizer.step(Gradients(parameters.map { ($0, Tensor(2)) }))
    let names = parameters.enumerated().map { (path: "net.\($0)", parameter: $1) }
    let state = optimizer.state(named: names)
    try SGD(parameters, momentum: 0.5).restore(state, named: names)
    #expect(state.count == 200_004)
  }
}
