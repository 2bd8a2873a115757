import Autograd
import Synchronization

private let unseededCount = Atomic<UInt64>(0)

extension RandomStream {
  /// A stream for something random that no seed was given to: the n-th in this process has stream n
  /// of seed 0.
  ///
  /// For the `random` of a `Randomized` layer until `initialize(seed:)` replaces it.
  public static func unseeded() -> RandomStream {
    RandomStream(seed: 0, stream: unseededCount.wrappingAdd(1, ordering: .relaxed).oldValue)
  }
}
