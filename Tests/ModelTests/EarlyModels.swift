import Autograd
import NN

// The models of Dive into Deep Learning, chapters 4 to 8.1, as its readers would write them.

final class SoftmaxRegression: Classifier {
  let learningRate = 0.1
  let net = Sequential(Flatten(), LazyLinear(10))
}

final class MLP: Classifier {
  let learningRate = 0.1
  let net = Sequential(Flatten(), LazyLinear(256), ReLU(), LazyLinear(10))
}

final class DropoutMLP: Classifier {
  let learningRate = 0.1
  let net = Sequential(
    Flatten(), LazyLinear(256), ReLU(), Dropout(0.5), LazyLinear(256), ReLU(), Dropout(0.5),
    LazyLinear(10))
}

final class BatchNormLeNet: Classifier {
  let learningRate = 0.1
  let net = Sequential(
    LazyConv2d(6, kernelSize: 5), LazyBatchNorm2d(), Sigmoid(),
    AvgPool2d(kernelSize: 2, stride: 2), LazyConv2d(16, kernelSize: 5), LazyBatchNorm2d(),
    Sigmoid(), AvgPool2d(kernelSize: 2, stride: 2), Flatten(), LazyLinear(120), LazyBatchNorm1d(),
    Sigmoid(), LazyLinear(84), LazyBatchNorm1d(), Sigmoid(), LazyLinear(10))
}

final class AlexNet: Classifier {
  let learningRate = 0.01
  let net = Sequential(
    LazyConv2d(96, kernelSize: 11, stride: 4, padding: 1), ReLU(),
    MaxPool2d(kernelSize: 3, stride: 2), LazyConv2d(256, kernelSize: 5, padding: 2), ReLU(),
    MaxPool2d(kernelSize: 3, stride: 2), LazyConv2d(384, kernelSize: 3, padding: 1), ReLU(),
    LazyConv2d(384, kernelSize: 3, padding: 1), ReLU(),
    LazyConv2d(256, kernelSize: 3, padding: 1), ReLU(), MaxPool2d(kernelSize: 3, stride: 2),
    Flatten(), LazyLinear(4096), ReLU(), Dropout(0.5), LazyLinear(4096), ReLU(), Dropout(0.5),
    LazyLinear(10))
}
