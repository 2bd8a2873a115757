import Autograd

/// The names that a restored state lacked, and those that it had in excess.
public struct StateMismatch: Sendable, Equatable {
  /// The paths of parameters and buffers that got no tensor, and stayed as they were.
  public var missing: [String] = []
  /// The names of tensors that no parameter or buffer has.
  public var unexpected: [String] = []
}

extension Module {
  /// The values of all parameters and buffers under their paths, as PyTorch's `state_dict`.
  ///
  /// A copy: training the module does not change it. A tied parameter stands there under each of its paths. Every
  /// shape must be known.
  public var state: StateDictionary {
    let unsized = stateAliases.first { !$0.state.isSized }
    require(
      unsized == nil,
      """
      state: \(unsized?.path ?? "") \(unsized?.state.described ?? "") has no shape yet; call materialize(for:) first
      """)
    return sizedState
  }

  /// The values of all parameters and buffers that have one, or can be drawn.
  var sizedState: StateDictionary {
    StateDictionary(
      stateAliases.filter { $0.state.isDrawable }.map {
        (name: $0.path, tensor: $0.state.value.stoppingGradient())
      })
  }

  /// Takes the values of all parameters and buffers from tensors by path, as PyTorch's `load_state_dict`.
  ///
  /// A lazy model gets its shapes. A tied parameter may stand under any of its paths. `num_batches_tracked` of
  /// batch norms may be missing, as in files of old versions of PyTorch; it stays as it is then. Floating-point
  /// types are converted.
  ///
  /// ```swift
  /// // Another head, on a body that was trained as `model.features`:
  /// try net.restore(state, strict: false) { name in
  ///   name.hasPrefix("model.features.") ? String(name.dropFirst("model.".count)) : nil
  /// }
  /// ```
  ///
  /// - Parameters:
  ///   - state: The tensors.
  ///   - strict: Whether a missing or an unexpected name is an error.
  ///   - source: What errors call the tensors.
  ///   - rename: Maps each name to the path here; a tensor for which it returns nil is left out.
  /// - Returns: The missing and unexpected names, none unless `strict` is false.
  /// - Throws: A `FileError` that lists every name that is missing, unexpected, has another shape, or is tied to one
  ///   with other values; then nothing was changed.
  @discardableResult
  public func restore(
    _ state: StateDictionary, strict: Bool = true, from source: String = "state",
    renaming rename: (String) -> String? = { $0 }
  ) throws(FileError) -> StateMismatch {
    try restore(state, foreign: [], strict: strict, from: source, renaming: rename)
  }

  /// - Parameters:
  ///   - foreign: Tensors of the file that cannot be read, and the names of their types.
  ///   - isTrial: Whether nothing is changed, also where everything fits.
  func restore(
    _ tensors: StateDictionary, foreign: [(name: String, type: String)] = [], strict: Bool,
    from source: String, isTrial: Bool = false, renaming rename: (String) -> String? = { $0 }
  ) throws(FileError) -> StateMismatch {
    var reader = ModuleReader(self)
    for (name, tensor) in tensors {
      if let path = rename(name) { try reader.take(path, .tensor(tensor), as: name, source) }
    }
    for (name, type) in foreign {
      if let path = rename(name) { try reader.take(path, .foreign(type), as: name, source) }
    }
    return try reader.finish(strict: strict, from: source, isTrial: isTrial)
  }

  // MARK: Random streams

  /// Where the next random numbers of every `Randomized` module come from, under the modules' paths: int64 [3], the
  /// bits of seed, stream and position.
  ///
  /// They decide the masks of `Dropout`, and so belong to what a run needs to go on.
  public var randomStreams: StateDictionary {
    StateDictionary(randomized.map { (name: $0, tensor: $1.random.state) })
  }

  /// Goes back to streams that `randomStreams` returned.
  ///
  /// - Parameters:
  ///   - streams: As many as there are `Randomized` modules, under their paths.
  ///   - source: What errors call them.
  /// - Throws: A `FileError` that names a module without a stream, a stream without a module, or one that is none;
  ///   then nothing was changed.
  public func restore(
    randomStreams streams: StateDictionary, from source: String = "state"
  ) throws(FileError) {
    var reader = StateReader(streams, of: name, from: source)
    var restored: [(module: any Randomized, random: RandomStream)] = []
    for (path, module) in randomized { restored.append((module, try reader.stream(path))) }
    try reader.finish()
    for (module, random) in restored { module.random = random }
  }

