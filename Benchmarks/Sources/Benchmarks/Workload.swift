import Autograd
import NN

/// Something to time: `run` does it once and is called again and again.
struct Workload {
  let name: String
  /// Whether making the run warms it up: a whole run would take too long.
  let warmsUpItself: Bool
  let makeRun: () -> () -> Void

  init(_ name: String, warmsUpItself: Bool = false, _ makeRun: @escaping () -> () -> Void) {
    self.name = name
    self.warmsUpItself = warmsUpItself
    self.makeRun = makeRun
  }
}

/// Numbers from -1 to 1 from a fixed sequence, so that every run computes the same.
///
/// Written into the tensor's own memory: the library's streams take more for a while, which would
/// show in the peak.
func random(_ shape: [Int]) -> Tensor {
  var state: UInt32 = 1
  return Tensor(shape: shape, of: Float.self) { elements in
    for index in elements.indices {
      state = state &* 1_664_525 &+ 1_013_904_223
      elements[index] = Float(state >> 8) * 0x1p-23 - 1
    }
  }
}

/// Labels 0 ..< classes.
func labels(_ count: Int, classes: Int = 10) -> Tensor {
  Tensor(scalars: (0..<count).map { $0 * 7 % classes })
}

/// A classifier around layers.
final class Model: Classifier {
  let learningRate: Double
  let net: Sequential

  init(learningRate: Double = 0.1, _ layers: any Layer...) {
    self.learningRate = learningRate
    net = Sequential(layers)
  }
}

/// One training step: forward, backward, SGD.
func step(
  _ model: some Classifier, _ optimizer: any Optimizer, _ inputs: Tensor, _ labels: Tensor
) {
  let (_, gradients) = NN.valueAndGradients(at: optimizer.parameters) {
    model.loss(model(inputs), labels)
  }
  optimizer.step(gradients)
}

/// A run that steps through all images once, warmed up with the first and the last batch.
func epoch(images: Int, batchSize: Int) -> () -> Void {
  let model = LeNet()
  let optimizer = model.configureOptimizers()
  let data = DataSplit(
    training: TensorDataset(inputs: random([images, 1, 28, 28]), labels: labels(images)),
    batchSize: batchSize)
  func run(_ order: [Int]) {
    for batch in BatchSequence(data.training, order: order, batchSize: batchSize) {
      step(model, optimizer, batch.inputs, batch.labels)
    }
  }
  run(Array(0..<min(images, batchSize + images % batchSize)))
  return { run(Array(0..<images)) }
}
