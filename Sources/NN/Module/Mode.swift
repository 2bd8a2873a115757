import Autograd
import Synchronization

/// What the modules of one thread take instead of their own modes and values while a closure runs.
///
/// Other threads see nothing of it: that is why several of them may evaluate a model in training mode.
struct Substitution: Sendable {
  /// Whether a module behaves as in training.
  var modes: [ObjectIdentifier: Bool]
  /// The values of the parameters and buffers of a frozen model; nil outside one.
  var values: [ObjectIdentifier: Tensor]?

  init(
    modes: [ObjectIdentifier: Bool] = [:], values: [ObjectIdentifier: Tensor]? = nil
  ) {
    (self.modes, self.values) = (modes, values)
  }

  /// Evaluation mode for some modules.
  init(evaluating modules: [any ModeDependent], values: [ObjectIdentifier: Tensor]? = nil) {
    let modes = modules.map { (ObjectIdentifier($0), false) }
    self.init(modes: Dictionary(uniqueKeysWithValues: modes), values: values)
  }

  @TaskLocal private static var current: Substitution?
  /// The number of calls of `run` in the whole process.
  private static let users = Atomic<Int>(0)

  /// Whether any thread substitutes: the only check that modules pay for otherwise.
  @inline(__always)
  static var isUsed: Bool { users.load(ordering: .relaxed) != 0 }

  /// Runs a closure with these modes, and these values or those that hold already.
  func run<Result>(_ body: () throws -> Result) rethrows -> Result {
    var next = Substitution.isUsed ? Substitution.current ?? Substitution() : Substitution()
    next.modes.merge(modes) { $1 }
    next.values = values ?? next.values
    Substitution.users.wrappingAdd(1, ordering: .relaxed)
    defer { Substitution.users.wrappingSubtract(1, ordering: .relaxed) }
    return try Substitution.$current.withValue(next, operation: body)
  }

  /// The mode of a module for this thread, nil if it is the module's own.
  static func mode(of module: AnyObject) -> Bool? {
    isUsed ? current?.modes[ObjectIdentifier(module)] : nil
  }

  /// The value of a parameter or buffer in a frozen model, nil outside one.
  static func value(of state: some State) -> Tensor? {
    guard let values = current?.values else { return nil }
    let value = values[ObjectIdentifier(state)]
    require(
      value != nil,
      "frozen: a tensor of shape \(state.described) is not among those that the model had when it was frozen"
    )
    return value
  }
}

/// The stored mode of one of the library's modules, which `evaluating` changes for its own thread only.
struct Mode {
  private var isTraining = true

  subscript(module: AnyObject) -> Bool {
    get { Substitution.mode(of: module) ?? isTraining }
    set { isTraining = newValue }
  }
}

/// A module whose mode is a `Mode`.
protocol HasMode: ModeDependent {}

/// Users' modules, whose mode is one for all threads, while `evaluating` has changed it.
enum SharedModes {
  /// How many calls of `evaluating` run with a module that was in training mode before.
  private static let evaluations = Mutex<[ObjectIdentifier: Int]>([:])
  private static let count = Atomic<Int>(0)

  /// Puts modules into evaluation mode while a closure runs, in any number of threads.
  static func evaluating<Result>(
    _ modules: [any ModeDependent], _ body: () throws -> Result
  ) rethrows -> Result {
    if modules.isEmpty { return try body() }
    count.wrappingAdd(1, ordering: .relaxed)
    defer { count.wrappingSubtract(1, ordering: .relaxed) }
    var changed: [any ModeDependent] = []
    evaluations.withLock { evaluations in
      for module in modules {
        let id = ObjectIdentifier(module)
        guard evaluations[id] != nil || module.isTraining else { continue }
        evaluations[id, default: 0] += 1
        module.isTraining = false
        changed.append(module)
      }
    }
    defer {
      evaluations.withLock { evaluations in
        for module in changed {
          let id = ObjectIdentifier(module)
          evaluations[id, default: 1] -= 1
          guard evaluations[id] == 0 else { continue }
          evaluations[id] = nil
          module.isTraining = true
        }
      }
    }
    return try body()
  }

  /// Stops if another thread has put a module that runs in this one into evaluation mode.
  @inline(__always)
  static func check(_ module: some Module) {
    if count.load(ordering: .relaxed) != 0 { checkRunning(module) }
  }

  private static func checkRunning(_ module: some Module) {
    let id = ObjectIdentifier(module)
    if Substitution.mode(of: module) != nil || evaluations.withLock({ $0[id] }) == nil { return }
    fail(
      """
      this module of training mode runs while another thread evaluates it (evaluating or predict), and its mode is one \
      for all threads; call evaluate() first, or use what frozen(for:) returns
      """)
  }
}
