import Autograd
import TestCases
import TestSupport

extension ReferenceCase {
  /// The device whose results must have the bits of the CPU's.
  private static let walled = WalledDevice.make().device
  private static let simulatedGPU = SimulatedGPU().device

  /// Runs the operation and compares its result and gradients, in two layouts and on two other devices.
  ///
  /// - Throws: What is wrong, with the largest error.
  func runEverywhere() throws {
    let results = try run(in: { $0 })
    do {
      try run(in: { $0.withGaps() })
    } catch {
      throw ReferenceFailure("with gaps in memory: \(error)")
    }
    do {
      let found = try run(in: { $0.to(Self.walled) })
      for (found, expected) in zip(found, results) where !found.hasBits(of: expected) {
        throw ReferenceFailure("\(found) does not have the bits of \(expected)")
      }
    } catch {
      throw ReferenceFailure("on another device: \(error)")
    }
    do {
      try run(in: { $0.to(Self.simulatedGPU) })
    } catch {
      throw ReferenceFailure("on a simulated GPU: \(error)")
    }
  }
}

extension Tensor {
  /// Whether all elements have the same bits, NaN aside, which has many.
  fileprivate func hasBits(of other: Tensor) -> Bool {
    let pairs = zip(scalars(as: Double.self), other.scalars(as: Double.self))
    return shape == other.shape
      && pairs.allSatisfy { $0.bitPattern == $1.bitPattern || $0.isNaN && $1.isNaN }
  }
}
