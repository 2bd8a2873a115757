import Autograd
import NN

// A program as a user of the package would write it: its own data, its own layer, its own model,
// the trainer, and a loop by hand. `run.sh` builds it against a tagged copy of the repository.

/// Points of three intertwined spirals; the class is the spiral.
struct Spirals: Dataset {
  let points: [Float]
  let labels: [Int]

  init(countPerClass: Int, seed: UInt64) {
    var random = RandomStream(seed: seed)
    var (radii, angles): ([Float], [Float]) = ([], [])
    var labels: [Int] = []
    for label in 0..<3 {
      for _ in 0..<countPerClass {
        let radius = Float.random(in: 0.1...1, using: &random)
        let noise = Float.random(in: -0.1...0.1, using: &random)
        radii.append(radius)
        angles.append(4 * radius + Float(label) * 2 * .pi / 3 + noise)
        labels.append(label)
      }
    }
    let (radius, angle) = (Tensor(radii), Tensor(angles))
    points = stack([radius * angle.cos(), radius * angle.sin()], axis: 1).scalars()
    self.labels = labels
  }

  var count: Int { labels.count }

  func batch(_ indices: [Int]) -> Batch {
    Batch(
      inputs: Tensor(
        indices.flatMap { points[2 * $0..<2 * $0 + 2] }, shape: [indices.count, 2]),
      labels: Tensor(scalars: indices.map { labels[$0] }))
  }
}

/// x + relu(linear(x)); its members are found by reflection.
final class Residual: Layer {
  let linear: Linear

  init(_ width: Int) { linear = Linear(width, width) }

  func forward(_ x: Tensor) -> Tensor { x + linear(x).relu() }
}

/// A multilayer perceptron that infers the width of its input.
final class SpiralModel: Classifier {
  let learningRate = 0.2
  let net = Sequential(
    LazyLinear(64), ReLU(), Residual(64), Residual(64), Dropout(0.05), LazyLinear(3))
}

func fail(_ message: String) -> Never { fatalError("consumer: \(message)") }

let epochCount = CommandLine.arguments.count > 1 ? Int(CommandLine.arguments[1]) ?? 0 : 30
guard epochCount > 0 else { fail("the argument must be a number of epochs") }

// With the trainer.
let data = DataSplit(
  training: Spirals(countPerClass: 300, seed: 1), validation: Spirals(countPerClass: 100, seed: 2),
  batchSize: 30)
let model = SpiralModel()
model.initialize(seed: 0)
let history = try Trainer(maxEpochs: epochCount).fit(model, data)
let (first, last) = (history.epochs[0], history.epochs[epochCount - 1])
print("trainer: \(epochCount) epochs, loss \(first.trainLoss) -> \(last.trainLoss)")
guard last.trainLoss < 0.8 * first.trainLoss else {
  fail("the trainer's loss did not fall clearly")
}
if epochCount >= 30 {
  guard let accuracy = last.validationAccuracy, accuracy > 0.9 else {
    fail("validation accuracy is \(String(describing: last.validationAccuracy))")
  }
}

// By hand, on one batch.
let other = SpiralModel()
other.initialize(seed: 1)
let optimizer = SGD(other.parameters, learningRate: 0.1)
let batch = data.sample
var losses: [Double] = []
for _ in 1...100 {
  let (loss, gradients) = other.valueAndGradients { other.loss(other(batch.inputs), batch.labels) }
  optimizer.step(gradients)
  losses.append(loss.item())
}
print("own loop: 100 steps, loss \(losses[0]) -> \(losses[99])")
guard losses[99] < 0.5 * losses[0] else { fail("the own loop's loss did not fall clearly") }

// An operation of one's own, checked as the library's are.
func softplus(_ x: Tensor) -> Tensor {
  differentiable(
    x, { ($0.exp() + 1).log() }, pullback: { x, _ in { dy in dy * x.sigmoid() } })
}
do {
  try checkGradients(
    of: softplus, at: Tensor([-1, 0.5, 2], dtype: .float64), order: 2)
} catch {
  fail("\(error)")
}
