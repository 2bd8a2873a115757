import Autograd
import Testing

@testable import Datasets

@Suite struct ImageDatasetTests {
  @Test func imageDatasetsScaleBytes() {
    let data = ImageDataset(
      LabeledImages(images: [0, 255, 51, 102, 1, 2, 3, 4], labels: [7, 3], height: 2, width: 2))
    let batch = data.batch([1, 0])
    #expect(batch.inputs.shape == [2, 1, 2, 2] && batch.inputs.dtype == .float32)
    #expect(batch.inputs.scalars() == [1, 2, 3, 4, 0, 255, 51, 102].map { $0 / 255 })
    #expect(batch.labels.dtype == .int64 && batch.labels.scalars(as: Int.self) == [3, 7])
  }
}
