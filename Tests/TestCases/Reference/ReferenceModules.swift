import Autograd
import NN

/// A module made from PyTorch's constructor arguments, and its call on PyTorch's arguments.
typealias ReferenceModule = (module: any Module, call: (ReferenceArguments) throws -> [Tensor])

extension ReferenceCase {
  /// Makes a module with PyTorch's weights, which are the inputs named `state/PATH`, and calls it.
  ///
  /// - Returns: The result and the gradients.
  /// - Throws: What is wrong, with the largest error.
  func run(
    _ make: (ReferenceArguments) throws -> ReferenceModule, in layout: (Tensor) -> Tensor
  ) throws -> [Tensor] {
    let state = inputs.filter { $0.name.hasPrefix("state/") }
    let own = inputs.filter { !$0.name.hasPrefix("state/") }
    let variables = own.map { Parameter(layout($0.tensor)) }
    let arguments = ReferenceArguments(
      inputs: own, integers: integers.map { ($0.name, layout($0.tensor)) }, attributes: attributes)
    let isTraining = try arguments.bool("training") ?? true
    let part = try arguments.int("part") ?? 0
    let (module, call) = try make(arguments)
    if try arguments.bool("construct") ?? false {
      throw ReferenceFailure("passed, where PyTorch refuses it")
    }
    let parameters = output == nil ? [] : module.namedParameters
    guard parameters.map({ "state/" + $0.path }).sorted() == state.map(\.name).sorted() else {
      throw ReferenceFailure(
        "the parameters are \(parameters.map(\.path)), not \(state.map(\.name))")
    }
    if let device = cotangent.map(layout)?.device, device != .cpu { module.to(device) }
    for (path, parameter) in parameters {
      parameter.value = layout(state.first { $0.name == "state/" + path }!.tensor)
    }
    if isTraining { module.train() } else { module.evaluate() }
    var outcome = Result<Tensor, any Error>.failure(ReferenceFailure("not called"))
    let (_, gradients) = valueAndGradients(at: module.parameters + variables) {
      arguments.inputs = variables.map(\.value)
      outcome = Result {
        let results = try call(arguments)
        guard part < results.count else { throw ReferenceFailure("there is no part \(part)") }
        return results[part]
      }
      guard case .success(let y) = outcome, y.dtype.isFloatingPoint else {
        return Tensor(0, dtype: dtype)
      }
      return (y * (cotangent.map(layout) ?? y.onesLike())).sum()
    }
    let y = try outcome.get().stoppingGradient()
    try arguments.checkAllRead()
    guard let output else { throw ReferenceFailure("passed, where PyTorch refuses it") }
    try compare(y, output, "the output")
    for (name, expected) in self.gradients {
      let parameter =
        own.firstIndex { $0.name == name }.map { variables[$0] }
        ?? parameters.first { "state/" + $0.path == name }!.parameter
      try compare(gradients[parameter] ?? expected.zerosLike(), expected, "the gradient of \(name)")
    }
    return [y]
  }
}

/// PyTorch's names of layers with the library's.
var referenceModules: [String: (ReferenceArguments) throws -> ReferenceModule] {
  var modules: [String: (ReferenceArguments) throws -> ReferenceModule] = [:]
  for (name, make) in simpleLayers {
    modules[name] = { a in
      let layer = try make(a)
      return (layer, { a in [layer(try a.input())] })
    }
  }
  modules["nn.Bilinear"] = { a in
    let layer = Bilinear(
      try a.size("in1_features"), try a.size("in2_features"), try a.size("out_features"),
      bias: try a.bool("bias") ?? true)
    return (layer, { a in [layer(try a.input(0), try a.input(1))] })
  }
  modules["nn.Embedding"] = { a in
    let layer = Embedding(
      try a.size("num_embeddings"), try a.size("embedding_dim"),
      paddingIndex: try a.int("padding_idx"))
    return (layer, { a in [layer(try a.integer("input"))] })
  }
  addRecurrent(to: &modules)
  addAttention(to: &modules)
  return modules
}

