import TestSupport
import Testing

@testable import Autograd

/// What losses stop at: above all operands of different shapes, which broadcasting would hide.
@Suite struct LossMistakesTests {
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
    expect(result, names: Self.losses[index].name, "float32 [4, 1]", "float32 [4]")
  }

  static let mistakes = [
    Mistake("crossEntropy", "label 9223372036854775807", "3 classes") {
      _ = crossEntropy(.zeros([1, 3]), Tensor(scalars: [Int.max]))
    },
    Mistake("nllLoss", "label -9223372036854775808", "3 classes") {
      _ = nllLoss(.zeros([1, 3]), Tensor(scalars: [Int.min]))
    },
    Mistake("crossEntropy", "integers", "asType(.int64)", "float32 [4]") {
      _ = crossEntropy(.zeros([4, 3]), Tensor([0, 1, 2, 0]))
    },
    Mistake("crossEntropy", "probabilities", "ignoreIndex 1") {
      _ = crossEntropy(.zeros([4, 3]), .zeros([4, 3]), ignoreIndex: 1)
    },
    Mistake("nllLoss", "integers", "asType(.int64)", "float32 [4]") {
      _ = nllLoss(.zeros([4, 3]), Tensor([0, 1, 2, 0]))
    },
    Mistake("crossEntropy", "logits", "int64 [2, 3]") {
      _ = crossEntropy(.zeros([2, 3], dtype: .int64), .zeros([2], dtype: .int64))
    },
    Mistake("crossEntropy", "label smoothing", "0", "1", "1.5") {
      _ = crossEntropy(.zeros([2, 3]), .zeros([2], dtype: .int64), labelSmoothing: 1.5)
    },
    Mistake("crossEntropy", "weight", "3 classes", "float32 [2]") {
      _ = crossEntropy(.zeros([2, 3]), .zeros([2], dtype: .int64), weight: .ones([2]))
    },
    Mistake("nllLoss", "log-probabilities", "float32 []") {
      _ = nllLoss(Tensor(0), .zeros([], dtype: .int64))
    },
    Mistake("nllLoss", "labels", "float32 [2, 3]", "integers [2]", "float32 [2]") {
      _ = nllLoss(.zeros([2, 3]), .zeros([2]))
    },
    Mistake("binaryCrossEntropy", "probabilities", "0", "1", "-0.5", "1.0") {
      _ = binaryCrossEntropy(Tensor([1, -0.5]), .zeros([2]))
    },
    Mistake("binaryCrossEntropy", "weight", "float32 [2]") {
      _ = binaryCrossEntropy(.zeros([2]), .zeros([2]), weight: .ones([3, 2]))
    },
    Mistake("binaryCrossEntropyWithLogits", "weights", "float32 [2]") {
      _ = binaryCrossEntropyWithLogits(.zeros([2]), .zeros([2]), positiveWeight: .ones([3, 2]))
    },
    Mistake("mseLoss", "weight float32 [1]", "shape [2]") {
      _ = mseLoss(.zeros([2]), .zeros([2]), weight: .ones([1]))
    },
    Mistake("huberLoss", "float32 [2]", "float32 [1]") {
      _ = huberLoss(.zeros([2]), .zeros([2]), weight: .ones([1]))
    },
    Mistake("smoothL1Loss", "beta", "-1.0") {
      _ = smoothL1Loss(.zeros([2]), .zeros([2]), beta: -1)
    },
    Mistake("cosineEmbeddingLoss", "float32 [2, 3]", "[2]", "float32 [3]") {
      _ = cosineEmbeddingLoss(.zeros([2, 3]), .zeros([2, 3]), .ones([3]))
    },
  ]

  @Test(arguments: mistakes.indices) func stop(index: Int) async {
    let result = await #expect(
      processExitsWith: .failure, observing: [\.standardErrorContent]
    ) { [index] in
      LossMistakesTests.mistakes[index].body()
    }
    expect(result, names: Self.mistakes[index].names)
  }
}
