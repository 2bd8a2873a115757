import Autograd
import Testing

@testable import NN

/// A step that is not known to run as one sequence.
private struct Plain<Base: RecurrentStep>: RecurrentStep {
  static var name: String { Base.name }
  static var gateCount: Int { Base.gateCount }
  let base: Base

  init() { self.init(Base()) }
  init(_ base: Base) { self.base = base }

  static func tensors(of state: Base.State) -> [Tensor] { Base.tensors(of: state) }
  static func state(of tensors: [Tensor]) -> Base.State { Base.state(of: tensors) }
  func next(_ inputs: Tensor, _ products: Tensor, _ state: Base.State) -> Base.State {
    base.next(inputs, products, state)
  }
}

/// Sequences that run as one operation: values and gradients are bit for bit those of single steps, but for weights and
/// biases, whose gradients are summed over steps in another order.
@Suite struct RecurrentSequenceTests {
  private struct Case: Sendable {
    var batch = 3
    var steps = 5
    var inputs = 4
    var hidden = 7
    var layers = 1
    var bias = true
    var isBidirectional = false
    var hasState = true
    var dtype = DType.float32
  }

  private static let cases = [
    Case(), Case(batch: 1), Case(batch: 37, hidden: 33, isBidirectional: true),
    Case(batch: 2, layers: 2, bias: false, isBidirectional: true, hasState: false),
    Case(batch: 9, steps: 1), Case(batch: 7, steps: 3, hidden: 330),
    Case(hidden: 1), Case(batch: 17, hidden: 20, isBidirectional: true, dtype: .float64),
  ]

  /// All results and gradients of a network: those of input and state, then those of weights.
  private func run<Step>(
    _ step: Step, _ c: Case, isRecorded: Bool = true
  ) -> (values: [Tensor], flowing: [Tensor], summed: [Tensor]) where Step: RecurrentStep {
    let network = Recurrent(
      c.inputs, c.hidden, layers: c.layers, bias: c.bias, bidirectional: c.isBidirectional,
      step: step)
    network.initialize(seed: 2)
    if c.dtype == .float64 { network.to(.float64) }
    let x = NNTests.inputs([c.batch, c.steps, c.inputs], dtype: c.dtype)
    let rows = c.layers * (c.isBidirectional ? 2 : 1)
    let size = [rows, c.batch, c.hidden]
    let count = Step.tensors(
      of: Step.state(of: [Tensor.zeros([1]), Tensor.zeros([1])])
    ).count
    let start = (0..<count).map { NNTests.inputs(size, seed: UInt64($0) + 3, dtype: c.dtype) }
    func results(_ x: Tensor, _ state: [Tensor]) -> [Tensor] {
      let (y, end) = network(x, c.hasState ? Step.state(of: state) : nil)
      return [y] + Step.tensors(of: end)
    }
    if !isRecorded { return (results(x, start), [], []) }
    let tape = Tape()
    let (watched, states) = (tape.watch(x), start.map { tape.watch($0) })
    for parameter in network.parameters { _ = parameter.beginWatching(tape) }
    defer { for parameter in network.parameters { parameter.endWatching() } }
    let found = results(watched, states)
    let weights = network.parameters.compactMap(\.watched)
    let loss = found.enumerated().map { ($1 * Double($0 + 1)).square().sum() }
      .reduce(Tensor(0, dtype: c.dtype)) { $0 + $1 }
    let flowing = [watched] + (c.hasState ? states : [])
    let gradients = tape.gradient(of: loss, at: flowing + weights)
    return (
      found.map { $0.stoppingGradient() }, Array(gradients.prefix(flowing.count)),
      Array(gradients.dropFirst(flowing.count))
    )
  }

  private func agrees<Step: RecurrentStep>(_ step: Step, _ c: Case) {
    let (whole, single) = (run(step, c), run(Plain(step), c))
    for (a, b) in zip(whole.values + whole.flowing, single.values + single.flowing) {
      #expect(a.shape == b.shape && a.doubles == b.doubles, "\(Step.name), \(c)")
    }
    let tolerance = c.dtype == .float64 ? 1e-14 : 2e-6
    for (a, b) in zip(whole.summed, single.summed) {
      #expect(relativeError(a, b) < tolerance, "\(Step.name), \(c)")
    }
    #expect(whole.summed.count == single.summed.count && whole.summed.count >= 2)
    let unrecorded = run(step, c, isRecorded: false)
    for (a, b) in zip(unrecorded.values, whole.values) { #expect(a.doubles == b.doubles) }
  }

  @Test(arguments: cases.indices) func agreesWithSingleSteps(_ index: Int) {
    let c = Self.cases[index]
    agrees(LSTMStep(), c)
    agrees(GRUStep(), c)
    agrees(ElmanStep(), c)
    agrees(ElmanStep(.relu), c)
  }

  /// Only a part of the results has a cotangent, and only some gradients are asked for.
  @Test func partsOfResultsAndGradients() {
    func gradients<Step: RecurrentStep>(_ step: Step, _ pick: (Recurrent<Step>, Tensor) -> Tensor)
      -> [[Float]]
    {
      let network = Recurrent(3, 4, step: step)
      network.initialize(seed: 1)
      let weight = network.parameters[1]
      let (_, found) = valueAndGradients(at: [weight]) {
        pick(network, inputs([2, 5, 3])).square().sum()
      }
      return found.map { $0.gradient.floats }
    }
    let picks: [(whole: [[Float]], single: [[Float]])] = [
      (
        gradients(LSTMStep()) { $0($1).state.cell },
        gradients(Plain(LSTMStep())) { $0($1).state.cell }
      ),
      (
        gradients(LSTMStep()) { $0($1).state.hidden },
        gradients(Plain(LSTMStep())) { $0($1).state.hidden }
      ),
      (
        gradients(GRUStep()) { $0($1).output[.all, 1] },
        gradients(Plain(GRUStep())) { $0($1).output[.all, 1] }
      ),
    ]
    for (whole, single) in picks {
      #expect(whole.count == 1 && single.count == 1)
      for (a, b) in zip(whole[0], single[0]) { #expect(abs(a - b) <= 1e-6) }
    }
  }

  @Test func theDerivativeAlongADirectionIsThatOfSingleSteps() {
    func tangent<Step: RecurrentStep>(_ step: Step) -> Tensor {
      let network = Recurrent(3, 4, bidirectional: true, step: step)
      network.initialize(seed: 1)
      return jvp(at: inputs([2, 5, 3]), along: inputs([2, 5, 3], seed: 2)) {
        network($0).output
      }.tangent
    }
    #expect(relativeError(tangent(LSTMStep()), tangent(Plain(LSTMStep()))) < 1e-6)
    #expect(relativeError(tangent(GRUStep()), tangent(Plain(GRUStep()))) < 1e-6)
  }

  @Test func threadsChangeNothing() {
    let count = ThreadPool.threadCount
    defer { ThreadPool.threadCount = count }
    let c = Case(batch: 70, steps: 3, hidden: 20)
    ThreadPool.threadCount = 1
    let one = run(LSTMStep(), c)
    ThreadPool.threadCount = 3
    let three = run(LSTMStep(), c)
    for (a, b) in zip(
      one.values + one.flowing + one.summed, three.values + three.flowing + three.summed)
    {
      #expect(a.doubles == b.doubles)
    }
  }
}
