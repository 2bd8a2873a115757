import Autograd
import Testing

@testable import NN

@Suite struct EmbeddingTests {
  @Test func embeddingLooksVectorsUp() {
    let layer = Embedding(vectors: Tensor([[1, 2], [3, 4], [5, 6]]))
    #expect(layer(Tensor(scalars: [2, 0])).floats == [5, 6, 1, 2])
    #expect(layer(Tensor(scalars: [1, 1, 0, 2], shape: [2, 2])).shape == [2, 2, 2])
    #expect(layer(Tensor(scalars: [UInt8(1)])).floats == [3, 4])
    #expect(layer(Tensor(scalars: [Int]())).shape == [0, 2])
  }

  @Test func embeddingStartsStandardNormalButForPadding() {
    let layer = Embedding(2_000, 10, paddingIndex: -2)
    layer.initialize(seed: 0)
    let values = layer.weight.value
    #expect(values.select(axis: 0, at: 1_998).floats == Array(repeating: 0, count: 10))
    #expect(values.select(axis: 0, at: 1_999).floats.allSatisfy { $0 != 0 })
    #expect(abs(values.mean().item()) < 0.03 && abs(values.square().mean().item() - 1) < 0.05)
    #expect(layer.description == "Embedding 2000 -> 10, padding 1998")
  }

  @Test func gradientsAddUpAndSparePadding() {
    let layer = Embedding(3, 2, paddingIndex: 0)
    let (_, gradients) = layer.valueAndGradients {
      layer(Tensor(scalars: [0, 2, 2, 1, 0])).sum()
    }
    #expect(gradients[layer.weight]?.floats == [0, 0, 1, 1, 2, 2])
  }

  /// PyTorch's `scale_grad_by_freq`.
  @Test func gradientsMayBeMeansOverUses() {
    let layer = Embedding(
      vectors: .zeros([3, 2]), paddingIndex: 0, scaleGradientByFrequency: true)
    let (_, gradients) = layer.valueAndGradients {
      (layer(Tensor(scalars: [0, 2, 2, 1, 0])) * Tensor([[9], [1], [5], [7], [9]])).sum()
    }
    #expect(gradients[layer.weight]?.floats == [0, 0, 7, 7, 3, 3])
    #expect(layer.description == "Embedding 3 -> 2, padding 0, gradients by frequency")
  }

  @Test func embeddingInASequential() {
    let net = Sequential(Embedding(10, 4), Flatten(), LazyLinear(2))
    #expect(net(Tensor(scalars: [1, 2, 3, 9, 0, 5], shape: [2, 3])).shape == [2, 2])
    #expect(net.namedParameters.map(\.path) == ["0.weight", "2.weight", "2.bias"])
  }
}
