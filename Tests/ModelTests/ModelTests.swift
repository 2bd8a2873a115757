import Autograd
import Foundation
import NN
import TestSupport
import Testing

@testable import LeNetExample

/// A model, the images that it is for, and smaller ones on which it learns a batch by heart.
struct ModelCase: Sendable, CustomTestStringConvertible {
  let name: String
  /// Height and width in the summary.
  let size: Int
  /// Height and width of the batch to learn, and the most steps that it may take.
  let learning: (size: Int, steps: Int)
  let make: @Sendable () -> any Classifier

  var testDescription: String { name }

  init(
    _ name: String, size: Int, learning: (size: Int, steps: Int),
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
    ModelCase("SoftmaxRegression", size: 28, learning: (28, 100), SoftmaxRegression()),
    ModelCase("MLP", size: 28, learning: (28, 40), MLP()),
    ModelCase("DropoutMLP", size: 28, learning: (28, 100), DropoutMLP()),
    ModelCase("LeNet", size: 28, learning: (28, 150), LeNet()),
    ModelCase("BatchNormLeNet", size: 28, learning: (28, 60), BatchNormLeNet()),
    ModelCase("AlexNet", size: 224, learning: (67, 60), AlexNet()),
    ModelCase("VGG11", size: 224, learning: (32, 60), VGG(elevenLayers)),
    ModelCase("NiN", size: 224, learning: (67, 150), NiN()),
    ModelCase("GoogLeNet", size: 96, learning: (32, 40), GoogLeNet()),
    ModelCase("ResNet18", size: 96, learning: (32, 20), ResNet(eighteenLayers)),
    ModelCase("RegNetX32", size: 96, learning: (32, 60), RegNetX32()),
    ModelCase("DenseNet", size: 96, learning: (32, 50), DenseNet()),
    ModelCase("ViT", size: 96, learning: (96, 40), ViT()),
  ]

  /// PyTorch's figures for a model: a line.
  static func figures(_ name: String) throws -> String {
    let path = try #require(Bundle.module.path(forResource: "Fixtures/models", ofType: "txt"))
    let lines = try String(contentsOfFile: path, encoding: .utf8).split(separator: "\n")
    return String(try #require(lines.first { $0.hasPrefix(name + ":") }))
  }

  @Test(arguments: cases) func summariesAndParametersArePyTorchs(_ one: ModelCase) throws {
    let model = one.make()
    Numbers.prepare(model)
    let lines = model.layerSummaryLines([1, 1, one.size, one.size]).map {
      $0.replacing(" output shape:\t", with: "")
    }
    let count = try #require(model.parameterCount)
    #expect(
      try Self.figures(one.name)
        == "\(one.name): \(count) parameters, [\(lines.joined(separator: ", "))]")
  }

  /// Six images and their labels, with He's weights and Adam.
  ///
  /// With Xavier's weights, made for no ReLUs, deep nets without norms see all images alike: the loss
  /// stays at the entropy of the labels, 1.79, for tens of steps. The images are smooth because pooling
  /// averages away what a pixel does not share with its neighbors.
  @Test(arguments: cases) func learnsABatchByHeart(_ one: ModelCase) {
    var numbers = Numbers()
    let batch = Batch(
      inputs: Upsample(size: .all(one.learning.size))(numbers.draw([6, 1, 5, 5]).asType(.float32)),
      labels: Tensor(scalars: [0, 3, 1, 2, 9, 5]))
    let model = one.make()
    model.initialize(seed: 1)
    let hasSigmoids = model.namedModules.contains { $0.module is Sigmoid }
    model.apply(hasSigmoids ? initCNN : initHe)
    let losses = losses(
      of: model, steps: one.learning.steps, learningRate: hasSigmoids ? 0.01 : 0.0003
    ) { model.trainingStep(batch) }
    #expect(losses[0] > 1 && losses.last! < 0.3, "\(losses.count): \(losses.last!)")
  }

  /// He's weights before ReLUs; none follows the last layer, which keeps its own.
  private func initHe(_ module: any Module) {
    switch module {
    case let linear as Linear where linear.weight.shape[0] != 10:
      linear.weight.initialize(with: .kaimingUniform())
    case let convolution as Conv2d: convolution.weight.initialize(with: .kaimingUniform())
    default: break
    }
  }
}
