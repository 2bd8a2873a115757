import Testing

@testable import Autograd

/// An array of Doubles and plain loops over it: what operations must compute.
struct Reference: Sendable {
  let shape: [Int]
  let values: [Double]

  init(_ tensor: Tensor) {
    shape = tensor.shape
    values = tensor.scalars(as: Double.self)
  }

  init(shape: [Int], _ value: ([Int]) -> Double) {
    self.shape = shape
    values = Reference.places(shape).map(value)
  }

  init(_ values: [Double], shape: [Int]) {
    self.shape = shape
    self.values = values
  }

  /// The element at a place, which may have axes in front that this array lacks, and run along
  /// axes of size 1.
  subscript(place: [Int]) -> Double {
    var index = 0
    for (size, position) in zip(shape, place.suffix(shape.count)) {
      index = index * size + (size == 1 ? 0 : position)
    }
    return values[index]
  }

  /// All places of a shape in row-major order.
  static func places(_ shape: [Int]) -> [[Int]] {
    shape.reduce([[]]) { places, size in places.flatMap { place in (0..<size).map { place + [$0] } }
    }
  }

  static func random(
    _ shape: [Int], seed: Int = 0, low: Double = -2, high: Double = 2, dtype: DType = .float64
  ) -> Tensor {
    var random = RandomStream(seed: UInt64(seed), path: "\(shape)")
    return random.uniform(shape, low: low, high: high, dtype: .float64).asType(dtype)
  }
}

/// Records an issue unless the shape is the reference's and every element lies within the
/// tolerance, relative to the element or to 1; NaN equals NaN, infinities must be equal.
func expect(
  _ tensor: Tensor, equals reference: Reference, tolerance: Double = 0, _ label: String = "",
  sourceLocation: SourceLocation = #_sourceLocation
) {
  #expect(tensor.shape == reference.shape, "\(label)", sourceLocation: sourceLocation)
  guard tensor.shape == reference.shape else { return }
  let found = tensor.scalars(as: Double.self)
  for (index, pair) in zip(found, reference.values).enumerated() {
    let (value, expected) = pair
    if value == expected || value.isNaN && expected.isNaN { continue }
    let error = (value - expected).magnitude / Swift.max(1, expected.magnitude)
    if error <= tolerance { continue }
    Issue.record(
      "\(label) element \(index) of \(tensor.summary) is \(value), not \(expected)",
      sourceLocation: sourceLocation)
    return
  }
}

func expect(
  _ tensor: Tensor, equals values: [Double], shape: [Int]? = nil, tolerance: Double = 0,
  sourceLocation: SourceLocation = #_sourceLocation
) {
  expect(
    tensor, equals: Reference(values, shape: shape ?? [values.count]), tolerance: tolerance,
    sourceLocation: sourceLocation)
}

/// Records an issue unless a process that failed said all the parts on standard error.
func expectMessage(
  _ result: ExitTest.Result?, _ parts: String...,
  sourceLocation: SourceLocation = #_sourceLocation
) {
  let message = String(decoding: result?.standardErrorContent ?? [], as: UTF8.self)
  for part in parts {
    #expect(message.contains(part), "\(message)", sourceLocation: sourceLocation)
  }
}
