// Operations that the CPU may run as one; other devices run them one at a time.
extension Backend {
  /// What the backward pass of a fused operation needs: its padded input and the activations, in the
  /// batch-interleaved layout.
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

  /// y = pool(activation(x * weight + bias)), all dense and on the CPU.
  ///
  /// - Parameter state: Filled for the backward pass; nil if there is none.
  static func convActivationPool(
    _ x: NDArray, _ weight: NDArray, _ bias: NDArray, _ shape: ConvActivationPoolShape,
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
}
