import Autograd
import Synchronization

extension Module {
  /// Runs a closure and shows the results of this module's layers to another one as they come: what
  /// PyTorch's `register_forward_hook` is used for.
  ///
  /// It sees layers that are called in this thread, parts before the wholes, and changes nothing. To
  /// look at gradients too, see `Tensor.onGradient` and `Parameter.gradientHook`.
  ///
  /// ```swift
  /// model.observingOutputs { path, layer, y in print(path, layer.name, y.shape) } during: {
  ///   _ = model(x)
  /// }
  /// ```
  ///
  /// - Parameters:
  ///   - observe: Gets a layer's path below this module, the layer, and its result, which may be
  ///     recorded.
  ///   - body: What to run.
  public func observingOutputs<Result>(
    _ observe: @escaping (_ path: String, _ layer: any Layer, _ output: Tensor) -> Void,
    during body: () throws -> Result
  ) rethrows -> Result {
    let paths = Dictionary(
      uniqueKeysWithValues: namedModules.map { (ObjectIdentifier($0.module), $0.path) })
    let hook = OutputHooks.Hook(paths: paths, observe: observe)
    OutputHooks.users.wrappingAdd(1, ordering: .relaxed)
    defer { OutputHooks.users.wrappingSubtract(1, ordering: .relaxed) }
    return try OutputHooks.$hooks.withValue(OutputHooks.hooks + [hook], operation: body)
  }
}

/// The observers of layers' outputs.
enum OutputHooks {
  /// Unchecked because user closures need not be Sendable: a hook is called only by the thread
  /// that runs the body of `observingOutputs`.
  struct Hook: @unchecked Sendable {
    let paths: [ObjectIdentifier: String]
    let observe: (String, any Layer, Tensor) -> Void
  }

  /// The number of calls of `observingOutputs` that run in the whole process.
  static let users = Atomic<Int>(0)
  @TaskLocal static var hooks: [Hook] = []

  /// Whether any thread observes: the only check that layers pay for otherwise.
  @inline(__always)
  static var areWanted: Bool { users.load(ordering: .relaxed) != 0 }

  /// Shows a layer's result to this thread's observers.
  static func show(_ output: Tensor, of layer: some Layer) {
    for hook in hooks {
      if let path = hook.paths[ObjectIdentifier(layer)] { hook.observe(path, layer, output) }
    }
  }
}
