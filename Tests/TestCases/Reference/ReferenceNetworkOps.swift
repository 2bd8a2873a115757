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
    _ = try a.double("momentum")
    if try a.bool("training") == false { return try evaluated(a) }
    return try batchNorm(
      a.input(), weight: a.input("weight"), bias: a.input("bias"), epsilon: a.double("eps") ?? 1e-5)
  }
  @Sendable func evaluated(_ a: ReferenceArguments) throws -> Tensor {
    _ = try (a.double("momentum"), a.bool("training"))
    guard let mean = a.input("running_mean"), let variance = a.input("running_var") else {
      throw ReferenceFailure("running_mean and running_var are missing")
    }
    return try batchNorm(
      a.input(), mean: mean.stoppingGradient(), variance: variance.stoppingGradient(),
      weight: a.input("weight"), bias: a.input("bias"),
      epsilon: a.double("eps") ?? 1e-5)
  }
  ops["batch_norm_eval"] = evaluated
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
    if try a.bool("use_input_stats") == false { return try evaluated(a) }
    _ = try a.double("momentum")
    return try instanceNorm(
      a.input(), weight: a.input("weight"), bias: a.input("bias"), epsilon: a.double("eps") ?? 1e-5)
  }
}

private func addConvolutions(to ops: inout [String: ReferenceOp]) {
  ops["conv1d"] = { a in
    try conv1d(
      a.input(0), a.input(1), bias: a.input("bias"), stride: a.spatial("stride") ?? 1,
      padding: a.padding(), dilation: a.spatial("dilation") ?? 1, groups: a.int("groups") ?? 1)
  }
  ops["conv2d"] = { a in
    try conv2d(
      a.input(0), a.input(1), bias: a.input("bias"), stride: a.spatial("stride") ?? 1,
      padding: a.padding(), dilation: a.spatial("dilation") ?? 1, groups: a.int("groups") ?? 1)
  }
  ops["conv3d"] = { a in
    try conv3d(
      a.input(0), a.input(1), bias: a.input("bias"), stride: a.spatial("stride") ?? 1,
      padding: a.padding(), dilation: a.spatial("dilation") ?? 1, groups: a.int("groups") ?? 1)
  }
  ops["conv_transpose1d"] = { a in
    try convTranspose1d(
      a.input(0), a.input(1), bias: a.input("bias"), stride: a.spatial("stride") ?? 1,
      padding: a.spatial("padding") ?? 0, outputPadding: a.spatial("output_padding") ?? 0,
      dilation: a.spatial("dilation") ?? 1, groups: a.int("groups") ?? 1)
  }
  ops["conv_transpose2d"] = { a in
    try convTranspose2d(
      a.input(0), a.input(1), bias: a.input("bias"), stride: a.spatial("stride") ?? 1,
      padding: a.spatial("padding") ?? 0, outputPadding: a.spatial("output_padding") ?? 0,
      dilation: a.spatial("dilation") ?? 1, groups: a.int("groups") ?? 1)
  }
}

