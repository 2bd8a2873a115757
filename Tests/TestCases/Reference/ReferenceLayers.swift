import Autograd
import NN

// Layers of one input by PyTorch's names and arguments.

/// Layers whose call takes one tensor.
var simpleLayers: [String: (ReferenceArguments) throws -> any Layer] {
  var layers = activationLayers
  layers["nn.Linear"] = { a in
    try Linear(a.size("in_features"), a.size("out_features"), bias: a.bool("bias") ?? true)
  }
  layers["nn.LayerNorm"] = { a in
    try LayerNorm(
      a.sizes("normalized_shape"), epsilon: a.double("eps") ?? 1e-5,
      affine: a.bool("elementwise_affine") ?? true, bias: a.bool("bias") ?? true)
  }
  layers["nn.RMSNorm"] = { a in
    try RMSNorm(
      a.sizes("normalized_shape"), epsilon: a.double("eps"),
      affine: a.bool("elementwise_affine") ?? true)
  }
  layers["nn.GroupNorm"] = { a in
    try GroupNorm(
      a.size("num_groups"), a.size("num_channels"), epsilon: a.double("eps") ?? 1e-5,
      affine: a.bool("affine") ?? true, bias: a.bool("bias") ?? true)
  }
  layers["nn.InstanceNorm2d"] = { a in
    try InstanceNorm2d(
      a.size("num_features"), epsilon: a.double("eps") ?? 1e-5,
      momentum: a.double("momentum") ?? 0.1, affine: a.bool("affine") ?? false,
      trackRunningStatistics: a.bool("track_running_stats") ?? false, bias: a.bool("bias") ?? true)
  }
  func batchNorm<Axes: SpatialAxes>(_ name: String, _ kind: BatchNorm<Axes>.Type) {
    layers[name] = { a in
      // None averages over all batches.
      let momentum = try a.bool("cumulative") ?? false ? nil : a.double("momentum") ?? 0.1
      return try BatchNorm<Axes>(
        a.size("num_features"), epsilon: a.double("eps") ?? 1e-5, momentum: momentum,
        affine: a.bool("affine") ?? true,
        trackRunningStatistics: a.bool("track_running_stats") ?? true, bias: a.bool("bias") ?? true)
    }
  }
  batchNorm("nn.BatchNorm1d", BatchNorm1d.self)
  batchNorm("nn.BatchNorm2d", BatchNorm2d.self)
  batchNorm("nn.BatchNorm3d", BatchNorm3d.self)
  addConvolutionLayers(to: &layers)
  addPoolLayers(to: &layers)
  return layers
}

private var activationLayers: [String: (ReferenceArguments) throws -> any Layer] {
  [
    "nn.Sigmoid": { _ in Sigmoid() }, "nn.LogSigmoid": { _ in LogSigmoid() },
    "nn.Tanh": { _ in Tanh() }, "nn.Softsign": { _ in Softsign() }, "nn.SiLU": { _ in SiLU() },
    "nn.Mish": { _ in Mish() }, "nn.ReLU": { _ in ReLU() }, "nn.ReLU6": { _ in ReLU6() },
    "nn.SELU": { _ in SELU() }, "nn.Hardswish": { _ in Hardswish() },
    "nn.Softplus": { a in
      try Softplus(beta: a.double("beta") ?? 1, threshold: a.double("threshold") ?? 20)
    },
    "nn.GELU": { a in GELU(approximate: try a.text("approximate") == "tanh" ? .tanh : .none) },
    "nn.LeakyReLU": { a in LeakyReLU(negativeSlope: try a.double("negative_slope") ?? 0.01) },
    "nn.ELU": { a in ELU(alpha: try a.double("alpha") ?? 1) },
    "nn.CELU": { a in CELU(alpha: try a.double("alpha") ?? 1) },
    "nn.Hardtanh": { a in
      try Hardtanh(min: a.double("min_val") ?? -1, max: a.double("max_val") ?? 1)
    },
    "nn.Softmax": { a in try Softmax(axis: a.size("dim")) },
    "nn.LogSoftmax": { a in try LogSoftmax(axis: a.size("dim")) },
    "nn.PReLU": { a in
      try PReLU(a.int("num_parameters") ?? 1, initial: a.double("init") ?? 0.25)
    },
  ]
}

