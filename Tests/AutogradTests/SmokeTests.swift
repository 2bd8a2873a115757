import Testing

@testable import Autograd

@Test func smoke() throws {
  print(Tensor([[1, 2.5, -3], [0, 0.5, 10]]))
  let x = Tensor([1, 2, 3])
  print(gradient(at: x) { ($0 * $0).sum() })
  print(gradient(at: x) { x in gradient(at: x) { ($0 * $0 * $0).sum() }.sum() })
  print(hessian(at: x) { ($0 * $0 * $0).sum() })
  print(jvp(at: x, along: Tensor([1, 0, 0])) { $0.exp() * $0 }.tangent)
  print(CPU.kernelName)
  var r = RandomStream(seed: 1)
  let a = r.normal([2, 3, 5, 7], dtype: .float64)
  let w = r.normal([4, 3, 3, 2], dtype: .float64)
  print(
    try checkGradients(
      of: { conv2d($0[0], $0[1], stride: 2, padding: [1, 0]) }, at: [a, w], order: 2))
  print(try checkGradients(of: { $0.softmax(axis: 1) }, at: a, order: 2))
  print(try checkGradients(of: { maxPool2d($0, kernelSize: 2) }, at: a, order: 2))
  let m = r.normal([5, 6], dtype: .float64)
  let n = r.normal([6, 9], dtype: .float64)
  print(try checkGradients(of: { $0[0].matmul($0[1]).tanh() }, at: [m, n], order: 2))
}
