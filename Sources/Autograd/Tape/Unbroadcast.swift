// Undoes broadcasting in the backward pass: a gradient is summed over the axes along which its input was
// broadcast, and cast to the input's type. Pullbacks need not do it.
extension Tensor {
  /// Sums and casts this gradient to match its input: `spec`, or where that is nil, `own`, the result's shape and type.
  @inline(__always)
  consuming func unbroadcast(to spec: Tape.GradientSpec?, or own: Tape.InlineSpec)
    -> Tensor
  {
    if let spec { return unbroadcast(to: spec) }
    return own.fits(array) ? self : unbroadcast(to: own.spec)
  }

  /// This gradient summed over the axes that were broadcast, and cast.
  private consuming func unbroadcast(to spec: Tape.GradientSpec) -> Tensor {
    if array.dtype == spec.dtype && array.hasShape(spec.shape) { return self }
    return summed(to: spec.shape).asType(spec.dtype)
  }

  /// The sum over the axes along which `target` was broadcast to this shape.
  private func summed(to target: [Int]) -> Tensor {
    let shape = shape
    if shape == target { return self }
    let extra = shape.count - target.count
    require(
      extra >= 0, "Tape: a pullback returned a gradient \(summary) for an input of shape \(target)")
    var axes = Array(0..<extra)
    for axis in target.indices where shape[extra + axis] != target[axis] {
      require(
        target[axis] == 1,
        "Tape: a pullback returned a gradient \(summary) for an input of shape \(target)")
      axes.append(extra + axis)
    }
    return sum(axes: axes, keepDims: true).reshape(target)
  }
}
