import Autograd
import TestSupport
import Testing

@testable import NN

@Suite struct ContainersTests {
  @Test func parallelJoinsBranches() throws {
    let block = Parallel(Linear(3, 2), LazyLinear(4), Identity())
    let x = inputs([5, 3])
    let y = block(x)
    #expect(y.shape == [5, 9])
    #expect(y.slice(axis: 1, from: 6).floats == x.floats)
    #expect(
      block.namedParameters.map(\.path) == ["0.weight", "0.bias", "1.weight", "1.bias"])
    #expect(Parallel(Tanh(), Tanh(), axis: 0)(x).shape == [10, 3])
    let branches = (0..<2).map { _ in Tanh() as any Layer }
    #expect(Parallel(branches, axis: 0)(x).shape == [10, 3])
    #expect(Parallel(Tanh(), axis: -1).details == "axis -1" && block.details == "")
    try checkGradients(of: block, at: inputs([2, 3], dtype: .float64))
  }

  @Test func aClosureIsALayer() throws {
    let net = Sequential(Lambda("square") { $0 * $0 }, Lambda { $0.sum(axis: 1) })
    #expect(net(Tensor([[1, 2], [3, 4]])).floats == [5, 25])
    #expect(net[0].description == "Lambda square" && net[1].description == "Lambda")
    try checkGradients(of: { net($0) }, at: inputs([2, 3], dtype: .float64), order: 2)
  }

  @Test func moduleList() {
    let list = ModuleList(Linear(2, 3), ReLU())
    list.append(LazyLinear(1))
    #expect(list.count == 3 && list[1] is ReLU)
    #expect(list.reduce(inputs([4, 2])) { $1($0) }.shape == [4, 1])
    #expect(list.namedParameters.map(\.path) == ["0.weight", "0.bias", "2.weight", "2.bias"])
    list[1] = Tanh()
    #expect(list.map(\.name) == ["Linear", "Tanh", "Linear"])
    #expect(ModuleList([]).isEmpty)
  }

  @Test func moduleDict() {
    let dict = ModuleDict(["right": Linear(2, 3, bias: false), "left": ReLU()])
    dict.append(Linear(2, 1), named: "below")
    #expect(dict.keys == ["right", "left", "below"] && dict.count == 3)
    #expect(dict["left"] is ReLU && dict["none"] == nil)
    #expect(dict.namedParameters.map(\.path) == ["right.weight", "below.weight", "below.bias"])
    #expect(ModuleDict().count == 0)
  }

  @Test func namesInASequence() {
    let net = Sequential(["hidden": LazyLinear(4), "act": ReLU(), "output": LazyLinear(2)])
    #expect(net(inputs([3, 5])).shape == [3, 2])
    #expect(
      net.namedParameters.map(\.path)
        == ["hidden.weight", "hidden.bias", "output.weight", "output.bias"])
    net.append(Tanh(), named: "last")
    net.append(Identity())
    #expect(net["last"] is Tanh && net["4"] is Identity && net["none"] == nil)
    net[1] = Sigmoid()
    #expect(net["act"] is Sigmoid && net.count == 5)
  }

  /// A replaced layer takes part in what runs as one operation.
  @Test func replacingALayerOfABlock() {
    let net = Sequential(
      Conv2d(1, 2, kernelSize: 3), Sigmoid(), AvgPool2d(kernelSize: 2))
    let x = inputs([1, 1, 6, 6])
    let before = net(x)
    net[1] = Identity()
    let parts = net[2](net[0](x))
    #expect(net(x).floats == parts.floats && before.floats != parts.floats)
  }

  static let mistakes = [
    Mistake("Parallel", "one branch") { _ = Parallel() },
    Mistake("Sequential", "name a") { _ = Sequential(["a": ReLU(), "a": Tanh()]) },
    Mistake("ModuleDict", "name", "\"a.b\"") { _ = ModuleDict(["a.b": ReLU()]) },
    Mistake("ModuleList", "layer 1", "1") { _ = ModuleList(ReLU())[1] },
    Mistake("Unflatten", "axis 1", "[-1, -1]") { _ = Unflatten(1, into: [-1, -1]) },
    Mistake("unflatten", "[2, 3]", "axis 1", "float32 [2, 7]") {
      _ = Unflatten(1, into: [2, 3])(.zeros([2, 7]))
    },
    Mistake("Unflatten axis 1 into [2, -1]", "unflatten", "[2, -1]", "axis 1", "float32 [2, 7]") {
      _ = Unflatten(1, into: [2, -1])(.zeros([2, 7]))
    },
    Mistake("unflatten", "axis 2", "float32 [2, 7]") {
      _ = Unflatten(2, into: [7])(.zeros([2, 7]))
    },
    Mistake("Dropout2d", "probability", "0", "1", "2.0") { _ = Dropout2d(2) },
    Mistake("Dropout2d 0.5", "images", "[2, 3]") { _ = Dropout2d()(.zeros([2, 3])) },
    Mistake("Softplus", "beta", "0", "threshold", "0.0", "20.0") { _ = Softplus(beta: 0) },
    Mistake("CELU", "alpha", "0", "-1.0") { _ = CELU(alpha: -1) },
    Mistake("Hardtanh", "min 1.0", "max 0.0") { _ = Hardtanh(min: 1, max: 0) },
    Mistake("PReLU", "1 slope", "0") { _ = PReLU(0) },
    Mistake("PReLU 3", "3 channels", "axis 1", "[2, 4]") { _ = PReLU(3)(.zeros([2, 4])) },
  ]

  @Test(arguments: mistakes.indices) func mistakesStop(index: Int) async {
    let result = await #expect(
      processExitsWith: .failure, observing: [\.standardErrorContent]
    ) { [index] in
      ContainersTests.mistakes[index].body()
    }
    expect(result, names: Self.mistakes[index].names)
  }
}
