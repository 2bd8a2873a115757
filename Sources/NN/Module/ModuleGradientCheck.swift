import Autograd

/// Checks a layer's gradients by its input and by all its parameters against difference quotients; see
/// the form with a function.
///
/// The layer computes in the input's type, in evaluation mode; its own values stay as they are.
///
/// ```swift
/// try checkGradients(of: Sequential(LazyLinear(3), Tanh()), at: random.normal([2, 4], dtype: .float64))
/// ```
///
/// - Parameters:
///   - layer: Any layer; a lazy one gets its shapes.
///   - input: float64 for a meaningful check.
///   - order: 1 checks gradients, 2 also gradients of gradients.
///   - tolerance: The relative error allowed.
/// - Returns: The largest relative error seen.
/// - Throws: The first mismatch; its input 0 is the layer's, the following ones are the parameters in
///   their order.
@discardableResult
public func checkGradients(
  of layer: some Layer, at input: Tensor, order: Int = 1, tolerance: Double = 1e-6
) throws(GradientMismatch) -> Double {
  layer.materialize(for: input.asType(.float32))
  let parameters = layer.parameters
  let values = parameters.map { $0.value.asType(input.dtype) }
  return try checkGradients(
    of: { (inputs: [Tensor]) -> Tensor in
      for (parameter, value) in zip(parameters, inputs.dropFirst()) { parameter.beginUsing(value) }
      defer { for parameter in parameters { parameter.endWatching() } }
      return layer.evaluating { layer(inputs[0]) }
    }, at: [input] + values, order: order, tolerance: tolerance)
}
