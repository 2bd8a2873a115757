import Autograd
import TestSupport
import Testing

@testable import LeNetExample
@testable import NN

@Suite struct WeightsTests {
  @Test func aModelComesBack() throws {
    let folder = try TemporaryFolder()
    let (model, lazy, ready) = (LeNet(), LeNet(), LeNet())
    let x = inputs([2, 1, 28, 28])
    for one in [model, ready] { one.materialize(for: x) }
    try model.save(to: folder("w"))
    #expect(
      Set(try Safetensors.read(folder("w")).map(\.name)) == Set(model.namedParameters.map(\.path)))
    for other in [lazy, ready] {
      #expect(other.parameterCount == (other === lazy ? nil : 61_706))
      try other.load(from: folder("w"))
      #expect(other.parameterCount == 61_706)
      #expect(other.values == model.values)
    }
    #expect(lazy.description == ready.description)
    #expect(lazy(x).floats == model(x).floats)
  }

  @Test func aTrainedModelComesBack() throws {
    let folder = try TemporaryFolder()
    let model = Sequential(LazyLinear(3), Tanh(), LazyLinear(1, bias: false))
    let optimizer = SGD(model.parameters, learningRate: 0.1)
    optimizer.step(model.valueAndGradients { model(inputs([4, 2])).sum() }.gradients)
    try model.save(to: folder("w"))
    let other = Sequential(LazyLinear(3), Tanh(), LazyLinear(1, bias: false))
    try other.load(from: folder("w"))
    #expect(other.values == model.values)
    optimizer.step(model.valueAndGradients { model(inputs([4, 2])).sum() }.gradients)
    #expect(other.values != model.values)
    try model.load(from: folder("w"))
    #expect(other.values == model.values)
  }

  /// PyTorch's strict `load_state_dict` wants a tied weight under each of its names.
  @Test func aTiedWeightIsSavedUnderAllNamesAndLoadedUnderAny() throws {
    let folder = try TemporaryFolder()
    func shared() -> Sequential {
      let layer = LazyLinear(2, bias: false)
      return Sequential(layer, ReLU(), layer)
    }
    let model = shared()
    model.materialize(for: inputs([1, 2]))
    try model.save(to: folder("w"))
    #expect(try Safetensors.read(folder("w")).map(\.name) == ["0.weight", "2.weight"])
    let weight = Tensor([[1, 2], [3, 4]])
    for names in [["0.weight"], ["2.weight"], ["0.weight", "2.weight"]] {
      try Safetensors.write(
        StateDictionary(names.map { (name: $0, tensor: weight) }), to: folder("w"))
      let other = shared()
      try other.load(from: folder("w"))
      #expect(other.values == [[1, 2, 3, 4]])
    }
    try Safetensors.write(
      ["0.weight": weight, "2.weight": Tensor([[1, 2], [3, 5]])], to: folder("w"))
    let before = model.values
    let error = #expect(throws: FileError.self) { try model.load(from: folder("w")) }
    #expect("\(try #require(error))".contains("tied but different: 0.weight and 2.weight"))
    #expect(model.values == before)
  }

  /// PyTorch wrote no `num_batches_tracked` before version 0.4.1.
  @Test func theCountOfBatchesMayBeMissing() throws {
    let model = Sequential(BatchNorm2d(1), BatchNorm2d(1, momentum: nil))
    let names = model.namedParameters.map(\.path) + model.namedBuffers.map(\.path)
    let old = names.filter { !$0.hasSuffix("num_batches_tracked") }
    try model.restore(StateDictionary(old.map { (name: $0, tensor: Tensor([7])) }))
    #expect(model.namedBuffers.map { $0.buffer.value.doubles[0] } == [7, 7, 0, 7, 7, 0])
    let fewer = StateDictionary(old.dropLast().map { (name: $0, tensor: Tensor([8])) })
    #expect(throws: FileError.self) { try model.restore(fewer) }
  }

  @Test func otherFloatingPointTypesAreConverted() throws {
    let folder = try TemporaryFolder()
    try Safetensors.write(
      ["weight": Tensor([[0.1]], dtype: .float64), "bias": Tensor([0.5])], to: folder("w"))
    let layer = LazyLinear(1)
    try layer.load(from: folder("w"))
    #expect(layer.weight.value.dtype == .float32 && layer.values == [[0.1], [0.5]])
    layer.useFloat64()
    try layer.load(from: folder("w"))
    #expect(layer.weight.value.dtype == .float64 && layer.weight.value.doubles == [0.1])
  }

  @Test func aMismatchListsEverythingAndChangesNothing() throws {
    let folder = try TemporaryFolder()
    try Safetensors.write(
      [
        "0.weight": Tensor.zeros([3, 2]), "0.bias": Tensor.zeros([4]),
        "2.weight": Tensor.zeros([1, 3], dtype: .int32), "3.weight": Tensor.zeros([1]),
        "extra": Tensor.zeros([1]),
      ], to: folder("w"))
    for model in [
      Sequential(Linear(2, 3), Tanh(), LazyLinear(1), Linear(1, 1)),
      Sequential(LazyLinear(3), Tanh(), LazyLinear(1), LazyLinear(1)),
    ] {
      model.initialize(seed: 1)
      let isLazy = model.parameterCount == nil && model[0].parameterCount == nil
      let values = isLazy ? [] : model[0].values
      let error = #expect(throws: FileError.self) { try model.load(from: folder("w")) }
      #expect(error?.path == folder("w"))
      #expect(
        error?.reason == """
          does not fit Sequential: missing: 2.bias, 3.bias; unexpected: extra; misshapen: 0.bias \
          (float32 [4], expected [3]), 2.weight (int32 [1, 3], expected [1, ?]), 3.weight \
          (float32 [1], expected [1, \(isLazy ? "?" : "1")])
          """)
      if isLazy {
        #expect(model[0].parameterCount == nil && !model.parameters[0].isReady)
      } else {
        #expect(model[0].values == values)
      }
      #expect(model[2].parameterCount == nil)
    }
  }

  @Test func aMissingFileChangesNothing() throws {
    let folder = try TemporaryFolder()
    let model = LazyLinear(2)
    #expect(
      throws: FileError(folder("w"), "cannot be opened: No such file or directory")
    ) {
      try model.load(from: folder("w"))
    }
    #expect(model.parameterCount == nil)
  }
}
