// Primitives that gather, scatter, sort and interpolate.
extension Backend {
  /// y[p, j] = x[p, indices[p, j]] for every plane, or its adjoint, which adds; int32 indices.
  static func gatherPlanes(
    _ x: NDArray, _ indices: NDArray, planes: Int, xCount: Int, yCount: Int, isAdjoint: Bool,
    into y: NDArray
  ) {
    if onCPU(x, indices, y) {
      return CPU.gatherPlanes(
        x, indices, planes: planes, xCount: xCount, yCount: yCount, isAdjoint: isAdjoint, into: y)
    }
    offCPU(
      isAdjoint ? "scatter" : "gather",
      .gatherPlanes(
        planes: planes, xCount: xCount, yCount: yCount, isAdjoint: isAdjoint), [x, indices],
      into: [y])
  }

  /// Copies indices, dense int64, into `y`, int32 or int64, and checks in the same pass that they are
  /// 0 ..< bound; one to ignore counts as 0.
  static func checkIndices(
    _ x: NDArray, below bound: Int, ignoring ignored: Int? = nil, into y: NDArray
  ) -> IndexCheck {
    if onCPU(x, y) { return CPU.checkIndices(x, below: bound, ignoring: ignored, into: y) }
    let check = offCPU(
      "check indices", .checkIndices(below: bound, ignoring: ignored), [x], into: [y])
    return check ?? IndexCheck(wrong: nil, hasIgnored: ignored != nil)
  }

  /// For each index in 0 ..< size the last position along the middle axis of dense int32 `indices`
  /// [outer, length, inner] that holds it, else -1: int32 `y` [outer, size, inner].
  static func lastWriters(
    _ indices: NDArray, outer: Int, length: Int, inner: Int, size: Int, into y: NDArray
  ) {
    if onCPU(indices, y) {
      return CPU.lastWriters(
        indices, outer: outer, length: length, inner: inner, size: size, into: y)
    }
    offCPU(
      "last writers", .lastWriters(outer: outer, length: length, inner: inner, size: size),
      [indices], into: [y])
  }

  /// The rows of dense `x` at int64 indices along its first axis.
  static func pickRows(_ x: NDArray, _ indices: NDArray, into y: NDArray) {
    if onCPU(x, indices, y) { return CPU.pickRows(x, indices, into: y) }
    offCPU("pick rows", .pickRows, [x, indices], into: [y])
  }

  /// Adds the rows of dense `x` to the rows of dense `y` at int64 indices, except at one.
  static func addRows(
    _ x: NDArray, at indices: NDArray, skipping skipped: Int?, into y: NDArray
  ) {
    if onCPU(x, indices, y) { return CPU.addRows(x, at: indices, skipping: skipped, into: y) }
    offCPU("add rows", .addRows(skipping: skipped), [x, indices], into: [y], keepsContents: true)
  }

  /// Replaces rows of dense `y` at int64 indices by those of dense `x`; of several for one index the last one
  /// stays.
  static func putRows(_ x: NDArray, at indices: NDArray, into y: NDArray) {
    if onCPU(x, indices, y) { return CPU.putRows(x, at: indices, into: y) }
    offCPU("put rows", .putRows, [x, indices], into: [y], keepsContents: true)
  }

  /// The indices of the first `count` elements of each row of dense `x` [rows, columns] in order, int64.
  static func order(
    _ x: NDArray, columns: Int, isDescending: Bool, into y: NDArray, columns count: Int
  ) {
    if onCPU(x, y) {
      return CPU.order(x, columns: columns, isDescending: isDescending, into: y, columns: count)
    }
    offCPU(
      "sort", .order(columns: columns, isDescending: isDescending, count: count), [x], into: [y])
  }

  /// Elements between two of `size` along the middle axis of dense `x` [outer, size, inner]; or the adjoint,
  /// which adds each element to the two that it lies between.
  static func interpolate(
    _ x: NDArray, _ points: [InterpolationPoint], size: Int, inner: Int, isAdjoint: Bool,
    into y: NDArray
  ) {
    if onCPU(x, y) {
      return CPU.interpolate(x, points, size: size, inner: inner, isAdjoint: isAdjoint, into: y)
    }
    offCPU(
      "interpolate", .interpolate(points, size: size, inner: inner, isAdjoint: isAdjoint), [x],
      into: [y])
  }
}
