import Autograd
import TestSupport
import Testing

@testable import Datasets

@Suite struct SyntheticGarmentsTests {
  @Test func syntheticGarmentsAreADataModule() {
    let data = SyntheticGarments(batchSize: 8, trainingCount: 20, validationCount: 10)
    #expect(data.trainingBatches(epoch: 1).map(\.count) == [8, 8, 4])
    #expect(data.sample.inputs.shape == [8, 1, 28, 28])
    #expect(data.validation?.count == 10 && SyntheticGarments.classNames.count == 10)
  }

  @Test func noTrainingImagesStop() async {
    let result = await #expect(processExitsWith: .failure, observing: [\.standardErrorContent]) {
      _ = SyntheticGarments(batchSize: 1, trainingCount: 0, validationCount: 5)
    }
    expect(result, names: "SyntheticGarments", "1 training image", "0 test images", "0 and 5")
  }

  @Test func aBatchSizeOfZeroStops() async {
    let result = await #expect(processExitsWith: .failure, observing: [\.standardErrorContent]) {
      _ = SyntheticGarments(batchSize: 0)
    }
    expect(result, names: "SyntheticGarments", "batch size", "1", "0")
  }
}
