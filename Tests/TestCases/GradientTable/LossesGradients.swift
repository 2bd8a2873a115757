import Autograd

// The rows of the operations of the folder `Operations/Losses`, an array for each file.
extension GradientTable {
  // MARK: CrossEntropy.swift

  static let crossEntropyRows: [GradientRow] = [
    GradientRow(
      "crossEntropy(Tensor, Tensor, weight:, ignoreIndex:, labelSmoothing:, reduction:)"
    ) {
      at([4, 3]) { crossEntropy($0[0], indices([4], below: 3, like: $0[0])) }
      at([4, 3]) { crossEntropy($0[0], indices([4], below: 3, like: $0[0]), reduction: .sum) }
      at([4, 3]) { crossEntropy($0[0], indices([4], below: 3, like: $0[0]), reduction: .none) }
      at([2, 3, 4]) { crossEntropy($0[0], indices([2, 4], below: 3, like: $0[0])) }
      at([2, 3, 2, 2]) {
        crossEntropy($0[0], indices([2, 2, 2], below: 3, like: $0[0]), reduction: .none)
      }
      at([1, 1]) { crossEntropy($0[0] * $0[0], indices([1], below: 1, like: $0[0])) }
      at([3]) { crossEntropy($0[0], indices([], below: 3, like: $0[0])) }
      at([0, 3]) { crossEntropy($0[0], indices([0], below: 3, like: $0[0]), reduction: .sum) }
      at([4, 3], layout: .transposed) { crossEntropy($0[0], indices([4], below: 3, like: $0[0])) }
      at([5, 3]) {
        crossEntropy(
          $0[0], indices([5], below: 3, like: $0[0]),
          weight: Tensor([1, 2, 0.5], dtype: $0[0].dtype, device: $0[0].device),
          ignoreIndex: 1, labelSmoothing: 0.2)
      }
      at([2, 3], [2, 3]) { crossEntropy($0[0], $0[1], labelSmoothing: 0.1) }
      at([2, 3, 2], [2, 3, 2], [3]) {
        crossEntropy($0[0], $0[1], weight: $0[2].square(), reduction: .none)
      }
    },
    GradientRow("nllLoss(Tensor, Tensor, weight:, ignoreIndex:, reduction:)") {
      at([4, 3]) { nllLoss($0[0] * $0[0], indices([4], below: 3, like: $0[0])) }
      at([2, 3, 2]) {
        nllLoss($0[0] * $0[0], indices([2, 2], below: 3, like: $0[0]), ignoreIndex: 0)
      }
    },
  ]

  // MARK: Losses.swift

  static let lossesRows: [GradientRow] = [
    GradientRow("mseLoss(Tensor, Tensor, weight:, reduction:)") {
      pair { mseLoss($0, $1, reduction: $2) }
      at([2, 3], [2, 3]) { mseLoss($0[0], $0[1], weight: $0[1].square() + 1) }
    },
    GradientRow("l1Loss(Tensor, Tensor, weight:, reduction:)", .distinct) {
      pair { l1Loss($0.square(), $1.square() + 40, reduction: $2) }
    },
    GradientRow("smoothL1Loss(Tensor, Tensor, beta:, reduction:)") {
      pair { smoothL1Loss($0 * 3, $1 + 1.37, beta: 0.7, reduction: $2) }
    },
    GradientRow("huberLoss(Tensor, Tensor, delta:, weight:, reduction:)") {
      pair { huberLoss($0 * 3, $1 + 1.37, delta: 0.7, reduction: $2) }
      pair { huberLoss($0 * 3, $1 + 1.37, delta: 0.7, weight: $0.square(), reduction: $2) }
    },
    GradientRow(
      "binaryCrossEntropyWithLogits(Tensor, Tensor, weight:, positiveWeight:, reduction:)"
    ) {
      pair { binaryCrossEntropyWithLogits($0, $1, reduction: $2) }
      at([2, 3], [2, 3], [3]) {
        binaryCrossEntropyWithLogits($0[0], $0[1], positiveWeight: $0[2].square())
      }
    },
    GradientRow("binaryCrossEntropy(Tensor, Tensor, weight:, reduction:)") {
      pair { binaryCrossEntropy($0.sigmoid(), $1, reduction: $2) }
      pair { binaryCrossEntropy($0.sigmoid(), $1, weight: $1.square(), reduction: $2) }
    },
    GradientRow("klDivergence(Tensor, Tensor, logTarget:, reduction:)", .positive) {
      pair { klDivergence($0, $1, reduction: $2) }
      pair { klDivergence($0, $1, logTarget: true, reduction: $2) }
      at([2, 3], [2, 3]) { klDivergence($0[0], $0[1], reduction: .batchMean) }
    },
    GradientRow("hingeEmbeddingLoss(Tensor, Tensor, margin:, reduction:)", .positive) {
      at([6]) { hingeEmbeddingLoss($0[0].square(), signs([6], like: $0[0]), margin: 0.001) }
      pair { hingeEmbeddingLoss($0 * $1, signs($0.shape, like: $0), margin: 9, reduction: $2) }
    },
    GradientRow("cosineEmbeddingLoss(Tensor, Tensor, Tensor, margin:, reduction:)") {
      at([3, 4], [3, 4]) { cosineEmbeddingLoss($0[0], $0[1], signs([3], like: $0[0]), margin: -2) }
      at([4], [4]) { cosineEmbeddingLoss($0[0], $0[1], Tensor(1, device: $0[0].device)) }
      at([3, 4], [3, 4]) {
        cosineEmbeddingLoss($0[0], $0[1], signs([3], like: $0[0]), margin: -2, reduction: .none)
      }
    },
    GradientRow(
      "tripletMarginLoss(Tensor, Tensor, Tensor, margin:, p:, epsilon:, swap:, reduction:)"
    ) {
      at([3, 4], [3, 4], [3, 4]) { tripletMarginLoss($0[0], $0[1], $0[2], margin: 9) }
      at([2, 3], [2, 3], [2, 3]) { tripletMarginLoss($0[0], $0[1], $0[2], margin: 9, p: 3) }
      at([3, 4], [3, 4], [3, 4]) {
        tripletMarginLoss($0[0], $0[1], $0[2] * 2, margin: 9, swap: true, reduction: .none)
      }
    },
  ]

  // MARK: What rows share

  @GradientCases
  private static func pair(
    _ f: @escaping @Sendable (Tensor, Tensor, Reduction) -> Tensor
  ) -> [GradientCase] {
    at([2, 3], [2, 3]) { f($0[0], $0[1], .mean) }
    at([4], [4]) { f($0[0], $0[1], .sum) }
    at([3, 2], [3, 2], layout: .transposed) { f($0[0], $0[1], .none) }
  }

  private static func signs(_ shape: [Int], like x: Tensor) -> Tensor {
    Tensor(
      (0..<shape.reduce(1, *)).map { $0 % 2 == 0 ? 1.0 : -1.0 }, shape: shape, device: x.device)
  }
}
