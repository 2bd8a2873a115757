import Autograd
import TestSupport
import Testing

@testable import NN

/// A dataset of one's own: numbers and their squares, made when they are asked for.
struct Squares: Dataset {
  let count: Int

  func batch(_ indices: [Int]) -> Batch {
    let x = indices.map { Double($0) / Double(count) }
    return Batch(
      inputs: Tensor(x, shape: [indices.count, 1]),
      labels: Tensor(x.map { $0 * $0 }, shape: [indices.count, 1]))
  }
}

/// Examples whose label is their number.
func numbered(_ count: Int) -> TensorDataset {
  TensorDataset(
    inputs: Tensor.arange(count, dtype: .float32).reshape([count, 1]), labels: .arange(count))
}

@Suite struct DataModuleTests {
  @Test func theLargestBatchHoldsEverything() {
    let dataset = TensorDataset(inputs: .arange(5), labels: .arange(5))
    let batches = BatchSequence(dataset, order: [4, 0, 1, 2, 3], batchSize: .max)
    #expect(batches.count == 1)
    #expect(batches.map { $0.inputs.floats } == [[4, 0, 1, 2, 3]])
    #expect(BatchSequence(dataset, order: [], batchSize: .max).count == 0)
    #expect(DataSplit(training: dataset, batchSize: .max).sample.count == 5)
  }

  private func order(_ data: some DataModule, epoch: Int) -> [[Int]] {
    data.trainingBatches(epoch: epoch).map { batch in
      #expect(batch.inputs.scalars(as: Int.self) == batch.labels.scalars(as: Int.self))
      return batch.labels.scalars(as: Int.self)
    }
  }

  @Test(arguments: [1, 7, 10, 64]) func everyExampleComesOnceAnEpoch(batchSize: Int) {
    let data = DataSplit(training: numbered(50), batchSize: batchSize)
    for epoch in 1...3 {
      let batches = order(data, epoch: epoch)
      #expect(batches.count == data.trainingBatches(epoch: epoch).count)
      #expect(batches.dropLast().allSatisfy { $0.count == batchSize })
      #expect(batches.flatMap { $0 }.sorted() == Array(0..<50))
    }
  }

  @Test func theLastPartialBatchMayBeDropped() {
    let data = DataSplit(
      training: numbered(10), validation: numbered(5), batchSize: 4, dropsLast: true)
    #expect(order(data, epoch: 1).map(\.count) == [4, 4])
    #expect(data.trainingBatches(epoch: 1).count == 2 && data.validationBatches()?.count == 2)
    let whole = DataSplit(training: numbered(8), batchSize: 4, dropsLast: true)
    #expect(order(whole, epoch: 1).map(\.count) == [4, 4])
    #expect(
      DataSplit(training: numbered(3), batchSize: 4, dropsLast: true).trainingBatches(epoch: 1)
        .count == 0)
  }

  @Test func firstBatchesAreSkippedWithoutBeingGathered() {
    let batches = DataSplit(training: numbered(10), batchSize: 4).trainingBatches(epoch: 1)
    let all = batches.map { $0.labels.scalars(as: Int.self) }
    for count in 0...4 {
      let rest = batches.dropFirst(count)
      #expect(rest.map { $0.labels.scalars(as: Int.self) } == Array(all.dropFirst(count)))
      #expect(rest.count == max(3 - count, 0))
      #expect(rest.dropFirst(1).count == max(2 - count, 0))
    }
  }

  @Test func theLastPartialBatchIsKept() {
    let data = DataSplit(training: numbered(10), validation: numbered(5), batchSize: 4)
    #expect(order(data, epoch: 1).map(\.count) == [4, 4, 2])
    let validation = data.validationBatches()?.map { $0.labels.scalars(as: Int.self) }
    #expect(validation == [[0, 1, 2, 3], [4]])
  }

  @Test func theOrderFollowsSeedAndEpoch() {
    let data = { seed in DataSplit(training: numbered(50), batchSize: 8, seed: seed) }
    #expect(order(data(1), epoch: 1) == order(data(1), epoch: 1))
    #expect(order(data(1), epoch: 1) != order(data(1), epoch: 2))
    #expect(order(data(1), epoch: 1) != order(data(2), epoch: 1))
    #expect(order(data(1), epoch: 1).flatMap { $0 } != Array(0..<50))
  }

  @Test func theSampleIsTheFirstExamples() {
    let data = DataSplit(training: numbered(10), batchSize: 4)
    #expect(data.sample.labels.scalars(as: Int.self) == [0, 1, 2, 3])
    #expect(DataSplit(training: numbered(3), batchSize: 4).sample.count == 3)
    #expect(data.validationBatches() == nil)
  }

  @Test func tensorDatasetsPickExamplesOfAnyStrides() {
    let x = inputs([3, 4, 2]).transpose(0, 1)
    let data = TensorDataset(inputs: x, labels: Tensor(scalars: [UInt8(5), 6, 7, 8]))
    let batch = data.batch([2, 0, 2])
    #expect(batch.inputs.shape == [3, 3, 2] && batch.count == 3)
    #expect(batch.inputs.select(axis: 0, at: 1).floats == x.select(axis: 0, at: 0).floats)
    #expect(batch.labels.scalars(as: Int.self) == [7, 5, 7])
  }

  static let mistakes = [
    Mistake("Batch", "inputs float32 [2, 1]", "labels float32 [3]") {
      _ = Batch(inputs: .zeros([2, 1]), labels: .zeros([3]))
    },
    Mistake("DataSplit", "batch size", "1", "0") {
      _ = DataSplit(training: numbered(1), batchSize: 0)
    },
    Mistake("example 3", "3") { _ = numbered(3).batch([3]) },
  ]

  @Test(arguments: mistakes.indices) func mistakesStop(index: Int) async {
    let result = await #expect(
      processExitsWith: .failure, observing: [\.standardErrorContent]
    ) { [index] in
      DataModuleTests.mistakes[index].body()
    }
    expect(result, names: Self.mistakes[index].names)
  }
}
