import Autograd
import NN

// Custom layers: one made of parameters, one made of layers, and a net with both that fits a curve.

/// sin and cos of x times trained frequencies: Fourier features.
final class FourierFeatures: Layer {
  /// [features, count]; the number of features is the first input's.
  let frequencies: Parameter

  init(_ count: Int) {
    frequencies = Parameter(shape: [nil, count], initializer: .normal(standardDeviation: 2))
  }

  /// - Parameter x: [..., features]
  /// - Returns: [..., 2 * count]
  func forward(_ x: Tensor) -> Tensor {
    let count = frequencies.shape[1] ?? 0
    let angles = x.matmul(frequencies.value(shape: [x.size(-1), count]))
    return concatenate([angles.sin(), angles.cos()], axis: -1)
  }
}

/// value(x) * sigmoid(gate(x)): a gated linear unit.
final class GatedLinear: Layer {
  let value: Linear
  let gate: Linear

  init(_ outputs: Int) {
    value = LazyLinear(outputs)
    gate = LazyLinear(outputs)
  }

  /// - Parameter x: [..., features]
  /// - Returns: [..., outputs]
  func forward(_ x: Tensor) -> Tensor { value(x) * gate(x).sigmoid() }
}

let net = Sequential(FourierFeatures(8), GatedLinear(16), LazyLinear(1))
net.initialize(seed: 0)
print(net)

// A curve with a jump in its slope.
let x = Tensor.linspace(-2, 2, count: 256).unsqueeze(1)  // [256, 1]
let y = (3 * x).sin() + x.abs()

let optimizer = Adam(net.parameters, learningRate: 0.01)
var losses: [Double] = []
for step in 0..<600 {
  let (loss, gradients) = net.valueAndGradients { mseLoss(net(x), y) }
  optimizer.step(gradients)
  losses.append(loss.item())
  if step % 100 == 0 { print("step \(step): loss \(losses[step])") }
}
print("step 600: loss \(mseLoss(net(x), y).item())")

// Parameters are found by reflection, under the names of the properties.
for (path, parameter) in net.namedParameters { print(path, parameter) }

// The layers' derivatives against finite differences, in double precision.
let layers = Sequential(FourierFeatures(3), GatedLinear(2))
layers.initialize(seed: 1)
layers.to(.float64)
var random = RandomStream(seed: 0)
try checkGradients(of: { layers($0) }, at: random.normal([4, 2], dtype: .float64))

guard losses[599] < 0.005, net.namedParameters.count == 7 else {
  fatalError("the net did not learn the curve: loss \(losses[599])")
}
