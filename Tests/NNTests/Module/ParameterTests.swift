import Autograd
import TestSupport
import Testing

@testable import NN

@Suite struct ParameterTests {
  @Test func lazyParameterIsReadyAfterItsFirstShape() {
    let parameter = Parameter(shape: [2, nil], initializer: .ones)
    #expect(!parameter.isReady && parameter.count == nil)
    #expect(parameter.description == "Parameter [2, ?]")
    #expect(parameter.value(shape: [2, 3]).floats == [1, 1, 1, 1, 1, 1])
    #expect(parameter.isReady && parameter.count == 6 && parameter.shape == [2, 3])
    #expect(parameter.value(shape: [2, 3]).floats == parameter.value.floats)
  }

  @Test func aKnownShapeIsDrawnAtTheFirstRead() {
    let parameter = Parameter(shape: [2, 3], initializer: .constant(4))
    #expect(!parameter.isReady && parameter.count == 6)
    #expect(parameter.value.floats == Array(repeating: 4, count: 6))
    #expect(parameter.isReady)
    #expect(Parameter(shape: [], initializer: .ones).count == 1)
    #expect(Parameter(shape: [0, 3], initializer: .ones).value.shape == [0, 3])
  }

  @Test func aValueCanBeAssigned() {
    let parameter = Parameter(shape: [nil])
    let x = gradient(at: Tensor([1, 2, 3])) { x in
      parameter.value = (x * 2).stoppingGradient()
      #expect(!parameter.value.isTraced, "a parameter holds no tape")
      return x.sum()
    }
    #expect(x.floats == [1, 1, 1])
    #expect(parameter.value.floats == [2, 4, 6] && parameter.shape == [3])
  }

  @Test func aGivenValueIsWhatInitializingGoesBackTo() {
    final class Scaled: Module { let scale = Parameter(Tensor([1, 2])) }
    let model = Scaled()
    model.scale.value = Tensor([8, 9])
    model.initialize(seed: 1)
    #expect(model.scale.value.floats == [1, 2])
    #expect(model.parameterCount == 2)
  }

  @Test func aBiasKnowsItsFanInBeforeTheFirstForward() {
    let (assigned, explicit) = (LazyLinear(2), Linear(100, 2))
    assigned.weight.value = .zeros([2, 100])
    assigned.initialize(seed: 0)
    explicit.initialize(seed: 0)
    #expect(assigned.values == explicit.values)
  }

  static let mistakes = [
    Mistake("parameter", "[2, ?]", "no value") { _ = Parameter(shape: [2, nil]).value },
    Mistake("parameter", "shape [2, 3]", "[3, 2]") {
      _ = Parameter(Tensor.zeros([2, 3])).value(shape: [3, 2])
    },
    Mistake("parameter", "shape [2, ?]", "shape [3, 3]") {
      _ = Parameter(shape: [2, nil]).value(shape: [3, 3])
    },
    Mistake("parameter", "shape [2, ?]", "shape [2]") {
      Parameter(shape: [2, nil]).value = .zeros([2])
    },
    Mistake("initializer wrong", "[1]", "shape [2]") {
      _ = Parameter(shape: [2], initializer: Initializer("wrong") { _, _, _ in .zeros([1]) }).value
    },
    Mistake("state", "weight [2, ?]") { try? LazyLinear(2).save(to: "/nowhere/file") },
    Mistake("parameter", "float32 [1]", "being recorded", "stoppingGradient") {
      let parameter = Parameter(shape: [1])
      parameter.value = Tape().watch(Tensor([1])) * 2
    },
    Mistake("parameter", "float32 [1]", "being recorded", "stoppingGradient") {
      _ = Parameter(Tape().watch(Tensor([1])))
    },
    changing { layer in layer.weight.value = .zeros([1, 1]) },
    changing { layer in layer.weight.initialize(with: .zeros) },
    changing { layer in layer.initialize(seed: 1) },
    changing { layer in
      let gradients = Gradients([(layer.weight, .ones([1, 1]))])
      SGD(layer.parameters, learningRate: 1).step(gradients)
    },
  ]

  private static func changing(_ change: @escaping @Sendable (Linear) -> Void) -> Mistake {
    Mistake("parameter", "valueAndGradients") {
      let layer = Linear(1, 1)
      _ = layer.weight.value
      _ = layer.valueAndGradients {
        change(layer)
        return layer(.ones([1, 1])).sum()
      }
    }
  }

  @Test(arguments: mistakes.indices) func mistakesStop(index: Int) async {
    let result = await #expect(
      processExitsWith: .failure, observing: [\.standardErrorContent]
    ) { [index] in
      ParameterTests.mistakes[index].body()
    }
    expect(result, names: Self.mistakes[index].names)
  }

  @Test func parameterCanBeChangedAfterAndBetweenGradients() {
    struct Failure: Error {}
    let layer = Linear(1, 1)
    _ = layer.valueAndGradients { layer(.ones([1, 1])).sum() }
    layer.weight.value = .zeros([1, 1])
    #expect(throws: Failure.self) { try layer.valueAndGradients { throw Failure() } }
    layer.initialize(seed: 1)
    #expect(!layer(.ones([1, 1])).isTraced)
  }
}