private func addRecurrent(
  to modules: inout [String: (ReferenceArguments) throws -> ReferenceModule]
) {
  func add<Step: RecurrentStep>(
    _ name: String, _ step: @escaping (ReferenceArguments) throws -> Step
  ) {
    func state(_ a: ReferenceArguments) -> Step.State? {
      a.inputs.count > 1 ? Step.state(of: Array(a.inputs.dropFirst())) : nil
    }
    modules["nn.\(name)"] = { a in
      let projection = try a.int("proj_size") ?? 0
      let module = try Recurrent<Step>(
        a.size("input_size"), a.size("hidden_size"), layers: a.int("num_layers") ?? 1,
        bias: a.bool("bias") ?? true, batchFirst: a.bool("batch_first") ?? false,
        dropout: a.double("dropout") ?? 0, bidirectional: a.bool("bidirectional") ?? false,
        projection: projection == 0 ? nil : projection, step: step(a))
      return (
        module,
        { a in
          let (output, last) = module(try a.input(), state(a))
          return [output] + Step.tensors(of: last)
        }
      )
    }
    modules["nn.\(name)Cell"] = { a in
      let module = try RecurrentCell<Step>(
        a.size("input_size"), a.size("hidden_size"), bias: a.bool("bias") ?? true, step: step(a))
      return (module, { a in Step.tensors(of: module(try a.input(), state(a))) })
    }
  }
  add("RNN") { a in ElmanStep(try a.text("nonlinearity") == "relu" ? .relu : .tanh) }
  add("LSTM") { _ in LSTMStep() }
  add("GRU") { _ in GRUStep() }
}

private func addAttention(
  to modules: inout [String: (ReferenceArguments) throws -> ReferenceModule]
) {
  modules["nn.MultiheadAttention"] = { a in
    let module = try MultiHeadAttention(
      a.size("embed_dim"), heads: a.size("num_heads"), bias: a.bool("bias") ?? true,
      keySize: a.int("kdim"), valueSize: a.int("vdim"), batchFirst: a.bool("batch_first") ?? false)
    return (
      module,
      { a in
        [
          module(
            try a.input(0), try a.input(1), try a.input(2), mask: a.mask("attn_mask"),
            keyPaddingMask: a.mask("key_padding_mask"))
        ]
      }
    )
  }
  modules["nn.TransformerEncoderLayer"] = { a in
    let module = try TransformerEncoderLayer(
      a.size("d_model"), heads: a.size("nhead"), feedForward: a.int("dim_feedforward") ?? 2048,
      dropout: a.double("dropout") ?? 0.1, activation: a.activation(),
      normEpsilon: a.double("layer_norm_eps") ?? 1e-5, batchFirst: a.bool("batch_first") ?? false,
      normFirst: a.bool("norm_first") ?? false, bias: a.bool("bias") ?? true)
    return (
      module,
      { a in
        [
          module(
            try a.input(), mask: a.mask("src_mask"), keyPaddingMask: a.mask("src_key_padding_mask"),
            causal: try a.bool("is_causal") ?? false)
        ]
      }
    )
  }
  modules["nn.TransformerDecoderLayer"] = { a in
    let module = try TransformerDecoderLayer(
      a.size("d_model"), heads: a.size("nhead"), feedForward: a.int("dim_feedforward") ?? 2048,
      dropout: a.double("dropout") ?? 0.1, activation: a.activation(),
      normEpsilon: a.double("layer_norm_eps") ?? 1e-5, batchFirst: a.bool("batch_first") ?? false,
      normFirst: a.bool("norm_first") ?? false, bias: a.bool("bias") ?? true)
    return (
      module,
      { a in
        [
          module(
            try a.input(0), try a.input(1), mask: a.mask("tgt_mask"),
            memoryMask: a.mask("memory_mask"), keyPaddingMask: a.mask("tgt_key_padding_mask"),
            memoryKeyPaddingMask: a.mask("memory_key_padding_mask"))
        ]
      }
    )
  }
  modules["nn.Transformer"] = { a in
    let module = try Transformer(
      a.size("d_model"), heads: a.size("nhead"), encoderLayers: a.size("num_encoder_layers"),
      decoderLayers: a.size("num_decoder_layers"), feedForward: a.size("dim_feedforward"),
      dropout: a.double("dropout") ?? 0.1, batchFirst: a.bool("batch_first") ?? false,
      normFirst: a.bool("norm_first") ?? false, bias: a.bool("bias") ?? true)
    return (
      module,
      { a in
        [
          module(
            try a.input(0), try a.input(1), sourceMask: a.mask("src_mask"),
            targetMask: a.mask("tgt_mask"),
            sourceKeyPaddingMask: a.mask("src_key_padding_mask"),
            targetKeyPaddingMask: a.mask("tgt_key_padding_mask"),
            memoryKeyPaddingMask: a.mask("memory_key_padding_mask"))
        ]
      }
    )
  }
}

extension ReferenceArguments {
  /// An integer that must be there.
  func size(_ name: String) throws -> Int { try required(name, int(name)) }

  /// A mask of booleans or of numbers to add.
  fileprivate func mask(_ name: String) -> Tensor? {
    input(name) ?? integer(named: name)?.asType(.bool)
  }

  fileprivate func activation() throws -> any Layer {
    switch try text("activation") {
    case nil, "relu"?: ReLU()
    case "gelu"?: GELU()
    case let other?: throw ReferenceFailure("the activation \(other) is not known")
    }
  }
}
