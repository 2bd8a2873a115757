import NN

/// A net for images [batch, 1, 28, 28] of ten classes, with the settings that Dive into Deep Learning trains it with.
struct ImageModel: Sendable {
  /// What the table calls it.
  let name: String
  /// What its files are called.
  let fileName: String
  let batchSize: Int
  let learningRate: Double
  /// Whether weights are drawn as in chapter 7.6 (`init_cnn`), else by the layers' defaults.
  let isXavier: Bool
  /// The final accuracies that the book shows for this net and these settings in its versions for several frameworks; nil
  /// where it shows none.
  let published: ClosedRange<Double>?
  let makeNet: @Sendable () -> Sequential

  /// From the simplest to the largest.
  static let all = [
    // Section 4.5.
    ImageModel("softmax regression", batchSize: 256, isXavier: false, published: 0.822...0.837) {
      Sequential(Flatten(), LazyLinear(10))
    },
    // Section 5.2.
    ImageModel("MLP", batchSize: 256, isXavier: false, published: 0.838...0.859) {
      Sequential(Flatten(), LazyLinear(256), ReLU(), LazyLinear(10))
    },
    // Section 7.6.
    ImageModel("LeNet", published: 0.718...0.737) { LeNet().net },
    // The exercises of section 7.6.
    ImageModel("LeNet, ReLU and max pool") {
      Sequential(
        LazyConv2d(6, kernelSize: 5, padding: 2), ReLU(), MaxPool2d(kernelSize: 2, stride: 2),
        LazyConv2d(16, kernelSize: 5), ReLU(), MaxPool2d(kernelSize: 2, stride: 2), Flatten(),
        LazyLinear(120), ReLU(), LazyLinear(84), ReLU(), LazyLinear(10))
    },
    // Section 8.5.
    ImageModel("LeNet, batch norm", published: 0.821...0.882) {
      Sequential(
        LazyConv2d(6, kernelSize: 5), LazyBatchNorm2d(), Sigmoid(),
        AvgPool2d(kernelSize: 2, stride: 2), LazyConv2d(16, kernelSize: 5), LazyBatchNorm2d(),
        Sigmoid(), AvgPool2d(kernelSize: 2, stride: 2), Flatten(), LazyLinear(120),
        LazyBatchNorm1d(), Sigmoid(), LazyLinear(84), LazyBatchNorm1d(), Sigmoid(), LazyLinear(10))
    },
    // After section 8.6, for 28 pixels: three stages of one block, with a fourth of the channels.
    ImageModel("ResNet of 8 layers") {
      Sequential(
        LazyConv2d(16, kernelSize: 3, padding: 1), LazyBatchNorm2d(), ReLU(), residual(16),
        residual(32, halves: true), residual(64, halves: true), GlobalAvgPool(), Flatten(),
        LazyLinear(10))
    },
  ]

  private init(
    _ name: String, batchSize: Int = 128, isXavier: Bool = true,
    published: ClosedRange<Double>? = nil, _ makeNet: @escaping @Sendable () -> Sequential
  ) {
    self.name = name
    fileName = name.lowercased().filter { $0 != "," }.split(separator: " ").joined(separator: "-")
    self.batchSize = batchSize
    learningRate = 0.1
    self.isXavier = isXavier
    self.published = published
    self.makeNet = makeNet
  }

  /// Two 3x3 convolutions beside a shortcut; `halves` halves height and width.
  private static func residual(_ channels: Int, halves: Bool = false) -> Sequential {
    Sequential(
      Residual(
        Sequential(
          LazyConv2d(channels, kernelSize: 3, stride: halves ? 2 : 1, padding: 1),
          LazyBatchNorm2d(), ReLU(), LazyConv2d(channels, kernelSize: 3, padding: 1),
          LazyBatchNorm2d()),
        shortcut: halves ? LazyConv2d(channels, kernelSize: 1, stride: 2) : nil), ReLU())
  }
}

/// A net that is trained by SGD on cross-entropy.
final class ImageClassifier: Classifier {
  let net: Sequential
  let learningRate: Double

  init(_ model: ImageModel) {
    net = model.makeNet()
    learningRate = model.learningRate
  }
}
