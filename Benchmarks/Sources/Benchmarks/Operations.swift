import Autograd
import NN

/// Single operations, with their gradients where the name says so, and optimizers.
func operations() -> [Workload] {
  let square = [1_024, 1_024]
  let indices = Tensor(scalars: (0..<(1 << 20)).map { $0 * 7_919 % 1_024 }, shape: square)
  return [
    Workload("gather, 2^20") {
      let x = random(square)
      return { _ = x.gather(axis: 1, indices) }
    },
    Workload("scatter-add, 2^20") {
      let (x, source) = (random(square), random(square))
      return { _ = x.scatterAdd(axis: 1, indices, source) }
    },
    gradient("huber loss and gradient, 2^20", square) { x, target in huberLoss(x, target) },
    Workload("atan2, 2^20") {
      let (a, b) = (random(square), random(square) + 0.5)
      return { _ = a.atan2(b) }
    },
    Workload("layer norm inference, 4096x512") {
      let norm = LayerNorm(512)
      let x = random([4_096, 512])
      return { _ = norm(x) }
    },
    Workload("embedding and gradient, 4096 of 10000x128") {
      let tokens = Tensor(scalars: (0..<4_096).map { $0 * 7_919 % 10_000 })
      let table = random([10_000, 128])
      let cotangent = random([4_096, 128])
      return {
        let tape = Tape()
        let table = tape.watch(table)
        _ = tape.pullback(of: embedding(tokens, table), cotangent: cotangent, at: [table])
      }
    },
    Workload("top-k, 10 of 1024x1024") {
      let x = random(square)
      return { _ = x.topK(10) }
    },
    Workload("randn, 2^20") {
      var stream = RandomStream(seed: 1, path: "benchmark")
      return { _ = stream.normal([1 << 20]) }
    },
    Workload("clipping by norm, gradients kept") {
      let gradients = Gradients(
        mlp().map { ($0, random($0.value.shape)) })
      return { _ = gradients.clipped(norm: 1) }
    },
    optimizer("sgd step, 784-1024-1024-10") { SGD($0, learningRate: 1e-3) },
    optimizer("adam step, 784-1024-1024-10") { Adam($0) },
  ]
}

/// The parameters of an MLP, 1,863,690 elements.
private func mlp() -> [Parameter] {
  let net = Sequential(Linear(784, 1_024), ReLU(), Linear(1_024, 1_024), ReLU(), Linear(1_024, 10))
  net.initialize(seed: 0)
  return net.parameters
}

private func optimizer(
  _ name: String, _ make: @escaping ([Parameter]) -> any Optimizer
) -> Workload {
  Workload(name) {
    let parameters = mlp()
    let optimizer = make(parameters)
    let gradients = Gradients(parameters.map { ($0, random($0.value.shape) * 1e-3) })
    return { optimizer.step(gradients) }
  }
}

private func gradient(
  _ name: String, _ shape: [Int], _ function: @escaping @Sendable (Tensor, Tensor) -> Tensor
) -> Workload {
  Workload(name) {
    let (x, target) = (random(shape) * 3, random(shape))
    return {
      let tape = Tape()
      let x = tape.watch(x)
      _ = tape.gradient(of: function(x, target), at: x)
    }
  }
}
