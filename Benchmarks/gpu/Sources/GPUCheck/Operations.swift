import Autograd

// Operations with their gradients, in float32 and float64, compared with the CPU's.

private struct Operation: Sendable {
  let name: String
  let shapes: [[Int]]
  let function: @Sendable ([Tensor]) -> Tensor

  init(_ name: String, _ shapes: [Int]..., function: @escaping @Sendable ([Tensor]) -> Tensor) {
    (self.name, self.shapes, self.function) = (name, shapes, function)
  }
}

private let operations = [
  Operation("sum of all", [70, 911]) { $0[0].sum() },
  Operation("sum of the first axis", [300, 77]) { $0[0].sum(axis: 0) },
  Operation("sum of the middle axis", [7, 130, 33]) { $0[0].sum(axis: 1) },
  Operation("mean", [64, 1000]) { $0[0].mean(axis: 1) },
  Operation("max", [50, 130]) { $0[0].max(axis: 1) },
  Operation("variance", [40, 90]) { $0[0].variance(axis: 1) },
  Operation("softmax", [33, 1001]) { $0[0].softmax() },
  Operation("logSoftmax of axis 1", [4, 10, 9]) { $0[0].logSoftmax(axis: 1) },
  Operation("logSumExp", [65, 128]) { $0[0].logSumExp() },
  Operation("crossEntropy", [128, 10]) { x in
    crossEntropy(
      x[0], Tensor(scalars: (0..<128).map { $0 * 7 % 10 }, device: x[0].device))
  },
  Operation("gather", [20, 30]) { x in
    let indices = Tensor(scalars: (0..<100).map { $0 * 11 % 30 }, shape: [20, 5])
    return x[0].gather(axis: 1, indices.to(x[0].device))
  },
  Operation("indexSelect", [40, 9]) { x in
    x[0].indexSelect(
      axis: 0, Tensor(scalars: [3, 0, 39, 3], device: x[0].device))
  },
  Operation("concatenate and slice", [6, 5], [6, 7]) {
    concatenate($0, axis: 1).slice(axis: 1, from: 2, to: 9)
  },
  Operation("matmul 70x33x129", [70, 33], [33, 129]) { $0[0].matmul($0[1]) },
  Operation("matmul of transposed views", [129, 70], [257, 129]) {
    $0[0].transpose().matmul($0[1].transpose())
  },
  Operation("matmul of batches", [5, 17, 23], [23, 31]) { $0[0].matmul($0[1]) },
  Operation("linear", [128, 400], [120, 400], [120]) { linear($0[0], $0[1], bias: $0[2]) },
  Operation("conv2d 5x5", [8, 3, 20, 21], [6, 3, 5, 5], [6]) {
    conv2d($0[0], $0[1], bias: $0[2], padding: 2)
  },
  Operation("conv2d stride 2, groups 2", [3, 4, 17, 16], [6, 2, 3, 3]) {
    conv2d($0[0], $0[1], stride: 2, padding: 1, groups: 2)
  },
  Operation("conv2d dilation 2", [2, 5, 19, 19], [7, 5, 3, 3], [7]) {
    conv2d($0[0], $0[1], bias: $0[2], dilation: 2)
  },
  Operation("convTranspose2d", [2, 4, 9, 9], [4, 3, 3, 3]) {
    convTranspose2d($0[0], $0[1], stride: 2, padding: 1)
  },
  Operation("avgPool2d", [4, 3, 28, 28]) { avgPool2d($0[0], kernelSize: 2) },
  Operation("avgPool2d 3x3 with padding", [2, 3, 15, 14]) {
    avgPool2d($0[0], kernelSize: 3, stride: 2, padding: 1)
  },
  Operation("maxPool2d", [4, 3, 28, 27]) { maxPool2d($0[0], kernelSize: 3, stride: 2) },
  Operation("batchNorm", [16, 5, 7, 7], [5], [5]) { batchNorm($0[0], weight: $0[1], bias: $0[2]) },
  Operation("groupNorm", [4, 6, 5, 5], [6], [6]) {
    groupNorm($0[0], groups: 3, weight: $0[1], bias: $0[2])
  },
  Operation("layerNorm", [30, 65], [65], [65]) {
    layerNorm($0[0], normalizedShape: [65], weight: $0[1], bias: $0[2])
  },
  Operation("attention", [2, 3, 20, 16], [2, 3, 20, 16], [2, 3, 20, 16]) {
    scaledDotProductAttention($0[0], $0[1], $0[2], causal: true)
  },
  Operation("pad, flip, cumsum", [9, 14]) { $0[0].pad([1, 2]).flip(0).cumsum(axis: 1) },
]

/// The value and the gradients at all inputs, on a device.
private func results(_ operation: Operation, _ dtype: DType, _ device: Device) -> [Tensor] {
  var random = RandomStream(seed: 5)
  let inputs = operation.shapes.map { random.normal($0, dtype: dtype).to(device) }
  let tape = Tape()
  let watched = inputs.map { tape.watch($0) }
  let y = operation.function(watched)
  let cotangent = random.normal(y.shape, dtype: dtype).to(device)
  let gradients = tape.pullback(of: y, cotangent: cotangent, at: watched)
  return [y.stoppingGradient()] + gradients
}

/// The largest error relative to the largest element.
func relativeError(_ found: Tensor, _ expected: Tensor) -> Double {
  let pairs = zip(found.scalars(as: Double.self), expected.scalars(as: Double.self))
  var (error, size) = (0.0, 1e-30)
  for (found, expected) in pairs {
    if expected.isFinite { size = max(size, abs(expected)) }
    if found == expected || found.isNaN && expected.isNaN { continue }
    error = max(error, (found - expected).isNaN ? .infinity : abs(found - expected))
  }
  return found.shape == expected.shape ? error / size : .infinity
}

func checkOperations(_ gpu: Device, _ types: [DType], _ page: inout Page) {
  for dtype in types {
    let tolerance = dtype == .float32 ? 1e-5 : 1e-12
    page.heading("Values and gradients in \(dtype), relative to the largest element")
    for operation in operations {
      let (found, own) = (results(operation, dtype, gpu), results(operation, dtype, .cpu))
      let errors = zip(found, own).map { relativeError($0, $1) }
      let repeats = zip(results(operation, dtype, gpu), found).allSatisfy {
        $0.scalars(as: Double.self) == $1.scalars(as: Double.self)
      }
      let worst = errors.max() ?? .infinity
      page.check(
        operation.name, worst <= tolerance && repeats,
        errors.map(short).joined(separator: ", ") + (repeats ? "" : "; another run gave other bits")
      )
    }
  }
}
