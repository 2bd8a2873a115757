// Operations that the CPU may run as one; other devices run them one at a time.
extension Backend {
  /// What the backward pass of a fused operation needs: its padded input and the activations (or, where their
  /// derivative needs that, what they are applied to), in the batch-interleaved layout.
  struct FusedState {
    let input: NDArray
    let activations: NDArray
  }

  /// Whether the three can run as one, and are faster so.
  static func canFuse(_ shape: ConvActivationPoolShape, _ dtype: DType) -> Bool {
    CPU.canFuse(shape, dtype)
  }

  /// Memory for what the backward pass needs, which `convActivationPool` fills.
  static func state(of shape: ConvActivationPoolShape, _ dtype: DType) -> FusedState {
    CPU.state(of: shape, dtype)
  }

  /// y = pool(activation(x * weight + bias)), the pool and the bias optional, all dense and on the CPU.
  ///
  /// - Parameter state: Filled for the backward pass; nil if there is none.
  static func convActivationPool(
    _ x: NDArray, _ weight: NDArray, _ bias: NDArray?, _ shape: ConvActivationPoolShape,
    _ state: FusedState?, into y: NDArray
  ) {
    CPU.convActivationPool(x, weight, bias, shape, state, into: y)
  }

  /// The gradients of `convActivationPool` by input, weight and bias, unless nil.
  static func convActivationPoolGradient(
    _ dy: NDArray, _ weight: NDArray, _ shape: ConvActivationPoolShape, _ state: FusedState,
    dx: NDArray?, dw: NDArray?, db: NDArray?
  ) {
    CPU.convActivationPoolGradient(dy, weight, shape, state, dx: dx, dw: dw, db: db)
  }

  /// y = the Huber loss of x - target, or, if there is a dy, dy times its derivative; all dense and on the CPU, but dy
  /// may repeat one element.
  static func huber(
    _ x: NDArray, _ target: NDArray, width: Double, slope: Double, dy: NDArray?, into y: NDArray
  ) {
    CPU.huber(x, target, width: width, slope: slope, dy: dy, into: y)
  }
}

// MARK: Norms

extension Backend {
  /// `CPU.normActivationPool`.
  static func normActivationPool(
    _ x: NDArray, _ statistics: NDArray, weight: NDArray?, bias: NDArray?,
    _ shape: NormActivationPoolShape, activations: NDArray, into y: NDArray
  ) {
    CPU.normActivationPool(
      x, statistics, weight: weight, bias: bias, shape, activations: activations, into: y)
  }

  /// `CPU.normActivationPoolGradient`.
  static func normActivationPoolGradient(
    _ dy: NDArray, _ x: NDArray, _ statistics: NDArray, weight: NDArray?, activations: NDArray,
    _ shape: NormActivationPoolShape, into dx: NDArray, _ dWeight: NDArray, _ dBias: NDArray
  ) {
    CPU.normActivationPoolGradient(
      dy, x, statistics, weight: weight, activations: activations, shape, into: dx, dWeight,
      dBias)
  }
}

// MARK: Sequences of recurrent layers

extension Backend {
  /// What the backward pass of a sequence needs.
  struct RecurrentState {
    /// [steps, batch, activations * hidden].
    let activations: NDArray
    /// The cell states after each step of an LSTM, [steps, batch, hidden].
    let cells: NDArray?

    init(_ shape: RecurrentShape, _ dtype: DType) {
      let rows = shape.steps * shape.batch
      activations = .uninitialized(
        dtype: dtype, rows: rows, columns: shape.activations * shape.hidden, on: .cpu)
      cells =
        shape.kind == .lstm
        ? .uninitialized(dtype: dtype, shape: [shape.steps, shape.batch, shape.hidden], on: .cpu)
        : nil
    }
  }

  /// `CPU.recurrent`.
  static func recurrent(
    _ shape: RecurrentShape, inputs: NDArray, weight: NDArray, bias: NDArray?, initial: [NDArray],
    _ saved: RecurrentState?, hidden: NDArray, lastCell: NDArray?
  ) {
    CPU.recurrent(
      shape, inputs: inputs, weight: weight, bias: bias, initial: initial, saved, hidden: hidden,
      lastCell: lastCell)
  }

  /// `CPU.recurrentGradient`.
  static func recurrentGradient(
    _ shape: RecurrentShape, weight: NDArray, initial: [NDArray], hidden: NDArray,
    _ saved: RecurrentState, dy: NDArray?, dlast: [NDArray?], dinputs: NDArray,
    dproducts: NDArray?, dinitial: [NDArray]
  ) {
    CPU.recurrentGradient(
      shape, weight: weight, initial: initial, hidden: hidden, saved, dy: dy, dlast: dlast,
      dinputs: dinputs, dproducts: dproducts, dinitial: dinitial)
  }
}
