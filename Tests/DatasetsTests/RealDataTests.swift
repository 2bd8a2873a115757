import Datasets
import Foundation
import NN
import Testing

/// Training on Fashion-MNIST itself, where the environment variable FASHION_MNIST_DIR names its folder.
@Suite(.enabled(if: ProcessInfo.processInfo.environment["FASHION_MNIST_DIR"] != nil))
struct RealDataTests {
  private final class SoftmaxRegression: Classifier {
    let learningRate = 0.1
    let net = Sequential(Flatten(), LazyLinear(10))
  }

  /// Published accuracies of d2l 4.4 after one epoch are .759 to .797; seeds scatter a little more.
  @Test func softmaxRegressionLearns() throws {
    let model = SoftmaxRegression()
    model.initialize(seed: 0)
    let history = try Trainer(maxEpochs: 2).fit(model, try FashionMNIST(batchSize: 256))
    print(history.csv)
    let accuracies = history.epochs.compactMap(\.validationAccuracy)
    try #require(accuracies.count == 2)
    #expect(accuracies[0] > 0.74 && accuracies[0] < 0.82)
    #expect(accuracies[1] > 0.74)
    #expect(history.epochs[1].trainLoss < history.epochs[0].trainLoss)
  }
}
