// swift-tools-version: 6.1
import PackageDescription

let package = Package(
  name: "Benchmarks",
  platforms: [.macOS(.v15)],
  dependencies: [.package(name: "swift-lenet", path: "..")],
  targets: [
    .executableTarget(
      name: "Benchmarks",
      dependencies: [
        .product(name: "Autograd", package: "swift-lenet"),
        .product(name: "NN", package: "swift-lenet"),
      ])
  ],
  swiftLanguageModes: [.v6]
)