private func addConvolutionLayers(
  to layers: inout [String: (ReferenceArguments) throws -> any Layer]
) {
  func convolution<Axes: SpatialAxes>(
    _ name: String, _ lazy: @escaping (Int, Sizes, Padding, Bool) -> Convolution<Axes>
  ) {
    layers["nn.\(name)"] = { a in
      try Convolution<Axes>(
        a.size("in_channels"), a.size("out_channels"), kernelSize: a.sizes("kernel_size"),
        stride: a.spatial("stride") ?? 1, padding: a.padding(),
        dilation: a.spatial("dilation") ?? 1, groups: a.int("groups") ?? 1,
        bias: a.bool("bias") ?? true)
    }
    layers["nn.Lazy\(name)"] = { a in
      try lazy(
        a.size("out_channels"), a.sizes("kernel_size"), a.padding(), a.bool("bias") ?? true)
    }
  }
  convolution("Conv1d") { LazyConv1d($0, kernelSize: $1, padding: $2, bias: $3) }
  convolution("Conv2d") { LazyConv2d($0, kernelSize: $1, padding: $2, bias: $3) }
  convolution("Conv3d") { LazyConv3d($0, kernelSize: $1, padding: $2, bias: $3) }
  layers["nn.ConvTranspose1d"] = { a in
    try ConvTranspose1d(
      a.size("in_channels"), a.size("out_channels"), kernelSize: a.sizes("kernel_size"))
  }
  layers["nn.ConvTranspose2d"] = { a in
    try ConvTranspose2d(
      a.size("in_channels"), a.size("out_channels"), kernelSize: a.sizes("kernel_size"))
  }
  layers["nn.LazyConvTranspose1d"] = { a in
    try LazyConvTranspose1d(a.size("out_channels"), kernelSize: a.sizes("kernel_size"))
  }
  layers["nn.LazyConvTranspose2d"] = { a in
    try LazyConvTranspose2d(a.size("out_channels"), kernelSize: a.sizes("kernel_size"))
  }
}

private func addPoolLayers(
  to layers: inout [String: (ReferenceArguments) throws -> any Layer]
) {
  func pools<Axes: SpatialAxes>(_ suffix: String, _ axes: Axes.Type) {
    layers["nn.AvgPool\(suffix)"] = { a in
      try AvgPool<Axes>(
        kernelSize: a.sizes("kernel_size"), stride: a.spatial("stride"),
        padding: a.spatial("padding") ?? 0, ceilMode: a.bool("ceil_mode") ?? false,
        countIncludesPadding: a.bool("count_include_pad") ?? true,
        divisorOverride: a.int("divisor_override"))
    }
    layers["nn.MaxPool\(suffix)"] = { a in
      try MaxPool<Axes>(
        kernelSize: a.sizes("kernel_size"), stride: a.spatial("stride"),
        padding: a.spatial("padding") ?? 0, dilation: a.spatial("dilation") ?? 1,
        ceilMode: a.bool("ceil_mode") ?? false)
    }
    layers["nn.AdaptiveAvgPool\(suffix)"] = { a in
      if let sizes = a.partialSizes("output_size") { return AdaptiveAvgPool<Axes>(sizes) }
      return try AdaptiveAvgPool<Axes>(a.sizes("output_size"))
    }
    layers["nn.AdaptiveMaxPool\(suffix)"] = { a in
      if let sizes = a.partialSizes("output_size") { return AdaptiveMaxPool<Axes>(sizes) }
      return try AdaptiveMaxPool<Axes>(a.sizes("output_size"))
    }
  }
  pools("1d", Axes1.self)
  pools("2d", Axes2.self)
  pools("3d", Axes3.self)
}

extension ReferenceArguments {
  /// Sizes that must be there.
  fileprivate func sizes(_ name: String) throws -> Sizes { try required(name, spatial(name)) }

  /// A list in which None stands for the input's size; nil if all sizes are given.
  fileprivate func partialSizes(_ name: String) -> [Int?]? {
    guard case .array(let sizes)? = value(name), sizes.contains(where: { $0.number == nil }) else {
      return nil
    }
    return sizes.map { $0.number.map { Int($0) } }
  }
}
