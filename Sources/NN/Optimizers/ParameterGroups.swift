import Autograd

/// An optimizer that treats every parameter by itself, by the rule of the group that it is in.
public protocol GroupedOptimizer: Optimizer {
  /// The rule with its options.
  associatedtype Options: UpdateRule

  /// The groups of parameters with their options and states.
  var groups: ParameterGroups<Options> { get set }
}

/// Parameters with the same options.
public struct ParameterGroup<Options: UpdateRule> {
  /// What belongs to the group.
  public let parameters: [Parameter]
  /// How these parameters are changed.
  public var options: Options
}

/// The groups of an optimizer, in order; each parameter is in one of them.
///
/// ```swift
/// optimizer.groups[1].options.learningRate = 0.01
/// ```
public struct ParameterGroups<Options: UpdateRule>: RandomAccessCollection, MutableCollection {
  let name: String
  private var groups: [ParameterGroup<Options>] = []
  /// Those of all groups, in order.
  fileprivate private(set) var parameters: [Parameter] = []
  /// What is remembered, in the order of the parameters.
  private var states: [ParameterState] = []
  private var positions: [ObjectIdentifier: (group: Int, index: Int)] = [:]

  /// One group.
  ///
  /// - Parameters:
  ///   - name: The optimizer's, for messages.
  ///   - parameters: What to change, at least one; one that is listed twice counts once.
  ///   - options: The group's, and the defaults of groups to come.
  public init(_ name: String, _ parameters: [Parameter], _ options: Options) {
    self.name = name
    append(parameters, options)
  }

  mutating func append(_ parameters: [Parameter], _ options: Options) {
    require(
      !parameters.isEmpty,
      """
      \(name): there are no parameters; a module's parts must be stored properties (modules, parameters, or \
      arrays of them), or listed in its `members`
      """)
    checkNone(options.problem, name)
    var own: [Parameter] = []
    for parameter in parameters {
      let known = positions[ObjectIdentifier(parameter)]
      require(
        known?.group ?? groups.count == groups.count,
        "\(name): \(parameter) is in group \(known?.group ?? 0) already")
      if known != nil { continue }
      positions[ObjectIdentifier(parameter)] = (groups.count, states.count)
      own.append(parameter)
      states.append(ParameterState())
    }
    groups.append(ParameterGroup(parameters: own, options: options))
    self.parameters += own
  }

  /// 0.
  public var startIndex: Int { 0 }

  /// The number of groups.
  public var endIndex: Int { groups.count }

  /// A group by its number.
  public subscript(index: Int) -> ParameterGroup<Options> {
    get {
      check(index)
      return groups[index]
    }
    _modify {
      check(index)
      yield &groups[index]
      checkNone(groups[index].options.problem, name)
    }
  }

  private func check(_ index: Int) {
    require(groups.indices.contains(index), "\(name): no group \(index) among \(groups.count)")
  }

  /// One update of every parameter that has a gradient and is in a group.
  fileprivate mutating func step(_ gradients: Gradients) {
    // Kept for all parameters of a group: reading an element of a generic type takes a while.
    var (current, options) = (0, groups[0].options)
    var isOurs = false
    for (parameter, gradient) in gradients.entries {
      guard let (group, index) = positions[ObjectIdentifier(parameter)] else { continue }
      isOurs = true
      if group != current { (current, options) = (group, groups[group].options) }
      parameter.update { value in
        require(
          gradient.hasShape(of: value),
          "\(name): the gradient of \(parameter) has the shape \(gradient.shape)")
        // Taken out meanwhile: a second reference would make every update a copy.
        var state = ParameterState()
        swap(&state, &states[index])
        state.step += 1
        if value.dtype.isHalf {
          // All in float32, so that what is remembered does not stop at 16 bits' spacing.
          var wide = value.widened()
          options.update(&wide, by: gradient.stoppingGradient().widened(), &state)
          value = wide.asType(value.dtype)
        } else {
          options.update(&value, by: gradient.stoppingGradient(), &state)
        }
        swap(&state, &states[index])
      }
    }
    gradients.checkReach(isOurs, name)
  }

  // MARK: State

