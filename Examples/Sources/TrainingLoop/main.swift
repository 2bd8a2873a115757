import Autograd
import NN

// A training loop by hand: batches, gradients, clipping, a schedule, validation.

/// Points of two interleaved half circles [count, 2] and their classes [count].
func moons(_ count: Int, seed: UInt64) -> TensorDataset {
  var random = RandomStream(seed: seed)
  let labels = random.integers([count], in: 0..<2)
  let side = labels.asType(.float32)
  let angle = random.uniform([count], low: 0, high: .pi)
  let (u, v) = (angle.cos() + side, angle.sin() * (1 - 2 * side) + side * 0.5)
  let points = stack([u, v], axis: 1) + random.normal([count, 2], standardDeviation: 0.15)
  return TensorDataset(inputs: points, labels: labels)
}

let data = DataSplit(
  training: moons(1_000, seed: 1), validation: moons(500, seed: 2), batchSize: 50)
let net = Sequential(
  LazyLinear(32), ReLU(), Dropout(0.1), LazyLinear(32), ReLU(), LazyLinear(2))
net.initialize(seed: 0)

/// The share of validation examples that a net classifies correctly.
func accuracy(_ net: Sequential, _ data: DataSplit) -> Double {
  net.evaluating {  // without dropout
    var (correct, count) = (0.0, 0)
    for batch in data.validationBatches()! {
      correct += (net(batch.inputs).argmax(axis: 1) .== batch.labels).sum().item()
      count += batch.count
    }
    return correct / Double(count)
  }
}

let epochCount = 20
let optimizer = AdamW(net.parameters, learningRate: 0.01)
let scheduler = Scheduler(optimizer, .cosine(steps: epochCount))
for epoch in 1...epochCount {
  var total = 0.0
  for batch in data.trainingBatches(epoch: epoch) {  // shuffled by seed and epoch
    let (loss, gradients) = net.valueAndGradients {
      crossEntropy(net(batch.inputs), batch.labels)
    }
    optimizer.step(gradients.clipped(norm: 1))
    total += loss.item() * Double(batch.count)
  }
  let loss = total / Double(data.training.count)
  let share = accuracy(net, data)
  print("epoch \(epoch): rate \(optimizer.learningRate), loss \(loss), accuracy \(share)")
  scheduler.step()
}

guard accuracy(net, data) > 0.96 else { fatalError("the accuracy is too low") }
