/// A strided view of a tensor, with axes taken away and added: what `slice`, `select` and subscripts of integers,
/// ranges and new axes describe.
struct Region: Sendable {
  /// One axis of the view: an axis of the whole (nil for a new one) and the step along it.
  struct Axis: Sendable {
    var source: Int?
    var step: Int
    var count: Int
  }

  /// The shape of the whole.
  let whole: [Int]
  /// Where the view starts along each axis of the whole.
  var starts: [Int]
  var axes: [Axis] = []

  init(of whole: [Int]) {
    self.whole = whole
    starts = whole.map { _ in 0 }
  }

  var shape: [Int] { axes.map(\.count) }

  /// All of a tensor along every axis but one, which is for the caller to add.
  init(of whole: [Int], axis: Int, _ add: (inout Region) -> Void) {
    self.init(of: whole)
    for other in whole.indices {
      if other == axis { add(&self) } else { addRange(other) }
    }
  }

  /// Adds an axis of the whole from `start` up to but without `end`; negative ones count from the end, and those
  /// beyond the ends are clipped.
  mutating func addRange(_ axis: Int, from start: Int? = nil, to end: Int? = nil, step: Int = 1) {
    let size = whole[axis]
    let step = min(max(step, -max(size, 1)), max(size, 1))  // a longer one goes no farther
    let (low, high) = step > 0 ? (0, size) : (-1, size - 1)
    let clip = { (index: Int) in min(max(index < 0 ? index + size : index, low), high) }
    let first = start.map(clip) ?? (step > 0 ? low : high)
    let last = end.map(clip) ?? (step > 0 ? high : low)
    let distance = step > 0 ? last - first : first - last
    starts[axis] = first
    axes.append(
      Axis(source: axis, step: step, count: max(0, (distance + abs(step) - 1) / abs(step))))
  }

  /// Whether the view is the whole as it is.
  var isWhole: Bool {
    shape == whole && axes.enumerated().allSatisfy { $1.source == $0 && $1.step == 1 }
  }

  /// The view of an array that has the shape of the whole.
  func view(of array: NDArray) -> NDArray {
    let strides = array.strides
    let offset = zip(starts, strides).reduce(0) { $0 + $1.0 * $1.1 }
    return array.view(
      shape: shape, strides: axes.map { axis in axis.source.map { strides[$0] * axis.step } ?? 0 },
      offset: shape.contains(0) ? 0 : offset)
  }
}

extension Tensor {
  /// A region: a view, or a copy where it runs backwards.
  func slice(_ region: Region) -> Tensor {
    if region.isWhole { return self }
    return differentiable(moving: self) { x in
      let view = region.view(of: x.array)
      return Tensor(region.axes.contains { $0.step < 0 } ? view.contiguous() : view)
    } pullback: { _, _ in
      { dy in dy.sliceScattered(into: region) }
    }
  }

  /// Zeros of the whole shape with this tensor in a region: the adjoint of `slice`.
  private func sliceScattered(into region: Region) -> Tensor {
    differentiable(moving: self) { x in
      let y = NDArray.filled(
        shape: region.whole, value: 0, dtype: x.dtype, on: x.device)
      Backend.copy(x.array, into: region.view(of: y))
      return Tensor(y)
    } pullback: { _, _ in
      { dy in dy.slice(region) }
    }
  }

  /// This tensor with other elements, broadcast, in a region.
  func replacing(_ region: Region, with other: Tensor) -> Tensor {
    differentiable(self, other) { x, other in
      var y = x
      y.write(other, into: region)
      return y
    } first: { _, _, _ in
      { dy in dy.replacing(region, with: .zeros([], dtype: dy.dtype)) }
    } second: { _, _, _ in
      { dy in dy.slice(region) }
    }
  }

  /// Changes the elements in a region, in place if there is no other reference to the memory; of constants.
  mutating func write(_ other: Tensor, into region: Region) {
    if !Tensor.canReuse(&array) {
      let copy = array.uninitializedLike(dtype: array.dtype)
      Backend.copy(array, into: copy)
      array = copy
    }
    Backend.copy(other.array, into: region.view(of: array))
  }

  /// This tensor with other slices [indices.count, ...] at int64 indices along the first axis; of several for
  /// one index the last one stays.
  func replacingRows(at indices: Tensor, with other: Tensor) -> Tensor {
    differentiable(self, other) { x, other in
      let y = x.array.uninitializedLike(dtype: x.dtype)
      Backend.copy(x.array, into: y)
      Backend.run(
        .scatterRows, [other.array.contiguous(as: x.dtype), indices.array.contiguous()], into: [y])
      return Tensor(y)
    } first: { _, other, _ in
      let shape = other.shape
      return { dy in
        dy.replacingRows(
          at: indices, with: Tensor.zeros([], dtype: dy.dtype, device: dy.device).expand(shape))
      }
    } second: { x, _, _ in
      let winners = Tensor.result(
        of: .lastWriters(outer: 1, length: indices.count, inner: 1, size: x.size(0)),
        [indices.asType(.int32)], shape: [x.size(0)])
      let stays =
        winners.gatheredRows(at: indices) .== Tensor.arange(indices.count, device: indices.device)
      return { dy in
        let arriving = dy.rows(at: indices, skipping: nil)
        // Those that a later one has replaced have no part in the result.
        return Tensor.where(
          stays.reshape([indices.count] + Array(repeating: 1, count: dy.rank - 1)), arriving, 0)
      }
    }
  }
}