  fileprivate func state(_ names: ParameterNames) -> StateDictionary {
    var state = StateDictionary()
    var index = 0
    for (number, group) in groups.enumerated() {
      for (name, path) in Options.numbers {
        state.append(
          "groups.\(number).\(name)", Tensor(group.options[keyPath: path], dtype: .float64))
      }
      let known = (group.options as? any DecayingRule)?.remembered ?? []
      for parameter in group.parameters {
        let prefix = "state.\(names.name(of: parameter, index))."
        if groups.count > 1 { state.append(prefix + "group", Tensor(scalars: [number], shape: [])) }
        var remembered = states[index]
        if remembered.step > 0 {
          // What an option that was changed since makes needed begins with zeros.
          for one in known where one.isNeeded && !one.isScalar {
            let value = parameter.value.widened()
            remembered.tensors[one.name] = remembered[one.name, zerosLike: value]
          }
          state.append(prefix + "step", Tensor(scalars: [remembered.step], shape: []))
        }
        for (name, tensor) in remembered.tensors.sorted(by: { $0.key < $1.key }) {
          require(
            !name.contains(".") && name != "step" && name != "group",
            "\(self.name): a tensor that is remembered cannot have the name \(name)")
          state.append(prefix + name, tensor)
        }
        index += 1
      }
    }
    return state
  }

  fileprivate func restored(
    _ reader: inout StateReader, _ names: ParameterNames
  ) throws(FileError) -> Self {
    var copy = self
    let known = Set(parameters.enumerated().map { names.name(of: $1, $0) })
    try reader.refusePositions {
      $0.count == 3 && $0[0] == "state" && Int($0[1]) != nil && !known.contains(String($0[1]))
    }
    var index = 0
    for number in groups.indices {
      for (name, path) in Options.numbers {
        copy.groups[number].options[keyPath: path] = try reader.number("groups.\(number).\(name)")
      }
      if let problem = copy.groups[number].options.problem {
        throw reader.failure("groups.\(number): \(problem)")
      }
      let known = (copy.groups[number].options as? any DecayingRule)?.remembered
      for parameter in groups[number].parameters {
        let name = names.name(of: parameter, index)
        if groups.count > 1 {
          let saved = try reader.count("state.\(name).group")
          guard saved == number else {
            throw reader.failure("\(name) is in group \(number), and was in group \(saved)")
          }
        }
        copy.states[index] = try reader.parameterState("state.\(name).", of: parameter, known)
        index += 1
      }
    }
    try reader.finish()
    return copy
  }
}

extension GroupedOptimizer {
  /// The parameters of all groups.
  public var parameters: [Parameter] { groups.parameters }

  /// The first group's; setting it sets that of every group.
  public var learningRate: Double {
    get { groups[0].options.learningRate }
    set { for index in groups.indices { groups[index].options.learningRate = newValue } }
  }

  /// The learning rate of each group.
  public var learningRates: [Double] {
    get { groups.map(\.options.learningRate) }
    set {
      require(
        newValue.count == groups.count,
        "\(groups.name): there are \(groups.count) groups, got \(newValue.count) learning rates")
      for (index, rate) in newValue.enumerated() { groups[index].options.learningRate = rate }
    }
  }

  /// Adds a group of parameters whose options are those of the first group, changed by a closure.
  ///
  /// ```swift
  /// let optimizer = SGD(body.parameters, learningRate: 0.1, momentum: 0.9)
  /// optimizer.addGroup(head.parameters) { $0.learningRate = 0.01 }
  /// ```
  ///
  /// - Parameters:
  ///   - parameters: What belongs to it; none may be in another group.
  ///   - change: Changes the options.
  public func addGroup(_ parameters: [Parameter], _ change: (inout Options) -> Void = { _ in }) {
    var options = groups[0].options
    change(&options)
    groups.append(parameters, options)
  }

  /// Makes one step, in place where there is no other reference to a parameter's value.
  public func step(_ gradients: Gradients) { groups.step(gradients) }

  /// Each group's numbers, and what is remembered about each parameter under its name, as in
  /// `state.net.0.weight.exp_avg`.
  public func state(named names: [(path: String, parameter: Parameter)]) -> StateDictionary {
    groups.state(ParameterNames(names, of: groups.name))
  }

  /// Goes back to a saved state; see `NamedState`.
  ///
  /// Each parameter must be in the group that it was in.
  public func restore(
    _ state: StateDictionary, named names: [(path: String, parameter: Parameter)],
    from source: String
  ) throws(FileError) {
    var reader = StateReader(state, of: groups.name, from: source)
    groups = try groups.restored(&reader, ParameterNames(names, of: groups.name))
  }
}
