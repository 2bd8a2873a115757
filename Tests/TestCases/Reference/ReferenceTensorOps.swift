import Autograd

// PyTorch's names and arguments of operations on tensors.

func addTensorOps(to ops: inout [String: ReferenceOp]) {
  addElementwise(to: &ops)
  addActivations(to: &ops)
  addPairs(to: &ops)
  addReductions(to: &ops)
  addShapes(to: &ops)
  addParts(to: &ops)
  addProducts(to: &ops)
}

private func addElementwise(to ops: inout [String: ReferenceOp]) {
  ops["neg"] = { -(try $0.input()) }
  ops["exp"] = { try $0.input().exp() }
  ops["log"] = { try $0.input().log() }
  ops["sqrt"] = { try $0.input().sqrt() }
  ops["rsqrt"] = { try $0.input().rsqrt() }
  ops["sin"] = { try $0.input().sin() }
  ops["cos"] = { try $0.input().cos() }
  ops["log1p"] = { try $0.input().log1p() }
  ops["expm1"] = { try $0.input().expm1() }
  ops["erf"] = { try $0.input().erf() }
  ops["reciprocal"] = { try $0.input().reciprocal() }
  ops["square"] = { try $0.input().square() }
  ops["abs"] = { try $0.input().abs() }
  ops["clamp"] = { a in
    guard a.input("min") != nil || a.input("max") != nil else {
      return try a.input().clamp(min: a.double("min"), max: a.double("max"))
    }
    // Between tensors; what lies within keeps its gradient, also at the ends.
    var x = try a.input()
    if let low = try a.input("min") ?? a.double("min").map({ Tensor($0, dtype: x.dtype) }) {
      x = Tensor.where(x .< low, low, x)
    }
    if let high = try a.input("max") ?? a.double("max").map({ Tensor($0, dtype: x.dtype) }) {
      x = Tensor.where(x .> high, high, x)
    }
    return x
  }
  ops["pow"] = { a in
    if let base = try a.double("input", "self") {
      return try Tensor(base, dtype: a.input().dtype).pow(a.input())
    }
    if a.inputs.count > 1 { return try a.input(0).pow(a.input(1)) }
    return try a.input().pow(a.required("exponent", a.double("exponent")))
  }
}

private func addActivations(to ops: inout [String: ReferenceOp]) {
  ops["tanh"] = { try $0.input().tanh() }
  ops["sigmoid"] = { try $0.input().sigmoid() }
  ops["relu"] = { try $0.input().relu() }
  ops["softplus"] = { a in
    try a.input().softplus(beta: a.double("beta") ?? 1, threshold: a.double("threshold") ?? 20)
  }
  ops["silu"] = { try $0.input().silu() }
  ops["mish"] = { try $0.input().mish() }
  ops["gelu"] = { a in
    switch try a.text("approximate") {
    case nil, "none"?: try a.input().gelu()
    case "tanh"?: try a.input().gelu(approximate: .tanh)
    case let other?: throw ReferenceFailure("the approximation \(other) is not known")
    }
  }
  ops["log_sigmoid"] = { try $0.input().logSigmoid() }
  ops["logsigmoid"] = ops["log_sigmoid"]
  ops["hardswish"] = { try $0.input().hardswish() }
  ops["softsign"] = { try $0.input().softsign() }
  ops["leaky_relu"] = { a in
    try a.input().leakyRelu(negativeSlope: a.double("negative_slope") ?? 0.01)
  }
  ops["hardtanh"] = { a in
    try a.input().hardtanh(min: a.double("min_val") ?? -1, max: a.double("max_val") ?? 1)
  }
  ops["relu6"] = { try $0.input().relu6() }
  ops["hardsigmoid"] = { try $0.input().hardsigmoid() }
  ops["selu"] = { try $0.input().selu() }
  ops["celu"] = { a in try a.input().celu(alpha: a.double("alpha") ?? 1) }
  ops["elu"] = { a in try a.input().elu(alpha: a.double("alpha") ?? 1) }
  ops["softmax"] = { a in
    try a.converted().softmax(axis: a.classAxis())
  }
  ops["log_softmax"] = { a in
    try a.converted().logSoftmax(axis: a.classAxis())
  }
}

