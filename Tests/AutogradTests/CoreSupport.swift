import Synchronization

@testable import Autograd

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
