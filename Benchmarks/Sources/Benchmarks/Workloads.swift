import Autograd
import NN

/// All workloads; the names and sizes are those of `peers/pytorch.py`.
func allWorkloads(isQuick: Bool) -> [Workload] {
  let images = isQuick ? 1_280 : 60_000
  var workloads: [Workload] = []
  for batchSize in [128, 32, 1_024] {
    workloads.append(
      Workload("lenet epoch, batch \(batchSize)", warmsUpItself: true) {
        epoch(images: images, batchSize: batchSize)
      })
  }
  for batchSize in [1, 1_000] {
    workloads.append(
      Workload("lenet inference, batch \(batchSize)") {
        let model = LeNet()
        let inputs = random([batchSize, 1, 28, 28])
        return { _ = model(inputs) }
      })
  }
  workloads.append(
    Workload("mlp 784-256-10 step, batch 256") {
      let model = Model(Flatten(), LazyLinear(256), ReLU(), LazyLinear(10))
      let optimizer = model.configureOptimizers()
      let (inputs, labels) = (random([256, 1, 28, 28]), labels(256))
      return { step(model, optimizer, inputs, labels) }
    })
  workloads.append(Workload("tiny mlp step, batch 32", tinyStep))
  workloads.append(
    Workload("scalar chain, 100000 multiplications") {
      {
        let tape = Tape()
        let x = tape.watch(Tensor(1.000001))
        var y = x
        for _ in 0..<(isQuick ? 1_000 : 100_000) { y = y * x }
        _ = tape.gradient(of: y, at: x)
      }
    })
  workloads += matmuls() + convolutions(isQuick: isQuick)
  workloads.append(
    Workload("resnet-18 step, batch 64") { residualStep(batchSize: isQuick ? 2 : 64) })
  return workloads + elementwise() + models() + operations()
}

/// An MLP 2-16-16-1 with tanh and a squared error.
private func tinyStep() -> () -> Void {
  let net = Sequential(LazyLinear(16), Tanh(), LazyLinear(16), Tanh(), LazyLinear(1))
  let optimizer = SGD(net.parameters, learningRate: 0.01)
  let (inputs, targets) = (random([32, 2]), random([32, 1]))
  return {
    let (_, gradients) = valueAndGradients(at: optimizer.parameters) {
      (net(inputs) - targets).square().mean()
    }
    optimizer.step(gradients)
  }
}

private func matmuls() -> [Workload] {
  let squares = [64, 128, 256, 512, 1_024, 2_048].map { ($0, $0, $0) }
  return (squares + [(128, 400, 120), (6, 25, 784), (16, 150, 100)]).map { rows, depth, columns in
    Workload("matmul \(rows)x\(depth)x\(columns)") {
      let (a, b) = (random([rows, depth]), random([depth, columns]))
      return { _ = a.matmul(b) }
    }
  }
}

private func convolutions(isQuick: Bool) -> [Workload] {
  let shapes = [
    (64, 64, 3, 1, 56), (128, 128, 3, 1, 28), (256, 256, 3, 1, 14), (256, 64, 1, 1, 56),
    (3, 64, 7, 2, 224),
  ]
  return shapes.map { inputs, outputs, kernel, stride, size in
    Workload("conv \(kernel)x\(kernel)/\(stride) \(inputs)->\(outputs) at \(size), batch 32") {
      let batch = isQuick ? 2 : 32
      let x = random([batch, inputs, size, size])
      let weight = random([outputs, inputs, kernel, kernel])
      return {
        let tape = Tape()
        let (x, weight) = (tape.watch(x), tape.watch(weight))
        let y = conv2d(x, weight, stride: .all(stride), padding: .all(kernel / 2))
        _ = tape.pullback(of: y, cotangent: y.stoppingGradient(), at: [x, weight])
      }
    }
  }
}

private func elementwise() -> [Workload] {
  let operations: [(String, @Sendable (Tensor, Tensor, Tensor) -> Tensor)] = [
    ("sigmoid", { x, _, _ in x.sigmoid() }), ("exp", { x, _, _ in x.exp() }),
    ("tanh", { x, _, _ in x.tanh() }), ("gelu", { x, _, _ in x.gelu() }),
    ("a*b+c", { a, b, c in a * b + c }), ("softmax", { x, _, _ in x.softmax() }),
    ("sum", { x, _, _ in x.sum() }),
  ]
  return operations.flatMap { name, operation in
    [10, 16, 22].map { exponent in
      Workload("\(name), 2^\(exponent)") {
        let shape = [1 << (exponent - 8), 1 << 8]
        let (a, b, c) = (random(shape), random(shape) * 0.5, random(shape) + 1)
        return { _ = operation(a, b, c) }
      }
    }
  }
}
