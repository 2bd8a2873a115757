import Autograd
import NN

// PyTorch's optimizers with their options, on the mean of (x w + b - y)²: the result is w and b after some steps.

func addOptimizers(to ops: inout [String: ReferenceOp]) {
  typealias Make = @Sendable ([Parameter], ReferenceArguments) throws -> any Optimizer
  func add(_ name: String, _ make: @escaping Make) {
    ops["optim.\(name)"] = { a in
      let (x, y) = try (a.required("x", a.input("x")), a.required("y", a.input("y")))
      let w = Parameter(try a.required("w", a.input("w")).stoppingGradient())
      let b = Parameter(try a.required("b", a.input("b")).stoppingGradient())
      let repeated = try a.bool("repeated") ?? false
      let optimizer = try make(repeated ? [w, b, w] : [w, b], a)
      for _ in 0..<(try a.size("steps")) {
        optimizer.step {
          valueAndGradients(at: [w, b]) { mseLoss(x.matmul(w.value) + b.value, y) }
        }
      }
      return concatenate([w.value.flatten(), b.value])
    }
  }
  add("SGD") { p, a in
    try SGD(
      p, learningRate: a.double("lr") ?? 1e-3, momentum: a.double("momentum") ?? 0,
      dampening: a.double("dampening") ?? 0, weightDecay: a.double("weight_decay") ?? 0,
      nesterov: a.bool("nesterov") ?? false, maximize: a.maximize())
  }
  add("Adam") { p, a in
    try Adam(
      p, learningRate: a.double("lr") ?? 1e-3, betas: a.betas(), epsilon: a.epsilon(),
      weightDecay: a.double("weight_decay") ?? 0, amsgrad: a.bool("amsgrad") ?? false,
      maximize: a.maximize())
  }
  add("AdamW") { p, a in
    try AdamW(
      p, learningRate: a.double("lr") ?? 1e-3, betas: a.betas(), epsilon: a.epsilon(),
      weightDecay: a.double("weight_decay") ?? 1e-2, amsgrad: a.bool("amsgrad") ?? false,
      maximize: a.maximize())
  }
  add("Adamax") { p, a in
    try Adamax(
      p, learningRate: a.double("lr") ?? 2e-3, betas: a.betas(), epsilon: a.epsilon(),
      weightDecay: a.double("weight_decay") ?? 0, maximize: a.maximize())
  }
  add("NAdam") { p, a in
    try NAdam(
      p, learningRate: a.double("lr") ?? 2e-3, betas: a.betas(), epsilon: a.epsilon(),
      weightDecay: a.double("weight_decay") ?? 0, momentumDecay: a.double("momentum_decay") ?? 4e-3,
      decoupledWeightDecay: a.bool("decoupled_weight_decay") ?? false, maximize: a.maximize())
  }
  add("RAdam") { p, a in
    try RAdam(
      p, learningRate: a.double("lr") ?? 1e-3, betas: a.betas(), epsilon: a.epsilon(),
      weightDecay: a.double("weight_decay") ?? 0,
      decoupledWeightDecay: a.bool("decoupled_weight_decay") ?? false, maximize: a.maximize())
  }
  add("RMSprop") { p, a in
    try RMSprop(
      p, learningRate: a.double("lr") ?? 1e-2, alpha: a.double("alpha") ?? 0.99,
      epsilon: a.epsilon(), weightDecay: a.double("weight_decay") ?? 0,
      momentum: a.double("momentum") ?? 0, centered: a.bool("centered") ?? false,
      maximize: a.maximize())
  }
  add("Adagrad") { p, a in
    try Adagrad(
      p, learningRate: a.double("lr") ?? 1e-2, learningRateDecay: a.double("lr_decay") ?? 0,
      weightDecay: a.double("weight_decay") ?? 0,
      initialAccumulator: a.double("initial_accumulator_value") ?? 0,
      epsilon: a.double("eps") ?? 1e-10, maximize: a.maximize())
  }
  add("Adadelta") { p, a in
    try Adadelta(
      p, learningRate: a.double("lr") ?? 1, rho: a.double("rho") ?? 0.9,
      epsilon: a.double("eps") ?? 1e-6, weightDecay: a.double("weight_decay") ?? 0,
      maximize: a.maximize())
  }
  add("LBFGS") { p, a in
    try LBFGS(
      p, learningRate: a.double("lr") ?? 1, gradientTolerance: a.double("tolerance_grad") ?? 1e-7,
      lineSearch: a.text("line_search_fn") == nil ? .none : .strongWolfe)
  }
}

extension ReferenceArguments {
  fileprivate func maximize() throws -> Bool { try bool("maximize") ?? false }

  fileprivate func epsilon() throws -> Double { try double("eps") ?? 1e-8 }

  fileprivate func betas() throws -> (Double, Double) {
    guard case .array(let betas)? = value("betas") else { return (0.9, 0.999) }
    return try (required("betas", betas[0].number), required("betas", betas[1].number))
  }
}
