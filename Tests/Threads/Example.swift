import Autograd
import NN

/// A model and an input for it.
struct Example: Sendable {
  let name: String
  let input: Tensor
  let make: @Sendable () -> any Layer

  /// A new model, the same every time.
  func model() -> any Layer {
    let model = make()
    model.initialize(seed: 5)
    return model
  }

  static let images = RandomStream.inputs([16, 1, 28, 28])
  static let tokens = Tensor(scalars: (0..<24).map { $0 * 7 % 30 }, shape: [4, 6])

  static let all = [
    Example(name: "images", input: images) { Images() },
    Example(name: "tokens", input: tokens) {
      Sequential(
        Embedding(30, 16), PositionalEncoding(16, dropout: 0.1),
        TransformerEncoderLayer(16, heads: 2, feedForward: 32), Linear(16, 30))
    },
    Example(name: "sequences", input: RandomStream.inputs([4, 6, 5])) {
      Sequential(LastStep(), LazyLinear(3))
    },
    Example(name: "wide", input: RandomStream.inputs([64, 300])) {
      Sequential(
        LazyLinear(700), GELU(), Checkpoint(LayerNorm(700)), LazyLinear(10), Softmax())
    },
  ]
}

/// The output of a recurrent layer after the last step.
final class LastStep: Layer {
  let lstm = LazyLSTM(8, layers: 2)

  func forward(_ x: consuming Tensor) -> Tensor { lstm(x).output[.all, -1] }
}

/// A classifier of images with what depends on the mode.
final class Images: Classifier {
  let learningRate = 0.1
  let dropout = Dropout()
  let net: Sequential

  init() {
    net = Sequential(
      LazyConv2d(6, kernelSize: 5, padding: 2), Sigmoid(), AvgPool2d(kernelSize: 2, stride: 2),
      LazyConv2d(8, kernelSize: 3), LazyBatchNorm2d(), ReLU(), MaxPool2d(kernelSize: 2, stride: 2),
      Flatten(), LazyLinear(32), ReLU(), dropout, LazyLinear(10))
  }
}

extension RandomStream {
  static func inputs(_ shape: [Int]) -> Tensor {
    var random = RandomStream(seed: 1, path: "inputs")
    return random.normal(shape)
  }
}
