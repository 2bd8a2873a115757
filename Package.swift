// swift-tools-version: 6.1
import PackageDescription

// `swift run` and `swift test` are debug builds, and unoptimized numerics are about fifty times
// slower. So debug builds of this package's own checkout are optimized. A package that depends on
// it must not see the unsafe flags: SwiftPM refuses them there.
let isDependency = ["/checkouts/", "/registry/downloads/", "/Packages/"].contains {
  Context.packageDirectory.contains($0)
}
let optimized: [SwiftSetting] =
  isDependency ? [] : [.unsafeFlags(["-O"], .when(configuration: .debug))]
let optimizedC: [CSetting] =
  isDependency ? [] : [.unsafeFlags(["-O3"], .when(configuration: .debug))]

let package = Package(
  name: "swift-autograd",
  platforms: [.macOS(.v15)],
  products: [
    .library(name: "Autograd", targets: ["Autograd"]),
    .library(name: "NN", targets: ["NN"]),
    .library(name: "Datasets", targets: ["Datasets"]),
    .library(name: "Plots", targets: ["Plots"]),
    .executable(name: "LeNetExample", targets: ["LeNetExample"]),
  ],
  targets: [
    .target(name: "Platform"),
    .target(name: "CKernels", cSettings: optimizedC),
    // The texts are compiled by Scripts/make-ptx, and for tests as part of GPUSimulation.
    .target(name: "GPUKernels"),
    .systemLibrary(
      name: "CZlib", pkgConfig: "zlib", providers: [.apt(["zlib1g-dev"]), .brew(["zlib"])]),
    .target(
      name: "Autograd", dependencies: ["CKernels", "GPUKernels", "Platform"],
      swiftSettings: optimized),
    .target(name: "NN", dependencies: ["Autograd", "Platform"], swiftSettings: optimized),
    .target(
      name: "Datasets", dependencies: ["NN", "Autograd", "CZlib", "Platform"],
      swiftSettings: optimized),
    .target(
      name: "Plots", dependencies: ["NN", "Autograd", "CZlib", "Platform"], swiftSettings: optimized
    ),
    .executableTarget(
      name: "LeNetExample", dependencies: ["Datasets", "Plots", "NN", "Autograd", "Platform"],
      swiftSettings: optimized),
    .target(
      name: "GPUSimulation", dependencies: ["CKernels", "GPUKernels"], path: "Tests/GPUSimulation",
      cSettings: optimizedC),
    // What tests and GPUCheck run, on any device.
    .target(
      name: "TestCases", dependencies: ["NN", "Autograd", "Platform"], path: "Tests/TestCases",
      swiftSettings: optimized),
    // Compares a GPU with the CPU; Benchmarks/gpu/run takes it to a machine with a card.
    .executableTarget(
      name: "GPUCheck", dependencies: ["TestCases", "NN", "Autograd", "Platform"],
      path: "Benchmarks/gpu/Sources/GPUCheck", swiftSettings: optimized),
    .target(
      name: "TestSupport", dependencies: ["Autograd", "GPUSimulation", "Platform"],
      path: "Tests/TestSupport", swiftSettings: optimized),
    .executableTarget(
      name: "Fuzz", dependencies: ["Autograd", "Datasets", "NN", "Platform"], path: "Tests/Fuzz",
      exclude: ["Corpus"], swiftSettings: optimized),
    // Scripts/thread-sanitizer runs it.
    .executableTarget(
      name: "Threads", dependencies: ["Autograd", "NN", "Platform"], path: "Tests/Threads",
      exclude: ["suppressions"], swiftSettings: optimized),
    // Runs reference cases; Tests/Reference/oracle/run makes many more than are committed.
    .executableTarget(
      name: "ReferenceRunner", dependencies: ["TestCases"], path: "Tests/ReferenceRunner",
      swiftSettings: optimized),
    .testTarget(
      name: "AutogradTests",
      dependencies: [
        "Autograd", "CKernels", "GPUKernels", "GPUSimulation", "Platform", "TestCases",
        "TestSupport",
      ],
      swiftSettings: optimized),
    .testTarget(
      name: "NNTests",
      dependencies: ["LeNetExample", "NN", "Autograd", "TestCases", "TestSupport"],
      resources: [.copy("Fixtures")], swiftSettings: optimized),
    .testTarget(
      name: "DatasetsTests", dependencies: ["Datasets", "NN", "Autograd", "CZlib", "TestSupport"],
      swiftSettings: optimized),
    .testTarget(
      name: "PlotsTests", dependencies: ["Plots", "NN", "CZlib", "TestSupport"],
      swiftSettings: optimized),
    .testTarget(
      name: "ReferenceTests",
      dependencies: ["NN", "Autograd", "TestCases", "TestSupport", "Platform"],
      resources: [.copy("Fixtures")],
      swiftSettings: optimized),
    .testTarget(
      name: "ModelTests", dependencies: ["LeNetExample", "NN", "Autograd", "TestSupport"],
      resources: [.copy("Fixtures")], swiftSettings: optimized),
    .testTarget(
      name: "LeNetExampleTests",
      dependencies: ["LeNetExample", "Datasets", "NN", "Autograd", "TestSupport"],
      swiftSettings: optimized),
  ],
  swiftLanguageModes: [.v6]
)
