import Autograd

// PyTorch's names and arguments of operations on tensors.

func addTensorOps(to ops: inout [String: ReferenceOp]) {
  addElementwise(to: &ops)
  addReductions(to: &ops)
  addShapes(to: &ops)
  addProducts(to: &ops)
}

private func addElementwise(to ops: inout [String: ReferenceOp]) {
  ops["neg"] = { -(try $0.input()) }
  ops["exp"] = { try $0.input().exp() }
  ops["log"] = { try $0.input().log() }
  ops["sqrt"] = { try $0.input().sqrt() }
  ops["tanh"] = { try $0.input().tanh() }
  ops["sigmoid"] = { try $0.input().sigmoid() }
  ops["reciprocal"] = { try $0.input().reciprocal() }
  ops["square"] = { try $0.input().square() }
  ops["abs"] = { try $0.input().abs() }
  ops["relu"] = { try $0.input().relu() }
  ops["add"] = { try $0.input(0) + $0.input(1) * ($0.double("alpha") ?? 1) }
}

private func addReductions(to ops: inout [String: ReferenceOp]) {
  ops["sum"] = { a in
    try a.input().sum(axes: a.axes(), keepDims: a.bool("keepdim") ?? false)
  }
  ops["softmax"] = { a in try a.input().softmax(axis: a.required("dim", a.int("dim"))) }
}

private func addShapes(to ops: inout [String: ReferenceOp]) {
  ops["cat"] = { a in concatenate(a.inputs, axis: try a.int("dim") ?? 0) }
  ops["stack"] = { a in stack(a.inputs, axis: try a.int("dim") ?? 0) }
  ops["slice"] = { a in
    try a.input().slice(
      axis: a.int("dim") ?? 0, from: a.int("start") ?? 0, to: a.int("end"),
      step: a.int("step") ?? 1)
  }
  ops["gather"] = { a in
    try a.input().gather(axis: a.required("dim", a.int("dim")), a.integer("index"))
  }
}

private func addProducts(to ops: inout [String: ReferenceOp]) {
  ops["matmul"] = { try $0.input(0).matmul($0.input(1)) }
}

extension ReferenceArguments {
  /// `dim` of a reduction, where an empty list stands for all of them.
  func axes() throws -> [Int]? {
    let axes = try ints("dim", "axis")
    return axes == [] ? nil : axes
  }
}
