import Autograd

// The rows of the operations of the folder `Operations/Reductions`, an array for each file.
extension GradientTable {
  // MARK: Reductions.swift

  static let reductionsRows: [GradientRow] = [
    GradientRow("sum(axes:, keepDims:)") {
      reducing { $0.sum(axes: $1, keepDims: $2) }
      at([3, 0, 2]) { $0[0].sum(axes: [1]) }
    },
    GradientRow("sum(axis:, keepDims:)") { along { $0.sum(axis: $1, keepDims: $2) } },
    GradientRow("mean(axes:, keepDims:)") { reducing { $0.mean(axes: $1, keepDims: $2) } },
    GradientRow("mean(axis:, keepDims:)") { along { $0.mean(axis: $1, keepDims: $2) } },
    GradientRow("max(axes:, keepDims:)", .distinct) {
      reducing { $0.max(axes: $1, keepDims: $2).square() }
    },
    GradientRow("max(axis:, keepDims:)", .distinct) { along { $0.max(axis: $1, keepDims: $2) } },
    GradientRow("min(axes:, keepDims:)", .distinct) {
      reducing { $0.min(axes: $1, keepDims: $2).square() }
    },
    GradientRow("min(axis:, keepDims:)", .distinct) { along { $0.min(axis: $1, keepDims: $2) } },
  ]

  // MARK: Scans.swift

  static let scansRows: [GradientRow] = [
    GradientRow("cumsum(axis:)") {
      along { x, axis, _ in x.cumsum(axis: axis).square() }
      at([]) { $0[0].cumsum(axis: 0).square() }
    },
    GradientRow("cumprod(axis:)") {
      along { x, axis, _ in x.cumprod(axis: axis) }
      at([]) { $0[0].cumprod(axis: 0).square() }
      at([2, 5]) {
        ($0[0] * Tensor([1, 0, 2, 0, 1], dtype: .float64, device: $0[0].device)).cumprod(axis: 1)
      }
    },
  ]

  // MARK: Sorting.swift

  static let sortingRows: [GradientRow] = [
    GradientRow("sort(axis:, descending:)", .distinct) {
      along { x, axis, flag in x.sort(axis: axis, descending: flag).values.square() }
      at([]) { $0[0].sort().values }
    },
    GradientRow("topK(Int, axis:, largest:)", .distinct) {
      at([7]) { $0[0].topK(3).values.square() }
      at([3, 4], layout: .transposed) { $0[0].topK(2, axis: 0, largest: false).values }
      at([3, 4]) { $0[0].topK(0).values }
    },
  ]

  // MARK: Statistics.swift

  static let statisticsRows: [GradientRow] = [
    GradientRow("prod(axes:, keepDims:)") { reducing { $0.prod(axes: $1, keepDims: $2) } },
    GradientRow("prod(axis:, keepDims:)") {
      along { $0.prod(axis: $1, keepDims: $2) }
      at([2, 5]) {
        ($0[0] * Tensor([1, 0, 2, 0, 1], dtype: .float64, device: $0[0].device)).prod(axis: 1)
      }
      at([2, 5]) {
        ($0[0] * Tensor([1, 0, 2, 1, 1], dtype: .float64, device: $0[0].device)).prod(axis: 1)
      }
    },
    GradientRow("variance(axes:, correction:, keepDims:)") {
      reducing { $0.variance(axes: $1, correction: 0, keepDims: $2) }
      at([2, 5]) { $0[0].variance() }
      at([2, 5]) { $0[0].variance(axes: [1], correction: 1.5) }
    },
    GradientRow("variance(axis:, correction:, keepDims:)") {
      at([3, 4]) { $0[0].variance(axis: 1) }
      at([3, 4], layout: .transposed) { $0[0].variance(axis: 0, correction: 0, keepDims: true) }
    },
    GradientRow("standardDeviation(axes:, correction:, keepDims:)") {
      at([2, 5]) { $0[0].standardDeviation() }
      at([2, 3, 2]) { $0[0].standardDeviation(axes: [0, 2], correction: 0, keepDims: true) }
    },
    GradientRow("standardDeviation(axis:, correction:, keepDims:)") {
      at([3, 4]) { $0[0].standardDeviation(axis: -1) }
      at([3, 4], layout: .sliced) { $0[0].standardDeviation(axis: 0, keepDims: true) }
    },
    GradientRow("norm(Double, axes:, keepDims:)", .distinct) {
      reducing { $0.norm(axes: $1, keepDims: $2) }
      reducing { $0.norm(1, axes: $1, keepDims: $2) }
      reducing { $0.norm(0, axes: $1, keepDims: $2) * $0.norm(3, axes: $1, keepDims: $2) }
      reducing { $0.norm(-2, axes: $1.map { $0.isEmpty ? [0] : $0 }, keepDims: $2) }
      at([2, 3]) { $0[0].norm(.infinity) * $0[0].norm(-.infinity) }
      at([2, 3]) { ($0[0].square() + 1).norm(0.5, axes: [1]) }
      at([2, 3]) { $0[0].norm(2.5, axes: [1], keepDims: true) }
    },
    GradientRow("norm(Double, axis:, keepDims:)", .awayFromZero) {
      along { $0.norm(axis: $1, keepDims: $2) }
    },
  ]
}
