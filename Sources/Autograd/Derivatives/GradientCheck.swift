/// Where a gradient and a difference quotient disagree.
public struct GradientMismatch: Error, CustomStringConvertible, Sendable {
  /// Which input, counted from 0.
  public let input: Int
  /// The element's index in the input.
  public let element: [Int]
  /// What the pullbacks gave.
  public let gradient: Double
  /// What the difference quotient gave.
  public let expected: Double
  /// 1 for gradients, 2 for gradients of gradients.
  public let order: Int

  /// The distance between both, relative to the larger one.
  public var relativeError: Double {
    let size = max(gradient.magnitude, expected.magnitude)
    return size == 0 ? 0 : (gradient - expected).magnitude / size
  }

  /// One line that names the input, the element and both values.
  public var description: String {
    """
    the \(order == 1 ? "gradient" : "second-order gradient") of input \(input) at \(element) is \(gradient), the \
    difference quotient is \(expected) (relative error \(relativeError))
    """
  }
}

/// Checks gradients of a function against difference quotients.
///
/// The result is weighted by a random cotangent (a plain sum would send back all ones and hide
/// bugs), and every element of every input is moved. The quotient is the five-point one, whose
/// error in float64 is about 1e-11, so steps across kinks (relu at 0, ties of a maximum) must be
/// avoided by the choice of inputs.
///
/// ```swift
/// try checkGradients(of: { $0[0].matmul($0[1]).tanh() }, at: [a, b])
/// ```
///
/// - Parameters:
///   - function: Any function of tensors; it is called about 4 times per element.
///   - inputs: Floating-point tensors; float64 for a meaningful check. float32 inputs need a tolerance of about 1e-2.
///   - order: 1 checks gradients, 2 also gradients of gradients (with respect to inputs and cotangent).
///   - tolerance: The relative error allowed.
///   - seed: Selects the cotangent.
/// - Returns: The largest relative error.
/// - Throws: The first mismatch.
@discardableResult
public func checkGradients(
  of function: ([Tensor]) -> Tensor, at inputs: [Tensor], order: Int = 1, tolerance: Double = 1e-6,
  seed: UInt64 = 0
) throws(GradientMismatch) -> Double {
  require(order == 1 || order == 2, "checkGradients: the order must be 1 or 2, got \(order)")
  let inputs = inputs.map { $0.stoppingGradient() }
  let y = function(inputs)
  var random = RandomStream(seed: seed, path: "cotangent")
  let cotangent =
    random.uniform(y.shape, low: 0.5, high: 1.5, dtype: y.dtype, device: y.device)
    * Tensor.where(
      random.bernoulli(y.shape, probability: 0.5, device: y.device), 1, y.onesLike() * -1)
  var largest = try checkFirstOrder(
    { inputs in (function(inputs) * cotangent).sum() }, inputs, tolerance, order: 1)
  if order == 2 {
    // All gradients as one vector, a function of the inputs and of the cotangent.
    func gradients(_ all: [Tensor]) -> Tensor {
      let tape = Tape()
      let watched = all.dropLast().map { tape.watch($0) }
      let y = function(Array(watched))
      let gradients = tape.pullback(of: y, cotangent: all[all.count - 1], at: Array(watched))
      return concatenate(gradients.map { $0.reshape([$0.count]) })
    }
    let all = inputs + [cotangent]
    let total = inputs.reduce(0) { $0 + $1.count }
    let weights = random.uniform(
      [total], low: 0.5, high: 1.5, dtype: y.dtype, device: y.device)
    largest = max(
      largest,
      try checkFirstOrder({ (gradients($0) * weights).sum() }, all, tolerance, order: 2))
  }
  return largest
}

/// Checks the gradient of a function of one tensor; see the form with a list of inputs.
@discardableResult
public func checkGradients(
  of function: (Tensor) -> Tensor, at input: Tensor, order: Int = 1, tolerance: Double = 1e-6,
  seed: UInt64 = 0
) throws(GradientMismatch) -> Double {
  try checkGradients(
    of: { inputs in function(inputs[0]) }, at: [input], order: order, tolerance: tolerance,
    seed: seed)
}

private func checkFirstOrder(
  _ f: ([Tensor]) -> Tensor, _ inputs: [Tensor], _ tolerance: Double, order: Int
) throws(GradientMismatch) -> Double {
  let (_, found) = valueAndGradients(at: inputs, f)
  var largest = 0.0
  for (index, input) in inputs.enumerated() {
    let gradient = found[index].scalars(as: Double.self)
    let quotient = differenceQuotients(f, inputs, index)
    // Rounding leaves noise of about 1e-11 of the largest derivative in every quotient.
    let floor = 1e-3 * max(quotient.reduce(0) { max($0, $1.magnitude) }, 1e-3)
    for element in 0..<input.count {
      let size = max(gradient[element].magnitude, quotient[element].magnitude, floor)
      let error = (gradient[element] - quotient[element]).magnitude / size
      guard error <= tolerance else {  // also stops at NaN
        throw GradientMismatch(
          input: index, element: position(of: element, in: input.shape),
          gradient: gradient[element], expected: quotient[element], order: order)
      }
      largest = max(largest, error)
    }
  }
  return largest
}

/// The derivatives of f by the elements of one input, from four values each.
private func differenceQuotients(
  _ f: ([Tensor]) -> Tensor, _ inputs: [Tensor], _ index: Int
) -> [Double] {
  let input = inputs[index]
  let values = input.scalars(as: Double.self)
  let relativeStep = input.dtype == .float64 ? 5e-4 : 2e-2
  return values.indices.map { element in
    let step = relativeStep * max(1, values[element].magnitude)
    func value(_ steps: Double) -> Double {
      var moved = values
      moved[element] += steps * step
      var arguments = inputs
      arguments[index] = Tensor(
        moved, shape: input.shape, dtype: input.dtype, device: input.device)
      return f(arguments).item()
    }
    return (8 * (value(1) - value(-1)) - (value(2) - value(-2))) / (12 * step)
  }
}

private func position(of element: Int, in shape: [Int]) -> [Int] {
  zip(denseStrides(shape), shape).map { stride, size in element / stride % size }
}