private func addPairs(to ops: inout [String: ReferenceOp]) {
  @Sendable func scaled(_ a: ReferenceArguments) throws -> (Tensor, Tensor) {
    let (x, y) = try a.operands()
    guard let alpha = try a.double("alpha"), alpha != 1 else { return (x, y) }
    return (x, y * alpha)
  }
  ops["add"] = { a in
    let (x, y) = try scaled(a)
    return x + y
  }
  ops["sub"] = { a in
    let (x, y) = try scaled(a)
    return x - y
  }
  ops["mul"] = { a in
    let (x, y) = try a.operands()
    return x * y
  }
  ops["div"] = { a in
    let (x, y) = try a.operands()
    switch try a.text("rounding_mode") {
    case nil: return x / y
    case "floor"?: return x.floorDivide(y)
    case "trunc"?: return x.truncDivide(y)
    case let mode?: throw ReferenceFailure("the rounding mode \(mode) is not known")
    }
  }
  ops["pow_tensor"] = { a in
    if let exponent = try a.double("other", "exponent") { return try a.input().pow(exponent) }
    let (x, y) = try a.operands()
    return x.pow(y)
  }
  ops["maximum"] = { a in try maximum(a.input(0), a.input(1)) }
  ops["minimum"] = { a in try minimum(a.input(0), a.input(1)) }
  ops["atan2"] = { a in try a.input(0).atan2(a.input(1)) }
  ops["where"] = { a in
    let condition = try a.integer("condition")
    if let other = try a.double("other") { return try Tensor.where(condition, a.input(), other) }
    if let input = try a.double("input") { return try Tensor.where(condition, input, a.input()) }
    return try Tensor.where(condition, a.input(0), a.input(1))
  }
}

private func addReductions(to ops: inout [String: ReferenceOp]) {
  ops["sum"] = { a in try a.converted().sum(axes: a.axes(), keepDims: a.keepDims()) }
  ops["mean"] = { a in try a.converted().mean(axes: a.axes(), keepDims: a.keepDims()) }
  ops["amax"] = { a in try a.input().max(axes: a.axes(), keepDims: a.keepDims()) }
  ops["amin"] = { a in try a.input().min(axes: a.axes(), keepDims: a.keepDims()) }
  ops["prod"] = { a in try a.converted().prod(axes: a.axes(), keepDims: a.keepDims()) }
  ops["logsumexp"] = { a in try a.input().logSumExp(axes: a.axes(), keepDims: a.keepDims()) }
  ops["var"] = { a in
    try a.input().variance(
      axes: a.axes(), correction: a.correction(), keepDims: a.keepDims())
  }
  ops["std"] = { a in
    try a.input().standardDeviation(
      axes: a.axes(), correction: a.correction(), keepDims: a.keepDims())
  }
  ops["norm"] = { a in
    try a.converted().norm(a.double("ord", "p") ?? 2, axes: a.axes(), keepDims: a.keepDims())
  }
  ops["cumsum"] = { a in
    try a.converted().cumsum(axis: a.required("dim", a.int("dim", "axis")))
  }
}

