import Testing

@testable import Autograd

/// What losses stop at: above all operands of different shapes, which broadcasting would hide.
@Suite struct LossMistakesTests {
  struct Case: Sendable {
    let message: String
    let body: @Sendable () -> Void

    init(_ message: String, _ body: @escaping @Sendable () -> Void) {
      (self.message, self.body) = (message, body)
    }
  }

  static let losses: [(name: String, loss: @Sendable (_ x: Tensor, _ target: Tensor) -> Tensor)] = [
    ("mseLoss", { mseLoss($0, $1) }), ("l1Loss", { l1Loss($0, $1) }),
    ("smoothL1Loss", { smoothL1Loss($0, $1) }), ("huberLoss", { huberLoss($0, $1) }),
    ("binaryCrossEntropyWithLogits", { binaryCrossEntropyWithLogits($0, $1) }),
    ("binaryCrossEntropy", { binaryCrossEntropy($0, $1) }),
    ("klDivergence", { klDivergence($0, $1) }),
    ("hingeEmbeddingLoss", { hingeEmbeddingLoss($0, $1) }),
    ("cosineEmbeddingLoss", { cosineEmbeddingLoss($0, $1, .ones([4])) }),
    ("tripletMarginLoss", { tripletMarginLoss($0, $0, $1) }),
    ("crossEntropy", { crossEntropy($0, $1) }),
  ]

  @Test(arguments: losses.indices) func shapesThatDiffer(index: Int) async {
    let result = await #expect(
      processExitsWith: .failure, observing: [\.standardErrorContent]
    ) { [index] in
      _ = LossMistakesTests.losses[index].loss(.zeros([4, 1]), .zeros([4]))
    }
    expectMessage(
      result,
      """
      \(Self.losses[index].name): needs two tensors of one shape, got float32 [4, 1] and float32 [4]
      """)
  }

  static let mistakes = [
    Case("crossEntropy: needs logits [batch, classes, ...], got int64 [2, 3]") {
      _ = crossEntropy(.zeros([2, 3], dtype: .int64), .zeros([2], dtype: .int64))
    },
    Case("crossEntropy: the label smoothing must be between 0 and 1, got 1.5") {
      _ = crossEntropy(.zeros([2, 3]), .zeros([2], dtype: .int64), labelSmoothing: 1.5)
    },
    Case(
      "crossEntropy: the weight must have one entry for each of 3 classes, got float32 [2]"
    ) {
      _ = crossEntropy(.zeros([2, 3]), .zeros([2], dtype: .int64), weight: .ones([2]))
    },
    Case("nllLoss: needs log-probabilities [batch, classes, ...], got float32 []") {
      _ = nllLoss(Tensor(0), .zeros([], dtype: .int64))
    },
    Case("nllLoss: labels for logits float32 [2, 3] must be integers [2], got float32 [2]") {
      _ = nllLoss(.zeros([2, 3]), .zeros([2]))
    },
    Case("binaryCrossEntropy: probabilities must be between 0 and 1, got -0.5 to 1.0") {
      _ = binaryCrossEntropy(Tensor([1, -0.5]), .zeros([2]))
    },
    Case("binaryCrossEntropy: the weight does not fit float32 [2]") {
      _ = binaryCrossEntropy(.zeros([2]), .zeros([2]), weight: .ones([3, 2]))
    },
    Case("binaryCrossEntropyWithLogits: the weights do not fit float32 [2]") {
      _ = binaryCrossEntropyWithLogits(.zeros([2]), .zeros([2]), positiveWeight: .ones([3, 2]))
    },
    Case("mseLoss: the weight float32 [1] must have the losses' shape [2]") {
      _ = mseLoss(.zeros([2]), .zeros([2]), weight: .ones([1]))
    },
    Case("huberLoss: needs two tensors of one shape, got float32 [2] and float32 [1]") {
      _ = huberLoss(.zeros([2]), .zeros([2]), weight: .ones([1]))
    },
    Case("smoothL1Loss: beta must be finite and not negative, got -1.0") {
      _ = smoothL1Loss(.zeros([2]), .zeros([2]), beta: -1)
    },
    Case("cosineEmbeddingLoss: targets for float32 [2, 3] must be [2], got float32 [3]") {
      _ = cosineEmbeddingLoss(.zeros([2, 3]), .zeros([2, 3]), .ones([3]))
    },
  ]

  @Test(arguments: mistakes.indices) func stop(index: Int) async {
    let result = await #expect(
      processExitsWith: .failure, observing: [\.standardErrorContent]
    ) { [index] in
      LossMistakesTests.mistakes[index].body()
    }
    expectMessage(result, Self.mistakes[index].message)
  }
}
