import TestCases
import TestSupport
import Testing

@testable import Autograd

/// The gradient table, first and second order, by the GPU kernels on simulated devices.
@Suite struct SimulatedGPUGradientTests {
  private static let immediate = SimulatedGPU()
  private static let deferred = SimulatedGPU(isDeferred: true, isBackwards: true)

  @Test(arguments: GradientTableTests.cases)
  func valuesAndDerivativesAreTheCPUs(_ row: GradientCase) {
    #expect(row.mistake(on: Self.immediate.device) == nil)
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
