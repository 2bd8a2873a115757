import Autograd
import NN

// Own data: a type with a count and a function that returns a batch is a dataset. This one draws digits
// of 3 x 5 pixels, shifted and noisy, when they are asked for; nothing is kept in memory.

let glyphs = [
  "###  #  ### ### # # ### ### ### ### ###",
  "# #  #    #   # # # #   #     # # # # #",
  "# #  #  ### ### ### ### ###   # ### ###",
  "# #  #  #     #   #   # # #   # # #   #",
  "###  #  ### ###   # ### ###   # ### ###",
].map(Array.init)

struct NoisyDigits: Dataset {
  let count: Int
  let seed: UInt64

  /// Images [batch, 1, 8, 8] and classes [batch]; an example depends on its index only.
  func batch(_ indices: [Int]) -> Batch {
    let images = indices.map(image)
    return Batch(
      inputs: stack(images).unsqueeze(1), labels: Tensor(scalars: indices.map { $0 % 10 }))
  }

  /// An image [8, 8] of the digit that the last decimal of the index says.
  private func image(_ index: Int) -> Tensor {
    var random = RandomStream(seed: seed, path: "example \(index)")
    let (top, left) = (Int.random(in: 0...3, using: &random), Int.random(in: 0...5, using: &random))
    var pixels = Array(repeating: Float(0), count: 64)
    for row in 0..<5 {
      for column in 0..<3 where glyphs[row][index % 10 * 4 + column] == "#" {
        pixels[(top + row) * 8 + left + column] = 1
      }
    }
    return Tensor(pixels, shape: [8, 8]) + random.normal([8, 8], standardDeviation: 0.2)
  }
}

final class DigitNet: Classifier {
  let learningRate = 0.1
  let net = Sequential(
    LazyConv2d(16, kernelSize: 3, padding: 1), LazyBatchNorm2d(), ReLU(), MaxPool2d(kernelSize: 2),
    LazyConv2d(32, kernelSize: 3, padding: 1), LazyBatchNorm2d(), ReLU(), MaxPool2d(kernelSize: 2),
    Flatten(), LazyLinear(64), ReLU(), LazyLinear(10))
}

let data = DataSplit(
  training: NoisyDigits(count: 4_000, seed: 1), validation: NoisyDigits(count: 500, seed: 2),
  batchSize: 50)
print("the first two examples:")
let images = data.sample.inputs
for row in 0..<8 {
  let line = (0..<2).map { example in
    images[example, 0, row].scalars().map { $0 > 0.5 ? "#" : "." }.joined()
  }
  print(line.joined(separator: "   "))
}

let model = DigitNet()
model.initialize(seed: 0)
model.layerSummary(data.sample.inputs.shape)
let history = try Trainer(maxEpochs: 8).fit(
  model, data,
  onEvent: { event in
    if case .epochEnded(let metrics) = event { print("epoch \(metrics.epoch) has ended") }
  })
print(history.csv)
print("predicted:", model.predict(data.validation!.batch(Array(0..<10)).inputs))

let accuracy = history.epochs.last?.validationAccuracy ?? 0
guard accuracy > 0.9 else { fatalError("the accuracy is only \(accuracy)") }
