import Autograd
import NN

// PyTorch's names and arguments of what layers and losses are made of.

func addNetworkOps(to ops: inout [String: ReferenceOp]) {
  addConvolutions(to: &ops)
  addPools(to: &ops)
  addLosses(to: &ops)
  addNorms(to: &ops)
}

private func addNorms(to ops: inout [String: ReferenceOp]) {
  ops["batch_norm"] = { a in
    _ = try (a.double("momentum"), a.bool("training"))
    return try batchNorm(
      a.input(), weight: a.input("weight"), bias: a.input("bias"), epsilon: a.double("eps") ?? 1e-5)
  }
  ops["batch_norm_eval"] = { a in
    _ = try (a.double("momentum"), a.bool("training"))
    guard let mean = a.input("running_mean"), let variance = a.input("running_var") else {
      throw ReferenceFailure("running_mean and running_var are missing")
    }
    return try batchNorm(
      a.input(), mean: mean, variance: variance, weight: a.input("weight"), bias: a.input("bias"),
      epsilon: a.double("eps") ?? 1e-5)
  }
  ops["layer_norm"] = { a in
    try layerNorm(
      a.input(), normalizedShape: a.required("normalized_shape", a.ints("normalized_shape")),
      weight: a.input("weight"), bias: a.input("bias"), epsilon: a.double("eps") ?? 1e-5)
  }
  ops["rms_norm"] = { a in
    try rmsNorm(
      a.input(), normalizedShape: a.required("normalized_shape", a.ints("normalized_shape")),
      weight: a.input("weight"), epsilon: a.double("eps"))
  }
  ops["group_norm"] = { a in
    try groupNorm(
      a.input(), groups: a.required("num_groups", a.int("num_groups")), weight: a.input("weight"),
      bias: a.input("bias"), epsilon: a.double("eps") ?? 1e-5)
  }
  ops["instance_norm"] = { a in
    try instanceNorm(
      a.input(), weight: a.input("weight"), bias: a.input("bias"), epsilon: a.double("eps") ?? 1e-5)
  }
}

private func addConvolutions(to ops: inout [String: ReferenceOp]) {
  ops["conv2d"] = { a in
    try conv2d(
      a.input(0), a.input(1), bias: a.input("bias"), stride: a.spatial("stride") ?? 1,
      padding: a.spatial("padding") ?? 0, dilation: a.spatial("dilation") ?? 1,
      groups: a.int("groups") ?? 1)
  }
}

private func addPools(to ops: inout [String: ReferenceOp]) {
  ops["adaptive_avg_pool2d"] = { a in
    try adaptiveAvgPool2d(
      a.input(), outputSize: a.required("output_size", a.spatial("output_size")))
  }
  ops["max_pool2d"] = { a in
    try a.refuse("ceil_mode")
    return try maxPool2d(
      a.input(), kernelSize: a.required("kernel_size", a.spatial("kernel_size")),
      stride: a.spatial("stride"), padding: a.spatial("padding") ?? 0,
      dilation: a.spatial("dilation") ?? 1)
  }
  ops["avg_pool2d"] = { a in
    try a.refuse("ceil_mode")
    return try avgPool2d(
      a.input(), kernelSize: a.required("kernel_size", a.spatial("kernel_size")),
      stride: a.spatial("stride"), padding: a.spatial("padding") ?? 0,
      countIncludesPadding: a.bool("count_include_pad") ?? true)
  }
}

private func addLosses(to ops: inout [String: ReferenceOp]) {
  ops["cross_entropy"] = { a in
    if let smoothing = try a.double("label_smoothing"), smoothing != 0 {
      throw ReferenceFailure("label smoothing is not known")
    }
    return try crossEntropy(a.input(), a.integer("target"), reduction: a.reduction())
  }
}

extension ReferenceArguments {
  /// One size for all axes, or a list with one each; a list of one counts as one.
  func spatial(_ name: String) throws -> (any SpatialSizes)? {
    guard let sizes = try ints(name) else { return nil }
    return sizes.count == 1 ? sizes[0] : sizes
  }

  /// Fails if an option is on that the library does not have.
  func refuse(_ name: String) throws {
    if try bool(name) ?? false { throw ReferenceFailure("\(name) is not known") }
  }

  func reduction() throws -> Reduction {
    switch try text("reduction") {
    case nil, "mean"?: .mean
    case "sum"?: .sum
    case "none"?: .none
    case let other?: throw ReferenceFailure("the reduction \(other) is not known")
    }
  }
}
