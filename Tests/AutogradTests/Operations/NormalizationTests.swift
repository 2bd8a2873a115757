import TestSupport
import Testing

@testable import Autograd

/// What PyTorch's reference cases do not say.
@Suite struct NormalizationTests {
  /// Statistics of which nothing is recorded, for a layer's running ones.
  @Test func statisticsOfABatch() {
    let x = Tensor([1, 3, 5, 7, 2, 2, 2, 6], shape: [2, 2, 2])
    let tape = Tape()
    let result = batchNormWithStatistics(tape.watch(x), weight: nil, bias: nil, epsilon: 0)
    // Channels of 1, 3, 2, 2 and 5, 7, 2, 6; variances of 2 / 3 and 14 / 3.
    expect(result.mean, equals: [2, 5])
    expect(result.variance, equals: [2.0 / 3, 14.0 / 3], tolerance: 1e-6)
    #expect(result.y.isTraced && !result.mean.isTraced && !result.variance.isTraced)
  }

  /// A root mean square takes the spacing of the type, as PyTorch's, unless told otherwise.
  @Test func epsilonOfARootMeanSquare() {
    let x = Tensor([0, 0, 1e-9], dtype: .float64)
    let expected = 1e-9 / (1e-18 / 3 + 0x1p-52).squareRoot()
    #expect(abs(rmsNorm(x, normalizedShape: [3])[2].item() / expected - 1) < 1e-12)
    let narrow = rmsNorm(x.asType(.float32), normalizedShape: [3])[2].item()
    #expect(abs(narrow / (1e-9 / 0x1p-23.squareRoot()) - 1) < 1e-6)
  }

  static let mistakes = [
    Mistake("batchNorm", "1 value", "float32 [1, 3]") { _ = batchNorm(.zeros([1, 3])) },
    Mistake("batchNorm", "float32 [3]") { _ = batchNorm(.zeros([3])) },
    Mistake("batchNorm", "parameter", "3 channels", "float32 [2]") {
      _ = batchNorm(.zeros([2, 3]), weight: .ones([2]))
    },
    Mistake("batchNorm", "parameter", "3 channels", "float32 [1]") {
      _ = batchNorm(.zeros([2, 3]), mean: .zeros([3]), variance: .ones([1]))
    },
    Mistake("groupNorm", "2 groups", "3 channels", "float32 [2, 3]") {
      _ = groupNorm(.zeros([2, 3]), groups: 2)
    },
    Mistake("groupNorm", "1 value", "float32 [1, 2]", "2 groups") {
      _ = groupNorm(.zeros([1, 2]), groups: 2)
    },
    Mistake("instanceNorm", "float32 [2, 3]") { _ = instanceNorm(.zeros([2, 3])) },
    Mistake("instanceNorm", "1 value", "float32 [2, 3, 1]") {
      _ = instanceNorm(.zeros([2, 3, 1]))
    },
    Mistake("layerNorm", "[..., [2]]", "float32 [2, 3]") {
      _ = layerNorm(.zeros([2, 3]), normalizedShape: [2])
    },
    Mistake("layerNorm", "weight", "bias", "[3]", "float32 [2]") {
      _ = layerNorm(.zeros([2, 3]), normalizedShape: [3], bias: .zeros([2]))
    },
    Mistake("rmsNorm", "[..., [3]]", "int64 [3]") {
      _ = rmsNorm(.zeros([3], dtype: .int64), normalizedShape: [3])
    },
  ]

  @Test(arguments: mistakes.indices) func stop(index: Int) async {
    let result = await #expect(
      processExitsWith: .failure, observing: [\.standardErrorContent]
    ) { [index] in
      NormalizationTests.mistakes[index].body()
    }
    expect(result, names: Self.mistakes[index].names)
  }

  /// One pass without a tape, an operation each under one: the same bits.
  @Test(arguments: [DType.float32, .float64], [[3, 5], [300, 512], [2, 40_000]])
  func normsWithoutATape(_ dtype: DType, _ shape: [Int]) {
    var random = RandomStream(seed: 9)
    let x = random.normal(shape, mean: 20, dtype: dtype)
    let weight = random.normal([shape[1]], dtype: dtype)
    let bias = random.normal([shape[1]], dtype: dtype)
    for (weight, bias) in [(weight, bias), (weight, nil), (nil, bias), (nil, nil)] {
      func both(_ x: Tensor) -> [[UInt64]] {
        [
          layerNorm(x, normalizedShape: [shape[1]], weight: weight, bias: bias),
          rmsNorm(x, normalizedShape: [shape[1]], weight: weight),
        ].map { $0.stoppingGradient().bits }
      }
      let areSame = both(x) == both(Tape().watch(x))
      #expect(areSame, "weight: \(weight != nil), bias: \(bias != nil)")
    }
  }

  /// PyTorch 2.13: [nan, 0] for [inf, 1], whose mean square is infinite; and NaN everywhere beside a NaN.
  @Test(arguments: [DType.float32, .float64]) func rmsNormOfAnInfinity(_ dtype: DType) {
    let x = Tensor([[Double.infinity, 1], [2, -.infinity], [.nan, 1]], dtype: dtype)
    for isWatched in [false, true] {
      let y = rmsNorm(isWatched ? Tape().watch(x) : x, normalizedShape: [2])
      let values = y.stoppingGradient().scalars(as: Double.self)
      #expect(values[0].isNaN && values[1] == 0 && values[2] == 0)
      #expect(values[3...].allSatisfy { $0.isNaN })
    }
  }
}
