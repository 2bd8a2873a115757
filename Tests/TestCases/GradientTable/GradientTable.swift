import Autograd

/// One row per public differentiable operation; `PublicOperations` finds the operations without
/// one.
package enum GradientTable {
  /// All rows, the operations in the order of their folders and files.
  package static let rows: [GradientRow] = [
    activationsRows, softmaxRows,
    arithmeticRows, elementwiseRows, roundingRows, selectionRows,
    adaptivePoolingRows, convolutionRows, interpolationRows, poolingRows, transposedConvolutionRows,
    embeddingRows, indexingRows, scatterRows, subscriptsRows,
    diagonalsRows, einsumRows, matMulRows,
    crossEntropyRows, lossesRows,
    attentionRows, normalizationRows,
    reductionsRows, scansRows, sortingRows, statisticsRows,
    joiningRows, paddingRows, rearrangingRows, shapeRows, splittingRows,
    gradientHookRows, creationRows, tensorRows,
  ].flatMap { $0 }

  // MARK: The shapes that families share

  static func at(
    _ shapes: [Int]..., layout: Layout = .dense,
    _ function: @escaping @Sendable ([Tensor]) -> Tensor
  ) -> GradientCase {
    GradientCase(shapes: shapes, layout: layout, function: function)
  }

  @GradientCases
  static func unary(_ f: @escaping @Sendable (Tensor) -> Tensor) -> [GradientCase] {
    at([]) { f($0[0]) }
    at([1]) { f($0[0]) }
    at([0, 3]) { f($0[0]) }
    at([7]) { f($0[0]) }
    at([2, 3], layout: .transposed) { f($0[0]) }
    at([3, 3], layout: .sliced) { f($0[0]) }
    at([2, 3], layout: .expanded) { f($0[0]) }
    at([2, 3, 1]) { f($0[0].transpose(0, 1)) }
  }

  @GradientCases
  static func binary(_ f: @escaping @Sendable (Tensor, Tensor) -> Tensor) -> [GradientCase] {
    at([], []) { f($0[0], $0[1]) }
    at([1], [1]) { f($0[0], $0[1]) }
    at([5], [5]) { f($0[0], $0[1]) }
    at([2, 3], []) { f($0[0], $0[1]) }
    at([], [3]) { f($0[0], $0[1]) }
    at([2, 1], [3]) { f($0[0], $0[1]) }
    at([3], [2, 1]) { f($0[0], $0[1]) }
    at([2, 1, 3], [4, 1]) { f($0[0], $0[1]) }
    at([0, 3], [1, 3]) { f($0[0], $0[1]) }
    at([1], [0]) { f($0[0], $0[1]) }
    at([2, 3], [2, 3], layout: .transposed) { f($0[0], $0[1]) }
    at([2, 3], [3], layout: .sliced) { f($0[0], $0[1]) }
    at([2, 3], [2, 1], layout: .expanded) { f($0[0], $0[1]) }
    at([2, 3], [3, 2]) { f($0[0].transpose(), $0[1]) }
  }

  static func assigning(
    _ f: @escaping @Sendable (inout Tensor, Tensor) -> Void
  ) -> [GradientCase] {
    binary { a, b in
      var sum = a * 2
      f(&sum, b)
      return sum
    }
  }

  /// The change in place of a result that nothing else refers to.
  static func changing(_ f: @escaping @Sendable (inout Tensor) -> Void) -> [GradientCase] {
    assigning { sum, other in
      f(&sum)
      sum += other
    }
  }

  @GradientCases
  static func reducing(
    _ f: @escaping @Sendable (Tensor, [Int]?, Bool) -> Tensor
  ) -> [GradientCase] {
    at([2, 3, 2]) { f($0[0], nil, false) }
    at([2, 3, 2]) { f($0[0], nil, true) }
    at([2, 3, 2]) { f($0[0], [], false) }
    at([2, 3, 2]) { f($0[0], [0], false) }
    at([2, 3, 2]) { f($0[0], [1], true) }
    at([2, 3, 2]) { f($0[0], [-1], false) }
    at([2, 3, 2]) { f($0[0], [0, 1], true) }
    at([2, 3, 2]) { f($0[0], [0, 2], false) }
    at([2, 3, 2]) { f($0[0], [2, -2], true) }
    at([2, 3, 2]) { f($0[0], [2, 1, 0], false) }
    at([]) { f($0[0], nil, false) }
    at([1]) { f($0[0], [0], true) }
    at([3, 0, 2]) { f($0[0], [0], false) }
    at([2, 3, 3], layout: .transposed) { f($0[0], [1], false) }
    at([5, 3], layout: .sliced) { f($0[0], [0], false) }
    at([2, 2, 3]) { f($0[0].transpose(0, 2), [0, 1], false) }
  }

  @GradientCases
  static func along(_ f: @escaping @Sendable (Tensor, Int, Bool) -> Tensor) -> [GradientCase] {
    at([3, 2, 3]) { f($0[0], 0, false) }
    at([3, 2, 3]) { f($0[0], 1, true) }
    at([3, 2, 3]) { f($0[0], 2, false) }
    at([3, 2, 3]) { f($0[0], -1, true) }
    at([1]) { f($0[0], 0, false) }
    at([7]) { f($0[0], -1, true) }
    at([0, 3]) { f($0[0], 1, false) }
    at([3, 5], layout: .transposed) { f($0[0], 1, false) }
    at([3, 5], layout: .sliced) { f($0[0], 0, false) }
  }

  /// A fixed pattern of truth values in a tensor's shape.
  static func mask(_ x: Tensor) -> Tensor {
    Tensor(scalars: (0..<x.count).map { $0 % 3 != 1 }, shape: x.shape, device: x.device)
  }

  /// Integers with repetitions in no obvious order.
  static func indices(_ shape: [Int], below limit: Int, like x: Tensor) -> Tensor {
    let count = shape.reduce(1, *)
    return Tensor(
      scalars: (0..<count).map { ($0 * $0 * 5 + $0 * 3 + 1) % limit }, shape: shape,
      device: x.device)
  }
}
