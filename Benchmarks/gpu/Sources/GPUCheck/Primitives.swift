import Autograd
import TestCases

// Primitives in every element type and layout, compared with the CPU's. Operations.swift and the gradient table have
// the convolutions, pools and norms.

/// A function of two operands [rows, columns] and of indices [rows, columns] of columns.
private struct PrimitiveCheck: Sendable {
  typealias Function = @Sendable (_ x: Tensor, _ y: Tensor, _ indices: Tensor) -> [Tensor]

  let name: String
  let types: [DType]
  /// Whether floating-point results must have the CPU's bits too.
  let isExact: Bool
  let function: Function

  init(_ name: String, _ types: [DType], exact: Bool = false, _ function: @escaping Function) {
    (self.name, self.types, isExact, self.function) = (name, types, exact, function)
  }
}

private let floats: [DType] = [.float32, .float64]
private let halves: [DType] = [.float16, .bfloat16]
private let numbers = DType.allCases.filter { $0 != .bool }

private let maps = [
  PrimitiveCheck("negate, abs, sign", numbers, exact: true) { x, _, _ in [-x, x.abs(), x.sign()] },
  PrimitiveCheck("relu, square", numbers, exact: true) { x, _, _ in [x.relu(), x.square()] },
  PrimitiveCheck("reciprocal, sqrt, exp, log", floats + halves) { x, _, _ in
    [x.reciprocal(), x.abs().sqrt(), x.exp(), x.abs().log()]
  },
  PrimitiveCheck("tanh, sigmoid, erf, gelu, silu, hardswish", floats + halves) { x, _, _ in
    [x.tanh(), x.sigmoid(), x.erf(), x.gelu(), x.silu(), x.hardswish()]
  },
  PrimitiveCheck("sin, cos, log1p, expm1", floats + halves) { x, _, _ in
    [x.sin(), x.cos(), x.abs().log1p(), x.expm1()]
  },
  PrimitiveCheck("round, floor, ceil, trunc", floats + halves, exact: true) { x, _, _ in
    [x.round(), x.floor(), x.ceil(), x.trunc()]
  },
  PrimitiveCheck("+, -, *, maximum, minimum", numbers, exact: true) { x, y, _ in
    [x + y, x - y, x * y, maximum(x, y), minimum(x, y)]
  },
  PrimitiveCheck("remainder, fmod", numbers, exact: true) { x, y, _ in
    let divisor = x.dtype.isFloatingPoint ? y : y.abs() + 1
    return [x.remainder(divisor), x.fmod(divisor)]
  },
  PrimitiveCheck("/, pow, atan2", floats + halves) { x, y, _ in
    [x / y, x.abs().pow(y), x.atan2(y)]
  },
  PrimitiveCheck("with a number", numbers, exact: true) { x, _, _ in [x * 3, 3 - x, x + 1] },
  PrimitiveCheck("with a column", numbers, exact: true) { x, y, _ in
    [x + y.slice(axis: 1, to: min(1, y.size(1)))]
  },
  PrimitiveCheck("comparisons", DType.allCases) { x, y, _ in
    [x .== y, x .!= y, x .< y, x .<= y, x .> y, x .>= y]
  },
  PrimitiveCheck("select", DType.allCases, exact: true) { x, y, _ in
    [Tensor.where(x .> y, x, y)]
  },
  PrimitiveCheck("copy", DType.allCases, exact: true) { x, _, _ in
    let positive = x.dtype == .bool ? x : x.abs()  // negative numbers have no value in bytes
    return [x.contiguous(), concatenate([x, x], axis: 0)]
      + DType.allCases.map { positive.asType($0) }
  },
  PrimitiveCheck("fill", DType.allCases, exact: true) { x, _, _ in
    [.full(x.shape, 1, dtype: x.dtype, device: x.device), x.zerosLike()]
  },
  PrimitiveCheck("update", floats + halves, exact: true) { x, y, _ in
    var (a, b, c) = (x * 1, x * 1, x * 1)
    a.update(keeping: 0.9, adding: y, times: -0.1)
    b.update(keeping: 0.9, addingProductOf: x, y, times: 0.1)
    c.update(adding: x, overRootOf: y.abs(), rootScale: 1.1, epsilon: 1e-3, times: -0.1)
    return [a, b, c]
  },
]

private let reductions = [
  PrimitiveCheck("sum", numbers) { x, _, _ in [x.sum(), x.sum(axis: 0), x.sum(axis: 1)] },
  PrimitiveCheck("max, min, argmax", numbers, exact: true) { x, _, _ in
    x.size(1) == 0
      ? [] : [x.max(axis: 1), x.min(axis: 1), x.argmax(axis: 1), x.argmin(axis: 1)]
  },
  PrimitiveCheck("sumOfSquares", floats + halves) { x, _, _ in [x.sumOfSquares()] },
  PrimitiveCheck("cumsum, cumprod", floats + [.int32, .int64]) { x, _, _ in
    [x.cumsum(axis: 0), x.cumsum(axis: 1), x.sign().cumprod(axis: 1)]
  },
  PrimitiveCheck("softmax, logSoftmax, logSumExp", floats + halves) { x, _, _ in
    x.size(1) == 0 ? [] : [x.softmax(), x.logSoftmax(), x.logSumExp(axis: 1)]
  },
  PrimitiveCheck("sort, topK", numbers, exact: true) { x, _, _ in
    let top = x.topK(min(3, x.size(1)))
    return [x.sort().values, x.argsort(axis: 0, descending: true), top.values, top.indices]
  },
  PrimitiveCheck("layerNorm", floats + halves) { x, _, _ in
    x.count == 0 ? [] : [layerNorm(x, normalizedShape: [x.size(1)])]
  },
  PrimitiveCheck("matmul, addRow", floats + halves) { x, y, _ in
    [x.matmul(y.transpose()), linear(x, y, bias: x.sum(axis: 1))]
  },
]

