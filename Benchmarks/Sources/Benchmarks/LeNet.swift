import NN

/// LeNet-5 (LeCun and others 1998) as in Dive into Deep Learning, chapter 7.6.
///
/// Maps images [batch, 1, 28, 28] to logits [batch, 10]; 61,706 parameters. Tests and benchmarks use
/// this file, and README.md shows it.
final class LeNet: Classifier {
  let learningRate: Double
  let net = Sequential(
    LazyConv2d(6, kernelSize: 5, padding: 2), Sigmoid(), AvgPool2d(kernelSize: 2, stride: 2),
    LazyConv2d(16, kernelSize: 5), Sigmoid(), AvgPool2d(kernelSize: 2, stride: 2),
    Flatten(),
    LazyLinear(120), Sigmoid(), LazyLinear(84), Sigmoid(), LazyLinear(10))

  init(learningRate: Double = 0.1) { self.learningRate = learningRate }
}
