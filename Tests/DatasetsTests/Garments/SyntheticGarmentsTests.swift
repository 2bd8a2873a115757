import Autograd
import Testing

@testable import Datasets

@Suite struct SyntheticGarmentsTests {
  @Test func syntheticGarmentsAreADataModule() {
    let data = SyntheticGarments(batchSize: 8, trainingCount: 20, validationCount: 10)
    #expect(data.trainingBatches(epoch: 1).map(\.count) == [8, 8, 4])
    #expect(data.sample.inputs.shape == [8, 1, 28, 28])
    #expect(data.validation?.count == 10 && SyntheticGarments.classNames.count == 10)
  }

  @Test func noTrainingImagesStop() async throws {
    let result = await #expect(processExitsWith: .failure, observing: [\.standardErrorContent]) {
      _ = SyntheticGarments(batchSize: 1, trainingCount: 0, validationCount: 5)
    }
    let message = String(decoding: try #require(result).standardErrorContent, as: UTF8.self)
    #expect(
      message.contains(
        "SyntheticGarments: needs at least 1 training image and 0 test images, got 0 and 5"))
  }

  @Test func aBatchSizeOfZeroStops() async throws {
    let result = await #expect(processExitsWith: .failure, observing: [\.standardErrorContent]) {
      _ = SyntheticGarments(batchSize: 0)
    }
    let message = String(decoding: try #require(result).standardErrorContent, as: UTF8.self)
    #expect(message.contains("SyntheticGarments: the batch size must be at least 1, got 0"))
  }
}
