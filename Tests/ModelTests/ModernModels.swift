import Autograd
import NN

// The models of Dive into Deep Learning, chapters 8.2 to 8.8, as its readers would write them.

final class VGG: Classifier {
  let learningRate = 0.05
  let net: Sequential

  init(_ architecture: [(convolutions: Int, channels: Int)]) {
    let blocks = architecture.map { count, channels in
      Sequential(
        (0..<count).flatMap { _ -> [any Layer] in
          [LazyConv2d(channels, kernelSize: 3, padding: 1), ReLU()]
        } + [MaxPool2d(kernelSize: 2, stride: 2)])
    }
    net = Sequential(
      blocks + [
        Flatten(), LazyLinear(4096), ReLU(), Dropout(0.5), LazyLinear(4096), ReLU(),
        Dropout(0.5), LazyLinear(10),
      ])
  }
}

final class NiN: Classifier {
  let learningRate = 0.05
  let net = Sequential(
    block(96, kernelSize: 11, stride: 4, padding: 0), MaxPool2d(kernelSize: 3, stride: 2),
    block(256, kernelSize: 5, stride: 1, padding: 2), MaxPool2d(kernelSize: 3, stride: 2),
    block(384, kernelSize: 3, stride: 1, padding: 1), MaxPool2d(kernelSize: 3, stride: 2),
    Dropout(0.5), block(10, kernelSize: 3, stride: 1, padding: 1), GlobalAvgPool(), Flatten())

  private static func block(
    _ channels: Int, kernelSize: Int, stride: Int, padding: Int
  ) -> Sequential {
    Sequential(
      LazyConv2d(
        channels, kernelSize: .all(kernelSize), stride: .all(stride), padding: .all(padding)),
      ReLU(),
      LazyConv2d(channels, kernelSize: 1), ReLU(), LazyConv2d(channels, kernelSize: 1), ReLU())
  }
}

final class GoogLeNet: Classifier {
  let learningRate = 0.1
  let net = Sequential(
    Sequential(
      LazyConv2d(64, kernelSize: 7, stride: 2, padding: 3), ReLU(),
      MaxPool2d(kernelSize: 3, stride: 2, padding: 1)),
    Sequential(
      LazyConv2d(64, kernelSize: 1), ReLU(), LazyConv2d(192, kernelSize: 3, padding: 1), ReLU(),
      MaxPool2d(kernelSize: 3, stride: 2, padding: 1)),
    Sequential(
      inception(64, (96, 128), (16, 32), 32), inception(128, (128, 192), (32, 96), 64),
      MaxPool2d(kernelSize: 3, stride: 2, padding: 1)),
    Sequential(
      inception(192, (96, 208), (16, 48), 64), inception(160, (112, 224), (24, 64), 64),
      inception(128, (128, 256), (24, 64), 64), inception(112, (144, 288), (32, 64), 64),
      inception(256, (160, 320), (32, 128), 128), MaxPool2d(kernelSize: 3, stride: 2, padding: 1)),
    Sequential(
      inception(256, (160, 320), (32, 128), 128), inception(384, (192, 384), (48, 128), 128),
      GlobalAvgPool(), Flatten()),
    LazyLinear(10))

  private static func inception(
    _ c1: Int, _ c2: (Int, Int), _ c3: (Int, Int), _ c4: Int
  ) -> Parallel {
    Parallel(
      Sequential(LazyConv2d(c1, kernelSize: 1), ReLU()),
      Sequential(
        LazyConv2d(c2.0, kernelSize: 1), ReLU(), LazyConv2d(c2.1, kernelSize: 3, padding: 1),
        ReLU()),
      Sequential(
        LazyConv2d(c3.0, kernelSize: 1), ReLU(), LazyConv2d(c3.1, kernelSize: 5, padding: 2),
        ReLU()),
      Sequential(
        MaxPool2d(kernelSize: 3, stride: 1, padding: 1), LazyConv2d(c4, kernelSize: 1), ReLU()))
  }
}