private func addPools(to ops: inout [String: ReferenceOp]) {
  typealias AdaptivePool = @Sendable (Tensor, Sizes) -> Tensor
  typealias PartlyAdaptivePool = @Sendable (Tensor, [Int?]) -> Tensor
  let adaptive: [(String, AdaptivePool, PartlyAdaptivePool?)] = [
    ("adaptive_avg_pool1d", { adaptiveAvgPool1d($0, outputSize: $1) }, nil),
    ("adaptive_max_pool1d", { adaptiveMaxPool1d($0, outputSize: $1) }, nil),
    (
      "adaptive_avg_pool2d", { adaptiveAvgPool2d($0, outputSize: $1) },
      { adaptiveAvgPool2d($0, outputSize: $1) }
    ),
    (
      "adaptive_max_pool2d", { adaptiveMaxPool2d($0, outputSize: $1) },
      { adaptiveMaxPool2d($0, outputSize: $1) }
    ),
  ]
  for (name, pool, partly) in adaptive {
    ops[name] = { a in
      if let partly, case .array(let sizes)? = a.value("output_size"),
        sizes.contains(where: { $0.number == nil })
      {
        return try partly(a.input(), sizes.map { $0.number.map { Int($0) } })
      }
      return try pool(a.input(), a.required("output_size", a.spatial("output_size")))
    }
  }
  for (name, axes) in [("max_pool1d", 1), ("max_pool2d", 2), ("max_pool3d", 3)] {
    ops[name] = { a in
      let (x, kernel) = try (a.input(), a.required("kernel_size", a.spatial("kernel_size")))
      let (stride, padding) = try (a.spatial("stride"), a.spatial("padding") ?? 0)
      let (dilation, ceilMode) = try (a.spatial("dilation") ?? 1, a.bool("ceil_mode") ?? false)
      let pool = [maxPool1d, maxPool2d, maxPool3d][axes - 1]
      return pool(x, kernel, stride, padding, dilation, ceilMode)
    }
  }
  ops["avg_pool1d"] = { a in
    try avgPool1d(
      a.input(), kernelSize: a.required("kernel_size", a.spatial("kernel_size")),
      stride: a.spatial("stride"), padding: a.spatial("padding") ?? 0,
      ceilMode: a.bool("ceil_mode") ?? false,
      countIncludesPadding: a.bool("count_include_pad") ?? true)
  }
  for (name, pool) in [("avg_pool2d", avgPool2d), ("avg_pool3d", avgPool3d)] {
    ops[name] = { a in
      try pool(
        a.input(), a.required("kernel_size", a.spatial("kernel_size")), a.spatial("stride"),
        a.spatial("padding") ?? 0, a.bool("ceil_mode") ?? false,
        a.bool("count_include_pad") ?? true, a.int("divisor_override"))
    }
  }
  ops["interpolate"] = { a in
    let mode: InterpolationMode =
      switch try a.text("mode") {
      case nil, "nearest"?: .nearest
      case "linear"?, "bilinear"?, "trilinear"?: .linear
      case let other?: throw ReferenceFailure("the mode \(other) is not known")
      }
    let alignCorners = try a.bool("align_corners") ?? false
    if let size = try a.spatial("size") {
      return try interpolate(a.input(), size: size, mode: mode, alignCorners: alignCorners)
    }
    if case .array(let factors)? = a.value("scale_factor") {
      return try interpolate(
        a.input(), scaleFactor: factors.compactMap(\.number), mode: mode,
        alignCorners: alignCorners)
    }
    return try interpolate(
      a.input(), scaleFactor: a.required("scale_factor", a.double("scale_factor")), mode: mode,
      alignCorners: alignCorners)
  }
  ops["pixel_shuffle"] = { a in
    try a.input().pixelShuffle(a.required("upscale_factor", a.int("upscale_factor")))
  }
  ops["pixel_unshuffle"] = { a in
    try a.input().pixelUnshuffle(a.required("downscale_factor", a.int("downscale_factor")))
  }
}

