import Autograd

extension Module {
  /// Runs a closure with other values for parameters and buffers, as PyTorch's `functional_call`.
  ///
  /// Values of parameters may be recorded: gradients flow to what they were computed from, also through gradients that are taken
  /// inside. So a step of training can itself be trained through, as in MAML (Finn and others 2017), and a net can
  /// make the weights of another one.
  ///
  /// ```swift
  /// // The gradient of the loss after a step, by the values before it:
  /// let (loss, gradients) = model.valueAndGradients {
  ///   let first = model.valueAndGradients { model.loss(model(x), y) }.gradients
  ///   let adapted = model.namedParameters.map { (name: $0, tensor: $1.value - 0.1 * first[$1]!) }
  ///   return model.with(StateDictionary(adapted)) { model.loss(model(newX), newY) }
  /// }
  /// ```
  ///
  /// The values hold for this thread; another one that uses the parameters meanwhile stops with a message. What the
  /// closure changes in buffers that are in `values` is lost at the end.
  ///
  /// - Parameters:
  ///   - values: The values by path; parameters and buffers that are not among them keep their own.
  ///   - body: What to run.
  public func with<Result>(
    _ values: StateDictionary, _ body: () throws -> Result
  ) rethrows -> Result {
    let states = Dictionary(stateAliases.map { ($0.path, $0.state) }) { first, _ in first }
    var (parameters, buffers): ([Parameter], [(buffer: Buffer, stored: Tensor?)]) = ([], [])
    defer {
      for parameter in parameters { parameter.endWatching() }
      for (buffer, stored) in buffers { buffer.storedValue = stored }
    }
    for (path, value) in values {
      guard let state = states[path] else {
        fail("with: \(name) has no parameter or buffer \(path)")
      }
      require(
        state.allows(value.shape),
        "with: \(path) of shape \(state.described) cannot take \(value.summary)")
      if let parameter = state as? Parameter {
        parameter.beginUsing(value)
        parameters.append(parameter)
      } else if let buffer = state as? Buffer {
        buffers.append((buffer, buffer.storedValue))
        buffer.value = value
      }
    }
    return try body()
  }
}
