import Autograd

// The gradient table on another device.
extension GradientCase {
  /// Float32 gradients against the float64 gradients of the same inputs, relative to the largest one.
  package static let float32Tolerance = 2e-6
  /// Float64 against the CPU's, relative to the largest element: sums in another order.
  private static let float64Tolerance = 1e-12
  /// Gradients of float32 gradients against the CPU's float64 ones.
  private static let secondOrderTolerance = 1e-5

  /// What is wrong on a device with the value, the gradients or the gradients of those, nil if nothing is.
  ///
  /// They are computed there in float32 and float64, and compared with the CPU's in float64.
  package func mistake(on device: Device) -> String? {
    let expected = derivatives(.float64, on: .cpu)
    let narrow = derivatives(.float32, on: .cpu)
    for dtype in [DType.float32, .float64] {
      let found = derivatives(dtype, on: device)
      if found.count != expected.count { return "\(found.count) results, not \(expected.count)" }
      for index in found.indices {
        let what = "\(dtype) result \(index)"
        if found[index].device != device { return "\(what) is on \(found[index].device)" }
        if found[index].shape != expected[index].shape {
          return "\(what) has shape \(found[index].shape), not \(expected[index].shape)"
        }
        let error = error(found[index], expected[index])
        var tolerance = dtype == .float64 ? Self.float64Tolerance : Self.float32Tolerance
        if dtype == .float32 && index > shapes.count {
          // Where terms cancel, float32 is far off on every device.
          tolerance = max(
            Self.secondOrderTolerance, 4 * self.error(narrow[index], expected[index]))
        }
        if error > tolerance { return "\(what) is off by \(error), \(tolerance) is allowed" }
      }
    }
    return nil
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
}