private let indexing = [
  PrimitiveCheck("gather", floats + halves, exact: true) { x, _, i in [x.gather(axis: 1, i)] },
  PrimitiveCheck("scatter", floats, exact: true) { x, y, i in [x.scatter(axis: 1, i, y)] },
  PrimitiveCheck("scatterAdd", floats) { x, y, i in
    [x.scatterAdd(axis: 1, i, y), x.scatterSum(axis: 1, i, size: 1 + x.size(1))]
  },
  PrimitiveCheck("gatherRows", DType.allCases, exact: true) { x, _, i in
    i.count == 0 ? [] : [x.transpose().indexSelect(axis: 0, i.select(axis: 0, at: 0))]
  },
  PrimitiveCheck("scatterRows", DType.allCases, exact: true) { x, y, i in
    if i.count == 0 { return [] }
    var z = x.transpose().contiguous()
    z[i.select(axis: 0, at: 0)] = y.transpose()
    return [z]
  },
  PrimitiveCheck("scatterAddRows", floats) { x, y, i in
    if i.count == 0 { return [] }
    let tape = Tape()
    let rows = tape.watch(x.transpose())
    let picked = rows.indexSelect(axis: 0, i.select(axis: 0, at: 0))
    return tape.pullback(of: picked, cotangent: y.transpose(), at: [rows])
  },
  PrimitiveCheck("interpolate", floats + halves) { x, _, _ in
    x.count == 0
      ? [] : [interpolate(x.unsqueeze(0).unsqueeze(0), size: [7, 9], mode: .linear)]
  },
  PrimitiveCheck("random numbers", floats + halves) { x, _, _ in
    var random = RandomStream(seed: 3)
    return [
      random.uniform(x.shape, dtype: x.dtype, device: x.device),
      random.normal(x.shape, dtype: x.dtype, device: x.device),
      random.bernoulli(x.shape, probability: 0.3, device: x.device),
      random.bernoulli(Tensor.full(x.shape, 0.7, device: x.device)),
      random.integers(x.shape, in: -5..<70, device: x.device),
    ]
  },
]

/// Small integers, so that sums of them are exact in float32, or multiples of 1/8.
private func operand(_ shape: [Int], _ dtype: DType, _ random: inout RandomStream) -> Tensor {
  switch dtype {
  case .bool: random.bernoulli(shape, probability: 0.5)
  case .uint8: random.integers(shape, in: 0..<40).asType(dtype)
  case .int32, .int64: random.integers(shape, in: -40..<40).asType(dtype)
  default: (random.integers(shape, in: -40..<40).asType(.float32) / 8).asType(dtype)
  }
}

/// Runs a check on a device; the operands' layout is made there.
private func results(
  _ check: PrimitiveCheck, _ dtype: DType, _ layout: Layout, _ shape: [Int], _ device: Device
) -> [Tensor] {
  var random = RandomStream(seed: 4)
  let x = layout.make(shape) { operand($0, dtype, &random).to(device) }
  let y = layout.make(shape) { operand($0, dtype, &random).to(device) }
  let indices = layout.make(shape) { random.integers($0, in: 0..<max(1, shape[1])).to(device) }
  return check.function(x, y, indices)
}

/// What is wrong with a result, nil if nothing is.
private func mistake(_ found: Tensor, _ expected: Tensor, isExact: Bool) -> String? {
  let error = relativeError(found, expected)
  let tolerance: Double =
    switch expected.dtype {
    case _ where isExact: 0
    case .float32: 2e-6
    case .float64: 1e-13
    case .float16: 0x1p-10
    case .bfloat16: 0x1p-7
    default: 0
    }
  if found.dtype == expected.dtype && error <= tolerance { return nil }
  return "\(found.dtype) \(found.shape) is off by \(short(error))"
}

func checkPrimitives(_ gpu: Device, _ shapes: [[Int]], _ page: inout Page) {
  page.heading("Primitives in every type and layout, compared with the CPU")
  for check in maps + reductions + indexing {
    for dtype in check.types {
      var wrong: [String] = []
      for layout in Layout.allCases {
        for shape in shapes {
          let found = results(check, dtype, layout, shape, gpu)
          let expected = results(check, dtype, layout, shape, .cpu)
          for (index, pair) in zip(found, expected).enumerated() {
            if let mistake = mistake(pair.0, pair.1, isExact: check.isExact) {
              wrong.append("\(layout) \(shape), result \(index): \(mistake)")
            }
          }
        }
      }
      if wrong.isEmpty && dtype != check.types.last { continue }
      page.check(
        wrong.isEmpty ? check.name : "\(check.name) \(dtype)", wrong.isEmpty,
        wrong.isEmpty
          ? check.types.map { "\($0)" }.joined(separator: ", ")
          : "\(wrong.count) results, \(wrong[0])")
    }
  }
}
