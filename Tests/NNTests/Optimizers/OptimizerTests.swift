import Autograd
import Foundation
import TestSupport
import Testing

@testable import NN

/// Trajectories of every optimizer against PyTorch's: `Tests/Reference/optimizers.py` wrote the
/// fixture and says what the problem is.
struct OptimizerFixture {
  typealias Options = [String: Any]
  struct Case {
    let name: String
    let options: Options
    let second: Options?
  }

  let tensors: StateDictionary
  let cases: [Case]

  init() throws {
    let folder = try #require(Bundle.module.resourcePath) + "/Fixtures/optimizers"
    tensors = try Safetensors.read(folder + ".safetensors")
    let json = try JSONSerialization.jsonObject(
      with: Data(contentsOf: URL(filePath: folder + ".json")))
    let list = try #require((json as? [String: Any])?["cases"] as? [Options])
    cases = try list.map {
      Case(
        name: try #require($0["optimizer"] as? String),
        options: try #require($0["options"] as? Options), second: $0["second"] as? Options)
    }
  }

  /// The parameters and the loss of the problem.
  struct Problem {
    let w, b, u: Parameter
    let x, y, d: Tensor

    var names: [(path: String, parameter: Parameter)] { [("w", w), ("b", b), ("u", u)] }

    init(_ tensors: StateDictionary, _ dtype: DType) throws {
      func tensor(_ name: String) throws -> Tensor { try #require(tensors[name]) }
      func parameter(_ name: String) throws -> Parameter {
        Parameter(try tensor(name).asType(dtype))
      }
      (w, b, u) = (try parameter("w"), try parameter("b"), try parameter("u"))
      (x, y, d) = (try tensor("x"), try tensor("y"), try tensor("d"))
    }

    func loss() -> Tensor {
      let (w, b) = (w.value.asType(.float64), b.value.asType(.float64))
      let b2 = b.square()
      return (x.matmul(w) - y).square().mean() + (b2 * b2).sum() * 0.1 + (b * d).sum()
    }

    /// One step, the first being 1; b has no gradient at some of them.
    func step(_ optimizer: any Optimizer, _ number: Int) {
      if optimizer is LBFGS {
        optimizer.step { valueAndGradients(at: [w, b, u], loss) }
        return
      }
      let gradients = valueAndGradients(at: [w, b, u], loss).gradients
      let isLeftOut = number % 7 == 4
      optimizer.step(
        Gradients(gradients.entries.filter { !isLeftOut || $0.parameter !== b }))
    }

    var values: [Double] { w.value.doubles + b.value.doubles }
  }
}

/// Reads PyTorch's options; every one must be asked for.
private struct OptionReader {
  private(set) var rest: OptimizerFixture.Options

  mutating func take<Value>(_ name: String, _ standard: Value) -> Value {
    guard let value = rest.removeValue(forKey: name) else { return standard }
    if let number = value as? NSNumber, Value.self == Double.self {
      return number.doubleValue as! Value
    }
    return value as! Value
  }

  mutating func betas(_ standard: (Double, Double)) -> (Double, Double) {
    let pair = take("betas", [standard.0, standard.1])
    return (pair[0], pair[1])
  }
}

extension OptimizerFixture.Case {
  func optimizer(_ problem: OptimizerFixture.Problem) throws -> any Optimizer {
    var o = OptionReader(rest: options)
    let all = [problem.w, problem.b, problem.u]
    let first = second == nil ? all : [problem.w]
    let rate: Double = o.take("lr", .nan)
    func decay(_ standard: Double = 0) -> Double { o.take("weight_decay", standard) }
    func flag(_ name: String) -> Bool { o.take(name, false) }
    func epsilon(_ standard: Double = 1e-8) -> Double { o.take("eps", standard) }
    let made: any Optimizer
    switch name {
    case "SGD":
      made = SGD(
        first, learningRate: rate, momentum: o.take("momentum", 0.0),
        dampening: o.take("dampening", 0.0), weightDecay: decay(), nesterov: flag("nesterov"),
        maximize: flag("maximize"))
    case "Adam":
      made = Adam(
        first, learningRate: rate, betas: o.betas((0.9, 0.999)), epsilon: epsilon(),
        weightDecay: decay(), amsgrad: flag("amsgrad"), maximize: flag("maximize"))
    case "AdamW":
      made = AdamW(
        first, learningRate: rate, betas: o.betas((0.9, 0.999)), epsilon: epsilon(),
        weightDecay: decay(0.01), amsgrad: flag("amsgrad"), maximize: flag("maximize"))
    case "Adamax":
      made = Adamax(
        first, learningRate: rate, betas: o.betas((0.9, 0.999)), epsilon: epsilon(),
        weightDecay: decay(), maximize: flag("maximize"))
    case "NAdam":
      made = NAdam(
        first, learningRate: rate, betas: o.betas((0.9, 0.999)), epsilon: epsilon(),
        weightDecay: decay(), momentumDecay: o.take("momentum_decay", 0.004),
        decoupledWeightDecay: flag("decoupled_weight_decay"), maximize: flag("maximize"))
    case "RAdam":
      made = RAdam(
        first, learningRate: rate, betas: o.betas((0.9, 0.999)), epsilon: epsilon(),
        weightDecay: decay(), decoupledWeightDecay: flag("decoupled_weight_decay"),
        maximize: flag("maximize"))
    case "RMSprop":
      made = RMSprop(
        first, learningRate: rate, alpha: o.take("alpha", 0.99), epsilon: epsilon(),
        weightDecay: decay(), momentum: o.take("momentum", 0.0), centered: flag("centered"),
        maximize: flag("maximize"))
    case "Adagrad":
      made = Adagrad(
        first, learningRate: rate, learningRateDecay: o.take("lr_decay", 0.0),
        weightDecay: decay(), initialAccumulator: o.take("initial_accumulator_value", 0.0),
        epsilon: epsilon(1e-10), maximize: flag("maximize"))
    case "Adadelta":
      made = Adadelta(
        first, learningRate: rate, rho: o.take("rho", 0.9), epsilon: epsilon(1e-6),
        weightDecay: decay(), maximize: flag("maximize"))
    case "Lion":
      made = Lion(
        first, learningRate: rate, betas: o.betas((0.9, 0.99)), weightDecay: decay(),
        maximize: flag("maximize"))
    case "LBFGS":
      let search = o.take("line_search_fn", "")
      let evaluations = o.take("max_eval", 0)
      made = LBFGS(
        first, learningRate: rate, maxIterations: o.take("max_iter", 20),
        maxEvaluations: evaluations == 0 ? nil : evaluations,
        gradientTolerance: o.take("tolerance_grad", 1e-7),
        changeTolerance: o.take("tolerance_change", 1e-9),
        historySize: o.take("history_size", 100),
        lineSearch: search == "strong_wolfe" ? .strongWolfe : .none)
    default: fatalError("no optimizer \(name)")
    }
    #expect(o.rest.isEmpty, "\(o.rest)")
    if let second {
      let grouped = try #require(made as? any GroupedOptimizer)
      addGroup(grouped, [problem.b, problem.u], second)
    }
    return made
  }

  private func addGroup<O: GroupedOptimizer>(
    _ optimizer: O, _ parameters: [Parameter], _ second: OptimizerFixture.Options
  ) {
    optimizer.addGroup(parameters) { options in
      for (name, value) in second {
        let paths = Dictionary(uniqueKeysWithValues: O.Options.numbers.map { ($0.name, $0.path) })
        let names = ["lr": "learningRate", "weight_decay": "weightDecay", "eps": "epsilon"]
        if let pair = value as? [Double] {
          options[keyPath: paths["beta1"]!] = pair[0]
          options[keyPath: paths["beta2"]!] = pair[1]
        } else {
          options[keyPath: paths[names[name]!]!] = (value as! NSNumber).doubleValue
        }
      }
    }
  }
}

@Suite struct OptimizerTests {
  /// The largest error of a trajectory relative to 1 + |value|.
  private static func error(_ found: [[Double]], _ expected: Tensor) -> Double {
    let expected = expected.doubles
    let found = found.flatMap { $0 }
    guard found.count == expected.count else { return .infinity }
    return zip(found, expected).map { abs($0 - $1) / (1 + abs($1)) }.reduce(0) {
      $1.isNaN ? .infinity : max($0, $1)
    }
  }

  /// In float32, LBFGS amplifies rounding (PyTorch's own two types are up to 0.09 apart).
  @Test(arguments: 0..<61, [DType.float64, .float32])
  func trajectoriesAgreeWithPyTorch(_ number: Int, _ dtype: DType) throws {
    let fixture = try OptimizerFixture()
    #expect(fixture.cases.count == 61)
    let item = fixture.cases[number]
    let problem = try OptimizerFixture.Problem(fixture.tensors, dtype)
    let untouched = problem.u.value.doubles
    let optimizer = try item.optimizer(problem)
    var found: [[Double]] = []
    for step in 1...50 {
      problem.step(optimizer, step)
      found.append(problem.values)
    }
    let error = Self.error(found, try #require(fixture.tensors["\(number).\(dtype)"]))
    if item.name == "LBFGS" {
      if dtype == .float64 { #expect(error < 1e-9, "\(item)") }
    } else {
      #expect(error < (dtype == .float64 ? 1e-13 : 2e-6), "\(item)")
    }
    #expect(problem.u.value.doubles == untouched)
  }

  /// Also where the run is taken up by another optimizer of other learning rates.
  @Test(arguments: 0..<61) func aSavedRunContinuesBitForBit(_ number: Int) throws {
    let fixture = try OptimizerFixture()
    let item = fixture.cases[number]
    let folder = try TemporaryFolder()
    let whole = try OptimizerFixture.Problem(fixture.tensors, .float32)
    let optimizer = try item.optimizer(whole)
    optimizer.learningRates = optimizer.learningRates.map { $0 * 0.9 }
    for step in 1...11 { whole.step(optimizer, step) }
    try optimizer.save(to: folder("state"), named: whole.names)
    let part = try OptimizerFixture.Problem(fixture.tensors, .float32)
    (part.w.value, part.b.value) = (whole.w.value, whole.b.value)
    let other = try item.optimizer(part)
    try other.load(from: folder("state"), named: part.names)
    #expect(other.learningRates == optimizer.learningRates)
    for step in 12...20 {
      whole.step(optimizer, step)
      part.step(other, step)
    }
    #expect(part.values == whole.values)
  }

  @Test func aStateThatDoesNotFitIsRefused() throws {
    let fixture = try OptimizerFixture()
    let folder = try TemporaryFolder()
    let problem = try OptimizerFixture.Problem(fixture.tensors, .float32)
    let adam = Adam([problem.w, problem.b])
    problem.step(adam, 1)
    try adam.save(to: folder("adam"), named: problem.names)
    func reason(_ optimizer: any Optimizer, _ name: String = "adam") -> String {
      do {
        try optimizer.load(from: folder(name), named: problem.names)
        return "none"
      } catch { return error.reason }
    }
    #expect(
      reason(SGD([problem.w, problem.b])) == "does not fit SGD: groups.0.momentum is missing")
    #expect(reason(AdamW([problem.w, problem.b])) == "none")
    #expect(reason(Adam([problem.b, problem.w])) == "none")
    #expect(
      reason(Adam([problem.w]))
        == "does not fit Adam: unexpected: state.b.exp_avg, state.b.exp_avg_sq, state.b.step")
    #expect(reason(LBFGS([problem.w])) == "does not fit LBFGS: learningRate is missing")
    #expect(reason(adam, "missing") != "none")
  }

  @Test func oneIterationOfLBFGSWithGradientsTakenBefore() throws {
    let fixture = try OptimizerFixture()
    let (one, two) = (
      try OptimizerFixture.Problem(fixture.tensors, .float64),
      try OptimizerFixture.Problem(fixture.tensors, .float64)
    )
    let first = LBFGS([one.w, one.b], learningRate: 0.1)
    let second = LBFGS([two.w, two.b], learningRate: 0.1, maxIterations: 1)
    for _ in 1...5 {
      first.step(valueAndGradients(at: [one.w, one.b], one.loss).gradients)
      second.step { valueAndGradients(at: [two.w, two.b], two.loss) }
    }
    #expect(one.values == two.values)
  }

  @Test func aStepWithAClosureReturnsTheLossBefore() {
    let parameter = Parameter(Tensor([3]))
    let optimizer = SGD([parameter], learningRate: 0.5)
    let loss = optimizer.step {
      valueAndGradients(at: [parameter]) { parameter.value.square().sum() }
    }
    #expect(loss.item() == 9 && parameter.value.item() == 0)
  }

  @Test func learningRatesOfGroups() {
    let (a, b) = (Parameter(Tensor([1])), Parameter(Tensor([1])))
    let optimizer = SGD([a], learningRate: 0.1, momentum: 0.5)
    optimizer.addGroup([b]) { $0.learningRate = 0.01 }
    #expect(optimizer.learningRate == 0.1 && optimizer.learningRates == [0.1, 0.01])
    #expect(optimizer.groups[1].options.momentum == 0.5)
    #expect(optimizer.parameters.map(ObjectIdentifier.init) == [a, b].map(ObjectIdentifier.init))
    optimizer.groups[1].options.learningRate = 1
    #expect(optimizer.learningRates == [0.1, 1])
    optimizer.learningRate = 0.5
    #expect(optimizer.learningRates == [0.5, 0.5])
  }

  /// In processes of their own: the counter is the process's.
  @Test func plainStepsNeedNoMemory() async {
    await #expect(processExitsWith: .success) {
      func allocations(_ make: ([Parameter]) -> any Optimizer) -> Int {
        let parameters = [Parameter(Tensor.ones([100])), Parameter(Tensor.ones([20, 30]))]
        for parameter in parameters { parameter.value *= 2 }
        let gradients = Gradients(parameters.map { ($0, Tensor.ones($0.value.shape) * 3) })
        let optimizer = make(parameters)
        for _ in 1...2 { optimizer.step(gradients) }
        let before = allocationCount.load(ordering: .relaxed)
        optimizer.step(gradients)
        return allocationCount.load(ordering: .relaxed) - before
      }
      #expect(allocations { SGD($0, learningRate: 0.1) } == 0)
      #expect(allocations { SGD($0, learningRate: 0.1, weightDecay: 0.1) } == 0)
      #expect(allocations { SGD($0, learningRate: 0.1, momentum: 0.9) } == 0)
      #expect(allocations { SGD($0, learningRate: 0.1, momentum: 0.9, nesterov: true) } == 0)
      #expect(allocations { Adam($0) } == 0)
      #expect(allocations { AdamW($0) } == 0)
      #expect(allocations { RMSprop($0) } == 0)
      #expect(allocations { RMSprop($0, momentum: 0.9) } == 0)
      #expect(allocations { Adagrad($0) } == 0)
      #expect(allocations { RAdam($0) } == 0)
    }
  }

  static let mistakes = [
    Mistake("AdamW", "no parameters") { _ = AdamW([]) },
    Mistake("Adam", "beta1", "0", "1", "1.0") {
      _ = Adam(Linear(1, 1).parameters, betas: (1, 0.9))
    },
    Mistake("RMSprop", "weight decay", "0", "-1.0") {
      _ = RMSprop(Linear(1, 1).parameters, weightDecay: -1)
    },
    Mistake("SGD", "Nesterov", "momentum 0.0") {
      _ = SGD(Linear(1, 1).parameters, learningRate: 1, nesterov: true)
    },
    Mistake("SGD", "Parameter [1, 1]", "group 0") {
      let layer = Linear(1, 1)
      SGD(layer.parameters).addGroup([layer.weight])
    },
    Mistake("SGD", "learning rate", "0", "-2.0") {
      SGD(Linear(1, 1).parameters).groups[0].options.learningRate = -2
    },
    Mistake("SGD", "1 groups", "2 learning rates") {
      SGD(Linear(1, 1).parameters).learningRates = [1, 2]
    },
    Mistake("LBFGS", "line search", "step {") {
      LBFGS(Linear(1, 1).parameters, lineSearch: .strongWolfe).step(Gradients([]))
    },
    Mistake("SGD", "Parameter [2]", "shape [3]") {
      let parameter = Parameter(Tensor([1, 2]))
      SGD([parameter]).step(Gradients([(parameter, Tensor([1, 2, 3]))]))
    },
  ]

  @Test(arguments: mistakes.indices) func mistakesStop(index: Int) async {
    let result = await #expect(
      processExitsWith: .failure, observing: [\.standardErrorContent]
    ) { [index] in
      OptimizerTests.mistakes[index].body()
    }
    expect(result, names: Self.mistakes[index].names)
  }
}
