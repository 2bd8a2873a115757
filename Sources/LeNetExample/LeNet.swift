import NN

/// LeNet-5 (LeCun and others 1998) as in Dive into Deep Learning, chapter 7.6.
///
/// Maps images [batch, 1, 28, 28] to logits [batch, classCount]; 61,706 parameters for ten classes.
public final class LeNet: Classifier {
  /// The step size of SGD.
  public let learningRate: Double
  /// The layers.
  public let net: Sequential

  /// A model whose shapes follow from the first images it sees.
  public init(learningRate: Double = 0.1, classCount: Int = 10) {
    self.learningRate = learningRate
    net = Sequential(
      LazyConv2d(6, kernelSize: 5, padding: 2), Sigmoid(), AvgPool2d(kernelSize: 2, stride: 2),
      LazyConv2d(16, kernelSize: 5), Sigmoid(), AvgPool2d(kernelSize: 2, stride: 2),
      Flatten(),
      LazyLinear(120), Sigmoid(), LazyLinear(84), Sigmoid(), LazyLinear(classCount))
  }
}