private func addShapes(to ops: inout [String: ReferenceOp]) {
  ops["reshape"] = { a in
    var x = try a.input()
    if let axes = try a.ints("transpose_first") {
      guard axes.count == 2 else { throw ReferenceFailure("transpose_first must be two dims") }
      x = x.transpose(axes[0], axes[1])
    }
    return try x.reshape(a.required("shape", a.ints("shape")))
  }
  ops["contiguous"] = { try $0.input().contiguous() }
  ops["to"] = { a in
    let y = try a.converted()
    return y.dtype == .bool ? y.asType(.int64) : y
  }
  ops["flatten"] = { a in
    try a.input().flatten(from: a.int("start_dim") ?? 0, through: a.int("end_dim") ?? -1)
  }
  ops["transpose"] = { a in
    try a.input().transpose(
      a.required("dim0", a.int("dim0", "axis0")), a.required("dim1", a.int("dim1", "axis1")))
  }
  ops["permute"] = { a in try a.input().permute(a.required("dims", a.ints("dims", "dim"))) }
  ops["expand"] = { a in
    try a.input().expand(a.required("size", a.ints("size", "sizes", "shape")))
  }
  // PyTorch leaves axes of other sizes than 1 as they are.
  ops["squeeze"] = { a in
    let x = try a.input()
    guard let axes = try a.ints("dim") else { return x.squeeze() }
    let places = axes.map { $0 < 0 ? $0 + x.rank : $0 }.filter { (0..<x.rank).contains($0) }
    return places.sorted(by: >).reduce(x) { $0.size($1) == 1 ? $0.squeeze($1) : $0 }
  }
  ops["unsqueeze"] = { a in try a.input().unsqueeze(a.required("dim", a.int("dim"))) }
  ops["flip"] = { a in try a.input().flip(a.required("dims", a.ints("dims", "dim"))) }
  ops["roll"] = { a in
    let shifts = try a.required("shifts", a.ints("shifts"))
    if shifts.isEmpty { throw ReferenceFailure("roll by nothing") }
    guard let axes = try a.ints("dims", "dim"), axes != [] else {
      return try a.input().roll(shifts[0])
    }
    return try a.input().roll(shifts, axes: axes)
  }
  ops["tril"] = { a in try a.input().tril(diagonal: a.int("diagonal") ?? 0) }
  ops["triu"] = { a in try a.input().triu(diagonal: a.int("diagonal") ?? 0) }
  ops["pad"] = { a in
    let value = try a.double("value") ?? 0
    let mode: PaddingMode =
      switch try a.text("mode") {
      case nil, "constant"?: .constant(value)
      case "reflect"?: .reflect
      case "replicate"?: .replicate
      case "circular"?: .circular
      case let other?: throw ReferenceFailure("the mode \(other) is not known")
      }
    return try a.input().pad(a.required("pad", a.ints("pad")), mode: mode)
  }
}

private func addParts(to ops: inout [String: ReferenceOp]) {
  ops["cat"] = { a in concatenate(a.inputs, axis: try a.int("dim", "axis") ?? 0) }
  ops["stack"] = { a in stack(a.inputs, axis: try a.int("dim", "axis") ?? 0) }
  ops["slice"] = { a in
    try a.input().slice(
      axis: a.int("dim") ?? 0, from: a.int("start") ?? 0, to: a.int("end"),
      step: a.int("step") ?? 1)
  }
  ops["select"] = { a in
    try a.input().select(
      axis: a.required("dim", a.int("dim")), at: a.required("index", a.int("index")))
  }
  ops["index_select"] = { a in
    try a.input().indexSelect(axis: a.required("dim", a.int("dim")), a.integer("index"))
  }
  ops["gather"] = { a in
    try a.input().gather(axis: a.required("dim", a.int("dim")), a.integer("index"))
  }
  ops["embedding"] = { a in
    if try a.double("max_norm") == nil { _ = try a.double("norm_type") }
    return try embedding(
      a.integer("input"), a.input(), paddingIndex: a.int("padding_idx"),
      scaleGradientByFrequency: a.bool("scale_grad_by_freq") ?? false)
  }
}

private func addProducts(to ops: inout [String: ReferenceOp]) {
  ops["matmul"] = { a in try a.input(0).matmul(a.input(1)) }
  ops["linear"] = { a in try linear(a.input(0), a.input(1), bias: a.input("bias")) }
  ops["einsum"] = { a in
    try einsum(a.required("equation", a.text("equation")), a.inputs)
  }
}

extension ReferenceArguments {
  /// Both operands: one may be a number, the second of integers.
  func operands() throws -> (Tensor, Tensor) {
    let x = try input()
    if let number = try double("input", "self") { return (Tensor(number, dtype: x.dtype), x) }
    if let number = try double("other") { return (x, Tensor(number, dtype: x.dtype)) }
    if inputs.count < 2, let other = optionalInteger("other") { return (x, other.asType(x.dtype)) }
    return try (x, input(1))
  }

  /// `dim` of a reduction, where an empty list stands for all of them.
  func axes() throws -> [Int]? {
    let axes = try ints("dim", "axis")
    return axes == [] ? nil : axes
  }

  func keepDims() throws -> Bool { try bool("keepdim", "keepdims") ?? false }

  /// `dim` of a softmax; without it the axis that PyTorch guesses.
  func classAxis() throws -> Int {
    if let axis = try int("dim", "axis") { return axis }
    _ = value("_stacklevel")
    return try [0, 1, 3].contains(input().rank) ? 0 : 1
  }

  func correction() throws -> Double {
    if let unbiased = try bool("unbiased") { return unbiased ? 1 : 0 }
    return try double("correction") ?? 1
  }
}