  private var randomized: [(path: String, module: any Randomized)] {
    namedModules.compactMap { path, module in (module as? any Randomized).map { (path, $0) } }
  }
}

extension RandomStream {
  /// The bits of seed, stream and position: int64 [3].
  var state: Tensor {
    Tensor(scalars: [seed, stream, position].map { Int(bitPattern: UInt($0)) })
  }

  /// The stream of `state`; nil for a tensor that is none.
  init?(state: Tensor) {
    guard state.shape == [3], state.dtype == .int64 else { return nil }
    let words = state.scalars(as: Int.self).map { UInt64(bitPattern: Int64($0)) }
    guard words[2] <= Int.max else { return nil }
    self.init(seed: words[0], stream: words[1], position: words[2])
  }
}

/// Collects the tensors for a module's parameters and buffers, and changes them at the end.
private struct ModuleReader {
  enum Value {
    case tensor(Tensor)
    case foreign(String)

    var summary: String {
      switch self {
      case .tensor(let tensor): tensor.summary
      case .foreign(let type): type
      }
    }
  }

  private let owner: String
  private let states: [(path: String, state: any State)]
  private let byPath: [[UInt8]: any State]
  private var values: [ObjectIdentifier: (name: String, tensor: Tensor)] = [:]
  private var taken: [[UInt8]: String] = [:]
  private var (unexpected, misshapen, untied): ([String], [String], [String]) = ([], [], [])

  init(_ module: some Module) {
    owner = module.name
    states = module.stateAliases
    // By the names' bytes: canonically equivalent spellings are different names.
    byPath = Dictionary(
      states.map { (Array($0.path.utf8), $0.state) }, uniquingKeysWith: { first, _ in first })
  }

  mutating func take(
    _ path: String, _ value: Value, as name: String, _ source: String
  ) throws(FileError) {
    if let other = taken.updateValue(name, forKey: Array(path.utf8)) {
      throw FileError(source, "\(other) and \(name) are both renamed to \(path)")
    }
    guard let state = byPath[Array(path.utf8)] else {
      unexpected.append(name)
      return
    }
    guard case .tensor(let tensor) = value, state.allows(tensor.shape),
      tensor.dtype.isFloatingPoint == state.dtype.isFloatingPoint
    else {
      misshapen.append("\(name) (\(value.summary), expected \(state.described))")
      if case .tensor(let tensor) = value { values[ObjectIdentifier(state)] = (name, tensor) }
      return
    }
    let other = values.updateValue((name, tensor), forKey: ObjectIdentifier(state))
    if let other, !other.tensor.agrees(with: tensor) { untied.append("\(other.name) and \(name)") }
  }

  func finish(
    strict: Bool, from source: String, isTrial: Bool
  ) throws(FileError) -> StateMismatch {
    var seen = Set<ObjectIdentifier>()
    let named = states.filter { seen.insert(ObjectIdentifier($0.state)).inserted }
    let missing = named.filter {
      values[ObjectIdentifier($0.state)] == nil && ($0.state as? Buffer)?.isOptional != true
    }.map(\.path)
    let names = [
      ("missing", strict ? missing : []), ("unexpected", strict ? unexpected : []),
      ("misshapen", misshapen), ("tied but different", untied),
    ].filter { !$0.1.isEmpty }
    guard names.isEmpty else {
      let problems = names.map { "\($0.0): \($0.1.joined(separator: ", "))" }
      throw FileError(source, "does not fit \(owner): " + problems.joined(separator: "; "))
    }
    for (_, state) in named where !isTrial {
      guard let (_, value) = values[ObjectIdentifier(state)] else { continue }
      state.value = value.asType(state.dtype)
    }
    return StateMismatch(missing: missing, unexpected: unexpected)
  }
}

extension Tensor {
  /// Whether another tensor of the same shape has the same values; NaN equals NaN.
  fileprivate func agrees(with other: Tensor) -> Bool {
    if shape != other.shape { return true }  // one of them is misshapen, and listed
    let areNaN = (self .!= self) .& (other .!= other)
    return ((self .== other) .| areNaN).all().item() == 1
  }
}
