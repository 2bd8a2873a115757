import Autograd
import NN

// LeNet: steps compared with the CPU's, and epochs timed.

/// The first images and labels of plain IDX files, as bytes scaled to 0...1; drawn at random without files.
struct Images {
  let inputs: Tensor
  let labels: Tensor

  init(_ folder: String?, _ name: String, _ count: Int) throws {
    guard let folder else {
      var random = RandomStream(seed: 7)
      inputs = random.uniform([count, 1, 28, 28])
      labels = random.integers([count], in: 0..<10)
      return
    }
    func file(_ kind: String) throws -> [UInt8] {
      try OpenFile.contents(of: "\(folder)/\(name)-\(kind)-ubyte", maximum: .max)
    }
    let classes = try file("labels-idx1").dropFirst(8).prefix(count)
    let pixels = try file("images-idx3").dropFirst(16).prefix(28 * 28 * classes.count)
    inputs =
      Tensor(scalars: Array(pixels), shape: [classes.count, 1, 28, 28]).asType(.float32) / 255
    labels = Tensor(scalars: classes.map { Int($0) })
  }
}

/// Steps of plain gradient descent on both devices from the same values; the largest relative error of a loss and
/// of a parameter.
func checkTraining(_ gpu: Device, _ images: Images, _ steps: Int, _ page: inout Page) {
  page.heading("\(steps) steps of LeNet, batch 128, compared with the CPU")
  var losses: [[Double]] = []
  var values: [[Tensor]] = []
  for device in [Device.cpu, gpu] {
    let model = LeNet()
    model.initialize(seed: 0)
    model.materialize(for: images.inputs.slice(axis: 0, to: 1))
    model.to(device)
    let optimizer = SGD(model.parameters, learningRate: 0.1)
    var own: [Double] = []
    for step in 0..<steps {
      let range = (step * 128, step * 128 + 128)
      let x = images.inputs.slice(axis: 0, from: range.0, to: range.1).to(device)
      let labels = images.labels.slice(axis: 0, from: range.0, to: range.1).to(device)
      let loss = optimizer.step { model.valueAndGradients { crossEntropy(model(x), labels) } }
      own.append(loss.item())
    }
    losses.append(own)
    values.append(model.parameters.map { $0.value.to(.cpu) })
  }
  let lossError = zip(losses[0], losses[1]).map { abs($0 - $1) / abs($0) }.max() ?? .infinity
  page.check("losses", lossError <= 1e-5, short(lossError))
  for (index, pair) in zip(values[0], values[1]).enumerated() {
    let error = relativeError(pair.1, pair.0)
    page.check("parameter \(index) \(pair.0.shape)", error <= 1e-4, short(error))
  }
}

func timeTraining(
  _ device: Device, _ train: Images, _ test: Images, _ epochs: Int, _ page: inout Page
) {
  page.heading("LeNet on \(device): \(epochs) epochs of \(train.labels.count) images, batch 128")
  let model = LeNet()
  model.initialize(seed: 0)
  model.materialize(for: train.inputs.slice(axis: 0, to: 1))
  model.to(device)
  let optimizer = SGD(model.parameters, learningRate: 0.1)
  let data = DataSplit(
    training: TensorDataset(inputs: train.inputs, labels: train.labels),
    validation: TensorDataset(inputs: test.inputs, labels: test.labels), batchSize: 128)
  for epoch in 1...epochs {
    var sum = Tensor.zeros([], device: device)
    var count = 0
    let time = seconds {
      for batch in data.trainingBatches(epoch: epoch).on(device) {
        let loss = optimizer.step {
          model.valueAndGradients { crossEntropy(model(batch.inputs), batch.labels) }
        }
        sum = sum + loss * batch.count
        count += batch.count
      }
      _ = sum.item()
    }
    var right = 0.0
    var seen = 0
    if let batches = data.validationBatches() {
      for batch in batches.on(device) {
        let found = model(batch.inputs).argmax(axis: 1) .== batch.labels
        right += found.asType(.float32).sum().item()
        seen += batch.count
      }
    }
    page.line(
      "- epoch \(epoch): loss \(short(sum.item() / Double(count))), accuracy \(short(right / Double(max(1, seen)))), \(short(time)) s"
    )
  }
}
