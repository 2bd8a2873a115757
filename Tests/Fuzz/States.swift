import Autograd
import NN

/// What can be saved, with its parameters' names in it.
struct Saved {
  let state: () -> StateDictionary
  let restore: (StateDictionary) throws(FileError) -> Void

  init(_ object: some SavedState) {
    state = { object.state }
    restore = { state throws(FileError) in try object.restore(state, from: "f") }
  }

  init(_ object: any NamedState, _ names: [(path: String, parameter: Parameter)]) {
    state = { object.state(named: names) }
    restore = { state throws(FileError) in try object.restore(state, named: names, from: "f") }
  }
}

/// What can be saved, by the name with which its files begin, two steps old.
enum States {
  static let names = [
    "sgd", "adam", "amsgrad", "adamax", "nadam", "radam", "lion", "rmsprop", "adagrad", "adadelta",
    "lbfgs", "scheduler", "plateau", "average",
  ]

  static func make(_ name: String) -> (state: Saved, step: () -> Void) {
    let parameters = [Parameter(Tensor([1, 2, 3])), Parameter(Tensor([[4]]))]
    let names = zip(["net.a", "net.b"], parameters).map { (path: $0, parameter: $1) }
    func optimizer() -> any Optimizer {
      switch name {
      case "adam": Adam(parameters)
      case "amsgrad": AdamW(parameters, amsgrad: true)
      case "adamax": Adamax(parameters)
      case "nadam": NAdam(parameters)
      case "radam": RAdam(parameters)
      case "lion": Lion(parameters)
      case "rmsprop": RMSprop(parameters, momentum: 0.9, centered: true)
      case "adagrad": Adagrad(parameters)
      case "adadelta": Adadelta(parameters)
      case "lbfgs": LBFGS(parameters)
      default: SGD(parameters, momentum: 0.9)
      }
    }
    let one = optimizer()
    func descend() {
      one.step(
        valueAndGradients(at: parameters) {
          parameters[0].value.square().sum() + parameters[1].value.exp().sum()
        }.gradients)
    }
    var (state, step): (Saved, () -> Void) = (Saved(one, names), descend)
    switch name {
    case "scheduler":
      let scheduler = Scheduler(one, .cosineWithRestarts(steps: 3, factor: 3))
      (state, step) = (Saved(scheduler), scheduler.step)
    case "plateau":
      let plateau = Plateau(one, Plateau.Options { ($0.patience, $0.cooldown) = (3, 2) })
      (state, step) = (Saved(plateau), { plateau.step(1) })
    case "average":
      let average = WeightAverage(parameters)
      (state, step) = (Saved(average, names), average.update)
    default: break
    }
    step()
    step()
    return (state, step)
  }
}

/// Restores a state into what the file's name begins with; a state that is refused changes nothing, with
/// another one steps go on.
@Sendable func readState(_ bytes: [UInt8], _ name: String) -> String? {
  let (object, step) = States.make(String(name.prefix { $0.isLetter }))
  func content() -> [[UInt8]] {
    object.state().map { Array($0.name.utf8) + $0.tensor.withBytes { Array($0) } }
  }
  let before = content()
  do throws(FileError) {
    try object.restore(Safetensors.tensors(in: bytes, from: "f"))
  } catch {
    require(content() == before, "a refused state changed \(name)")
    return error.reason
  }
  step()
  step()
  return nil
}
