import Autograd
import NN
import Testing

/// The models over sequences: PyTorch's shapes and parameter counts, and that they learn.
@Suite struct SequenceModelTests {
  @Test func shapesAndParametersArePyTorchs() throws {
    let tokens = Tensor.ones([3, 7], dtype: .int64)
    let (language, translator) = (LSTMLanguageModel(), Translator())
    let shapes = [language(tokens).shape, translator(tokens, tokens).shape]
    for (model, shape) in zip([language, translator] as [any Module], shapes) {
      let count = try #require(model.parameterCount)
      #expect(
        try ModelTests.figures(model.name) == "\(model.name): \(count) parameters, [\(shape)]")
    }
  }

  @Test func theLanguageModelLearnsABatchByHeart() {
    var numbers = Numbers()
    let (inputs, labels) = numbers.draw(.sentences)
    let model = LSTMLanguageModel()
    model.initialize(seed: 1)
    let batch = Batch(inputs: inputs[0], labels: labels)
    let losses = losses(of: model, steps: 200, learningRate: 0.02) { model.trainingStep(batch) }
    #expect(losses[0] > 3 && losses.last! < 0.3, "\(losses.count): \(losses.last!)")
    #expect(model.validationStep(batch).accuracy ?? 0 > 0.9)
  }

  @Test func theTranslatorLearnsABatchByHeart() {
    var numbers = Numbers()
    let (inputs, labels) = numbers.draw(.translations)
    let model = Translator()
    model.initialize(seed: 1)
    let losses = losses(of: model, steps: 200, learningRate: 0.003) {
      crossEntropy(model(inputs[0], inputs[1]), labels)
    }
    #expect(losses[0] > 2 && losses.last! < 0.3, "\(losses.count): \(losses.last!)")
  }
}

/// The losses of steps with Adam, until one is below 0.3.
func losses(
  of model: any Module, steps: Int, learningRate: Double, _ loss: () -> Tensor
) -> [Double] {
  let optimizer = Adam(model.parameters, learningRate: learningRate)
  var losses: [Double] = []
  while losses.count < steps && losses.last ?? 1 > 0.3 {
    let (value, gradients) = model.valueAndGradients(loss)
    optimizer.step(gradients)
    losses.append(value.item())
  }
  return losses
}
