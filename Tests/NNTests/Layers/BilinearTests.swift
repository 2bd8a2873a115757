import Autograd
import Testing

@testable import NN

@Suite struct BilinearTests {
  @Test func values() {
    let layer = Bilinear(2, 2, 1)
    layer.weight.value = Tensor([1, 2, 3, 4], shape: [1, 2, 2])
    layer.bias?.value = Tensor([10])
    // [1, 2] [[1, 2], [3, 4]] [5, 6]ᵀ = 7 * 5 + 10 * 6
    #expect(layer(Tensor([1, 2]), Tensor([5, 6])).floats == [105])
  }

  @Test func lazyAndExplicitAlike() {
    let (lazy, explicit) = (LazyBilinear(3), Bilinear(400, 2, 3))
    #expect(lazy.description == "Bilinear ?, ? -> 3")
    for layer in [lazy, explicit] {
      layer.initialize(seed: 1)
      _ = layer(inputs([5, 400]), inputs([5, 2]))
    }
    #expect(lazy.values == explicit.values)
    #expect(lazy.description == "Bilinear 400, 2 -> 3" && lazy.parameterCount == 2_403)
    let largest = explicit.values.map { $0.map(abs).max() ?? 1 }
    #expect(largest[0] <= 0.05 && largest[0] > 0.049 && largest[1] <= 0.05)
  }
}
