import Autograd

/// The parameters of one layer in one direction, under PyTorch's names with a suffix.
///
/// All are uniform in ±1/sqrt(hidden) unless initialized otherwise.
struct RecurrentWeights {
  /// [gates * hidden, inputs] and [gates * hidden, outputs].
  let input, hidden: Parameter
  /// [outputs, hidden], nil where a hidden state is the output as it is.
  let projection: Parameter?
  /// [gates * hidden] each, nil without biases.
  let inputBias, hiddenBias: Parameter?
  let members: [Member]

  init(
    gates: Int, inputs: Int?, hidden: Int, projection: Int? = nil, bias: Bool, suffix: String = ""
  ) {
    let bound = 1 / Double(hidden).squareRoot()
    let initializer = Initializer.uniform(low: -bound, high: bound)
    let rows = gates * hidden
    input = Parameter(shape: [rows, inputs], initializer: initializer)
    self.hidden = Parameter(shape: [rows, projection ?? hidden], initializer: initializer)
    self.projection = projection.map {
      Parameter(shape: [$0, hidden], initializer: initializer)
    }
    inputBias = bias ? Parameter(shape: [rows], initializer: initializer) : nil
    hiddenBias = bias ? Parameter(shape: [rows], initializer: initializer) : nil
    var members = [Member("weight_ih" + suffix, input), Member("weight_hh" + suffix, self.hidden)]
    if let inputBias, let hiddenBias {
      members += [Member("bias_ih" + suffix, inputBias), Member("bias_hh" + suffix, hiddenBias)]
    }
    if let projection = self.projection { members.append(Member("weight_hr" + suffix, projection)) }
    self.members = members
  }

  /// The size of what is handed on as a hidden state.
  var outputSize: Int { hidden.shape[1] ?? 0 }
  /// The size of a state before it is projected, if it is.
  var hiddenSize: Int { projection?.shape[1] ?? outputSize }

  /// W_ih x + b_ih for inputs [..., inputs].
  func inputProducts(_ x: Tensor) -> Tensor {
    if let expected = input.shape[1] {
      require(x.size(-1) == expected, "expected a last axis of \(expected), got \(x.shape)")
    }
    let weight = input.value(shape: [input.shape[0] ?? 0, x.size(-1)])
    return linear(x, weight, bias: inputBias?.value)
  }
}

/// W_hh h + b_hh for hidden states h [batch, outputs] and the transposed W_hh.
func hiddenProducts(_ h: Tensor, _ weight: Tensor, _ bias: Tensor?) -> Tensor {
  let products = h.matmul(weight)
  return bias.map { products + $0 } ?? products
}

/// One step of a recurrent network, for custom loops: PyTorch's `LSTMCell` and others.
///
/// Parameters, as in PyTorch: `weight_ih` [gates * hidden, inputs], `weight_hh`
/// [gates * hidden, hidden], `bias_ih` and `bias_hh` [gates * hidden], all uniform in
/// ±1/sqrt(hidden) unless initialized otherwise.
public final class RecurrentCell<Step: RecurrentStep>: Module {
  private let step: Step
  private let weights: RecurrentWeights

  /// A cell that states its inputs.
  ///
  /// - Parameters:
  ///   - inputs: The size of the input's last axis.
  ///   - hidden: The size of the state's last axis.
  ///   - bias: Whether biases are added.
  ///   - step: What happens at a step.
  public init(_ inputs: Int, _ hidden: Int, bias: Bool = true, step: Step = Step()) {
    checkSizes(Step.name + "Cell", inputs, hidden)
    self.step = step
    weights = RecurrentWeights(gates: Step.gateCount, inputs: inputs, hidden: hidden, bias: bias)
  }

  /// The weights and biases.
  public var members: [Member] { weights.members }

  /// As in `LSTMCell`.
  public var name: String { Step.name + "Cell" }

  /// The sizes, as in `4 -> 8`.
  public var details: String {
    var details = "\(weights.input.size(1)) -> \(weights.hiddenSize)"
    if !step.details.isEmpty { details += ", " + step.details }
    return weights.inputBias == nil ? details + ", no bias" : details
  }

  /// - Parameters:
  ///   - x: [batch, inputs], or [inputs] without a batch.
  ///   - state: The state before, each tensor [batch, hidden] or [hidden]; nil for zeros.
  /// - Returns: The state after the step, in the same shapes.
  public func callAsFunction(_ x: Tensor, _ state: Step.State? = nil) -> Step.State {
    running {
      require((1...2).contains(x.rank), "expected [batch, inputs] or [inputs], got \(x.shape)")
      let isBatch = x.rank == 2
      let inputs = weights.inputProducts(isBatch ? x : x.unsqueeze(0))
      let expected = Array(x.shape.dropLast()) + [weights.hiddenSize]
      let zeros = Tensor.zeros(expected, dtype: inputs.dtype, device: inputs.device)
      var tensors = Step.tensors(of: state ?? Step.state(of: [zeros, zeros]))
      for tensor in tensors {
        require(
          tensor.shape == expected,
          "expected a state \(expected) beside an input \(x.shape), got \(tensor.shape)")
      }
      if !isBatch { tensors = tensors.map { $0.unsqueeze(0) } }
      let products = hiddenProducts(
        tensors[0], weights.hidden.value.transpose(), weights.hiddenBias?.value)
      let next = step.next(inputs, products, Step.state(of: tensors))
      return isBatch ? next : Step.state(of: Step.tensors(of: next).map { $0.squeeze(0) })
    }
  }
}

/// The cell of an RNN; with relu: `RNNCell(4, 8, step: .init(.relu))`.
public typealias RNNCell = RecurrentCell<ElmanStep>
/// The cell of an LSTM.
public typealias LSTMCell = RecurrentCell<LSTMStep>
/// The cell of a GRU.
public typealias GRUCell = RecurrentCell<GRUStep>

/// Refuses sizes that make no sense.
func checkSizes(_ name: String, _ inputs: Int?, _ hidden: Int) {
  require(
    hidden >= 1 && inputs ?? 1 >= 1,
    "\(name): needs at least 1 input and hidden unit, got \(inputs.map(String.init) ?? "?") -> \(hidden)"
  )
}
