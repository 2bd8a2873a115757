import Autograd

/// Recurrent layers over sequences, one on top of the other: `RNN`, `LSTM` and `GRU`.
///
/// ```swift
/// let lstm = LSTM(8, 16, layers: 2)
/// let (output, state) = lstm(x)                   // x [batch, steps, 8], output [batch, steps, 16]
/// let (more, _) = lstm(next, state)               // goes on where the first call ended
/// ```
///
/// Parameters, as in PyTorch, for the layer k and, with the suffix `_reverse`, its backward direction:
/// `weight_ih_l{k}` [gates * hidden, inputs], `weight_hh_l{k}` [gates * hidden, hidden],
/// `bias_ih_l{k}` and `bias_hh_l{k}` [gates * hidden], and with a projection `weight_hr_l{k}`
/// [projection, hidden], all uniform in ±1/sqrt(hidden) unless initialized otherwise.
public final class Recurrent<Step: RecurrentStep>: Module {
  private let step: Step
  private let batchFirst: Bool
  private let dropout: Dropout
  /// For each layer the forward direction and, if there is one, the backward.
  private let layers: [[RecurrentWeights]]

  /// A network that states its inputs.
  ///
  /// - Parameters:
  ///   - inputs: The size of the input's last axis.
  ///   - hidden: The size of a state's last axis.
  ///   - layers: How many layers stand one on top of the other.
  ///   - bias: Whether biases are added.
  ///   - batchFirst: Whether sequences are [batch, steps, ...] instead of [steps, batch, ...], which is
  ///     PyTorch's default.
  ///   - dropout: The probability with which elements between layers are dropped while training.
  ///   - bidirectional: Whether each layer also runs backwards; both outputs are concatenated.
  ///   - projection: The size that hidden states of an LSTM are brought to by a linear map at the end of
  ///     each step (Sak and others 2014), below that of the states; nil for none.
  ///   - step: What happens at a step.
  public convenience init(
    _ inputs: Int, _ hidden: Int, layers: Int = 1, bias: Bool = true, batchFirst: Bool = true,
    dropout: Double = 0, bidirectional: Bool = false, projection: Int? = nil, step: Step = Step()
  ) {
    self.init(
      step, inputs: inputs, hidden, layers, bias, batchFirst, dropout, bidirectional, projection)
  }

  /// Without inputs a lazy network, as `LazyLSTM` makes it.
  init(
    _ step: Step, inputs: Int?, _ hidden: Int, _ layers: Int, _ bias: Bool, _ batchFirst: Bool,
    _ dropout: Double, _ bidirectional: Bool, _ projection: Int?
  ) {
    checkSizes(Step.name, inputs, hidden)
    require(layers >= 1, "\(Step.name): needs at least 1 layer, got \(layers)")
    require(
      dropout == 0 || layers > 1,
      "\(Step.name): dropout \(dropout) works between layers, and there is only 1")
    if let projection {
      require(
        Step.self == LSTMStep.self && projection >= 1 && projection < hidden,
        """
        \(Step.name): a projection is an LSTM's, at least 1 and below the hidden size \(hidden), got \
        \(projection)
        """)
    }
    self.step = step
    self.batchFirst = batchFirst
    self.dropout = Dropout(dropout)
    let suffixes = bidirectional ? ["", "_reverse"] : [""]
    self.layers = (0..<layers).map { layer in
      suffixes.map { suffix in
        RecurrentWeights(
          gates: Step.gateCount,
          inputs: layer == 0 ? inputs : suffixes.count * (projection ?? hidden), hidden: hidden,
          projection: projection, bias: bias, suffix: "_l\(layer)\(suffix)")
      }
    }
  }

  /// The weights and biases of all layers, and `dropout`, if there is any.
  public var members: [Member] {
    layers.joined().flatMap(\.members)
      + (dropout.probability > 0 ? [Member("dropout", dropout)] : [])
  }

  /// As in `LSTM`.
  public var name: String { Step.name }

  /// The sizes and options, as in `8 -> 16, 2 layers, bidirectional`.
  public var details: String {
    var parts = ["\(layers[0][0].input.size(1)) -> \(hiddenSize)"]
    if !step.details.isEmpty { parts.append(step.details) }
    if layers.count > 1 { parts.append("\(layers.count) layers") }
    if directions > 1 { parts.append("bidirectional") }
    if layers[0][0].projection != nil { parts.append("projected to \(outputSize)") }
    if !batchFirst { parts.append("steps first") }
    if layers[0][0].inputBias == nil { parts.append("no bias") }
    return parts.joined(separator: ", ")
  }

  private var hiddenSize: Int { layers[0][0].hiddenSize }
  private var outputSize: Int { layers[0][0].outputSize }
  /// The sizes of a state's tensors, the hidden one first.
  private var stateSizes: [Int] { [outputSize, hiddenSize] }
  private var directions: Int { layers[0].count }

