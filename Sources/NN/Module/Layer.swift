import Autograd

/// A module that maps one tensor to one tensor; what `Sequential` holds.
public protocol Layer: Module {
  /// The result for an input; call the layer itself rather than this function.
  ///
  /// A layer may define `forward(_ x: Tensor)`.
  func forward(_ x: consuming Tensor) -> Tensor
}

extension Layer {
  /// The result for an input; a check that fails inside names this layer.
  public func callAsFunction(_ x: consuming Tensor) -> Tensor {
    FailureContext.enter(self, describedBy: pathOfInnermost)
    defer { FailureContext.leave() }
    SharedModes.check(self)
    let y = forward(x)
    if OutputHooks.areWanted { OutputHooks.show(y, of: self) }
    return y
  }

  /// Gives all parameters their shapes and values by a forward pass without side effects: in
  /// evaluation mode, and without recording.
  ///
  /// - Parameter input: An input of the shape that the model is for; its values do not matter.
  public func materialize(for input: Tensor) {
    _ = evaluating { self(input.stoppingGradient()) }
  }
}

/// A layer that holds nothing: reflection need not look into it.
protocol Parameterless: Layer {}

extension Parameterless {
  /// Nothing: the layer has no parameters.
  public var members: [Member] { [] }
}

extension Module {
  /// Runs a closure as part of this module, so that a check that fails inside names it.
  ///
  /// For modules that are not layers.
  public func running<Result>(_ body: () throws -> Result) rethrows -> Result {
    FailureContext.enter(self, describedBy: pathOfInnermost)
    defer { FailureContext.leave() }
    SharedModes.check(self)
    return try body()
  }
}

/// The path from the outermost running module to the innermost one, as in
/// `LeNet.net.7 (Linear 400 -> 120)`.
private func pathOfInnermost(_ running: [AnyObject]) -> String {
  guard let root = running.first as? any Module else { return "" }
  let paths = root.namedModules
  for object in running.reversed() {
    guard let (path, module) = paths.first(where: { $0.module === object }) else { continue }
    if path.isEmpty { return module.headline }
    return "\(root.name).\(path) (\(module.headline))"
  }
  return root.headline
}

extension Module {
  /// Name and details in one phrase, as in `Linear 400 -> 120`.
  var headline: String { details.isEmpty ? name : name + " " + details }

  /// The module and its parts, one a line, as PyTorch prints them.
  public var description: String { described(above: []) }

  private func described(above: [ObjectIdentifier]) -> String {
    if above.contains(ObjectIdentifier(self)) { return headline + " (above)" }
    let parts = members.compactMap { member -> (String, any Module)? in
      guard case .module(let module) = member.content else { return nil }
      return (member.name, module)
    }
    if parts.isEmpty { return headline }
    let lines = parts.map { name, module in
      "  \(name): "
        + module.described(above: above + [ObjectIdentifier(self)])
        .split(separator: "\n").joined(separator: "\n  ")
    }
    return headline + "(\n" + lines.joined(separator: "\n") + "\n)"
  }
}
