// Looking at gradients, and changing them, on their way back.
extension Tensor {
  /// This tensor, whose gradient goes through a function on its way back: PyTorch's
  /// `register_hook`.
  ///
  /// The function is called once, with the whole gradient of what is computed from the result. Without
  /// a tape it is never called.
  ///
  /// ```swift
  /// let h = layer(x).onGradient { dy in minimum(maximum(dy, -1), 1) }
  /// ```
  ///
  /// - Parameter hook: Gets the gradient and returns its replacement, in the same shape; it must not
  ///   use other recorded tensors.
  public func onGradient(_ hook: @escaping @Sendable (_ dy: Tensor) -> Tensor) -> Tensor {
    differentiable(moving: self, { $0 }, pullback: { _, _ in { dy in hook(dy) } })
  }
}
