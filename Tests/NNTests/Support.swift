import Autograd

@testable import NN

extension Tensor {
  /// The elements, for comparisons that are exact.
  var floats: [Float] { scalars(as: Float.self) }
  var doubles: [Double] { scalars(as: Double.self) }
}

extension Module {
  /// All parameters' elements, one list for each.
  var values: [[Float]] { parameters.map { $0.value.floats } }

  /// Turns everything into float64, with the same values in every run.
  func useFloat64() {
    initialize(seed: 1)
    to(.float64)
  }
}

/// The largest difference relative to the largest expected element.
func relativeError(_ found: Tensor, _ expected: Tensor) -> Double {
  let size = expected.abs().max().item()
  return (found.asType(.float64) - expected.asType(.float64)).abs().max().item() / size
}

/// Random inputs that are the same in every run.
func inputs(_ shape: [Int], seed: UInt64 = 1, dtype: DType = .float32) -> Tensor {
  var random = RandomStream(seed: seed, path: "test inputs")
  return random.normal(shape, dtype: dtype)
}
