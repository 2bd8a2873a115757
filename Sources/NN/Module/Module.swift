import Autograd

/// A part of a model: something with parameters, or with parts that have them.
///
/// Modules are final classes. The library's own list their members by hand, which fixes PyTorch's
/// names; for users' own modules the default finds them by reflection.
public protocol Module: AnyObject, CustomStringConvertible {
  /// The parameters, buffers and modules that this one directly holds, in order.
  var members: [Member] { get }

  /// The name of the kind of module, as in `Linear`.
  var name: String { get }

  /// What distinguishes this module from others of its kind, as in `400 -> 120`; may be empty.
  var details: String { get }
}

/// A parameter, buffer or module that a module holds, with its name there.
public struct Member {
  /// What a member can be.
  public enum Content {
    /// A tensor that training changes.
    case parameter(Parameter)
    /// A tensor that is saved with the model but not trained.
    case buffer(Buffer)
    /// A part with members of its own.
    case module(any Module)

    var identifier: ObjectIdentifier {
      switch self {
      case .parameter(let parameter): ObjectIdentifier(parameter)
      case .buffer(let buffer): ObjectIdentifier(buffer)
      case .module(let module): ObjectIdentifier(module)
      }
    }
  }

  /// The name, as in `weight`; the names on the way, joined by dots, make a path.
  public let name: String
  /// The member itself.
  public let content: Content

  /// A parameter and its name.
  public init(_ name: String, _ parameter: Parameter) {
    self.name = name
    content = .parameter(parameter)
  }

  /// A buffer and its name.
  public init(_ name: String, _ buffer: Buffer) {
    self.name = name
    content = .buffer(buffer)
  }

  /// A module and its name.
  public init(_ name: String, _ module: any Module) {
    self.name = name
    content = .module(module)
  }
}

/// The weight and bias of a layer under PyTorch's names, those that there are.
func membersOf(_ weight: Parameter?, _ bias: Parameter?) -> [Member] {
  (weight.map { [Member("weight", $0)] } ?? []) + (bias.map { [Member("bias", $0)] } ?? [])
}

/// A module whose behavior differs between training and evaluation.
public protocol ModeDependent: Module {
  /// Whether the module behaves as in training.
  var isTraining: Bool { get set }
}

/// A module that draws random numbers while it runs.
public protocol Randomized: Module {
  /// Where its next numbers come from.
  var random: RandomStream { get set }
}

extension Module {
  /// The members found by reflection: see `reflectedMembers(of:)`.
  public var members: [Member] { reflectedMembers(of: self) }

  /// The type's name.
  public var name: String { String(describing: type(of: self)) }

  /// Nothing.
  public var details: String { "" }

  // MARK: Walking

  /// This module and all its parts with their paths, each object once, in order; its own path is
  /// "".
  public var namedModules: [(path: String, module: any Module)] {
    var found: [(path: String, module: any Module)] = []
    visit { if case .module(let module) = $1 { found.append(($0, module)) } }
    return found
  }

  /// All parameters with their paths, as in `net.0.weight`, each object once, under its first path.
  public var namedParameters: [(path: String, parameter: Parameter)] {
    var found: [(path: String, parameter: Parameter)] = []
    visit { if case .parameter(let parameter) = $1 { found.append(($0, parameter)) } }
    return found
  }

  /// All buffers with their paths, as in `net.1.running_mean`, each object once, under its first
  /// path.
  public var namedBuffers: [(path: String, buffer: Buffer)] {
    var found: [(path: String, buffer: Buffer)] = []
    visit { if case .buffer(let buffer) = $1 { found.append(($0, buffer)) } }
    return found
  }

  /// All parameters, each once, in order.
  public var parameters: [Parameter] { namedParameters.map(\.parameter) }

  /// All paths that lead to parameters and buffers: a shared one has several.
  var stateAliases: [(path: String, state: any State)] {
    var found: [(path: String, state: any State)] = []
    visit(once: false) { path, content in
      switch content {
      case .module: break
      case .parameter(let parameter): found.append((path, parameter))
      case .buffer(let buffer): found.append((path, buffer))
      }
    }
    return found
  }

