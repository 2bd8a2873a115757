import Autograd
import Foundation
import NN
import Testing

/// A model, the images that it is for, and smaller ones on which it learns a batch by heart.
struct ModelCase: Sendable, CustomTestStringConvertible {
  let name: String
  /// Height and width in the summary.
  let size: Int
  /// Height and width of the batch to learn, and the number of steps; nil where that takes long.
  let learning: (size: Int, steps: Int)?
  let make: @Sendable () -> any Classifier

  var testDescription: String { name }

  init(
    _ name: String, size: Int, learning: (size: Int, steps: Int)?,
    _ make: @autoclosure @escaping @Sendable () -> any Classifier
  ) {
    (self.name, self.size, self.learning, self.make) = (name, size, learning, make)
  }
}

/// The models of Dive into Deep Learning, chapters 4 to 8, against PyTorch's figures.
///
/// `Tests/Reference/models.py` has the same models and wrote `Fixtures/models.txt`.
@Suite struct ModelTests {
  static let elevenLayers = [(1, 64), (1, 128), (2, 256), (2, 512), (2, 512)]
  static let eighteenLayers = [(2, 64), (2, 128), (2, 256), (2, 512)]

  static let cases = [
    ModelCase("SoftmaxRegression", size: 28, learning: (28, 60), SoftmaxRegression()),
    ModelCase("MLP", size: 28, learning: (28, 40), MLP()),
    ModelCase("DropoutMLP", size: 28, learning: (28, 60), DropoutMLP()),
    ModelCase("LeNet", size: 28, learning: (28, 600), LeNet()),
    ModelCase("BatchNormLeNet", size: 28, learning: (28, 80), BatchNormLeNet()),
    ModelCase("AlexNet", size: 224, learning: nil, AlexNet()),
    ModelCase("VGG11", size: 224, learning: nil, VGG(elevenLayers)),
    ModelCase("NiN", size: 224, learning: nil, NiN()),
    ModelCase("GoogLeNet", size: 96, learning: nil, GoogLeNet()),
    ModelCase("ResNet18", size: 96, learning: (32, 20), ResNet(eighteenLayers)),
    ModelCase("RegNetX32", size: 96, learning: (32, 30), RegNetX32()),
    ModelCase("DenseNet", size: 96, learning: (32, 30), DenseNet()),
  ]

  @Test(arguments: cases) func shapesAndParametersArePyTorchs(_ one: ModelCase) throws {
    let path = try #require(Bundle.module.path(forResource: "Fixtures/models", ofType: "txt"))
    let lines = try String(contentsOfFile: path, encoding: .utf8).split(separator: "\n")
    let expected = try #require(lines.first { $0.hasPrefix(one.name + ":") })
    let model = one.make()
    let shapes = model.layerSummaryLines([1, 1, one.size, one.size]).map {
      $0.split(separator: "\t ").last.map(String.init) ?? ""
    }
    let count = try #require(model.parameterCount)
    #expect(
      "\(one.name): \(count) parameters, [\(shapes.joined(separator: ", "))]" == String(expected))
  }

  @Test(arguments: cases.filter { $0.learning != nil })
  func learnsABatchByHeart(_ one: ModelCase) throws {
    let (size, steps) = try #require(one.learning)
    let model = one.make()
    var random = RandomStream(seed: 5)
    let batch = Batch(
      inputs: random.normal([6, 1, size, size]), labels: Tensor(scalars: [0, 3, 1, 2, 9, 5]))
    model.initialize(seed: 1)
    model.applyInit(batch.inputs, initCNN)
    let optimizer = Adam(model.parameters, learningRate: one.name == "LeNet" ? 0.01 : 0.001)
    var losses: [Double] = []
    while losses.count < steps && losses.last ?? 1 > 0.05 {
      let (loss, gradients) = model.valueAndGradients { model.trainingStep(batch) }
      optimizer.step(gradients)
      losses.append(loss.item())
    }
    #expect(losses[0] > 1 && losses[losses.count - 1] < 0.3, "\(losses.count): \(losses.last!)")
  }
}
