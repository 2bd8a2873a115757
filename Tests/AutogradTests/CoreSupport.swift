import Synchronization
import Testing

@testable import Autograd

/// Fails unless a tensor has these elements (and this shape) up to a relative tolerance.
func expectScalars(
  _ tensor: Tensor, _ expected: [Double], shape: [Int]? = nil, tolerance: Double = 1e-6,
  sourceLocation: SourceLocation = #_sourceLocation
) {
  if let shape { #expect(tensor.shape == shape, sourceLocation: sourceLocation) }
  let actual = tensor.scalars(as: Double.self)
  let fits =
    actual.count == expected.count
    && zip(actual, expected).allSatisfy { abs($0 - $1) <= tolerance * max(1, abs($1)) }
  #expect(fits, "\(actual) is not \(expected)", sourceLocation: sourceLocation)
}

/// Fails unless a process that was expected to fail said this on standard error.
func expectMessage(
  _ result: ExitTest.Result?, _ message: String,
  sourceLocation: SourceLocation = #_sourceLocation
) {
  let output = String(decoding: result?.standardErrorContent ?? [], as: UTF8.self)
  #expect(output.contains(message), "said: \(output)", sourceLocation: sourceLocation)
}

/// Counts what happens inside Sendable closures.
final class EventCounter: Sendable {
  private let value = Atomic<Int>(0)

  var count: Int { value.load(ordering: .sequentiallyConsistent) }

  func increment() { value.add(1, ordering: .sequentiallyConsistent) }
}

extension Tensor {
  /// The element's bits in row-major order, to compare results exactly.
  var bits: [UInt64] {
    switch dtype {
    case .float64: scalars(as: Double.self).map(\.bitPattern)
    case .float32: scalars(as: Float.self).map { UInt64($0.bitPattern) }
    default: scalars(as: Int64.self).map { UInt64(bitPattern: $0) }
    }
  }
}
