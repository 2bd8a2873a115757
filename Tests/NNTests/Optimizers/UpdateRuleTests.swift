import Autograd
import Testing

@testable import NN

/// A custom rule, as the documentation of `UpdateRule` shows it.
@Suite struct UpdateRuleTests {
  final class Descent: GroupedOptimizer {
    struct Momentum: UpdateRule {
      var learningRate: Double
      var momentum: Double

      static var numbers: [(name: String, path: WritableKeyPath<Momentum, Double>)] {
        [("learningRate", \.learningRate), ("momentum", \.momentum)]
      }

      func update(_ value: inout Tensor, by gradient: Tensor, _ state: inout ParameterState) {
        state["velocity", zerosLike: value].update(keeping: momentum, adding: gradient, times: 1)
        value.update(adding: state["velocity", zerosLike: value], times: -learningRate)
      }
    }

    var groups: ParameterGroups<Momentum>

    init(_ parameters: [Parameter], learningRate: Double, momentum: Double) {
      groups = ParameterGroups(
        "Descent", parameters, Momentum(learningRate: learningRate, momentum: momentum))
    }
  }

  @Test func aCustomRuleHasTheBitsOfTheLibrarys() {
    func trained(_ make: ([Parameter]) -> any Optimizer) -> [[Float]] {
      let model = Sequential(Linear(3, 4), Tanh(), Linear(4, 1))
      model.initialize(seed: 5)
      let x = inputs([6, 3])
      let optimizer = make(model.parameters)
      for _ in 1...20 {
        optimizer.step { model.valueAndGradients { model(x).square().mean() } }
      }
      return model.values
    }
    let ours = trained { SGD($0, learningRate: 0.1, momentum: 0.9) }
    #expect(trained { Descent($0, learningRate: 0.1, momentum: 0.9) } == ours)
    #expect(trained { SGD($0, learningRate: 0.1, momentum: 0.8) } != ours)
  }

  /// In a process of its own: the counter is the process's.
  @Test func aCustomRuleNeedsNoMemory() async {
    await #expect(processExitsWith: .success) {
      let parameter = Parameter(Tensor.ones([100]) * 2)
      let gradients = Gradients([(parameter, Tensor.ones([100]) * 3)])
      let optimizer = Descent([parameter], learningRate: 0.1, momentum: 0.9)
      for _ in 1...2 { optimizer.step(gradients) }
      let before = allocationCount.load(ordering: .relaxed)
      optimizer.step(gradients)
      #expect(allocationCount.load(ordering: .relaxed) == before)
    }
  }
}