final class ResNet: Classifier {
  let learningRate = 0.05
  let net: Sequential

  init(_ architecture: [(count: Int, channels: Int)]) {
    let blocks = architecture.enumerated().map { stage, part in
      Sequential(
        (0..<part.count).map {
          ResNet.block(part.channels, halves: stage > 0 && $0 == 0)
        } as [any Layer])
    }
    net = Sequential(
      [
        LazyConv2d(architecture[0].channels, kernelSize: 7, stride: 2, padding: 3),
        LazyBatchNorm2d(), ReLU(), MaxPool2d(kernelSize: 3, stride: 2, padding: 1),
      ] + blocks + [GlobalAvgPool(), Flatten(), LazyLinear(10)])
  }

  private static func block(_ channels: Int, halves: Bool) -> Sequential {
    Sequential(
      Residual(
        Sequential(
          LazyConv2d(channels, kernelSize: 3, stride: halves ? 2 : 1, padding: 1),
          LazyBatchNorm2d(), ReLU(), LazyConv2d(channels, kernelSize: 3, padding: 1),
          LazyBatchNorm2d()),
        shortcut: halves ? LazyConv2d(channels, kernelSize: 1, stride: 2) : nil), ReLU())
  }
}

/// AnyNet of ResNeXt blocks with the sizes of RegNetX-32.
final class RegNetX32: Classifier {
  let learningRate = 0.05
  let net = Sequential(
    Sequential(LazyConv2d(32, kernelSize: 3, stride: 2, padding: 1), LazyBatchNorm2d(), ReLU()),
    stage(depth: 4, channels: 32), stage(depth: 6, channels: 80), GlobalAvgPool(), Flatten(),
    LazyLinear(10))

  private static func stage(depth: Int, channels: Int) -> Sequential {
    Sequential((0..<depth).map { block(channels, groupWidth: 16, halves: $0 == 0) } as [any Layer])
  }

  private static func block(_ channels: Int, groupWidth: Int, halves: Bool) -> Sequential {
    let stride = halves ? 2 : 1
    let shortcut = Sequential(
      LazyConv2d(channels, kernelSize: 1, stride: .all(stride)), LazyBatchNorm2d())
    return Sequential(
      Residual(
        Sequential(
          LazyConv2d(channels, kernelSize: 1), LazyBatchNorm2d(), ReLU(),
          LazyConv2d(
            channels, kernelSize: 3, stride: .all(stride), padding: 1, groups: channels / groupWidth
          ),
          LazyBatchNorm2d(), ReLU(), LazyConv2d(channels, kernelSize: 1), LazyBatchNorm2d()),
        shortcut: halves ? shortcut : nil), ReLU())
  }
}

final class DenseNet: Classifier {
  let learningRate = 0.1
  let net: Sequential

  init(growth: Int = 32, architecture: [Int] = [4, 4, 4, 4]) {
    var layers: [any Layer] = [
      LazyConv2d(64, kernelSize: 7, stride: 2, padding: 3), LazyBatchNorm2d(), ReLU(),
      MaxPool2d(kernelSize: 3, stride: 2, padding: 1),
    ]
    var channels = 64
    for (index, count) in architecture.enumerated() {
      layers += (0..<count).map { _ in
        Parallel(
          Identity(),
          Sequential(
            LazyBatchNorm2d(), ReLU(), LazyConv2d(growth, kernelSize: 3, padding: 1)))
      }
      channels += count * growth
      if index + 1 < architecture.count {
        channels /= 2
        layers += [
          LazyBatchNorm2d(), ReLU(), LazyConv2d(channels, kernelSize: 1),
          AvgPool2d(kernelSize: 2, stride: 2),
        ]
      }
    }
    net = Sequential(
      layers + [LazyBatchNorm2d(), ReLU(), GlobalAvgPool(), Flatten(), LazyLinear(10)])
  }
}
