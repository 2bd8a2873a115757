import Autograd
import NN

/// Two convolutions with batch normalization around which the input is added (d2l 8.6), and ReLU.
private func block(_ channels: Int, halves: Bool = false) -> Sequential {
  Sequential(
    Residual(
      Sequential(
        LazyConv2d(channels, kernelSize: 3, stride: halves ? 2 : 1, padding: 1), LazyBatchNorm2d(),
        ReLU(), LazyConv2d(channels, kernelSize: 3, padding: 1), LazyBatchNorm2d()),
      shortcut: halves ? LazyConv2d(channels, kernelSize: 1, stride: 2) : nil),
    ReLU())
}

extension Model {
  /// ResNet-18 (He and others 2016) as in Dive into Deep Learning, chapter 8.6.
  static func resNet18() -> Model {
    Model(
      learningRate: 0.01,
      LazyConv2d(64, kernelSize: 7, stride: 2, padding: 3), LazyBatchNorm2d(), ReLU(),
      MaxPool2d(kernelSize: 3, stride: 2, padding: 1),
      block(64), block(64), block(128, halves: true), block(128),
      block(256, halves: true), block(256), block(512, halves: true), block(512),
      AdaptiveAvgPool2d(1), Flatten(), LazyLinear(10))
  }
}

/// A training step of ResNet-18 on images [batchSize, 1, 96, 96].
func residualStep(batchSize: Int) -> () -> Void {
  let model = Model.resNet18()
  let optimizer = model.configureOptimizers()
  let (inputs, labels) = (random([batchSize, 1, 96, 96]), labels(batchSize))
  return { step(model, optimizer, inputs, labels) }
}