private func addLosses(to ops: inout [String: ReferenceOp]) {
  ops["cross_entropy"] = { a in
    try crossEntropy(
      a.input(), a.input("target") ?? a.integer("target"),
      weight: a.weight(), ignoreIndex: a.int("ignore_index") ?? -100,
      labelSmoothing: a.double("label_smoothing") ?? 0, reduction: a.reduction())
  }
  ops["nll_loss"] = { a in
    try nllLoss(
      a.input(), a.integer("target"), weight: a.weight(),
      ignoreIndex: a.int("ignore_index") ?? -100, reduction: a.reduction())
  }
  ops["mse_loss"] = { a in
    let (x, target) = try a.pair()
    return try mseLoss(x, target, weight: a.weight(), reduction: a.reduction())
  }
  ops["l1_loss"] = { a in
    let (x, target) = try a.pair()
    return try l1Loss(x, target, weight: a.weight(), reduction: a.reduction())
  }
  ops["smooth_l1_loss"] = { a in
    let (x, target) = try a.pair()
    return try smoothL1Loss(x, target, beta: a.double("beta") ?? 1, reduction: a.reduction())
  }
  ops["huber_loss"] = { a in
    let (x, target) = try a.pair()
    return try huberLoss(
      x, target, delta: a.double("delta") ?? 1, weight: a.weight(),
      reduction: a.reduction())
  }
  ops["binary_cross_entropy_with_logits"] = { a in
    try binaryCrossEntropyWithLogits(
      a.input(), a.target(), weight: a.weight(),
      positiveWeight: a.input("pos_weight")?.stoppingGradient(),
      reduction: a.reduction())
  }
  ops["binary_cross_entropy"] = { a in
    try binaryCrossEntropy(
      a.input(), a.target(), weight: a.weight(), reduction: a.reduction()
    )
  }
  ops["kl_div"] = { a in
    let (x, target) = try a.pair()
    return try klDivergence(
      x, target, logTarget: a.bool("log_target") ?? false, reduction: a.reduction())
  }
  ops["hinge_embedding_loss"] = { a in
    try hingeEmbeddingLoss(
      a.input(), a.target(), margin: a.double("margin") ?? 1, reduction: a.reduction())
  }
  ops["cosine_embedding_loss"] = { a in
    try cosineEmbeddingLoss(
      a.input(0), a.input(1), a.target(), margin: a.double("margin") ?? 0, reduction: a.reduction())
  }
  ops["triplet_margin_loss"] = { a in
    try tripletMarginLoss(
      a.input(0), a.input(1), a.input(2), margin: a.double("margin") ?? 1, p: a.double("p") ?? 2,
      epsilon: a.double("eps") ?? 1e-6, swap: a.bool("swap") ?? false, reduction: a.reduction())
  }
  ops["scaled_dot_product_attention"] = { a in
    if let rate = try a.double("dropout_p"), rate != 0 {
      throw ReferenceFailure("dropout_p \(rate) draws random numbers")
    }
    let seen = a.optionalInteger("attn_mask")
    return try scaledDotProductAttention(
      a.input(0), a.input(1), a.input(2),
      mask: a.input("attn_mask") ?? seen.map { $0 .!= 0 }, causal: a.bool("is_causal") ?? false,
      scale: a.double("scale"), enableGQA: a.bool("enable_gqa") ?? false)
  }
}

extension ReferenceArguments {
  /// One size for all axes, or a list with one each; a list of one counts as one.
  func spatial(_ name: String) throws -> Sizes? {
    guard let sizes = try ints(name), sizes != [] else { return nil }
    return sizes.count == 1 ? .all(sizes[0]) : .each(sizes)
  }

  /// Input and target of a loss in one shape, to which PyTorch brings them with a warning.
  func pair() throws -> (x: Tensor, target: Tensor) {
    let (x, target) = try (input(), target())
    if x.shape == target.shape { return (x, target) }
    let shape = (x.zerosLike() + target.zerosLike()).shape
    return (x.expand(shape), target.expand(shape))
  }

  /// The weight of a loss, a constant as in PyTorch.
  func weight() -> Tensor? { input("weight")?.stoppingGradient() }

  /// The target, which is an input or, where it is not differentiable, an integer.
  func target() throws -> Tensor {
    if let target = input("target") { return target }
    if let target = optionalInteger("target") { return try target.asType(input().dtype) }
    return try input(1)
  }

  /// The padding of a convolution: sizes, "same" or "valid".
  func padding() throws -> Padding {
    guard case .string(let text)? = value("padding") else {
      return try .sizes(spatial("padding") ?? 0)
    }
    switch text {
    case "same": return .same
    case "valid": return .valid
    default: throw ReferenceFailure("the padding \(text) is not known")
    }
  }

  func reduction() throws -> Reduction {
    switch try text("reduction") {
    case nil, "mean"?: .mean
    case "sum"?: .sum
    case "none"?: .none
    case "batchmean"?: .batchMean
    case let other?: throw ReferenceFailure("the reduction \(other) is not known")
    }
  }
}
