import Autograd
import NN

/// Training steps and inference of small models of many kinds.
func models() -> [Workload] {
  let images = [128, 1, 28, 28]
  return [
    classification("lenet step, batch 128", images) { LeNet() },
    classification("lenet relu max-pool step, batch 128", images) {
      Model(
        LazyConv2d(6, kernelSize: 5, padding: 2), ReLU(), MaxPool2d(kernelSize: 2, stride: 2),
        LazyConv2d(16, kernelSize: 5), ReLU(), MaxPool2d(kernelSize: 2, stride: 2), Flatten(),
        LazyLinear(120), ReLU(), LazyLinear(84), ReLU(), LazyLinear(10))
    },
    classification("lenet batch-norm step, batch 128", images) {
      Model(
        LazyConv2d(6, kernelSize: 5), LazyBatchNorm2d(), Sigmoid(),
        AvgPool2d(kernelSize: 2, stride: 2), LazyConv2d(16, kernelSize: 5), LazyBatchNorm2d(),
        Sigmoid(), AvgPool2d(kernelSize: 2, stride: 2), Flatten(), LazyLinear(120),
        LazyBatchNorm1d(), Sigmoid(), LazyLinear(84), LazyBatchNorm1d(), Sigmoid(), LazyLinear(10))
    },
    classification("lstm 32-128 step, 50 steps, batch 32", [32, 50, 32]) {
      Model(LastStep(LazyLSTM(128)), LazyLinear(10))
    },
    classification("gru 32-128 step, 50 steps, batch 32", [32, 50, 32]) {
      Model(LastStep(LazyGRU(128)), LazyLinear(10))
    },
    classification("conv1d step, stride 2, batch 32", [32, 16, 1_024]) {
      Model(
        LazyConv1d(32, kernelSize: 5, stride: 2, padding: 2), ReLU(),
        LazyConv1d(64, kernelSize: 5, stride: 2, padding: 2), ReLU(),
        LazyConv1d(64, kernelSize: 5, stride: 2, padding: 2), ReLU(),
        AdaptiveAvgPool1d(1), Flatten(), LazyLinear(10))
    },
    squares("dcgan generator step, batch 32", [32, 100, 1, 1]) {
      Sequential(
        LazyConvTranspose2d(128, kernelSize: 4), ReLU(),
        LazyConvTranspose2d(64, kernelSize: 4, stride: 2, padding: 1), ReLU(),
        LazyConvTranspose2d(32, kernelSize: 4, stride: 2, padding: 1), ReLU(),
        LazyConvTranspose2d(1, kernelSize: 4, stride: 2, padding: 1), Tanh())
    },
    squares("u-net step, batch 8", [8, 1, 64, 64]) { UNet() },
    squares("transformer layer step, batch 16", [16, 64, 128]) {
      TransformerEncoderLayer(128, heads: 4, feedForward: 512, dropout: 0)
    },
    inference("mlp inference, batch 64", [64, 784]),
    inference("mlp inference, batch 4096", [4_096, 784]),
  ]
}

private func classification(
  _ name: String, _ shape: [Int], _ make: @escaping () -> some Classifier
) -> Workload {
  Workload(name) {
    let model = make()
    let optimizer = model.configureOptimizers()
    let (inputs, labels) = (random(shape), labels(shape[0]))
    return { step(model, optimizer, inputs, labels) }
  }
}

/// A training step whose loss is the mean square of the output.
private func squares(
  _ name: String, _ shape: [Int], _ make: @escaping () -> some Layer
) -> Workload {
  Workload(name) {
    let model = make()
    let inputs = random(shape)
    model.materialize(for: inputs)
    let optimizer = SGD(model.parameters, learningRate: 0.1)
    return {
      let (_, gradients) = valueAndGradients(at: optimizer.parameters) {
        model(inputs).square().mean()
      }
      optimizer.step(gradients)
    }
  }
}

private func inference(_ name: String, _ shape: [Int]) -> Workload {
  Workload(name) {
    let model = Sequential(LazyLinear(256), ReLU(), LazyLinear(10))
    let inputs = random(shape)
    return { _ = model(inputs) }
  }
}

/// The last step of a recurrent network's output.
private final class LastStep<Step: RecurrentStep>: Layer {
  let network: Recurrent<Step>
  init(_ network: Recurrent<Step>) { self.network = network }
  func forward(_ x: consuming Tensor) -> Tensor { network(x).output[.all, -1] }
}

/// Two levels of a U-Net (Ronneberger and others 2015) for images of one channel.
private final class UNet: Layer {
  let (first, second, bottom) = (UNet.block(16), UNet.block(32), UNet.block(64))
  let pool = MaxPool2d(kernelSize: 2, stride: 2)
  let upSecond = LazyConvTranspose2d(32, kernelSize: 2, stride: 2)
  let afterSecond = UNet.block(32)
  let upFirst = LazyConvTranspose2d(16, kernelSize: 2, stride: 2)
  let afterFirst = UNet.block(16)
  let output = LazyConv2d(1, kernelSize: 1)

  static func block(_ channels: Int) -> Sequential {
    Sequential(
      LazyConv2d(channels, kernelSize: 3, padding: 1), ReLU(),
      LazyConv2d(channels, kernelSize: 3, padding: 1), ReLU())
  }

  func forward(_ x: consuming Tensor) -> Tensor {
    let large = first(x)
    let small = second(pool(large))
    let lifted = afterSecond(concatenate([small, upSecond(bottom(pool(small)))], axis: 1))
    return output(afterFirst(concatenate([large, upFirst(lifted)], axis: 1)))
  }
}
