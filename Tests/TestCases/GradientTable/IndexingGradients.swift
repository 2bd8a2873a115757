import Autograd

// The rows of the operations of the folder `Operations/Indexing`, an array for each file.
extension GradientTable {
  // MARK: Embedding.swift

  static let embeddingRows: [GradientRow] = [
    GradientRow("indexSelect(axis:, Tensor)") {
      at([3, 4]) {
        $0[0].indexSelect(axis: 0, Tensor(scalars: [2, 0, 2, 2], device: $0[0].device))
      }
      at([3, 4, 2], layout: .transposed) {
        $0[0].indexSelect(axis: 1, Tensor(scalars: [3, 1], device: $0[0].device))
      }
      at([3, 4]) { $0[0].indexSelect(axis: -1, Tensor(scalars: [Int](), device: $0[0].device)) }
      at([]) { $0[0].indexSelect(axis: 0, Tensor(scalars: [0], device: $0[0].device)) }
    },
    GradientRow("embedding(Tensor, Tensor, paddingIndex:, scaleGradientByFrequency:)") {
      at([4, 3]) {
        embedding(Tensor(scalars: [1, 3, 1, 0], shape: [2, 2], device: $0[0].device), $0[0])
          .square()
      }
      at([4, 3], layout: .transposed) {
        embedding(Tensor(scalars: [1, 3], device: $0[0].device), $0[0])
      }
    },
  ]

  // MARK: Indexing.swift

  static let indexingRows: [GradientRow] = [
    GradientRow("slice(axis:, from:, to:, step:)") {
      at([7]) { $0[0].slice(axis: 0, from: 1, to: 6, step: 2) }
      at([3, 5]) { $0[0].slice(axis: -1, from: -3) }
      at([5, 3]) { $0[0].slice(axis: 0, to: -1, step: 3) }
      at([4, 2]) { $0[0].slice(axis: 0, from: 2, to: 2) }
      at([4]) { $0[0].slice(axis: 0) * 2 }
      at([1]) { $0[0].slice(axis: 0, step: 9) * 2 }
      at([3, 4], layout: .transposed) { $0[0].slice(axis: 0, from: 1).slice(axis: 1, step: 2) }
      at([3, 4], layout: .sliced) { $0[0].slice(axis: 1, from: 1, to: 3) }
    },
    GradientRow("select(axis:, at:)") {
      at([3, 4]) { $0[0].select(axis: 0, at: 1) }
      at([3, 4]) { $0[0].select(axis: -1, at: -1) }
      at([1]) { $0[0].select(axis: 0, at: 0) }
      at([3, 4], layout: .transposed) { $0[0].select(axis: 1, at: 2) }
    },
    GradientRow("gather(axis:, Tensor)") {
      at([2, 3]) { $0[0].gather(axis: 1, indices([2, 4], below: 3, like: $0[0])) }
      at([4, 3]) { $0[0].gather(axis: 0, indices([2, 3], below: 4, like: $0[0])) }
      at([2, 3, 2]) { $0[0].gather(axis: 1, indices([2, 5, 2], below: 3, like: $0[0])) }
      at([1]) { $0[0].gather(axis: 0, indices([3], below: 1, like: $0[0])) }
      at([2, 3]) { $0[0].gather(axis: 1, indices([2, 0], below: 3, like: $0[0])) }
      at([3, 4], layout: .transposed) {
        $0[0].gather(axis: -1, indices([3, 2], below: 4, like: $0[0]))
      }
      at([3, 4]) {
        $0[0].gather(
          axis: 0, indices([4, 3], below: 3, like: $0[0]).transpose().slice(axis: 0, to: 2))
      }
    },
    GradientRow("scatterSum(axis:, Tensor, size:)") {
      at([2, 3]) { $0[0].scatterSum(axis: 1, indices([2, 3], below: 4, like: $0[0]), size: 4) }
      at([4, 3]) { $0[0].scatterSum(axis: 0, indices([4, 3], below: 2, like: $0[0]), size: 3) }
      at([2, 0]) { $0[0].scatterSum(axis: 1, indices([2, 0], below: 1, like: $0[0]), size: 3) }
      at([3, 4], layout: .sliced) {
        $0[0].scatterSum(axis: -1, indices([3, 4], below: 2, like: $0[0]), size: 2)
      }
    },
  ]

  // MARK: Scatter.swift

