import Autograd
import Testing

@testable import LeNetExample
@testable import NN

@Suite struct ModuleTests {
  @Test func theLibrarysModulesListTheirMembers() {
    func names(_ module: any Module) -> [String] { module.members.map(\.name) }
    #expect(names(Linear(2, 3)) == ["weight", "bias"])
    #expect(names(Linear(2, 3, bias: false)) == ["weight"])
    #expect(names(Conv2d(2, 3, kernelSize: 1)) == ["weight", "bias"])
    #expect(names(Conv2d(2, 3, kernelSize: 1, bias: false)) == ["weight"])
    #expect(names(Sequential(ReLU(), Tanh())) == ["0", "1"])
    let others: [any Module] = [
      ReLU(), Sigmoid(), Tanh(), Softmax(), Flatten(), Dropout(), AvgPool2d(kernelSize: 2),
      MaxPool2d(kernelSize: 2), Sequential(),
    ]
    for module in others { #expect(module.members.isEmpty, "\(module.name)") }
  }

  @Test func parametersAreListedInOrderUnderPyTorchsNames() {
    #expect(
      LeNet().namedParameters.map(\.path) == [
        "net.0.weight", "net.0.bias", "net.3.weight", "net.3.bias", "net.7.weight", "net.7.bias",
        "net.9.weight", "net.9.bias", "net.11.weight", "net.11.bias",
      ])
    let nested = Sequential(Linear(1, 1), Sequential(ReLU(), Linear(1, 1, bias: false)))
    #expect(nested.namedParameters.map(\.path) == ["0.weight", "0.bias", "1.1.weight"])
    #expect(nested.parameters.map(\.shape) == [[1, 1], [1], [1, 1]])
  }

  @Test func modulesAreListedInOrderFromTheModelDown() {
    let modules = LeNet().namedModules
    #expect(modules.map(\.path) == ["", "net"] + (0...11).map { "net.\($0)" })
    #expect(modules.map(\.module.name).prefix(4) == ["LeNet", "Sequential", "Conv2d", "Sigmoid"])
  }

  @Test func aSharedLayerCountsOnceUnderItsFirstPath() {
    let shared = Linear(3, 3)
    let model = Sequential(shared, ReLU(), shared, Sequential(shared))
    #expect(model.namedParameters.map(\.path) == ["0.weight", "0.bias"])
    #expect(model.namedModules.map(\.path) == ["", "0", "1", "3"])
    #expect(model.parameterCount == 12)
    #expect(
      model.stateAliases.map(\.path) == [
        "0.weight", "0.bias", "2.weight", "2.bias", "3.0.weight", "3.0.bias",
      ])
  }

  @Test func aSharedParameterCountsOnce() {
    final class Tied: Module {
      let first: Parameter
      let second: Parameter
      let layer = Linear(2, 2)
      init() {
        first = Parameter(shape: [2])
        second = first
      }
      var members: [Member] {
        [Member("first", first), Member("second", second), Member("layer", layer)]
      }
    }
    let model = Tied()
    #expect(model.namedParameters.map(\.path) == ["first", "layer.weight", "layer.bias"])
    #expect(model.parameterCount == 8)
  }

  @Test func applyVisitsPartsInOrderThenTheWhole() {
    let shared = Linear(1, 1)
    let model = Sequential(shared, Sequential(Tanh(), ReLU()), shared)
    var visited: [String] = []
    model.apply { visited.append($0.name) }
    #expect(visited == ["Linear", "Tanh", "ReLU", "Sequential", "Sequential"])
  }

  @Test func theCountIsUnknownUntilAllShapesAre() {
    let model = Sequential(LazyLinear(3), ReLU(), LazyLinear(2, bias: false))
    #expect(model.parameterCount == nil)
    #expect(model[0].parameterCount == nil)
    model.materialize(for: inputs([1, 4]))
    #expect(model.parameterCount == 3 * 4 + 3 + 2 * 3)
    #expect(Sequential().parameterCount == 0)
    #expect(Linear(4, 3).parameterCount == 15)
  }

  @Test func modesReachAllParts() {
    let (a, b) = (Dropout(), Dropout())
    let model = Sequential(a, Sequential(ReLU(), b))
    #expect(a.isTraining && b.isTraining)
    model.evaluate()
    #expect(!a.isTraining && !b.isTraining)
    model.train()
    #expect(a.isTraining && b.isTraining)
  }

  @Test func evaluatingGoesBackToEachPartsMode() {
    struct Failure: Error {}
    let (a, b) = (Dropout(), Dropout())
    let model = Sequential(a, b)
    b.isTraining = false
    let inside = model.evaluating { [a.isTraining, b.isTraining] }
    #expect(inside == [false, false])
    #expect(a.isTraining && !b.isTraining)
    #expect(throws: Failure.self) { try model.evaluating { throw Failure() } }
    #expect(a.isTraining && !b.isTraining)
  }

  @Test func aModuleInACycleIsVisitedOnce() {
    final class Node: Module {
      let weight = Parameter(shape: [1])
      var next: Node?
    }
    let (a, b) = (Node(), Node())
    (a.next, b.next) = (b, a)
    defer { a.next = nil }
    #expect(a.namedParameters.map(\.path) == ["weight", "next.weight"])
    #expect(a.stateAliases.map(\.path) == ["weight", "next.weight"])
    #expect(a.parameterCount == 2)
  }
}
