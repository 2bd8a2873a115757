// swift-tools-version: 6.1
import PackageDescription

// A program that compares a GPU with the CPU and times it. It is built statically where there is Swift, and carried to
// a machine with a card: `prepare` and `run`.
let package = Package(
  name: "gpu-check",
  platforms: [.macOS(.v15)],
  dependencies: [.package(name: "swift-autograd", path: "../..")],
  targets: [
    .executableTarget(
      name: "GPUCheck",
      dependencies: [
        .product(name: "Autograd", package: "swift-autograd"),
        .product(name: "NN", package: "swift-autograd"),
      ])
  ],
  swiftLanguageModes: [.v6]
)
