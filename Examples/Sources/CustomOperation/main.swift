import Autograd

// Custom operations: a value and its pullbacks, for where the derivative of the composition is not what
// is wanted.

/// x log(y) with 0 log(0) = 0, as in entropies; the operands are broadcast.
func xLogY(_ x: Tensor, _ y: Tensor) -> Tensor {
  differentiable(x, y) { x, y in
    Tensor.where(x .== 0, 0, x * y.log())
  } first: { _, y, _ in
    { dResult in dResult * y.log() }
  } second: { x, y, _ in
    { dResult in Tensor.where(x .== 0, 0, dResult * x / y) }
  }
}

/// The nearest multiple of a step, with the gradient of the identity (a straight-through estimator).
///
/// The true derivative of rounding is 0 almost everywhere, and nothing could be learned through it.
func quantized(_ x: Tensor, step: Double) -> Tensor {
  differentiable(x) { x in
    (x / step).round() * step
  } pullback: { _, _ in
    { dResult in dResult }
  }
}

// The composed form fails at 0: 0 * log(0) is not a number, and neither is its gradient. The true slope of
// x log(x) at 0 is minus infinity.
let shares = Tensor([0.5, 0.5, 0])
let composed = gradient(at: shares) { ($0 * $0.log()).sum() }
let custom = gradient(at: shares) { p in xLogY(p, shares).sum() + xLogY(shares, p).sum() }
print("entropy, composed:", -(shares * shares.log()).sum(), "custom:", -xLogY(shares, shares).sum())
print("gradient, composed:", composed, "custom:", custom)

// Against finite differences, first and second order, at random points away from 0.
var random = RandomStream(seed: 0)
let x = random.uniform([2, 3], low: 0.5, high: 2, dtype: .float64)
let y = random.uniform([3], low: 0.5, high: 2, dtype: .float64)
try checkGradients(of: { xLogY($0[0], $0[1]) }, at: [x, y], order: 2)
print("xLogY: gradients agree with finite differences")

// Learns weights that are multiples of 1/4, although only the rounded ones are ever used.
let inputs = random.normal([256, 3])
let targets = inputs.matmul(Tensor([0.75, -1.5, 0.25]))
var weights = Tensor.zeros([3])
for _ in 1...200 {
  let slope = gradient(at: weights) { weights in
    (inputs.matmul(quantized(weights, step: 0.25)) - targets).square().mean()
  }
  weights -= 0.05 * slope
}
let found = quantized(weights, step: 0.25)
print("weights:", weights, "quantized:", found)

guard -xLogY(shares, shares).sum().item() > 0.69, (-(shares * shares.log())).sum().item().isNaN,
  custom.scalars()[2] == -.infinity, found.scalars() == [0.75, -1.5, 0.25]
else { fatalError("an operation is wrong") }