  static let scatterRows: [GradientRow] = [
    GradientRow("scatter(axis:, Tensor, Tensor)") {
      at([3, 4], [3, 2]) {
        $0[0].scatter(
          axis: 1, Tensor(scalars: [1, 3, 0, 2, 2, 1], shape: [3, 2], device: $0[0].device), $0[1]
        ).square()
      }
      at([3, 4], [3, 3], layout: .transposed) {
        $0[0].scatter(
          axis: 0, Tensor(scalars: [2, 0, 1, 0], shape: [2, 2], device: $0[0].device), $0[1])
      }
      at([3], [4]) {
        $0[0].scatter(axis: 0, Tensor(scalars: [1, 1, 2, 1], device: $0[0].device), $0[1])
      }
      at([], []) {
        $0[0].scatter(axis: 0, Tensor(scalars: [0], shape: [], device: $0[0].device), $0[1])
      }
      at([3, 2], [0, 2]) {
        $0[0].scatter(axis: 0, Tensor.zeros([0, 2], dtype: .int64, device: $0[0].device), $0[1])
      }
    },
    GradientRow("scatter(axis:, Tensor, Number)") {
      at([3, 4]) {
        $0[0].scatter(axis: 1, Tensor(scalars: [1, 1], shape: [1, 2], device: $0[0].device), 2)
          .square()
      }
    },
    GradientRow("scatterAdd(axis:, Tensor, Tensor)") {
      at([3, 4], [3, 2]) {
        let places = Tensor(scalars: [1, 1, 0, 2, 2, 2], shape: [3, 2], device: $0[0].device)
        return $0[0].scatterAdd(axis: 1, places, $0[1]).square()
      }
      at([3, 4], [3, 3], layout: .sliced) {
        $0[0].scatterAdd(
          axis: 0, Tensor(scalars: [2, 0, 2, 0], shape: [2, 2], device: $0[0].device), $0[1])
      }
      at([], []) {
        $0[0].scatterAdd(axis: 0, Tensor(scalars: [0], shape: [], device: $0[0].device), $0[1])
      }
    },
    GradientRow("maskedFill(Tensor, Number)") { unary { $0.maskedFill(mask($0), 2).square() } },
    GradientRow("maskedFill(Tensor, Tensor)") {
      at([2, 3], []) { $0[0].maskedFill(mask($0[0]), $0[1]).square() }
    },
    GradientRow("maskedSelect(Tensor)") {
      unary { $0.maskedSelect(mask($0)).square() }
      at([2, 1]) { $0[0].maskedSelect(mask(.zeros([3], device: $0[0].device))) }
    },
  ]

  // MARK: Subscripts.swift

  static let subscriptsRows: [GradientRow] = [
    GradientRow("subscript(TensorIndex...)") {
      unary { $0[.ellipsis, .newAxis].square() }
      at([3, 4]) { $0[0][1] }
      at([3, 4]) { $0[0][.all, .slice(step: -1)].square() }
      at([5, 3], layout: .transposed) { $0[0][.slice(from: -1, to: 0, step: -2), 1...] }
      at([3, 4], layout: .sliced) { $0[0][[2, 0, 2, -1]].square() }
      at([3, 4, 2]) {
        $0[0][
          Tensor(scalars: [0, 2], device: $0[0].device), .all,
          Tensor(scalars: [1, 0], device: $0[0].device)]
      }
      at([2, 3]) { $0[0][mask($0[0])] }
      at([3, 4], [4]) { written($0) { $0[1] = $1 } }
      at([3, 4], [2, 1]) { written($0) { $0[..<2, .slice(step: 3)] = $1 } }
      at([3, 4], [4], layout: .transposed) { written($0) { $0[.slice(step: -1)] = $1 } }
      at([3, 4], [2, 4]) { written($0) { $0[[2, 0]] = $1 } }
      at([3, 4], [4]) { written($0) { $0[[2, 0]] = $1 } }
      at([4, 3, 2], [2, 3]) { written($0) { $0[[0, 3], .all, [1, 0]] = $1 } }
      at([2, 3], []) { written($0) { $0[mask($0)] = $1 } }
      at([2, 3], [2, 3]) { written($0) { $0[.ellipsis] = $1 } }
      at([2, 3], [3]) { written($0) { $0[0] += $1 } }
    },
    GradientRow("subscript(UnboundedRange, TensorIndex...)") {
      at([2, 3]) { $0[0][..., 0] }
      at([2, 3], [2]) { written($0) { $0[..., 1] = $1 } }
    },
    GradientRow("subscript(TensorIndex, UnboundedRange, TensorIndex...)") {
      at([2, 3, 2]) { $0[0][1, ..., 0] }
      at([2, 3, 2], [3]) { written($0) { $0[1, ..., 0] = $1 } }
    },
  ]

  // MARK: What rows share

  /// The square of what is left after writing the second tensor into the first, and the first one.
  private static func written(
    _ inputs: [Tensor], _ write: (inout Tensor, Tensor) -> Void
  ) -> Tensor {
    var x = inputs[0]
    write(&x, inputs[1])
    return x.square() + inputs[0]
  }
}
