import Autograd
import TestSupport
import Testing

@testable import NN

private class Base: Module {
  let first = Linear(1, 1)
  fileprivate let hidden = Parameter(shape: [1])
}

private final class Derived: Base {
  let last = Linear(1, 1)
}

private final class Everything: Layer {
  let scale = Parameter(shape: [2])
  private let secret = Linear(2, 2)
  var present: Linear? = Linear(2, 2, bias: false)
  var absent: Linear?
  let existential: any Layer = Tanh()
  let blocks: [any Layer] = [ReLU(), Linear(2, 2, bias: false)]
  let weights = [Parameter(shape: [1]), Parameter(shape: [1])]
  let heads = ["b": Linear(2, 1, bias: false), "a": Linear(2, 1, bias: false)]
  let numbered = [1: Linear(2, 2)]
  let pair = (Linear(1, 1), second: Linear(1, 1))
  let group = Group()
  let deep = ["x": [Parameter(shape: [1])]]
  let name2 = "text"
  let numbers = [1, 2, 3]
  let tensor = Tensor([1, 2])
  let closure: () -> Void = {}

  func forward(_ x: consuming Tensor) -> Tensor { x }
}

private struct Group { let inner = Linear(1, 1) }

private final class Twice: Module {
  let a: Linear
  let b: Linear
  let all: [Linear]

  init() {
    a = Linear(1, 1)
    b = a
    all = [a]
  }
}

/// Modules in enums and plain classes.
private final class Hidden: Module {
  enum Block {
    case linear(Linear)
    case pair(first: Linear, second: Linear)
    indirect case nested(Block)
    case none
  }

  class Holder {
    let inner = Linear(1, 1, bias: false)
  }

  final class Heads: Holder {
    let model: Hidden
    let again: Linear
    let deeper = Level(4)

    init(_ model: Hidden, _ again: Linear) { (self.model, self.again) = (model, again) }
  }

  final class Level {
    let layer = Linear(1, 1, bias: false)
    let next: Level?

    init(_ depth: Int) { next = depth > 0 ? Level(depth - 1) : nil }
  }

  let block = Block.linear(Linear(1, 1, bias: false))
  let pair = Block.pair(first: Linear(1, 1, bias: false), second: Linear(1, 1, bias: false))
  let nested = Block.nested(.linear(Linear(1, 1, bias: false)))
  let none = Block.none
  private(set) var heads: Heads?
  let last = Linear(1, 1, bias: false)
  private(set) var optimizer: SGD?

  init() {
    heads = Heads(self, last)
    optimizer = SGD(parameters, learningRate: 1)
  }
}

private final class Late: Module {
  lazy var head = Linear(1, 1)
}

private final class Parameterless: Module {
  let make = { Linear(1, 1) }
  let numbers = [1.5, 2]
}

@Suite struct ReflectionTests {
  @Test func superclassesComeFirst() {
    #expect(Derived().members.map(\.name) == ["first", "hidden", "last"])
    #expect(
      Derived().namedParameters.map(\.path) == [
        "first.weight", "first.bias", "hidden", "last.weight", "last.bias",
      ])
    #expect(Derived().name == "Derived")
  }

  @Test func everyKindOfStoredPropertyIsFound() {
    let module = Everything()
    let early = [
      "scale", "secret", "present", "existential", "blocks.0", "blocks.1", "weights.0", "weights.1",
      "heads.a", "heads.b", "numbered.1", "pair.0", "pair.second", "group.inner", "deep.x.0",
    ]
    #expect(module.members.map(\.name) == early)
    module.absent = Linear(1, 1)
    #expect(module.members.map(\.name).contains("absent"))
    module.present = nil
    #expect(!module.members.map(\.name).contains("present"))
  }

  @Test func eachObjectIsListedOnce() {
    let module = Twice()
    #expect(module.members.map(\.name) == ["a"])
    #expect(module.parameterCount == 2)
  }

  @Test func theirParametersTrainAndPrint() {
    let module = Everything()
    #expect(module.parameterCount == 2 + 6 + 4 + 4 + 2 + 4 + 1 + 6 + 6)
    #expect(module.description.hasPrefix("Everything(\n  secret: Linear 2 -> 2\n  present: "))
    module.initialize(seed: 0)
    #expect(module.namedParameters.first?.path == "scale")
  }

  @Test func whereNothingIsFoundTheOptimizerSaysSo() async {
    #expect(Parameterless().members.isEmpty)
    #expect(Parameterless().description == "Parameterless")
    let result = await #expect(
      processExitsWith: .failure, observing: [\.standardErrorContent]
    ) {
      _ = SGD(Parameterless().parameters, learningRate: 0.1)
    }
    expect(result, names: "SGD", "no parameters", "stored properties")
  }

  /// Plain classes come last, so that what is also a property has its name; the fifth within each other is too
  /// deep, and an optimizer's parameters are those of its model.
  @Test func enumsAndPlainClassesAreLookedInto() {
    #expect(
      Hidden().namedParameters.map(\.path) == [
        "block.weight", "pair.first.weight", "pair.second.weight", "nested.weight", "last.weight",
        "heads.inner.weight", "heads.deeper.layer.weight", "heads.deeper.next.layer.weight",
        "heads.deeper.next.next.layer.weight",
      ])
  }

  @Test func aLazyPropertyWithoutValueIsAMistake() async {
    let result = await #expect(
      processExitsWith: .failure, observing: [\.standardErrorContent]
    ) { _ = Late().parameters }
    expect(result, names: "Late", "head", "lazy")
    let used = Late()
    _ = used.head
    #expect(used.namedParameters.map(\.path) == ["head.weight", "head.bias"])
  }
}
