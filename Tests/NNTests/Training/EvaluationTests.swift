import Autograd
import TestSupport
import Testing

@testable import NN

@Suite struct EvaluationTests {
  private let examples = TensorDataset(
    inputs: inputs([10, 4]), labels: Tensor(scalars: (0..<10).map { $0 % 3 }))

  private final class Model: Classifier {
    let learningRate = 0.1
    let net = Sequential(LazyLinear(8), Dropout(0.5), LazyLinear(3))
  }

  private func model() -> Model {
    let model = Model()
    model.initialize(seed: 1)
    model.materialize(for: examples.batch([0]).inputs)
    return model
  }

  @Test func theFiguresOfAllExamples() throws {
    let model = model()
    let all = examples.batch(Array(0..<10))
    let logits = model.evaluating { model(all.inputs) }
    for size in [1, 3, 10, 256] {
      let figures = Trainer(maxEpochs: 1).evaluate(model, examples, batchSize: size)
      #expect(Set(figures.keys) == ["loss", "acc"])
      #expect(abs(figures["loss"]! - crossEntropy(logits, all.labels).item()) < 1e-6)
      #expect(abs(figures["acc"]! - model.accuracy(logits, all.labels)) < 1e-12)
    }
    #expect(model.net.modeDependentModules.allSatisfy { $0.isTraining })
  }

  @Test func fitSaysTheSame() throws {
    let data = DataSplit(training: examples, validation: examples, batchSize: 4)
    let (model, trainer) = (model(), Trainer(maxEpochs: 1))
    let last = try trainer.fit(model, data).epochs[0]
    #expect(
      trainer.evaluate(model, data) == [
        "loss": last.validationLoss, "acc": last.validationAccuracy,
      ])
  }

  @Test func withoutExamplesThereAreNoFigures() {
    let trainer = Trainer(maxEpochs: 1)
    #expect(trainer.evaluate(model(), DataSplit(training: examples, batchSize: 4)) == [:])
    let ignored = TensorDataset(inputs: inputs([2, 4]), labels: Tensor(scalars: [-100, -100]))
    #expect(trainer.evaluate(model(), ignored)["loss"]?.isNaN == true)
  }

  @Test func predictionsAreInOrder() {
    let (model, trainer) = (model(), Trainer(maxEpochs: 1))
    let expected = model.evaluating { model(examples.batch(Array(0..<10)).inputs) }
    let found = trainer.predict(model, examples, batchSize: 3)
    #expect(found.shape == [10, 3])
    #expect(zip(found.floats, expected.floats).allSatisfy { abs($0 - $1) < 1e-6 })
    let data = DataSplit(training: examples, validation: examples, batchSize: 3)
    #expect(trainer.predict(model, data).floats == found.floats)
    #expect(trainer.predict(model.net, data).floats == found.floats, "a layer will do")
    #expect(model.net.modeDependentModules.allSatisfy { $0.isTraining })
  }

  @Test func predictionsOfNothingStop() async {
    for index in 0..<2 {
      let result = await #expect(processExitsWith: .failure, observing: [\.standardErrorContent]) {
        [index = index as Int] in
        let examples = TensorDataset(inputs: inputs([index, 4]), labels: Tensor.zeros([index]))
        if index == 0 {
          _ = Trainer(maxEpochs: 1).predict(Linear(4, 1), examples)
        } else {
          _ = Trainer(maxEpochs: 1).predict(
            Linear(4, 1), DataSplit(training: examples, batchSize: 1))
        }
      }
      expect(
        result,
        names: index == 0
          ? "predict: there are no examples" : "predict: there is no validation data"
      )
    }
  }
}
