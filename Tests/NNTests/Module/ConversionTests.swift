import Autograd
import Foundation
import NN
import TestSupport
import Testing

/// `Module.to`.
@Suite struct ConversionTests {
  private static func model(seed: UInt64 = 3) -> Sequential {
    let model = Sequential(
      LazyConv2d(4, kernelSize: 3, padding: 1), LazyBatchNorm2d(), ReLU(), Flatten(), LazyLinear(3))
    model.initialize(seed: seed)
    return model
  }

  private static var inputs: Tensor { NNTests.inputs([8, 2, 5, 5]) }

  @Test func valuesAreConverted() {
    let (model, converted) = (Self.model(), Self.model())
    model.materialize(for: Self.inputs)
    converted.materialize(for: Self.inputs)
    #expect(converted.to(.float64) === converted)
    for (one, other) in zip(model.parameters, converted.parameters) {
      #expect(other.dtype == .float64 && other.value.dtype == .float64)
      #expect(other.value.asType(.float32).floats == one.value.floats)
    }
    let types = converted.namedBuffers.map { ($0.path, $0.buffer.value.dtype) }
    #expect(types.map(\.0) == ["1.running_mean", "1.running_var", "1.num_batches_tracked"])
    #expect(types.map(\.1) == [.float64, .float64, .int64])
  }

  @Test func lazyParametersTakeTheConvertedType() {
    let (model, converted) = (Self.model(), Self.model().to(.float64))
    model.materialize(for: Self.inputs)
    converted.materialize(for: Self.inputs.asType(.float64))
    for (one, other) in zip(model.parameters, converted.parameters) {
      #expect(other.value.doubles == one.value.asType(.float64).doubles)
    }
    converted.initialize(seed: 4)
    #expect(converted.parameters.allSatisfy { $0.value.dtype == .float64 })
  }

  /// A step of training in float64 is that in float32 to rounding, also in the running statistics.
  @Test func trainingStaysInTheType() throws {
    let (model, converted) = (Self.model(), Self.model().to(.float64))
    let labels = Tensor(scalars: [0, 1, 2, 0, 1, 2, 0, 1])
    for (model, inputs) in [(model, Self.inputs), (converted, Self.inputs.asType(.float64))] {
      model.materialize(for: inputs)
      let optimizer = SGD(model.parameters, learningRate: 0.1, momentum: 0.9)
      for _ in 0..<3 {
        optimizer.step { model.valueAndGradients { crossEntropy(model(inputs), labels) } }
      }
    }
    let states = zip(
      model.parameters.map(\.value) + model.namedBuffers.map(\.buffer.value),
      converted.parameters.map(\.value) + converted.namedBuffers.map(\.buffer.value))
    for (one, other) in states {
      #expect(other.dtype == (one.dtype == .int64 ? .int64 : .float64))
      let error = (one.asType(.float64) - other.asType(.float64)).abs().max().item()
      #expect(error < 1e-5)
    }
    #expect(converted.evaluating { converted(Self.inputs.asType(.float64)) }.dtype == .float64)
  }

  @Test func aFileIsConvertedToTheType() throws {
    let (model, converted) = (Self.model(), Self.model().to(.float64))
    model.materialize(for: Self.inputs)
    converted.materialize(for: Self.inputs.asType(.float64))
    converted.initialize(seed: 9)
    let path = FileManager.default.temporaryDirectory
      .appendingPathComponent("\(UUID()).safetensors").path
    defer { try? FileManager.default.removeItem(atPath: path) }
    try model.save(to: path)
    try converted.load(from: path)
    for (one, other) in zip(model.parameters, converted.parameters) {
      #expect(other.value.doubles == one.value.asType(.float64).doubles)
    }
  }

  @Test func integersAreRefused() async {
    let result = await #expect(
      processExitsWith: .failure, observing: [\.standardErrorContent]
    ) { LazyLinear(3).to(.int64) }
    expect(result, names: "Linear", "parameters", "int64")
  }
}
