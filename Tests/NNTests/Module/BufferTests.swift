import Autograd
import TestSupport
import Testing

@testable import NN

@Suite struct BufferTests {
  @Test func theFirstUseGivesTheShape() {
    let buffer = Buffer(shape: [nil, 2], initial: 3)
    #expect(!buffer.isReady && buffer.description == "Buffer [?, 2]")
    #expect(buffer.value(shape: [1, 2]).floats == [3, 3])
    #expect(buffer.isReady && buffer.description == "Buffer [1, 2]")
  }

  @Test func aNewValueIsAConstantOfItsType() {
    let buffer = Buffer(shape: [nil], initial: 0)
    let tape = Tape()
    buffer.value = tape.watch(Tensor([1, 2], dtype: .float64)) * 2
    #expect(!buffer.value.isTraced && buffer.value.dtype == .float32)
    #expect(buffer.value.floats == [2, 4])
    buffer.reset()
    #expect(!buffer.isReady && buffer.value.floats == [0, 0], "the shape stays")
  }

  @Test func conversionLeavesIntegersAlone() {
    let (mean, count) = (
      Buffer(shape: [2], initial: 1), Buffer(shape: [], initial: 4, dtype: .int64)
    )
    for buffer in [mean, count] { buffer.convert(to: .float64) }
    #expect(mean.value.dtype == .float64 && mean.value.doubles == [1, 1])
    #expect(count.value.dtype == .int64 && count.value.item() == 4)
  }

  @Test func aModelInEvaluationModeMayBeUsedByManyThreads() async {
    await #expect(processExitsWith: .success) {
      // Read only, which is what is tested.
      nonisolated(unsafe) let model = Sequential(
        Conv2d(3, 4, kernelSize: 3), BatchNorm2d(4), ReLU())
      let x = inputs([2, 3, 6, 6])
      model.materialize(for: x)
      model.evaluate()
      let expected = model(x).floats
      await withTaskGroup(of: Bool.self) { group in
        for _ in 0..<8 {
          group.addTask { (0..<2_000).allSatisfy { _ in model(x).floats == expected } }
        }
        for await isEqual in group { precondition(isEqual) }
      }
    }
  }

  static let mistakes = [
    Mistake("buffer", "[2, ?]", "[3, 1]") {
      _ = Buffer(shape: [2, nil], initial: 0).value(shape: [3, 1])
    },
    Mistake("buffer", "[2, ?]", "no value") { _ = Buffer(shape: [2, nil], initial: 0).value },
    Mistake("buffer", "[2]", "float32 [3]") { Buffer(shape: [2], initial: 0).value = .zeros([3]) },
  ]

  @Test(arguments: mistakes.indices) func mistakesStop(index: Int) async {
    let result = await #expect(
      processExitsWith: .failure, observing: [\.standardErrorContent]
    ) { [index] in
      BufferTests.mistakes[index].body()
    }
    expect(result, names: Self.mistakes[index].names)
  }
}
