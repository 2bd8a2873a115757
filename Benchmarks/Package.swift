// swift-tools-version: 6.1
import PackageDescription

let package = Package(
  name: "Benchmarks",
  platforms: [.macOS(.v15)],
  dependencies: [.package(name: "swift-autograd", path: "..")],
  targets: [
    .executableTarget(
      name: "Benchmarks",
      dependencies: [
        .product(name: "Autograd", package: "swift-autograd"),
        .product(name: "NN", package: "swift-autograd"),
      ])
  ],
  swiftLanguageModes: [.v6]
)
