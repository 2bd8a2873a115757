import Autograd
import NN

/// Something to time: `run` does it once and is called again and again.
struct Workload {
  let name: String
  /// How often `run` is repeated within one measurement, so that it lasts long enough to be timed.
  let repeats: Int
  let makeRun: () -> () -> Void

  init(_ name: String, repeats: Int = 1, _ makeRun: @escaping () -> () -> Void) {
    self.name = name
    self.repeats = repeats
    self.makeRun = makeRun
  }
}

/// Random numbers from a fixed stream, so that every run computes the same.
func random(_ shape: [Int]) -> Tensor {
  var stream = RandomStream(seed: 1, path: "\(shape)")
  return stream.uniform(shape, low: -1, high: 1)
}

/// Labels 0 ..< classes.
func labels(_ count: Int, classes: Int = 10) -> Tensor {
  Tensor(scalars: (0..<count).map { $0 * 7 % classes })
}

/// A classifier around layers.
final class Model: Classifier {
  let learningRate: Float = 0.1
  let net: Sequential

  init(_ layers: any Layer...) { net = Sequential(layers) }

  static func leNet() -> Model {
    Model(
      LazyConv2d(6, kernelSize: 5, padding: 2), Sigmoid(), AvgPool2d(kernelSize: 2, stride: 2),
      LazyConv2d(16, kernelSize: 5), Sigmoid(), AvgPool2d(kernelSize: 2, stride: 2), Flatten(),
      LazyLinear(120), Sigmoid(), LazyLinear(84), Sigmoid(), LazyLinear(10))
  }
}

/// One training step: forward, backward, SGD.
func step(_ model: Model, _ optimizer: any Optimizer, _ inputs: Tensor, _ labels: Tensor) {
  let (_, gradients) = NN.valueAndGradients(at: optimizer.parameters) {
    model.loss(model(inputs), labels)
  }
  optimizer.step(gradients)
}

/// A run that steps through all images once.
func epoch(images: Int, batchSize: Int) -> () -> Void {
  let model = Model.leNet()
  let optimizer = model.configureOptimizers()
  let data = DataSplit(
    training: TensorDataset(inputs: random([images, 1, 28, 28]), labels: labels(images)),
    batchSize: batchSize)
  return {
    let order = Array(0..<images)
    for batch in BatchSequence(data.training, order: order, batchSize: batchSize) {
      step(model, optimizer, batch.inputs, batch.labels)
    }
  }
}
