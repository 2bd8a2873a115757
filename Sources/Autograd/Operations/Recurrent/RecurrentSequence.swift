/// All steps of a recurrent layer in one direction as one operation of the CPU.
///
/// Its values are bit for bit those of the steps one after the other, and so are its gradients but for those of the
/// weight and the bias, whose sums over steps are taken in another order.
package struct RecurrentSequence {
  let kind: RecurrentKind
  let isReversed: Bool
  /// The same by single operations: gets what the call got, for gradients of gradients.
  let steps:
    @Sendable (_ inputs: Tensor, _ weight: Tensor, _ bias: Tensor?, _ state: [Tensor]) -> [Tensor]

  package init(
    _ kind: RecurrentKind, isReversed: Bool,
    steps:
      @escaping @Sendable (
        _ inputs: Tensor, _ weight: Tensor, _ bias: Tensor?, _ state: [Tensor]
      ) -> [Tensor]
  ) {
    self.kind = kind
    self.isReversed = isReversed
    self.steps = steps
  }

  /// All hidden states [steps, batch, hidden] and the state after the last step, each tensor [batch, hidden]; by single
  /// operations where the sequence cannot run as one.
  ///
  /// - Parameters:
  ///   - inputs: W_ih x + b_ih, [steps, batch, gates * hidden].
  ///   - weight: W_hh, [gates * hidden, hidden].
  ///   - bias: b_hh, [gates * hidden], or nil.
  ///   - state: The state before the first step, each tensor [batch, hidden].
  package func callAsFunction(
    _ inputs: Tensor, _ weight: Tensor, _ bias: Tensor?, _ state: [Tensor]
  ) -> [Tensor] {
    let hasBias = bias != nil
    let operands = [inputs, weight] + state + (bias.map { [$0] } ?? [])
    let (dtype, hidden) = (inputs.dtype, weight.size(1))
    // One column is multiplied by a kernel of its own, and an empty batch has nothing to gain.
    guard dtype == .float32 || dtype == .float64, hidden > 1, inputs.count > 0,
      operands.allSatisfy({ $0.dtype == dtype && $0.device == .cpu })
    else { return steps(inputs, weight, bias, state) }
    let shape = RecurrentShape(
      kind: kind, steps: inputs.size(0), batch: inputs.size(1), hidden: hidden,
      isReversed: isReversed)
    let isRecording = operands.contains(where: \.isTraced)
    let stateCount = state.count
    return differentiable(
      operands,
      saving: { operands in
        let arrays = operands.map { $0.array.contiguous() }
        let saved = isRecording ? Backend.RecurrentState(shape, dtype) : nil
        let hidden = NDArray.uninitialized(
          dtype: dtype, shape: [shape.steps, shape.batch, shape.hidden], on: .cpu)
        let last = arrays[2..<2 + stateCount].map { $0.uninitializedLike(dtype: dtype) }
        Backend.recurrent(
          shape, inputs: arrays[0], weight: arrays[1], bias: hasBias ? arrays.last : nil,
          initial: Array(arrays[2..<2 + stateCount]), saved, hidden: hidden,
          lastCell: stateCount > 1 ? last[1] : nil)
        Backend.copy(shape.row(of: hidden, at: shape.step(shape.steps - 1)), into: last[0])
        return (
          ([hidden] + last).map { Tensor($0) },
          saved: saved.map { [Tensor($0.activations)] + ($0.cells.map { [Tensor($0)] } ?? []) }
        )
      },
      pullbacks: { operands, results in
        let hidden = results[0]
        return { cotangents, wanted, saved in
          guard let saved = saved ?? nil else {
            return recordedGradients(cotangents, operands, hasBias)
          }
          return gradients(
            shape, cotangents, operands, hidden, Backend.RecurrentState(saved), wanted, hasBias)
        }
      })
  }

  private func gradients(
    _ shape: RecurrentShape, _ cotangents: [Tensor?], _ operands: [Tensor], _ hidden: Tensor,
    _ saved: Backend.RecurrentState, _ wanted: [Bool], _ hasBias: Bool
  ) -> [Tensor?] {
    let arrays = operands.map { $0.array.contiguous() }
    let states = Array(arrays[2..<(hasBias ? arrays.count - 1 : arrays.count)])
    let hidden = hidden.array.contiguous()
    let dinputs = arrays[0].uninitializedLike(dtype: hidden.dtype)
    let dproducts = kind == .gru ? dinputs.uninitializedLike(dtype: hidden.dtype) : nil
    let dinitial = states.map { $0.uninitializedLike(dtype: hidden.dtype) }
    Backend.recurrentGradient(
      shape, weight: arrays[1], initial: states, hidden: hidden, saved,
      dy: cotangents[0]?.array.contiguous(), dlast: cotangents.dropFirst().map { $0?.array },
      dinputs: dinputs, dproducts: dproducts, dinitial: dinitial)
    let sent = Tensor(dproducts ?? dinputs)
    var gradients: [Tensor?] = [Tensor(dinputs), nil] + dinitial.map { Tensor($0) }
    if wanted[1] { gradients[1] = weightGradient(shape, sent, Tensor(hidden), operands[2]) }
    if hasBias { gradients.append(wanted[gradients.count] ? sent.sum(axes: [0, 1]) : nil) }
    return gradients
  }

  /// The products of what reached W_hh h with h, the state before each step: one product for all steps but the first.
  private func weightGradient(
    _ shape: RecurrentShape, _ sent: Tensor, _ hidden: Tensor, _ initial: Tensor
  ) -> Tensor {
    let (steps, first) = (shape.steps, shape.step(0))
    func rows(_ x: Tensor, from start: Int, to end: Int) -> Tensor {
      let part = x.slice(axis: 0, from: start, to: end)
      return part.reshape([part.size(0) * shape.batch, x.size(2)])
    }
    let gradient = rows(sent, from: first, to: first + 1).transpose().matmul(initial)
    if steps == 1 { return gradient }
    let later = isReversed ? 0 : 1
    return gradient
      + rows(sent, from: later, to: later + steps - 1).transpose()
      .matmul(rows(hidden, from: 1 - later, to: steps - later))
  }

  /// The gradients by single operations, which are recorded where the cotangents are.
  private func recordedGradients(
    _ cotangents: [Tensor?], _ operands: [Tensor], _ hasBias: Bool
  ) -> [Tensor?] {
    let tape = Tape()
    let watched = operands.map { tape.watch($0) }
    let states = Array(watched[2..<(hasBias ? watched.count - 1 : watched.count)])
    let results = steps(watched[0], watched[1], hasBias ? watched.last : nil, states)
    let pairs = zip(results, cotangents).compactMap { y, dy in dy.map { (y, $0) } }
    return tape.gradientsIfAny(of: pairs, at: watched)
  }
}

extension Backend.RecurrentState {
  fileprivate init(_ saved: [Tensor]) {
    activations = saved[0].array
    cells = saved.count > 1 ? saved[1].array : nil
  }
}
