import TestSupport
import Testing

@testable import Autograd

/// The gradient table, first and second order, by the GPU kernels on simulated devices.
@Suite struct SimulatedGPUGradientTests {
  private static let immediate = SimulatedGPU()
  private static let deferred = SimulatedGPU(isDeferred: true, isBackwards: true)

  /// Float64 against the CPU's, relative to the largest element: sums in another order.
  private static let float64Tolerance = 1e-12
  /// Float32 values and first gradients against the CPU's float64 ones, and gradients of those.
  private static let (float32Tolerance, secondOrderTolerance) = (
    GradientTableTests.float32Tolerance, 1e-5
  )

  @Test(arguments: GradientTableTests.cases)
  func valuesAndDerivativesAreTheCPUs(_ row: GradientCase) {
    let expected = row.derivatives(.float64, on: .cpu)
    let narrow = row.derivatives(.float32, on: .cpu)
    for dtype in [DType.float32, .float64] {
      let found = row.derivatives(dtype, on: Self.immediate.device)
      #expect(found.count == expected.count)
      for index in found.indices {
        #expect(found[index].device == Self.immediate.device)
        #expect(found[index].shape == expected[index].shape)
        let error = error(found[index], expected[index])
        if dtype == .float64 {
          #expect(error <= Self.float64Tolerance, "result \(index)")
        } else if index <= row.shapes.count {
          #expect(error <= Self.float32Tolerance, "result \(index)")
        } else {
          // Where terms cancel, float32 is far off on every device.
          let tolerance = max(
            Self.secondOrderTolerance, 4 * self.error(narrow[index], expected[index]))
          #expect(error <= tolerance, "result \(index)")
        }
      }
    }
  }

  /// The largest difference relative to the largest element.
  private func error(_ found: Tensor, _ expected: Tensor) -> Double {
    let (found, expected) = (found.scalars(as: Double.self), expected.scalars(as: Double.self))
    let scale = expected.reduce(1e-3) { max($0, $1.isFinite ? $1.magnitude : 0) }
    return zip(found, expected).reduce(0) { worst, pair in
      if pair.0 == pair.1 || pair.0.isNaN && pair.1.isNaN { return worst }
      let error = (pair.0 - pair.1).magnitude / scale
      return error.isNaN ? .infinity : max(worst, error)
    }
  }

  /// What waits must not show, and neither must the order of threads.
  @Test(arguments: GradientTableTests.cases)
  func deferredAndBackwardsGiveTheSameBits(_ row: GradientCase) {
    let expected = row.derivatives(.float32, on: Self.immediate.device)
    let found = row.derivatives(.float32, on: Self.deferred.device)
    for (index, (found, expected)) in zip(found, expected).enumerated() {
      #expect(found.bits == expected.bits, "result \(index)")
    }
  }

  /// The float32 primitives of the table that have no kernel yet.
  private static let missing: Set<String> = [
    "argsort", "cumprod", "cumsum", "interpolate", "moments", "normalize", "normalizeGradient",
  ]

  @Test func nothingElseFallsBack() {
    let simulated = SimulatedGPU()
    for row in GradientTableTests.cases {
      _ = row.derivatives(.float32, on: simulated.device)
    }
    let names = simulated.gpu.fallback.counts.keys.filter { $0.hasSuffix(" float32") }
      .map { String($0.dropLast(" float32".count)) }
    #expect(Set(names) == Self.missing)
    #expect(simulated.overrunCount == 0)
  }
}
