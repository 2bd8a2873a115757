/// What stands outside the elements that `pad` surrounds.
public enum PaddingMode: Sendable, Equatable {
  /// One number.
  case constant(Double)
  /// The elements mirrored at the first and last one, which are not repeated.
  case reflect
  /// The first and last element, repeated.
  case replicate
  /// The elements again from the other end.
  case circular

  /// Zeros.
  public static let zeros = PaddingMode.constant(0)
}

extension Tensor {
  /// The elements with others around them, or, by negative amounts, fewer of them; as PyTorch's
  /// `F.pad`.
  ///
  /// - Parameters:
  ///   - amounts: For the last axis first: before, after, then the same for the axis before it, and
  ///     so on.
  ///   - mode: What is added. `reflect` needs more elements along an axis than it adds on a side,
  ///     `circular` at least as many.
  public func pad(_ amounts: [Int], mode: PaddingMode = .zeros) -> Tensor {
    require(
      amounts.count % 2 == 0 && amounts.count <= 2 * rank,
      "pad: needs two amounts for each of some last axes of \(summary), got \(amounts)")
    var pads = Array(repeating: (before: 0, after: 0), count: rank)
    for pair in 0..<amounts.count / 2 {
      let axis = rank - 1 - pair
      pads[axis] = (amounts[2 * pair], amounts[2 * pair + 1])
      require(
        Swift.max(pads[axis].before.magnitude, pads[axis].after.magnitude) < 1 << 60,
        "pad: the amounts \(amounts) are beyond what a tensor can hold")
      require(
        size(axis) + pads[axis].before + pads[axis].after >= 0,
        "pad: the amounts \(amounts) take more from axis \(axis) of \(summary) than it has")
      checkSize(of: axis, pads[axis], mode)
    }
    if case .constant(let value) = mode { return padded(pads, value) }
    let cuts = pads.map { (before: Swift.min(0, $0.before), after: Swift.min(0, $0.after)) }
    // What is cut off is not repeated by a circle, but by the others, as in PyTorch.
    var y = mode == .circular ? padded(cuts, 0) : self
    for axis in 0..<rank {
      let (before, after) = (Swift.max(0, pads[axis].before), Swift.max(0, pads[axis].after))
      if before > 0 || after > 0 { y = y.padded(axis, before, after, mode) }
    }
    return mode == .circular ? y : y.padded(cuts, 0)
  }

  /// An axis must have the elements that are put around it.
  private func checkSize(of axis: Int, _ pad: (before: Int, after: Int), _ mode: PaddingMode) {
    let most = Swift.max(pad.before, pad.after)
    let least =
      switch mode {
      case .constant: 0
      case .reflect: most + 1
      case .replicate: 1
      // What is cut off counts, but something must be left.
      case .circular: Swift.max(most, 1 - Swift.min(0, pad.before) - Swift.min(0, pad.after))
      }
    require(
      most <= 0 || size(axis) >= least,
      """
      pad: \(mode) needs \(least) elements along axis \(axis) of \(summary) for \(pad.before) and \(pad.after) \
      more
      """)
  }

  /// The elements surrounded by a value: with the value 0, its own adjoint by negated amounts.
  private func padded(_ pads: [(before: Int, after: Int)], _ value: Double) -> Tensor {
    if pads.allSatisfy({ $0.before == 0 && $0.after == 0 }) { return self }
    return differentiable(self) { x in
      let shape = pads.indices.map { x.size($0) + pads[$0].before + pads[$0].after }
      let y = NDArray.filled(shape: shape, value: value, dtype: x.dtype, on: x.device)
      // The part that both have, where it starts in each.
      var (from, to, common) = (0, 0, shape)
      let (xStrides, yStrides) = (x.strides, y.strides)
      for (axis, pad) in pads.enumerated() {
        from += Swift.max(0, -pad.before) * xStrides[axis]
        to += Swift.max(0, pad.before) * yStrides[axis]
        common[axis] = x.size(axis) + Swift.min(0, pad.before) + Swift.min(0, pad.after)
      }
      if common.allSatisfy({ $0 > 0 }) {
        Backend.copy(
          x.array.view(shape: common, strides: xStrides, offset: from),
          into: y.view(shape: common, strides: yStrides, offset: to))
      }
      return Tensor(y)
    } pullback: { _, _ in
      { dy in dy.padded(pads.map { (-$0.before, -$0.after) }, 0) }
    }
  }

  /// One axis surrounded by its own elements.
  private func padded(_ axis: Int, _ before: Int, _ after: Int, _ mode: PaddingMode) -> Tensor {
    let size = size(axis)
    func part(_ start: Int, _ end: Int) -> Tensor { slice(axis: axis, from: start, to: end) }
    func repeated(_ index: Int, _ count: Int) -> Tensor {
      var shape = shape
      shape[axis] = count
      return part(index, index + 1).expand(shape)
    }
    let (left, right): (Tensor, Tensor)
    switch mode {
    case .constant: return self
    case .reflect:
      left = part(1, before + 1).flip(axis)
      right = part(size - 1 - after, size - 1).flip(axis)
    case .replicate:
      left = repeated(0, before)
      right = repeated(size - 1, after)
    case .circular:
      // What was cut off before is missing: the rest may be repeated more than once.
      let whole = Array(repeating: self, count: before / size + 1 + after / size)
      return concatenate(
        [part(size - before % size, size)] + whole + [part(0, after % size)], axis: axis)
    }
    return concatenate([left, self, right], axis: axis)
  }
}
