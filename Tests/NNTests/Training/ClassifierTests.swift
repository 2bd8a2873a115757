import Autograd
import Foundation
import Testing

@testable import NN

private final class SoftmaxRegression: Classifier {
  let learningRate = 0.1
  let net = Sequential(Flatten(), LazyLinear(10))
}

@Suite struct ClassifierTests {
  @Test func defaults() {
    let model = SoftmaxRegression()
    let batch = Batch(inputs: inputs([4, 1, 2, 2]), labels: Tensor(scalars: [1, 0, 9, 3]))
    let logits = model(batch.inputs)
    #expect(logits.shape == [4, 10])
    #expect(logits.floats == model.net(batch.inputs).floats)
    #expect(model.trainingStep(batch).item() == crossEntropy(logits, batch.labels).item())
    let (loss, accuracy) = model.validationStep(batch)
    #expect(loss == crossEntropy(logits, batch.labels).item())
    #expect(accuracy == model.accuracy(logits, batch.labels))
    let optimizer = model.configureOptimizers()
    #expect(optimizer is SGD && optimizer.learningRate == 0.1)
    #expect(optimizer.parameters.count == 2)
  }

  @Test func lossAndAccuracyByHand() {
    let model = SoftmaxRegression()
    let logits = Tensor([[0, 0], [0, log(3.0)], [2, 1], [5, 0]])
    let labels = Tensor(scalars: [0, 1, 1, 0])
    let expected = (log(2) + log(4.0 / 3) + log(1 + exp(1)) + log(1 + exp(-5))) / 4
    #expect(abs(model.loss(logits, labels).item() - expected) < 1e-6)
    #expect(model.accuracy(logits, labels) == 0.75)
  }

  @Test func predictionsAreInEvaluationMode() {
    final class Model: Classifier {
      let learningRate = 0.1
      let net = Sequential(Dropout(0.9))
    }
    let model = Model()
    #expect(model.predict(Tensor([[1, 3, 2], [5, 0, 0]])).scalars(as: Int.self) == [1, 0])
    #expect((model.net[0] as? Dropout)?.isTraining == true)
  }

  @Test func aSummaryOfANetThatIsNoSequential() {
    final class Model: Classifier {
      let learningRate = 0.1
      let net = LazyLinear(3)
    }
    let model = Model()
    #expect(model.layerSummaryLines([5, 4]) == ["Linear output shape:\t [5, 3]"])
    #expect(model.parameterCount == 15)
  }

  @Test func aSummaryForInputsOfOtherTypes() {
    final class Bag: Classifier {
      let learningRate = 0.1
      let net = Sequential(Embedding(7, 4), Flatten(), LazyLinear(2))
    }
    let model = Bag()
    #expect(
      model.layerSummaryLines(for: Tensor(scalars: [1, 6, 0], shape: [1, 3])) == [
        "Embedding output shape:\t [1, 3, 4]", "Flatten output shape:\t [1, 12]",
        "Linear output shape:\t [1, 2]",
      ])

    final class Precise: Classifier {
      let learningRate = 0.1
      let net = Sequential(Conv2d(1, 2, kernelSize: 3))
    }
    let precise = Precise()
    precise.to(.float64)
    #expect(precise.layerSummaryLines([1, 1, 3, 4]) == ["Conv2d output shape:\t [1, 2, 1, 2]"])
  }

  /// What the protocol calls a default may be replaced.
  private final class Pessimist: Classifier {
    let learningRate = 0.1
    let net = Sequential(LazyLinear(2))

    func loss(_ logits: Tensor, _ labels: Tensor) -> Tensor { logits.sum() * 0 + 7 }
    func accuracy(_ logits: Tensor, _ labels: Tensor) -> Double { 0.125 }
  }

  /// Examples in their own order, backwards.
  private struct Backwards: DataModule {
    let training: any Dataset
    let validation: (any Dataset)?
    let batchSize = 2
    let seed: UInt64 = 0

    func trainingBatches(epoch: Int) -> BatchSequence {
      BatchSequence(training, order: [3, 2], batchSize: batchSize)
    }
  }

  @Test func defaultsCanBeReplaced() throws {
    let data = TensorDataset(inputs: inputs([4, 3]), labels: Tensor(scalars: [0, 1, 0, 1]))
    var batchCount = 0
    let history = try Trainer(maxEpochs: 1).fit(
      Pessimist(), Backwards(training: data, validation: data),
      onEvent: { if case .started(_, let count, _) = $0 { batchCount = count } })
    #expect(history.epochs[0].validationAccuracy == 0.125)
    #expect(history.epochs[0].validationLoss == 7 && history.epochs[0].trainLoss == 7)
    #expect(batchCount == 1)
  }
}
