import Testing

@testable import Autograd

/// What PyTorch's reference cases do not say.
@Suite struct SortingTests {
  @Test func integers() {
    expect(Tensor(scalars: [Int.max, 1, Int.min, 1]).argsort(), equals: [2, 1, 3, 0])
    expect(Tensor(scalars: [true, false]).sort().values, equals: [0, 1])
  }

  @Test func orderOfManyThreads() {
    var random = RandomStream(seed: 4)
    let x = random.uniform([64, 1000])
    let (values, indices) = x.sort()
    expect(x.gather(axis: 1, indices), equals: Reference(values))
    #expect((values[.all, 1...] .>= values[.all, ..<(-1)]).all().item() == 1)
    expect(x.topK(5).values, equals: Reference(x.sort(descending: true).values[.all, ..<5]))
  }

  @Test func moreThanThereAre() async {
    let result = await #expect(processExitsWith: .failure, observing: [\.standardErrorContent]) {
      _ = Tensor.zeros([2, 3]).topK(4)
    }
    expectMessage(result, "topK: k is 4, but axis 1 of float32 [2, 3] has 3")
  }
}