  /// Calls `body` for this module and everything below it with their paths, in order.
  ///
  /// - Parameters:
  ///   - once: Whether each object comes once, under its first path; otherwise it comes under all paths, except
  ///     below itself.
  ///   - partsFirst: Whether a module comes after its members.
  func visit(
    once: Bool = true, partsFirst: Bool = false, _ body: (String, Member.Content) -> Void
  ) {
    var seen = Set<ObjectIdentifier>()
    func walk(_ path: String, _ content: Member.Content) {
      guard seen.insert(content.identifier).inserted else { return }
      if !partsFirst { body(path, content) }
      if case .module(let module) = content {
        for member in module.members {
          walk(path.isEmpty ? member.name : path + "." + member.name, member.content)
        }
      }
      if partsFirst { body(path, content) }
      if !once { seen.remove(content.identifier) }
    }
    walk("", .module(self))
  }

  /// The number of elements of all parameters, nil while a shape is unknown.
  public var parameterCount: Int? {
    parameters.reduce(0) { sum, parameter in
      guard let sum, let count = parameter.count else { return nil }
      return sum + count
    }
  }

  /// Calls a closure for this module and all its parts, the parts first, as PyTorch's `apply`.
  ///
  /// Each object once, in order.
  public func apply(_ body: (any Module) -> Void) {
    visit(partsFirst: true) { if case .module(let module) = $1 { body(module) } }
  }

  // MARK: State

  /// Makes a run reproducible: every parameter and every random layer gets the stream that the
  /// seed and its path below this module select.
  ///
  /// Values that exist are drawn again, buffers go back to their first values.
  public func initialize(seed: UInt64) {
    for (path, parameter) in namedParameters {
      parameter.initialize(from: RandomStream(seed: seed, path: path))
    }
    for (_, buffer) in namedBuffers { buffer.reset() }
    for case (let path, let module as any Randomized) in namedModules {
      module.random = RandomStream(seed: seed, path: path)
    }
  }

  /// Converts all parameters and buffers to a floating-point type, as PyTorch's `to`; what has no value yet
  /// gets it in that type.
  ///
  /// Buffers of integers stay as they are. Inputs are to be of the same type: where two meet, the result has
  /// the wider one. Make optimizers afterwards.
  ///
  /// - Returns: This module.
  @discardableResult
  public func to(_ dtype: DType) -> Self {
    require(dtype.isFloatingPoint, "\(name): parameters need a floating-point type, got \(dtype)")
    for parameter in parameters { parameter.convert(to: dtype) }
    for (_, buffer) in namedBuffers { buffer.convert(to: dtype) }
    return self
  }

  /// Moves all parameters and buffers to a device, as PyTorch's `to`; what has no value yet gets it there.
  ///
  /// Inputs are to be on the same device. Make optimizers afterwards.
  ///
  /// - Returns: This module.
  @discardableResult
  public func to(_ device: Device) -> Self {
    for parameter in parameters { parameter.move(to: device) }
    for (_, buffer) in namedBuffers { buffer.move(to: device) }
    return self
  }

  /// Puts this module and all its parts into training mode.
  public func train() { setTraining(true) }

  /// Puts this module and all its parts into evaluation mode.
  public func evaluate() { setTraining(false) }

  private func setTraining(_ isTraining: Bool) {
    for module in modeDependentModules { module.isTraining = isTraining }
  }

  /// Runs a closure in evaluation mode and goes back to each part's mode.
  ///
  /// Other threads' modes stay as they are: several may evaluate a model in training mode. Only the mode of your own
  /// `ModeDependent` modules is one for all threads; one that runs in training mode meanwhile stops with a message.
  public func evaluating<Result>(_ body: () throws -> Result) rethrows -> Result {
    let modules = modeDependentModules
    return try SharedModes.evaluating(modules.filter { !($0 is any HasMode) }) {
      try Substitution(evaluating: modules).run(body)
    }
  }

  var modeDependentModules: [any ModeDependent] {
    namedModules.compactMap { $0.module as? any ModeDependent }
  }

  /// The value of a loss and its gradients by all parameters of this module.
  ///
  /// ```swift
  /// let (loss, gradients) = model.valueAndGradients { model.loss(model(batch.inputs),
  /// batch.labels) }
  /// ```
  public func valueAndGradients(
    _ loss: () throws -> Tensor
  ) rethrows -> (value: Tensor, gradients: Gradients) {
    try NN.valueAndGradients(at: parameters, loss)
  }
}
