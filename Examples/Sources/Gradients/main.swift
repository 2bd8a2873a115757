import Autograd

// Gradients: derivatives of functions of tensors, of any order, and Newton's method with them.

let x = Tensor([1, 2, 3], dtype: .float64)
print("gradient of the sum of x³:", gradient(at: x) { ($0 * $0 * $0).sum() })  // 3x²

// Derivatives nest: a gradient is a function that can be differentiated.
let second = gradient(at: x) { x in gradient(at: x) { ($0 * $0 * $0).sum() }.sum() }
print("second derivative:", second)  // 6x

print("jacobian of exp:", jacobian(at: x) { $0.exp() })
print("jvp of exp along [1, 0, 0]:", jvp(at: x, along: Tensor([1, 0, 0])) { $0.exp() }.tangent)
let (value, back) = pullback(at: x) { $0.tanh() }
print("tanh:", value, "and its vjp with ones:", back(value.onesLike()))

// A tape shows what happens underneath: it records what watched tensors take part in.
let tape = Tape()
let (a, b) = (tape.watch(Tensor(2)), tape.watch(Tensor(5)))
let product = a * b + a
let partials = tape.gradient(of: product, at: [a, b])
print("d(ab + a)/da and /db:", partials[0], partials[1])

/// Rosenbrock's function of [2]: a curved valley with its minimum 0 at (1, 1).
func rosenbrock(_ x: Tensor) -> Tensor {
  let (u, v) = (x.select(axis: 0, at: 0), x.select(axis: 0, at: 1))
  return (1 - u).square() + 100 * (v - u.square()).square()
}

/// The solution of a 2 x 2 system by Cramer's rule.
func solve(_ matrix: Tensor, _ right: Tensor) -> Tensor {
  let (m, r) = (matrix.scalars(as: Double.self), right.scalars(as: Double.self))
  let determinant = m[0] * m[3] - m[1] * m[2]
  return Tensor(
    [(r[0] * m[3] - m[1] * r[1]) / determinant, (m[0] * r[1] - r[0] * m[2]) / determinant],
    dtype: .float64)
}

// Newton's method: the second derivatives say how far to go.
var position = Tensor([-1.2, 1], dtype: .float64)
for step in 1...7 {
  position -= solve(hessian(at: position, rosenbrock), gradient(at: position, rosenbrock))
  print("step \(step): f = \(rosenbrock(position).item()) at \(position)")
}

// The library's own check: derivatives against finite differences.
try checkGradients(of: rosenbrock, at: Tensor([-1.2, 1], dtype: .float64), order: 2)

guard (position - 1).abs().max().item() < 1e-9, (second - 6 * x).abs().max().item() < 1e-12,
  partials[0].item() == 6, partials[1].item() == 2
else { fatalError("a derivative is wrong") }