  /// - Parameters:
  ///   - x: [batch, steps, inputs], or [steps, batch, inputs] unless batches come first, or
  ///     [steps, inputs] without a batch; at least one step.
  ///   - state: The state before the first step, each tensor [layers * directions, batch, hidden],
  ///     without `batch` if the input has none; nil for zeros. With a projection its size is that of the
  ///     first tensor.
  /// - Returns: The last layer's hidden states of all steps, shaped as x with the size
  ///   directions * hidden (or projection), and the state after the last step, shaped as before the first.
  public func callAsFunction(
    _ x: Tensor, _ state: Step.State? = nil
  ) -> (output: Tensor, state: Step.State) {
    running {
      require(
        (2...3).contains(x.rank),
        "expected \(batchFirst ? "[batch, steps, inputs]" : "[steps, batch, inputs]"), got \(x.shape)"
      )
      let isBatch = x.rank == 3
      var sequence = !isBatch ? x.unsqueeze(1) : batchFirst ? x.transpose(0, 1) : x
      require(sequence.size(0) >= 1, "expected at least 1 step, got \(x.shape)")
      let given = state.map {
        zip(Step.tensors(of: $0), stateSizes).map {
          initial($0, size: $1, x, isBatch, sequence.size(1))
        }
      }
      var last: [[Tensor]] = []  // for each layer and direction
      for (index, layer) in layers.enumerated() {
        var outputs: [Tensor] = []
        for (direction, weights) in layer.enumerated() {
          let row = index * directions + direction
          let (hidden, state) = run(
            weights, sequence, given.map { $0.map { $0.select(axis: 0, at: row) } },
            isReversed: direction == 1)
          outputs.append(hidden)
          last.append(state)
        }
        sequence = outputs.count == 1 ? outputs[0] : concatenate(outputs, axis: 2)
        if index + 1 < layers.count { sequence = dropout(sequence) }
      }
      let states = last[0].indices.map { index in
        let state = stack(last.map { $0[index] })
        return isBatch ? state : state.squeeze(1)
      }
      let output = !isBatch ? sequence.squeeze(1) : batchFirst ? sequence.transpose(0, 1) : sequence
      return (output, Step.state(of: states))
    }
  }

  /// One tensor of a state that was handed in, as [layers * directions, batch, hidden].
  private func initial(
    _ state: Tensor, size: Int, _ x: Tensor, _ isBatch: Bool, _ batch: Int
  ) -> Tensor {
    let count = layers.count * directions
    let expected = isBatch ? [count, batch, size] : [count, size]
    require(
      state.shape == expected,
      "expected a state \(expected) beside an input \(x.shape), got \(state.shape)")
    return isBatch ? state : state.unsqueeze(1)
  }

  /// One layer in one direction: all hidden states [steps, batch, hidden] and the state at the end.
  private func run(
    _ weights: RecurrentWeights, _ x: Tensor, _ given: [Tensor]?, isReversed: Bool
  ) -> (hidden: Tensor, state: [Tensor]) {
    let products = weights.inputProducts(x)
    let state =
      given
      ?? stateSizes.map {
        Tensor.zeros([x.size(1), $0], dtype: products.dtype, device: products.device)
      }
    let (step, projection) = (step, weights.projection?.value)
    @Sendable func bySteps(
      _ inputs: Tensor, _ weight: Tensor, _ bias: Tensor?, _ state: [Tensor]
    ) -> [Tensor] {
      let (weight, projection) = (weight.transpose(), projection?.transpose())
      let steps = parts(inputs, inputs.size(0), axis: 0, squeezing: true)
      var (state, hidden) = (state, [] as [Tensor])
      for inputs in isReversed ? steps.reversed() : steps {
        let products = hiddenProducts(state[0], weight, bias)
        state = Step.tensors(of: step.next(inputs, products, Step.state(of: state)))
        if let projection { state[0] = state[0].matmul(projection) }
        hidden.append(state[0])
      }
      return [stack(isReversed ? hidden.reversed() : hidden)] + state
    }
    let (weight, bias) = (weights.hidden.value, weights.hiddenBias?.value)
    let results =
      if let kind = (step as? any SequenceStep)?.kind, projection == nil {
        RecurrentSequence(kind, isReversed: isReversed, steps: bySteps)(
          products, weight, bias, state)
      } else {
        bySteps(products, weight, bias, state)
      }
    return (results[0], Array(results.dropFirst()))
  }
}

/// A network of tanh or, with `step: .init(.relu)`, of relu units.
public typealias RNN = Recurrent<ElmanStep>
/// Long short-term memory.
public typealias LSTM = Recurrent<LSTMStep>
/// Gated recurrent units.
public typealias GRU = Recurrent<GRUStep>
