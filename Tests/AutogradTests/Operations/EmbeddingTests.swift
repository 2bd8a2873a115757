import TestSupport
import Testing

@testable import Autograd

struct EmbeddingTests {
  private let x = Tensor(scalars: [0, 1, 2, 3, 4, 5], shape: [3, 2])

  @Test func picksAlongAnyAxis() {
    let indices = Tensor(scalars: [2, 0, 2])
    #expect(x.indexSelect(axis: 0, indices).scalars(as: Int.self) == [4, 5, 0, 1, 4, 5])
    #expect(
      x.transpose().indexSelect(axis: 1, indices).scalars(as: Int.self) == [4, 0, 4, 5, 1, 5])
    #expect(x.indexSelect(axis: 0, Tensor(scalars: [Int]())).shape == [0, 2])
    #expect(x.indexSelect(axis: 1, Tensor(scalars: [1], shape: [])).shape == [3, 1])
    #expect(Tensor.zeros([3, 0]).indexSelect(axis: 0, indices).shape == [3, 0])
    #expect(x.indexSelect(axis: 0, indices.asType(.uint8)).dtype == .int64)
  }

  @Test func vectorsThatComeTwiceAddTheirGradients() {
    let weight = Tensor([[1, 2], [3, 4], [5, 6]])
    let indices = Tensor(scalars: [1, 1, 2, 0], shape: [2, 2])
    #expect(embedding(indices, weight).shape == [2, 2, 2])
    let slope = gradient(at: weight) { embedding(indices, $0, paddingIndex: -1).sum() }
    #expect(slope.scalars() == [1, 1, 2, 2, 0, 0])
  }

  @Test func thePaddingVectorHasNoSecondGradientEither() throws {
    let indices = Tensor(scalars: [0, 2, 2, 1])
    let weight = Tensor([[1, 2], [3, 4], [5, 6]], dtype: .float64)
    let slope = gradient(at: weight) { weight in
      gradient(at: weight) { embedding(indices, $0, paddingIndex: 2).square().sum() }.square().sum()
    }
    #expect(slope.scalars(as: Double.self) == [8, 16, 24, 32, 0, 0])
  }

  @Test func mistakesAreNamed() async {
    let result = await #expect(processExitsWith: .failure, observing: [\.standardErrorContent]) {
      _ = embedding(Tensor(scalars: [0, 3]), Tensor.zeros([3, 2]))
    }
    expect(result, names: "embedding", "index 3", "size 3")
    await #expect(processExitsWith: .failure) {
      _ = Tensor.zeros([3]).indexSelect(axis: 0, Tensor([0]))
    }
    await #expect(processExitsWith: .failure) {
      _ = Tensor.zeros([3]).indexSelect(axis: 0, Tensor(scalars: [-1]))
    }
  }
}
