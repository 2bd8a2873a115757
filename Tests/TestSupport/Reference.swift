import Autograd

/// An array of Doubles and plain loops over it: what operations must compute.
package struct Reference: Sendable {
  package let shape: [Int]
  package let values: [Double]

  package init(_ tensor: Tensor) {
    shape = tensor.shape
    values = tensor.scalars(as: Double.self)
  }

  package init(shape: [Int], _ value: ([Int]) -> Double) {
    self.shape = shape
    values = Reference.places(shape).map(value)
  }

  package init(_ values: [Double], shape: [Int]) {
    self.shape = shape
    self.values = values
  }

  /// The element at a place, which may have axes in front that this array lacks, and run along
  /// axes of size 1.
  package subscript(place: [Int]) -> Double {
    var index = 0
    for (size, position) in zip(shape, place.suffix(shape.count)) {
      index = index * size + (size == 1 ? 0 : position)
    }
    return values[index]
  }

  /// All places of a shape in row-major order.
  package static func places(_ shape: [Int]) -> [[Int]] {
    shape.reduce([[]]) { places, size in places.flatMap { place in (0..<size).map { place + [$0] } }
    }
  }

  package static func random(
    _ shape: [Int], seed: Int = 0, low: Double = -2, high: Double = 2, dtype: DType = .float64
  ) -> Tensor {
    var random = RandomStream(seed: UInt64(seed), path: "\(shape)")
    return random.uniform(shape, low: low, high: high, dtype: .float64).asType(dtype)
  }
}
