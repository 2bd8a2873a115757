// swift-tools-version: 6.1
import PackageDescription

let examples = [
  "Tensors", "Gradients", "CustomOperation", "CustomLayer", "TrainingLoop", "OwnData",
  "Transformer", "SaveAndLoad",
]

let package = Package(
  name: "Examples",
  platforms: [.macOS(.v15)],
  dependencies: [.package(name: "swift-autograd", path: "..")],
  targets: examples.map {
    .executableTarget(
      name: $0,
      dependencies: [
        .product(name: "Autograd", package: "swift-autograd"),
        .product(name: "NN", package: "swift-autograd"),
      ])
  },
  swiftLanguageModes: [.v6]
)
